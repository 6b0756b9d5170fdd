"""Who looked at whose pages is audited, beside the request and once in five minutes."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.models import AuditEvent
from portal.reads import Read, note_read, read_log, reads_record
from portal.types import Actor
from tests.waiting import wait_until

ANNA = Actor("user", "anna", 7)


def told():
    return [
        (event.actor, event.target, event.target_id)
        for event in AuditEvent.objects.filter(action="read")
    ]


@pytest.fixture
def log():
    """The read log of a web process."""
    read_log.start()
    yield
    read_log.stop()


@pytest.mark.django_db(transaction=True)
def test_a_read_is_audited_soon_and_once(facility, make_user, log):
    anna = make_user("technologist", name="anna")
    for _ in range(5):
        note_read(anna, facility.pk, "exam", 7)
    note_read(anna, facility.pk, "exam", 8)

    wait_until(lambda: len(told()) == 2)

    assert told() == [("anna", "exam", "7"), ("anna", "exam", "8")]


@pytest.mark.django_db
def test_what_another_process_has_written_is_not_written_again(facility):
    reads_record([Read(facility.pk, ANNA, "exam", "7")])
    reads_record([Read(facility.pk, ANNA, "exam", "7"), Read(facility.pk, ANNA, "patient", "7")])

    assert told() == [("anna", "exam", "7"), ("anna", "patient", "7")]


@pytest.mark.django_db
def test_after_five_minutes_it_is_another_read(facility):
    reads_record([Read(facility.pk, ANNA, "exam", "7")])
    past = timezone.now() - timedelta(minutes=6)
    AuditEvent.objects.filter(action="read").update(at=past)

    reads_record([Read(facility.pk, ANNA, "exam", "7")])

    assert len(told()) == 2


@pytest.mark.django_db
def test_somebody_else_is_another_read(facility):
    reads_record([Read(facility.pk, ANNA, "exam", "7")])
    reads_record([Read(facility.pk, Actor("user", "ben", 8), "exam", "7")])

    assert len(told()) == 2


@pytest.mark.django_db
def test_where_nobody_writes_nothing_is_noted(facility, make_user):
    """A command, or a page in a test: the log belongs to the web process."""
    note_read(make_user("technologist"), facility.pk, "exam", 7)

    assert told() == []


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_is_put_back_hides_no_read(facility, make_user, log):
    """What was written seems to be in the future: it says nothing about now."""
    anna = make_user("technologist", name="anna")
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        note_read(anna, facility.pk, "exam", 7)
        wait_until(lambda: len(told()) == 1)

    note_read(anna, facility.pk, "exam", 7)

    wait_until(lambda: len(told()) == 2)
