"""Modality Worklist SCP (PS3.4 Annex K): admit, match, answer, record."""

import logging
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from pynetdicom import evt
from pynetdicom.dimse_messages import C_CANCEL_RQ, C_FIND_RQ
from pynetdicom.sop_class import ModalityWorklistInformationFind

from portal.dicom import status
from portal.dicom.errors import InvalidDataset
from portal.scp import Answer, Failures, matching
from portal.types import Caller
from worklist.dicom import answers, mwl
from worklist.dicom.items import Syntax
from worklist.selectors.entries import entries_matching
from worklist.services.queries import QueryOutcome, worklist_query_record

logger = logging.getLogger(__name__)


class Unavailable(Exception):
    """We cannot give the whole answer now; its text is what the device is told."""


# PS3.4 Table K.4-1
FIND_FAILURES: Failures = {
    InvalidDataset: status.IDENTIFIER_DOES_NOT_MATCH,
    Unavailable: status.OUT_OF_RESOURCES,
}
NO_DATABASE = "The worklist is not available now."
SLOW_DEVICE = "The answers were not taken."
# How far answers may run ahead of the socket: one answer is two messages, command and dataset.
QUEUED_MESSAGES = 4
QUEUE_POLL_SECONDS = 0.0005
SENDING_SECONDS = 60
CAPPED = "Only the first entries were sent: narrow the query."


@dataclass
class Course:
    """How far a query got, for its record."""

    at: datetime = field(default_factory=timezone.now)
    started: float = field(default_factory=time.perf_counter)
    keys: dict[str, str] = field(default_factory=dict)
    character_set: str = ""
    matched: int = 0
    sent: list[int] = field(default_factory=list)
    status: int = status.SUCCESS
    comment: str = ""


@matching(FIND_FAILURES)
def on_c_find(event: evt.Event) -> Iterator[Answer]:
    """Answer a query; what was sent is recorded before the final status, whichever that is."""
    course = Course()
    try:
        yield from _answers(event, course)
    except tuple(FIND_FAILURES) as error:
        course.status, course.comment = FIND_FAILURES[type(error)], str(error)
        raise
    except GeneratorExit:
        course.comment = "The device ended the association."
        raise
    finally:
        _record(event.assoc.portal_caller, course)
    if course.status == status.CANCEL:
        yield status.CANCEL, None


def on_message(event: evt.Event) -> None:
    """Note a C-CANCEL as it arrives: pynetdicom 3.0.4 forgets one that comes before it serves."""
    cancelled: set[int] = event.assoc.__dict__.setdefault("portal_cancelled", set())
    if isinstance(event.message, C_FIND_RQ):
        cancelled.discard(event.message.command_set.MessageID)
    elif isinstance(event.message, C_CANCEL_RQ):
        cancelled.add(event.message.command_set.MessageIDBeingRespondedTo)


def _answers(event: evt.Event, course: Course) -> Iterator[Answer]:
    """Yield one pending answer for each match."""
    caller: Caller = event.assoc.portal_caller
    profile = caller.profile
    syntax = Syntax(
        is_implicit=event.context.transfer_syntax.is_implicit_VR,
        is_little=event.context.transfer_syntax.is_little_endian,
    )
    identifier = mwl.decode(_identifier_bytes(event), syntax, is_strict=profile.is_strict)
    course.keys, course.character_set = identifier.sent, identifier.character_set
    try:
        found = entries_matching(caller=caller, keys=identifier.keys, today=timezone.localdate())
    except DatabaseError as error:
        logger.exception("no answer to %s: no database", caller.ae_title)
        raise Unavailable(NO_DATABASE) from error
    course.matched = len(found.rows)
    asker = answers.Asker(caller.ae_title, profile.character_sets)
    pending = (
        status.PENDING_UNSUPPORTED_OPTIONAL_KEYS if identifier.has_unsupported else status.PENDING
    )
    for row in found.rows:
        if _is_cancelled(event):
            course.status = status.CANCEL
            return
        item = answers.answer(row.encoded, identifier.wanted, asker)
        yield pending, answers.to_dataset(item, syntax)
        course.sent.append(row.step_id)
        _let_go_out(event.assoc)
    if _is_cancelled(event):
        course.status = status.CANCEL
    elif found.is_capped:
        raise Unavailable(CAPPED)  # 0000 would say that every match was sent


def _let_go_out(assoc: Any) -> None:
    """Wait until answers have gone out: queued without limit, they would outrun a C-CANCEL."""
    waiting = assoc.dul.to_provider_queue
    deadline = time.monotonic() + SENDING_SECONDS
    # Not is_established: this thread itself would have to notice the abort first.
    while waiting.qsize() > QUEUED_MESSAGES and _is_open(assoc):
        if time.monotonic() > deadline:
            raise Unavailable(SLOW_DEVICE)
        time.sleep(QUEUE_POLL_SECONDS)


def _is_open(assoc: Any) -> bool:
    """Say whether the association is ready for data transfer (PS3.8 Table 9-3: Sta6)."""
    return bool(assoc.dul.state_machine.current_state == "Sta6")


def _identifier_bytes(event: evt.Event) -> bytes:
    """Return the identifier's bytes as explicit or implicit VR, inflated where they must be."""
    raw: bytes = event.request.Identifier.getvalue() if event.request.Identifier else b""
    if not event.context.transfer_syntax.is_deflated:
        return raw
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, mwl.MAX_BYTES + 1)
    except zlib.error as error:
        raise InvalidDataset("The identifier cannot be inflated.") from error


def _is_cancelled(event: evt.Event) -> bool:
    """Say whether a C-CANCEL for this query has arrived."""
    noted = event.assoc.__dict__.get("portal_cancelled", ())
    return event.is_cancelled or event.request.MessageID in noted


def _record(caller: Caller, course: Course) -> None:
    """Record a query; the answers were true whether or not that works."""
    outcome = QueryOutcome(
        at=course.at,
        keys=course.keys,
        character_set=course.character_set,
        matched=course.matched,
        status=course.status,
        comment=course.comment,
        milliseconds=round((time.perf_counter() - course.started) * 1000),
    )
    try:
        worklist_query_record(
            facility_id=caller.facility_id,
            device_id=caller.device_id,
            outcome=outcome,
            step_ids=course.sent,
        )
    except DatabaseError:
        logger.exception("the query of %s is not recorded", caller.ae_title)
    logger.info(
        "%s asked: %d of %d sent, %04XH, %d ms",
        caller.ae_title,
        len(course.sent),
        course.matched,
        course.status,
        outcome.milliseconds,
    )


SOP_CLASSES: list[Any] = [ModalityWorklistInformationFind]
HANDLERS: list[Any] = [(evt.EVT_C_FIND, on_c_find), (evt.EVT_DIMSE_RECV, on_message)]
