"""What comes with every MPPS message: its raw bytes are kept, refused ones too."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.dicom import status
from portal.dicom.errors import InvalidDataset
from portal.dicom.n_messages import NAnswer, NRequest
from portal.events import CasesChanged, emit
from portal.services_alerts import alert_raise
from portal.types import Caller
from worklist.dicom import mpps
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
    ReconcileKind,
    ScheduledProcedureStep,
)
from worklist.services.cases import case_open_of_message
from worklist.types.performed import Fault, MppsFlag

logger = logging.getLogger(__name__)

TRIES = 3
ALERT = "mpps-failed"  # the kind of alert
FAILED = "The message was kept but could not be processed."
UNREADABLE = "The dataset cannot be read."
TOO_LARGE = "The dataset is too large."
NO_LONGER = "Performed Procedure Step Object may no longer be updated"  # PS3.4 Table F.7.2-2
NO_LONGER_ID = 0xA710


class Refused(Exception):
    """The message is answered with a failure: nothing changes, its bytes are kept."""

    def __init__(
        self,
        answer: NAnswer,
        *,
        performed_id: int | None = None,
        case: ReconcileKind | None = None,
        detail: dict[str, Any] | None = None,
        is_our_fault: bool = False,
    ) -> None:
        super().__init__(answer.comment)
        self.answer, self.performed_id, self.is_our_fault = answer, performed_id, is_our_fault
        self.case, self.detail = case, detail or {}


@dataclass
class Course:
    """A message on its way: what it says, who sent it, and what was let pass."""

    caller: Caller
    request: NRequest
    kind: str
    message: mpps.Message
    at: datetime = field(default_factory=lambda: timezone.now())
    has_met: bool = False  # another message was faster: look before you insert
    is_new: bool = False  # it makes the performed step
    had_series: bool = False  # the performed step names series already
    saved: dict[str, Any] = field(default_factory=dict)  # its columns as they are in the database
    locked: list[ScheduledProcedureStep] = field(default_factory=list)
    flags: list[dict[str, str]] = field(default_factory=list)

    @property
    def is_strict(self) -> bool:
        """Say whether the device's profile refuses what is forgiven otherwise."""
        return self.caller.profile.is_strict

    def flag(self, flag: MppsFlag, detail: str = "") -> None:
        """Note what was let pass."""
        self.flags.append({"flag": flag.value, "detail": detail[:500]})


def message_kept(
    caller: Caller, request: NRequest, kind: str, work: Callable[[Course], NAnswer]
) -> NAnswer:
    """Do a message's work in one transaction; if it is refused, keep its bytes in another."""
    try:
        try:
            message = mpps.read_message(
                request.dataset, request.transfer_syntax, caller.profile.character_sets
            )
        except mpps.TooLarge as error:
            raise Refused(NAnswer(status.RESOURCE_LIMITATION, TOO_LARGE)) from error
        except InvalidDataset as error:
            raise Refused(NAnswer(status.PROCESSING_FAILURE, UNREADABLE)) from error
        return _worked(caller, request, kind, message, work)
    except Refused as refused:
        _refuse(caller, request, kind, refused)
        return refused.answer


def _worked(
    caller: Caller,
    request: NRequest,
    kind: str,
    message: mpps.Message,
    work: Callable[[Course], NAnswer],
) -> NAnswer:
    for number in range(TRIES):
        course = Course(caller, request, kind, message, has_met=number > 0)
        try:
            with transaction.atomic():
                return work(course)
        except Refused:
            raise
        except Exception as error:  # whatever we fail on, what the device reports is not lost
            if number == TRIES - 1 or not _may_work_again(error):
                logger.exception("the %s of %s could not be processed", kind, caller.ae_title)
                break
    raise Refused(NAnswer(status.PROCESSING_FAILURE, FAILED), is_our_fault=True)


def _may_work_again(error: Exception) -> bool:
    """Say whether another message was faster, or PostgreSQL was restarted or broke a deadlock."""
    if isinstance(error, IntegrityError):
        return True
    is_server = connection.vendor == "postgresql"
    return is_server and isinstance(error, OperationalError | InterfaceError)


