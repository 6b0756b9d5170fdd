"""What the demonstration's archive was asked and answered, by the services of real talks."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.sop_class import StorageCommitmentPushModel

from portal.dicom import status
from portal.dicom.n_messages import NRequest
from portal.models import RemoteAE
from portal.selectors import caller_of
from portal.services import device_set
from portal.types import Actor
from worklist.demo.clock import Clock
from worklist.demo.scanners import Exam
from worklist.dicom.commitment import action_of, event_information, event_type_of
from worklist.dicom.simulator.archive import AE_TITLE
from worklist.models import ArchivePolicy, CommitmentRequest, StudyCommitment
from worklist.services.commitment_claims import request_open, request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.services.commitment_loss import commitment_loss_accept
from worklist.services.commitment_reports import report_record
from worklist.services.commitment_rounds import round_begin
from worklist.types.commitment import AskOutcome, EventReport, InstanceReference, InstanceResult

WORKER = "demo"
NOT_LONG = timedelta(seconds=30)


class Course(StrEnum):
    """What became of an exam's images at the archive."""

    CONFIRMED = "confirmed"
    MISSING = "missing"
    WAITING = "waiting"
    UNANSWERED = "unanswered"
    LOSS_ACCEPTED = "loss-accepted"
    NOT_YET = "not-yet"
    PLANNED = "planned"


def archive_for(facility_id: int, by: Actor) -> RemoteAE:
    """Return the simulated archive as a device, with its declaration; made if there is none."""
    found = RemoteAE.objects.filter(facility_id=facility_id, ae_title=AE_TITLE).first()
    if found is None:
        found, _ = device_set(
            facility_id=facility_id,
            ae_title=AE_TITLE,
            host="127.0.0.1",
            port=settings.SIMULATED_ARCHIVE_PORT,
            kind=RemoteAE.Kind.ARCHIVE,
            by=by,
        )
        ArchivePolicy.objects.update_or_create(
            device=found,
            defaults={"is_permanent": True, "retention": "Simulated: until somebody empties it"},
        )
    return found


def follow(
    course: Course,
    exam: Exam,
    lost: Iterable[tuple[str, str]],
    ended: datetime,
    clock: Clock,
    by: Actor,
) -> None:
    """Take an exam's images through their course at the archive."""
    if course == Course.PLANNED:
        return
    clock(None)
    is_recent = course in {Course.WAITING, Course.NOT_YET}
    asked = timezone.now() - NOT_LONG if is_recent else ended + timedelta(minutes=2)
    clock(asked)
    commitment = _commitment(exam)
    request = _ask(commitment)
    if course == Course.WAITING:
        return
    if course == Course.UNANSWERED:
        clock(None)
        requests_overtake()  # its deadline has passed long ago
    else:
        clock(asked + timedelta(seconds=3))
        _tell(request, lost)
    if course == Course.NOT_YET:
        return
    if course == Course.MISSING:  # still missing long after the grace window
        clock(asked + timedelta(hours=2))
        _tell(_ask(_commitment(exam)), lost)
    if course == Course.LOSS_ACCEPTED:
        clock(asked + timedelta(minutes=20))
        reason = "Localizer images, repeated"
        commitment_loss_accept(commitment_id=commitment.pk, reason=reason, by=by)
    clock(None)
    _rest(commitment.pk)


def _commitment(exam: Exam) -> StudyCommitment:
    rows = StudyCommitment.objects.select_related("archive")
    return rows.get(
        facility_id=exam.scanner.facility_id,
        study_instance_uid=exam.entry.study_instance_uid,
        archive__ae_title=AE_TITLE,
    )


@transaction.atomic
def _ask(commitment: StudyCommitment) -> CommitmentRequest:
    """Do as the worker does: claim, send, record."""
    round_begin(commitment)
    commitment.next_ask_at = None
    commitment.save(update_fields=["attempts", "next_ask_at"])
    rows = commitment.instances.filter(asked_at=None).order_by("series_instance_uid", "number")
    request = request_open(
        archive=commitment.archive,
        purpose=CommitmentRequest.Purpose.STUDY,
        references=[
            InstanceReference(*one) for one in rows.values_list("sop_class_uid", "sop_instance_uid")
        ],
        commitment=commitment,
        asked_for=commitment.asked_for or "mpps",
        attempt=commitment.attempts,
        lease_owner=WORKER,
    )
    return request_record(
        request_id=request.pk,
        lease_owner=WORKER,
        outcome=AskOutcome.ACCEPTED,
        status=status.SUCCESS,
    )


def _tell(request: CommitmentRequest, lost: Iterable[tuple[str, str]]) -> None:
    syntax = str(ExplicitVRLittleEndian)
    uid, asked = action_of(bytes(request.action_information), syntax)
    gone = {sop_instance for _, sop_instance in lost}
    results = [
        InstanceResult(
            one.sop_class_uid,
            one.sop_instance_uid,
            status.NO_SUCH_SOP_INSTANCE if one.sop_instance_uid in gone else None,
        )
        for one in asked
    ]
    report = EventReport(
        uid,
        tuple(one for one in results if one.reason is None),
        tuple(one for one in results if one.reason is not None),
    )
    report_record(
        caller=caller_of(request.archive),
        request=NRequest(
            sop_class_uid=str(StorageCommitmentPushModel),
            sop_instance_uid="1.2.840.10008.1.20.1.1",
            transfer_syntax=syntax,
            dataset=event_information(report),
            address="127.0.0.1",
            type_id=event_type_of(report),
        ),
        is_same_association=False,
    )


def _rest(commitment_id: int) -> None:
    """Leave the picture as it is: the workers of a first start have nothing to do here today.

    The next question would otherwise be due at once, and the simulated archive answers truly.
    """
    commitment = StudyCommitment.objects.get(pk=commitment_id)
    now = timezone.now()
    if commitment.next_ask_at is not None:
        commitment.next_ask_at = now + timedelta(days=1)
    if commitment.last_answer_at is not None:
        commitment.next_check_at, commitment.checked_at = None, now
        commitment.check_count = commitment.committed
    commitment.save(update_fields=["next_ask_at", "next_check_at", "checked_at", "check_count"])
