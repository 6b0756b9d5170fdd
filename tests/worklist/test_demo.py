"""The demonstration department: the same every time, made once, every state in it."""

import unicodedata
from datetime import date, timedelta
from itertools import pairwise

import pytest

from portal.models import RemoteAE
from tests.worklist.factories import BY
from worklist import demo
from worklist.models import Patient, ProcedureType, ScheduledProcedureStep, Station

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 21)


def test_department_has_its_devices_catalogue_and_every_state(facility):
    """architecture.md §3, seed_demo."""
    demo.furnish(facility.pk, DAY, BY)

    names = ["CT1", "CT2", "MR1", "US1", "CR1", "MG1"]
    assert list(Station.objects.values_list("name", flat=True)) == names
    scanners = RemoteAE.objects.filter(kind="modality").order_by("port")
    assert list(scanners.values_list("ae_title", flat=True)) == names
    assert RemoteAE.objects.exclude(kind="modality").get().ae_title == "SIMARCHIVE"
    assert ProcedureType.objects.count() >= 18
    steps = ScheduledProcedureStep.objects
    assert steps.count() == 45
    states = set(steps.filter(start_date=DAY).values_list("status", flat=True))
    assert states == set(ScheduledProcedureStep.Status.values)
    assert steps.filter(start_time=None).exists()
    assert steps.filter(station=None).exists()


def test_patients_are_of_five_scripts(facility):
    """Latin with accents, Han, Kana, Hangul, Cyrillic."""
    demo.furnish(facility.pk, DAY, BY)

    letters = "".join(patient.person_name for patient in Patient.objects.all())
    scripts = {unicodedata.name(char, "").split()[0] for char in letters}
    assert {"LATIN", "CJK", "HIRAGANA", "HANGUL", "CYRILLIC"} <= scripts
    assert not letters.isascii()


def test_twice_is_once_and_another_day_is_another_list(facility):
    """Idempotent by day; patients and devices are the same people and machines."""
    demo.furnish(facility.pk, DAY, BY)
    patients = Patient.objects.count()

    demo.furnish(facility.pk, DAY, BY)
    assert ScheduledProcedureStep.objects.count() == 45
    demo.furnish(facility.pk, DAY + timedelta(days=1), BY)
    assert ScheduledProcedureStep.objects.count() == 90
    assert Patient.objects.count() == patients


def test_nobody_is_in_two_rooms_at_once(facility):
    """A plausible day."""
    demo.furnish(facility.pk, DAY, BY)
    busy: dict[int, list[tuple[int, int]]] = {}
    for step in ScheduledProcedureStep.objects.filter(
        start_date=DAY, start_time__isnull=False
    ).select_related("requested_procedure__service_request"):
        start = step.start_time.hour * 60 + step.start_time.minute
        who = step.requested_procedure.service_request.patient_id
        busy.setdefault(who, []).append((start, start + step.duration_minutes))

    for times in busy.values():
        times.sort()
        assert all(one[1] <= other[0] for one, other in pairwise(times))
