"""Writes of Instance Availability Notification: what archives say is there, never a commitment."""

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.dicom import status
from portal.dicom.errors import InvalidDataset, StatusFailure
from portal.dicom.n_messages import NAnswer, NRequest
from portal.events import CommitmentsChanged, StepsChanged, emit
from portal.models import RemoteAE
from portal.types import Caller
from worklist.dicom.availability import is_uid, notice_of, study_of
from worklist.models import (
    AvailabilityNotice,
    AvailableInstance,
    ScheduledProcedureStep,
    StudyCommitment,
)
from worklist.services.commitment_withdrawn import withdrawn_tell
from worklist.types.availability import Notice, NoticedInstance

logger = logging.getLogger(__name__)

COMMENT_LENGTH = 255
BATCH = 1000
NOT_AN_ARCHIVE = "Only archives may notify of availability."
DUPLICATE = "Another notification has this SOP Instance UID."
ASKED_FOR = "ian"
_Availability = AvailableInstance.Availability
THERE = (_Availability.ONLINE, _Availability.NEARLINE, _Availability.OFFLINE)
_UPDATED = (
    "facility",
    "study_instance_uid",
    "series_instance_uid",
    "sop_class_uid",
    "availability",
    "retrieve_ae_title",
    "at",
)


def availability_record(*, caller: Caller, request: NRequest) -> NAnswer:
    """Take an N-CREATE (PS3.4 R.3.2): its rows have committed when the answer is returned.

    The notification is kept as it came, also where it is refused.
    """
    notice, answer = _judged(caller, request)
    with transaction.atomic():
        _keep(caller, request, notice, answer)
        if notice is not None:
            _write(caller, notice)
    return answer


def availability_apply(*, commitment: StudyCommitment) -> StudyCommitment:
    """Count how many of a study's expected instances its archive says are there; save that.

    When that makes them all, an archive that has not been asked is asked now, without waiting for
    the settle delay; so is one that said "not there yet". Within the caller's transaction.
    """
    expected = commitment.instances.count()
    there = AvailableInstance.objects.filter(
        archive_id=commitment.archive_id,
        sop_instance_uid=OuterRef("sop_instance_uid"),
        availability__in=THERE,
    )
    available = commitment.instances.filter(Exists(there)).count()
    was_complete = bool(expected) and commitment.available >= expected
    is_complete = bool(expected) and available == expected
    if available == commitment.available and was_complete == is_complete:
        return commitment
    now = timezone.now()
    commitment.available, commitment.available_at = available, now
    changed = ["available", "available_at"]
    if is_complete and _may_be_asked_now(commitment, now, was_complete=was_complete):
        commitment.next_ask_at, commitment.asked_for = now, ASKED_FOR
        changed += ["next_ask_at", "asked_for"]
    commitment.save(update_fields=changed)
    emit(CommitmentsChanged(facility_id=commitment.facility_id, ids=[commitment.pk]))
    return commitment


def _may_be_asked_now(commitment: StudyCommitment, now: datetime, *, was_complete: bool) -> bool:
    if commitment.next_ask_at is None or commitment.next_ask_at <= now:
        return False  # nothing is planned, or it is due already
    is_too_early = commitment.state == StudyCommitment.State.NOT_THERE_YET and not was_complete
    return commitment.first_asked_at is None or is_too_early


def _judged(caller: Caller, request: NRequest) -> tuple[Notice | None, NAnswer]:
    """Return what a notification says and the answer to it; nothing where it is refused."""
    kind = RemoteAE.objects.values_list("kind", flat=True).get(pk=caller.device_id)
    if kind != RemoteAE.Kind.ARCHIVE:
        return None, NAnswer(status.NOT_AUTHORIZED, NOT_AN_ARCHIVE)
    is_strict = caller.profile.is_strict
    try:
        notice = notice_of(request.dataset, request.transfer_syntax, is_strict=is_strict)
    except StatusFailure as failure:
        return None, NAnswer(failure.status, str(failure), failure.tags)
    except InvalidDataset as error:
        return None, NAnswer(status.PROCESSING_FAILURE, str(error), error.tags)
    if is_strict and _is_taken(caller, request):
        return None, NAnswer(status.DUPLICATE_SOP_INSTANCE, DUPLICATE)
    assigned = "" if request.sop_instance_uid else f"2.25.{uuid.uuid4().int}"
    return notice, NAnswer(comment=" ".join(notice.oddities), sop_instance_uid=assigned)