@transaction.atomic
def _refuse(caller: Caller, request: NRequest, kind: str, refused: Refused) -> None:
    """Keep a message that changed nothing; people look at it where its exam would be missed."""
    logger.info("%s of %s refused: %04XH", kind, caller.ae_title, refused.answer.status)
    uid = request.sop_instance_uid
    known = refused.performed_id or (
        PerformedProcedureStep.objects.filter(facility_id=caller.facility_id, sop_instance_uid=uid)
        .values_list("pk", flat=True)
        .first()
        if uid
        else None
    )
    message = message_add(caller, request, kind, refused.answer, performed_id=known)
    if refused.case is not None:
        case_open_of_message(message=message, kind=refused.case, detail=refused.detail)
    if refused.is_our_fault:
        alert_raise(
            facility_id=caller.facility_id,
            kind=ALERT,
            key=f"mpps-{caller.device_id}",
            sentence=_(
                "The portal failed on what %(device)s reported of an exam (%(kind)s) and refused "
                "it; the message is kept. Look at it and set the exam’s state by hand."
            )
            % {"device": caller.ae_title, "kind": kind},
            address=reverse("worklist:mpps-message", args=[message.pk]),
        )


def message_add(
    caller: Caller,
    request: NRequest,
    kind: str,
    answer: NAnswer,
    *,
    performed_id: int | None,
) -> PerformedStepMessage:
    """Keep a message as it came, with the status that it is answered."""
    is_kept = len(request.dataset) <= mpps.MAX_BYTES
    return PerformedStepMessage.objects.create(
        facility_id=caller.facility_id,
        device_id=caller.device_id,
        performed_id=performed_id,
        at=timezone.now(),
        kind=kind,
        sop_instance_uid=(answer.sop_instance_uid or request.sop_instance_uid)[:64],
        transfer_syntax=request.transfer_syntax[:64],
        dataset=request.dataset if is_kept else b"",
        status=answer.status,
        comment=answer.comment[:255],
        address=request.address or None,
    )


def cases_settle_of_messages(*, facility_id: int, sop_instance_uid: str) -> None:
    """Close the cases of messages that were refused as orphans: the device has said it again."""
    cases = ReconcileCase.objects.filter(
        facility_id=facility_id,
        kind=ReconcileKind.ORPHAN,
        state=ReconcileCase.State.OPEN,
        message__sop_instance_uid=sop_instance_uid,
        performed=None,
    )
    ids = list(cases.values_list("pk", flat=True))
    if ids:
        ReconcileCase.objects.filter(pk__in=ids).update(
            state=ReconcileCase.State.SOLVED, decision="repeated", decided_at=timezone.now()
        )
        emit(CasesChanged(facility_id=facility_id, ids=ids))


def refuse_faults(course: Course, faults: list[Fault]) -> None:
    """Refuse what may not pass, in strict mode everything; flag the rest."""
    for fault in faults:
        if fault.flag is None or course.is_strict:
            raise Refused(_fault_answer(course, fault))
    for fault in faults:
        if fault.flag is not None:
            course.flag(fault.flag, fault.detail)


def _fault_answer(course: Course, fault: Fault) -> NAnswer:
    """Return the answer: tags for 0105H and 0120H, the values for 0106H and 0121H (Annex C)."""
    comment = f"{WORDS[fault.status]}: {fault.detail}"
    if fault.status in {status.INVALID_ATTRIBUTE_VALUE, status.MISSING_ATTRIBUTE_VALUE}:
        syntax = course.request.transfer_syntax
        dataset = mpps.offending(course.message, fault.tags, syntax)
        return NAnswer(fault.status, comment, dataset=dataset)
    return NAnswer(fault.status, comment, tags=fault.tags)


WORDS = {
    status.NO_SUCH_ATTRIBUTE: "Not created by the N-CREATE",
    status.INVALID_ATTRIBUTE_VALUE: "Invalid",
    status.MISSING_ATTRIBUTE: "Missing",
    status.MISSING_ATTRIBUTE_VALUE: "Without value",
}
