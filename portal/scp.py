"""The door for devices, whichever stack they came by: admission, and pynetdicom's handlers."""

import logging
import time
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone
from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.dimse_messages import C_CANCEL_RQ, C_FIND_RQ
from pynetdicom.dsutils import decode
from pynetdicom.sop_class import Verification

from portal import admission, services
from portal.dicom import status
from portal.dicom.courses import PENDING
from portal.dicom.n_events import instance_not_named
from portal.dicom.server import reject
from portal.dicom.services import (
    Congestion,
    Delivery,
    Find,
    FindAnswer,
    FindRequest,
    Refusal,
    Requestor,
    extended_answer,
    negotiated,
)
from portal.dicom.tls import certificate_sha256
from portal.reading import read_again
from portal.recorder import recorder
from portal.types import Caller, Heard

logger = logging.getLogger(__name__)

Answer = tuple[Dataset | int, Dataset | None]

# How far answers may run ahead of the socket: one answer is two messages, command and dataset.
QUEUED_MESSAGES = 4
QUEUE_POLL_SECONDS = 0.0005
SENDING_SECONDS = 60


def admit(requestor: Requestor) -> Caller:
    """Return the device that may associate, and note that it was heard; or raise Refusal."""
    try:
        caller = read_again(lambda: admission.admit(requestor))
    except DatabaseError as error:
        logger.exception("cannot admit %s: no database", requestor.calling_ae_title)
        connections.close_all()
        raise Congestion from error
    heard = Heard(caller.facility_id, caller.device_id, timezone.now())
    recorder.note(services.devices_heard, heard)
    return caller


def on_requested(event: evt.Event) -> None:
    """Admit known devices of the called facility; reject others: 1/1/7 called, 1/1/3 calling."""
    assoc = event.assoc
    requestor = Requestor(
        called_ae_title=assoc.requestor.primitive.called_ae_title.strip(),
        calling_ae_title=assoc.requestor.primitive.calling_ae_title.strip(),
        address=assoc.requestor.address_info.address,
        certificate_sha256=certificate_sha256(assoc.dul.socket.socket),
    )
    try:
        # Travels with the association to its handlers.
        assoc.portal_caller = admit(requestor)
        assoc.acceptor.ae_title = requestor.called_ae_title
    except Refusal as refusal:
        reject(assoc, refusal)
    finally:
        connections.close_all()


def on_c_echo(event: evt.Event) -> int:
    """Verification (PS3.4 Annex A)."""
    return status.SUCCESS


def on_extended(event: evt.Event) -> dict[str, bytes]:
    """Answer the extended negotiation of what is queried (PS3.7 D.3.3.5)."""
    offered: dict[str, bytes] = event.app_info
    return {uid: extended_answer(info) for uid, info in offered.items() if uid in FINDS}


def on_message(event: evt.Event) -> None:
    """Note a C-CANCEL as it arrives: pynetdicom 3.0.4 forgets one that comes before it serves."""
    cancelled: set[int] = event.assoc.__dict__.setdefault("portal_cancelled", set())
    if isinstance(event.message, C_FIND_RQ):
        cancelled.discard(event.message.command_set.MessageID)
    elif isinstance(event.message, C_CANCEL_RQ):
        cancelled.add(event.message.command_set.MessageIDBeingRespondedTo)


def on_c_find(event: evt.Event) -> Iterator[Answer]:
    """Give a C-FIND to the service of its SOP class, its answers to pynetdicom."""
    assoc, syntax = event.assoc, event.context.transfer_syntax
    is_fuzzy, has_timezone = negotiated(
        assoc.requestor.sop_class_extended, event.context.abstract_syntax
    )
    request = FindRequest(
        transfer_syntax=str(syntax),
        identifier=event.request.Identifier.getvalue() if event.request.Identifier else b"",
        is_fuzzy=is_fuzzy,
        has_timezone=has_timezone,
        address=assoc.requestor.address_info.address,
        delivery=Delivery(is_cancelled=_is_cancelled(event)),
    )
    answers = FINDS[event.context.abstract_syntax](assoc.portal_caller, request)
    try:
        yield from _deliver(event, answers, request.delivery)
    finally:
        answers.close()  # type: ignore[attr-defined]
        connections.close_all()


def _deliver(
    event: evt.Event, answers: Iterator[FindAnswer], delivery: Delivery
) -> Iterator[Answer]:
    """Yield what pynetdicom is to send; FE00 in place of the rest where a C-CANCEL came."""
    syntax = event.context.transfer_syntax
    for answer in answers:
        delivery.is_cancelled = delivery.is_cancelled or _is_cancelled(event)
        if delivery.is_cancelled:
            break
        if answer.status not in PENDING:
            delivery.final = answer.status
            yield _status_of(answer), None
            return
        identifier = answer.identifier
        if syntax.is_deflated:
            identifier = zlib.decompress(identifier, -zlib.MAX_WBITS)
        ds = dataset_of(identifier, syntax.is_implicit_VR, syntax.is_little_endian)
        yield answer.status, ds
        delivery.sent += 1
        if not _let_go_out(event.assoc):
            return
    delivery.final = status.CANCEL if delivery.is_cancelled else status.SUCCESS
    if delivery.is_cancelled:
        yield status.CANCEL, None


def dataset_of(identifier: bytes, is_implicit: bool, is_little: bool) -> Dataset:
    """Return the dataset that pynetdicom writes as these very bytes."""
    return _with_vrs(decode(BytesIO(identifier), is_implicit, is_little, False))


def _with_vrs(ds: Dataset) -> Dataset:
    """Give attributes of no dictionary the VR UN: pydicom 3.0.2 would refuse to write them."""
    for tag, element in list(ds._dict.items()):
        if element.VR is None and not dictionary_has_tag(tag) and not tag.is_private:
            ds._dict[tag] = element._replace(VR="UN")
        elif element.VR == "SQ":
            for item in ds[tag].value:
                _with_vrs(item)
    return ds


def _let_go_out(assoc: Any) -> bool:
    """Wait until answers have gone out: queued without limit, they would outrun a C-CANCEL."""
    waiting = assoc.dul.to_provider_queue
    deadline = time.monotonic() + SENDING_SECONDS
    # Not is_established: this thread itself would have to notice the abort first.
    while waiting.qsize() > QUEUED_MESSAGES and assoc.dul.state_machine.current_state == "Sta6":
        if time.monotonic() > deadline:
            assoc.abort()
            return False
        time.sleep(QUEUE_POLL_SECONDS)
    return True


def _is_cancelled(event: evt.Event) -> bool:
    """Say whether a C-CANCEL for this query has arrived."""
    noted = event.assoc.__dict__.get("portal_cancelled", ())
    return event.is_cancelled or event.request.MessageID in noted


def _status_of(answer: FindAnswer) -> Dataset:
    found = Dataset()
    found.Status = answer.status
    if answer.comment:
        found.ErrorComment = answer.comment.encode("ascii", "replace").decode()[:64]
    if answer.tags:
        found.OffendingElement = list(answer.tags)
    return found


FINDS: dict[str, Find] = {}  # SOP class -> service, filled by portal.processes
SOP_CLASSES: list[Any] = [Verification]
HANDLERS: list[Any] = [
    (evt.EVT_REQUESTED, on_requested),
    (evt.EVT_C_ECHO, on_c_echo),
    (evt.EVT_C_FIND, on_c_find),
    (evt.EVT_DIMSE_RECV, on_message),
    (evt.EVT_DIMSE_RECV, instance_not_named),
    (evt.EVT_SOP_EXTENDED, on_extended),
]