def _is_taken(caller: Caller, request: NRequest) -> bool:
    """Say whether another notification came under this UID; the same once more is none other."""
    if not request.sop_instance_uid:
        return False
    same = AvailabilityNotice.objects.filter(
        device_id=caller.device_id,
        facility_id=caller.facility_id,
        study_instance_uid=study_of(request.dataset, request.transfer_syntax),
        sop_instance_uid=request.sop_instance_uid,
        status=status.SUCCESS,
    )
    return any(bytes(kept) != request.dataset for kept in same.values_list("dataset", flat=True))


def _keep(caller: Caller, request: NRequest, notice: Notice | None, answer: NAnswer) -> None:
    study = (
        notice.study_instance_uid if notice else study_of(request.dataset, request.transfer_syntax)
    )
    uid = request.sop_instance_uid or answer.sop_instance_uid
    AvailabilityNotice.objects.create(
        facility_id=caller.facility_id,
        device_id=caller.device_id,
        at=timezone.now(),
        sop_instance_uid=uid if is_uid(uid) else "",
        study_instance_uid=study,
        transfer_syntax=request.transfer_syntax,
        dataset=request.dataset,
        status=answer.status,
        comment=answer.comment[:COMMENT_LENGTH],
        instance_count=len(notice.instances) if notice else 0,
    )
    logger.info("%s notified of availability: %04XH", caller.ae_title, answer.status)


def _write(caller: Caller, notice: Notice) -> None:
    """Remember what was said last of each instance; apply it to what the archive is asked."""
    now = timezone.now()
    AvailableInstance.objects.bulk_create(
        _rows(caller, notice, now),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["archive", "sop_instance_uid"],
        update_fields=_UPDATED,
    )
    commitments = StudyCommitment.objects.select_for_update(of=("self",)).filter(
        facility_id=caller.facility_id,
        archive_id=caller.device_id,
        study_instance_uid=notice.study_instance_uid,
    )
    steps = steps_of(caller.facility_id, notice.study_instance_uid)
    for commitment in commitments.select_related("archive").order_by("pk"):
        withdrawn_tell(availability_apply(commitment=commitment), steps)
    if steps:
        emit(StepsChanged(facility_id=caller.facility_id, ids=steps))


def _rows(caller: Caller, notice: Notice, now: datetime) -> Iterable[AvailableInstance]:
    """Return the rows in one order, so that two notifications never wait for each other."""

    def uid(instance: NoticedInstance) -> str:
        return instance.sop_instance_uid

    return [
        AvailableInstance(
            facility_id=caller.facility_id,
            archive_id=caller.device_id,
            study_instance_uid=notice.study_instance_uid,
            series_instance_uid=instance.series_instance_uid,
            sop_class_uid=instance.sop_class_uid,
            sop_instance_uid=instance.sop_instance_uid,
            availability=instance.availability,
            retrieve_ae_title=instance.retrieve_ae_title,
            at=now,
        )
        for instance in sorted(notice.instances, key=uid)
    ]


def steps_of(facility_id: int, study_instance_uid: str) -> list[int]:
    """Return the scheduled steps whose exam a study is: as ordered, or as a scanner reported."""
    ordered = Q(requested_procedure__study_instance_uid=study_instance_uid)
    reported = Q(performed_references__performed__study_instance_uid=study_instance_uid)
    found = ScheduledProcedureStep.objects.filter(ordered | reported, facility_id=facility_id)
    return sorted(set(found.values_list("pk", flat=True)))
