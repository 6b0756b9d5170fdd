"""Rows of performed steps and commitments for tests of pages, as the services leave them."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from pydicom.uid import generate_uid

from portal.models import RemoteAE
from portal.services import device_set
from tests.worklist.factories import BY
from worklist.dicom.items import Item, write
from worklist.dicom.messages import EXPLICIT_LITTLE_ENDIAN
from worklist.dicom.texts import put
from worklist.models import (
    CommitmentReport,
    CommitmentRequest,
    CommittedInstance,
    PerformedProcedureStep,
    PerformedSeries,
    PerformedStepMessage,
    PerformedStepReference,
    ScheduledProcedureStep,
    StudyCommitment,
)


def make_archive(facility: Any, ae_title: str = "MAIN") -> RemoteAE:
    """An archive on the allow-list."""
    device, _ = device_set(
        facility_id=facility.pk,
        ae_title=ae_title,
        host="127.0.0.1",
        port=11301,
        kind="archive",
        by=BY,
    )
    return device


def some_dataset(name: str = "Tester^Tom") -> bytes:
    """A small dataset, explicit little endian."""
    item: Item = {}
    put(item, 0x00080005, "CS", "ISO_IR 192")
    put(item, 0x00100010, "PN", name)
    put(item, 0x00400252, "CS", "IN PROGRESS")
    return write(item)


def make_performed(
    step: ScheduledProcedureStep,
    device: RemoteAE,
    *,
    began: datetime | None = None,
    ended: datetime | None = None,
    is_linked: bool = True,
    series: tuple[int, ...] = (),
    **values: Any,
) -> PerformedProcedureStep:
    """What a device performed of an exam; `series` are the counts of their images."""
    began = began or timezone.now()
    own = timezone.localtime(began)
    study = step.requested_procedure.study_instance_uid
    performed = PerformedProcedureStep.objects.create(
        **{
            "facility_id": step.facility_id,
            "device": device,
            "sop_instance_uid": generate_uid(),
            "status": "COMPLETED" if ended else "IN PROGRESS",
            "study_instance_uid": study,
            "start_date": own.date(),
            "start_time": own.time().replace(microsecond=0),
            "dataset": some_dataset(),
            "image_count": sum(series),
            "created_at": began,
            "updated_at": ended or began,
            "ended_at": ended,
            **values,
        }
    )
    PerformedStepReference.objects.create(
        performed=performed,
        number=1,
        study_instance_uid=performed.study_instance_uid,
        sps_id=step.sps_id,
        step=step if is_linked else None,
    )
    for number, count in enumerate(series, start=1):
        PerformedSeries.objects.create(
            performed=performed,
            number=number,
            series_instance_uid=f"{study}.{performed.pk}.{number}",
            description=f"Chest {number}",
            protocol_name="Chest venous",
            operators_name="Petrov^Jana",
            image_count=count,
        )
    make_message(performed, "N-CREATE", began)
    if ended:
        make_message(performed, "N-SET", ended)
    return performed


def make_message(
    performed: PerformedProcedureStep, kind: str, at: datetime, **values: Any
) -> PerformedStepMessage:
    """A message about a performed step, as it came."""
    return PerformedStepMessage.objects.create(
        **{
            "facility_id": performed.facility_id,
            "device": performed.device,
            "performed": performed,
            "at": at,
            "kind": kind,
            "sop_instance_uid": performed.sop_instance_uid,
            "transfer_syntax": EXPLICIT_LITTLE_ENDIAN,
            "dataset": some_dataset(),
            "status": 0,
            "address": "127.0.0.1",
            **values,
        }
    )


def make_commitment(
    step: ScheduledProcedureStep,
    archive: RemoteAE,
    *,
    state: str = "committed",
    expected: int = 120,
    failed: int = 0,
    at: datetime | None = None,
    **values: Any,
) -> StudyCommitment:
    """What an archive said of an exam's study; failed images have rows, the others only count."""
    at = at or timezone.now()
    commitment = StudyCommitment.objects.create(
        **{
            "facility_id": step.facility_id,
            "archive": archive,
            "study_instance_uid": step.requested_procedure.study_instance_uid,
            "state": state,
            "expected": expected,
            "committed": expected - failed if state in ("committed", "failed") else 0,
            "failed": failed,
            "created_at": at - timedelta(minutes=5),
            "attempts": 1,
            "first_asked_at": at - timedelta(minutes=2),
            "last_asked_at": at - timedelta(minutes=2),
            "last_answer_at": at if state in ("committed", "failed") else None,
            **values,
        }
    )
    CommittedInstance.objects.bulk_create(
        CommittedInstance(
            commitment=commitment,
            series_instance_uid=f"{commitment.study_instance_uid}.9.2",
            number=number,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            sop_instance_uid=f"{commitment.study_instance_uid}.9.2.{number}",
            state="FAILED",
            reason=0x0112,
        )
        for number in range(1, failed + 1)
    )
    return commitment


def make_round(
    commitment: StudyCommitment, attempt: int, *, chunks: int = 1, at: datetime | None = None
) -> list[CommitmentRequest]:
    """A round of asking in so many transactions, all of them answered."""
    at = at or timezone.now()
    requests = [
        CommitmentRequest.objects.create(
            facility_id=commitment.facility_id,
            archive=commitment.archive,
            commitment=commitment,
            transaction_uid=generate_uid(),
            state="answered",
            attempt=attempt,
            asked_count=commitment.expected // chunks,
            asked_for="mpps",
            action_information=some_dataset(),
            created_at=at,
            deadline_at=at + timedelta(minutes=12),
            answered_at=at + timedelta(seconds=3),
            status=0,
            committed_count=commitment.expected // chunks,
        )
        for _ in range(chunks)
    ]
    for one in requests:
        make_report(one)
    return requests


def make_report(request: CommitmentRequest, **values: Any) -> CommitmentReport:
    """An archive's answer, as it came."""
    return CommitmentReport.objects.create(
        **{
            "facility_id": request.facility_id,
            "device": request.archive,
            "request": request,
            "at": request.answered_at or timezone.now(),
            "transaction_uid": request.transaction_uid,
            "event_type": 1,
            "transfer_syntax": EXPLICIT_LITTLE_ENDIAN,
            "dataset": some_dataset(),
            "verdict": "matched",
            "status": 0,
            **values,
        }
    )
