"""Who was turned away is noted: once each, bounded, and never in the way of the next caller."""

import threading
import time

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from portal import knocking, services_knocks
from portal.admission import admit
from portal.dicom.services import CalledAETitleUnknown, CallingAETitleUnknown
from portal.knocking import BOOK, KnockBook
from portal.models import Knock
from portal.recorder import recorder
from portal.types import KnockReason
from tests.portal.door import requestor
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]


def test_a_stranger_is_one_row_with_how_often(make_device, book):
    make_device()
    for _ in range(3):
        with pytest.raises(CallingAETitleUnknown):
            admit(requestor(calling="MR7"))
    book.write()
    with pytest.raises(CallingAETitleUnknown):
        admit(requestor(calling="MR7"))
    book.write()

    knock = Knock.objects.get()
    assert (knock.called_ae_title, knock.calling_ae_title) == ("PORTAL", "MR7")
    assert (knock.address, knock.reason, knock.times) == (
        "10.20.4.11",
        KnockReason.CALLING_UNKNOWN,
        4,
    )
    assert knock.first_at < knock.last_at


def test_who_asks_for_nobody_is_noted_too(facility, book):
    with pytest.raises(CalledAETitleUnknown):
        admit(requestor(called="WRONG"))
    book.write()

    assert Knock.objects.get().reason == KnockReason.CALLED_UNKNOWN
    assert Knock.objects.get().facility is None


def test_a_title_that_no_device_can_have_is_not_noted(make_device, book):
    make_device()
    with pytest.raises(CallingAETitleUnknown):
        admit(requestor(calling="A\x1b[31m"))
    book.write()

    assert not Knock.objects.exists()


def test_a_flood_is_gathered_and_bounded(facility, book):
    """Issue 4, bad input: 1,000 associations from one address; memory stays bounded."""
    began = time.process_time()
    for _ in range(1000):
        with pytest.raises(CallingAETitleUnknown):
            admit(requestor(calling="FLOOD"))
    for number in range(1000):
        with pytest.raises(CallingAETitleUnknown):
            admit(requestor(calling=f"F{number}"))
    assert time.process_time() - began < 5
    assert len(book._waiting) <= 500

    with CaptureQueriesContext(connection) as queries:
        book.write()

    assert Knock.objects.count() == services_knocks.MOST_KNOCKS
    assert len(queries) < 2500


def test_several_threads_may_note_at_once(facility):
    book = KnockBook()

    def refuse():
        for _ in range(200):
            book.note(requestor(calling="MR7"), facility.pk, KnockReason.CALLING_UNKNOWN)

    threads = [threading.Thread(target=refuse) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    book.write()

    assert Knock.objects.get().times == 1000


@pytest.mark.django_db(transaction=True)
def test_the_recorder_writes_what_was_noted(facility, monkeypatch):
    """Each time anew: the first refusal after a write brings the next one about."""
    monkeypatch.undo()
    recorder.start()
    for calling in ("MR7", "MR8"):
        BOOK.note(requestor(calling=calling), facility.pk, KnockReason.CALLING_UNKNOWN)
        wait_until(Knock.objects.filter(calling_ae_title=calling).exists)
    recorder.stop()


@pytest.mark.django_db(transaction=True)
def test_callers_wait_while_the_database_is_away(facility, monkeypatch):
    """What could not be written is counted together with what came since."""
    book = KnockBook()
    book.note(requestor(calling="MR7"), facility.pk, KnockReason.CALLING_UNKNOWN)
    with monkeypatch.context() as broken:
        broken.setattr(knocking, "knock_record", _no_database)
        with pytest.raises(OperationalError):
            book.write()
    book.note(requestor(calling="MR7"), facility.pk, KnockReason.CALLING_UNKNOWN)
    book.write()

    assert Knock.objects.get().times == 2


def _no_database(**_):
    raise OperationalError("away")


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_written_is_said_and_stops_nothing(facility, caplog):
    """A facility that went away meanwhile: the row has nothing to belong to."""
    book = KnockBook()
    book.note(requestor(calling="MR7"), facility.pk + 1, KnockReason.CALLING_UNKNOWN)
    book.write()
    assert "1 callers are not noted: IntegrityError" in caplog.text

    book.note(requestor(calling="MR8"), facility.pk, KnockReason.CALLING_UNKNOWN)
    book.write()

    assert Knock.objects.get().calling_ae_title == "MR8"
