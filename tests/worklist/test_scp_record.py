"""What a C-FIND leaves behind: its record, sightings, news; and never a name in a log."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.signals import connection_created
from django.utils import timezone
from pynetdicom.sop_class import ModalityWorklistInformationFind

from portal.dicom import courses
from portal.models import LiveEvent, RemoteAE
from tests.waiting import wait_until
from tests.worklist.factories import (
    make_patient,
    make_station,
    make_step,
    make_steps,
)
from tests.worklist.finding import hidden
from tests.worklist.modality import ask, find, identifier, modality
from worklist.models import StepSighting, WorklistQuery

TODAY = timezone.localdate


@pytest.fixture
def ct1(facility):
    """CT1 and its station."""
    return make_station(facility, "CT1")


def test_query_is_recorded_with_what_was_shown(running_scp, facility, ct1):
    """worklist.md G15: shown to CT1 at 08:02; news for open pages in the same transaction."""
    steps = [make_step(facility, station=ct1) for _ in range(2)]
    LiveEvent.objects.all().delete()

    find(running_scp, ScheduledStationAETitle="CT1")
    wait_until(WorklistQuery.objects.count)
    find(running_scp, ScheduledStationAETitle="CT1", charset="ISO_IR 100")

    wait_until(lambda: WorklistQuery.objects.count() == 2)
    queries = list(WorklistQuery.objects.order_by("pk"))
    assert [(q.device.ae_title, q.matched, q.sent, q.status) for q in queries] == [
        ("CT1", 2, 2, 0)
    ] * 2
    assert queries[0].keys == {"ScheduledStationAETitle": "CT1"}
    assert queries[1].character_set == "ISO_IR 100"
    sightings = list(StepSighting.objects.order_by("step_id"))
    assert [s.step_id for s in sightings] == [step.pk for step in steps]
    assert all(s.last_at > s.first_at for s in sightings)
    assert RemoteAE.objects.get(ae_title="CT1").last_asked_at is not None
    shown = LiveEvent.objects.filter(kind="step")
    assert {tuple(event.payload["ids"]) for event in shown} == {tuple(step.pk for step in steps)}


def test_what_was_sent_before_an_abort_is_recorded(running_scp, facility, ct1, monkeypatch):
    """A device that goes away in the middle has still seen what it was sent."""
    make_steps(facility, 2000)
    with modality(running_scp) as assoc, monkeypatch.context() as patch:
        patch.setattr(courses, "FIRST_PAUSE_SECONDS", 60)  # for as long as the device takes
        answers = assoc.send_c_find(identifier(), ModalityWorklistInformationFind)
        next(answers)
        assoc.abort()

    query = wait_until(lambda: WorklistQuery.objects.first())
    assert 0 < query.sent < 2000
    assert query.sent == StepSighting.objects.count()
    assert query.comment == "The device ended the association."


def test_names_are_never_logged(running_scp, facility, ct1, caplog):
    """style.md 19: logs carry ids and AE titles, never patients."""
    caplog.set_level(logging.DEBUG)
    make_step(facility, patient=make_patient(facility, name_alphabetic="Verysecret^Name"))

    asked = find(running_scp, PatientName="VERYSECRET*")

    assert len(asked.answers) == 1
    ours = [record for record in caplog.records if not record.name.startswith("pynetdicom")]
    assert ours
    assert "secret" not in "\n".join(record.getMessage() for record in ours).lower()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement of connections that open from now on, whichever thread they serve."""
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    def watch(connection: Any, **kwargs: Any) -> None:
        connection.execute_wrappers.append(note)

    connection_created.connect(watch)
    yield seen
    connection_created.disconnect(watch)


def test_statements_of_a_query_do_not_grow_with_its_answers(running_scp, facility, ct1, statements):
    """architecture.md §6: one statement finds the rows, none is made for each of them."""
    counts = []
    for number in (2, 90):
        make_steps(facility, number)
        before = WorklistQuery.objects.count()
        statements.clear()
        find(running_scp)
        wait_until(lambda before=before: WorklistQuery.objects.count() > before)
        counts.append(len([sql for sql in statements if sql.startswith(("SELECT", "INSERT"))]))

    assert counts[0] == counts[1] <= 20


def test_answer_stands_while_it_cannot_be_recorded(running_scp, facility, ct1, caplog):
    """Every match was sent: 0000 is true; the record is made when the database is back."""
    make_step(facility)
    with hidden("worklist_worklistquery"):
        with modality(running_scp) as assoc:
            asked = ask(assoc, identifier())
        wait_until(lambda: "1 records cannot be written; trying again" in caplog.text)

    assert (len(asked.answers), asked.status) == (1, 0x0000)
    assert wait_until(lambda: WorklistQuery.objects.first()).sent == 1
