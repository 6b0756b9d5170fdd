"""Performed procedure steps and cases for tests, all synthetic, as services would write them."""

import itertools
from datetime import date, time
from typing import Any

from django.utils import timezone
from pydicom.uid import generate_uid

from portal.models import Facility, RemoteAE
from tests.worklist.factories import make_device
from worklist.dicom.items import write
from worklist.dicom.texts import put
from worklist.models import (
    PerformedInstance,
    PerformedProcedureStep,
    PerformedSeries,
    PerformedStepMessage,
    PerformedStepReference,
    ReconcileCase,
    ScheduledProcedureStep,
)
from worklist.services.cases import case_open, case_open_of_message

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
_numbers = itertools.count(1)


def make_performed(
    facility: Facility,
    *,
    device: RemoteAE | None = None,
    steps: tuple[ScheduledProcedureStep, ...] = (),
    images: int = 2,
    **values: Any,
) -> PerformedProcedureStep:
    """What CT1 reported to have done today from 8:34 to 8:43; linked to `steps`, if any."""
    device = device or make_device(facility)
    now = timezone.now()
    given = {
        "status": "COMPLETED",
        "sop_instance_uid": generate_uid(),
        "study_instance_uid": (
            steps[0].requested_procedure.study_instance_uid if steps else generate_uid()
        ),
        "performed_procedure_step_id": f"PPS{next(_numbers)}",
        "station_ae_title": device.ae_title,
        "modality": "CT",
        "description": "CT examination",
        "start_date": timezone.localdate(),
        "start_time": time(8, 34),
        "end_date": timezone.localdate(),
        "end_time": time(8, 43),
        "patient_name": "Tester^Tom",
        "patient_id": "T1",
        "birth_date": date(1957, 5, 22),
        "sex": "O",
        "image_count": images,
        "created_at": now,
        "updated_at": now,
        **values,
    }
    if given["status"] == "IN PROGRESS":
        given |= {"end_date": None, "end_time": None}
    else:
        given.setdefault("ended_at", now)
    performed = PerformedProcedureStep.objects.create(
        facility=facility, device=device, dataset=_dataset(given), **given
    )
    make_references(performed, steps)
    make_images(performed, images)
    return performed


def make_references(
    performed: PerformedProcedureStep, steps: tuple[ScheduledProcedureStep, ...]
) -> None:
    """Its Scheduled Step Attributes: an item for each step, an empty one when unscheduled."""
    for number, step in enumerate(steps, 1):
        procedure = step.requested_procedure
        PerformedStepReference.objects.create(
            performed=performed,
            number=number,
            step=step,
            study_instance_uid=procedure.study_instance_uid,
            accession_number=procedure.service_request.accession_number,
            requested_procedure_id=procedure.requested_procedure_id,
            sps_id=step.sps_id,
            linked_at=timezone.now(),
        )
    if not steps:
        PerformedStepReference.objects.create(
            performed=performed, number=1, study_instance_uid=performed.study_instance_uid
        )


def make_images(performed: PerformedProcedureStep, count: int) -> PerformedSeries:
    """One series of that many CT images."""
    series = PerformedSeries.objects.create(
        performed=performed,
        number=1,
        series_instance_uid=generate_uid(),
        protocol_name="SINUS ROUTINE",
        image_count=count,
    )
    PerformedInstance.objects.bulk_create(
        PerformedInstance(
            performed=performed,
            series=series,
            number=number,
            sop_class_uid=CT_IMAGE,
            sop_instance_uid=generate_uid(),
        )
        for number in range(1, count + 1)
    )
    return series


def make_message(facility: Facility, **values: Any) -> PerformedStepMessage:
    """An N-SET that was refused, since nobody knows its performed step (0112H)."""
    item: dict[int, Any] = {}
    put(item, 0x00400250, "DA", timezone.localdate().strftime("%Y%m%d"))
    put(item, 0x00400251, "TM", "083100")
    put(item, 0x00400252, "CS", "COMPLETED")
    given = {
        "kind": "N-SET",
        "at": timezone.now(),
        "sop_instance_uid": generate_uid(),
        "transfer_syntax": EXPLICIT,
        "dataset": write(item),
        "status": 0x0112,
        **values,
    }
    device = given.pop("device", None) or make_device(facility)
    return PerformedStepMessage.objects.create(facility=facility, device=device, **given)


def make_case(
    facility: Facility,
    kind: str = "unscheduled",
    *,
    performed: PerformedProcedureStep | None = None,
    detail: dict[str, Any] | None = None,
    **values: Any,
) -> ReconcileCase:
    """An open case about something that was performed; `values` are the performed step's."""
    performed = performed or make_performed(facility, **values)
    return case_open(performed=performed, kind=kind, detail=detail)


def make_orphan(facility: Facility, **values: Any) -> ReconcileCase:
    """An open case about a refused message."""
    return case_open_of_message(message=make_message(facility, **values), kind="orphan")


def _dataset(given: dict[str, Any]) -> bytes:
    item: dict[int, Any] = {}
    put(item, 0x00100010, "PN", given["patient_name"])
    put(item, 0x00100020, "LO", given["patient_id"])
    put(item, 0x00400252, "CS", given["status"])
    return write(item)
