"""What journeys start from: a device, a station and a procedure to order."""

from typing import Any

from django.utils import timezone

from portal import services
from portal.types import Actor
from worklist.models import ProcedureType, Station


def furnish(facility: Any, *names: str) -> None:
    """Make CT stations with their devices, and one procedure."""
    for position, name in enumerate(names):
        device, _ = services.device_set(
            facility_id=facility.pk,
            ae_title=name,
            host="127.0.0.1",
            port=11201 + position,
            kind="modality",
            by=Actor.command("test"),
        )
        Station.objects.create(
            facility=facility,
            name=name,
            ae_title=name,
            modality="CT",
            device=device,
            position=position,
            opens_at="00:00",
            closes_at="23:59",
        )
    ProcedureType.objects.create(
        facility=facility,
        code_value="CTABD",
        code_meaning="CT of abdomen",
        description="CT abdomen with contrast",
        modality="CT",
        duration_minutes=15,
    )


def today() -> str:
    """Return the site's day as the order form takes it."""
    return timezone.localdate().isoformat()


def find_as(ae_title: str, port: int, findscu: Any) -> list[Any]:
    """Ask for a device's exams of today with DCMTK's findscu."""
    step = "ScheduledProcedureStepSequence[0]"
    day = timezone.localdate().strftime("%Y%m%d")
    keys = [
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "AccessionNumber",
        "StudyInstanceUID",
        "RequestedProcedureDescription",
        f"{step}.ScheduledStationAETitle={ae_title}",
        f"{step}.ScheduledProcedureStepStartDate={day}",
        f"{step}.ScheduledProcedureStepStartTime",
        f"{step}.Modality=CT",
    ]
    answers: list[Any] = findscu(port, keys, aet=ae_title)
    return answers
