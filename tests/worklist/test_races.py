"""Several at once: devices that ask, people who book, imports that meet."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from typing import Any

import pytest
from django.db import connections

from portal.errors import InvalidInput
from tests.waiting import wait_until
from tests.worklist.entries import entry, file_bytes
from tests.worklist.factories import (
    BY,
    make_device,
    make_patient,
    make_procedure_type,
    make_station,
    make_steps,
)
from tests.worklist.modality import ask, identifier, modality
from worklist.dicom import files
from worklist.dicom.entry import parse
from worklist.models import ScheduledProcedureStep, StepSighting, WorklistEntry, WorklistQuery
from worklist.services.imports import Outcome, entries_import
from worklist.services.orders import order_create
from worklist.services.patients import patient_create
from worklist.services.slots import SlotTaken
from worklist.types import OrderValues, PatientValues

DAY = date(2026, 11, 21)


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run the same work in several threads, each with its own connection."""

    def run(number: int) -> Any:
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_many_devices_ask_at_once(running_scp, facility):
    """worklist.md §2 (28): races under ten parallel queries gave devices C311."""
    for number in range(8):
        make_device(facility, f"DEV{number % 4}")
    make_steps(facility, 10)

    def queries(number: int) -> list[tuple[int, int]]:
        with modality(running_scp, f"DEV{number % 4}") as assoc:
            asked = [ask(assoc, identifier()) for _ in range(3)]
        return [(len(one.answers), one.status) for one in asked]

    assert at_once(queries, 8) == [[(10, 0x0000)] * 3] * 8
    wait_until(lambda: WorklistQuery.objects.filter(sent=10).count() == 24)
    assert StepSighting.objects.count() == 40


@pytest.mark.django_db(transaction=True)
def test_one_slot_is_booked_once_and_numbers_differ(facility):
    """The station's row is the lock of its bookings, the facility's of its numbers."""
    patient, kind = make_patient(facility), make_procedure_type(facility)
    station = make_station(facility)

    def book(number: int) -> str:
        hour = 10 if number < 4 else 10 + number
        order = OrderValues(patient.pk, kind.pk, station.pk, DAY, time(hour))
        try:
            order_create(facility_id=facility.pk, order=order, by=BY)
        except SlotTaken:
            return "taken"
        return "booked"

    assert sorted(at_once(book, 6)) == ["booked"] * 3 + ["taken"] * 3
    numbers = WorklistEntry.objects.values_list("accession_number", flat=True)
    assert len(set(numbers)) == len(numbers) == 3


@pytest.mark.django_db(transaction=True)
def test_one_patient_id_is_given_once(facility):
    """Who comes second reads a sentence, not the database's refusal."""

    def register(number: int) -> str:
        values = PatientValues("ID-1", name_alphabetic=f"Family{number}")
        try:
            patient_create(facility_id=facility.pk, values=values, by=BY)
        except InvalidInput as refusal:
            return str(refusal)
        return "registered"

    answers = sorted(at_once(register, 4))

    assert answers == ["There is a patient with this ID already."] * 3 + ["registered"]


@pytest.mark.django_db(transaction=True)
def test_the_same_entries_imported_twice_at_once_are_there_once(facility):
    """Idempotent also when two imports meet."""
    entries = []
    for number in range(5):
        ds = entry(AccessionNumber=f"A{number}", StudyInstanceUID=f"2.25.{number + 1}")
        entries += parse(files.read_file(file_bytes(ds)))[0]

    def load(number: int) -> list[Outcome]:
        done = entries_import(facility_id=facility.pk, entries=entries, by=BY)
        return [one.outcome for one in done]

    outcomes = at_once(load, 2)

    assert ScheduledProcedureStep.objects.count() == 5
    assert Outcome.REJECTED not in outcomes[0] + outcomes[1]
