"""Who may associate: called and calling AE title, address, certificate, on or off."""

import json
import threading
import time

import pytest
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from portal import admission, knocking, selectors, services, services_devices, services_knocks
from portal.admission import admit
from portal.dicom.services import CalledAETitleUnknown, CallingAETitleUnknown, Requestor
from portal.knocking import BOOK, KnockBook
from portal.models import Knock, RemoteAE
from portal.recorder import recorder
from portal.types import KnockReason, ProfileValues
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db
PRINT = "ab" * 32  # a SHA-256


@pytest.fixture(autouse=True)
def book(monkeypatch):
    """A book of this test's own, written by hand: rows of the test's own transaction."""
    book = KnockBook()
    monkeypatch.setattr(connections, "close_all", lambda: None)
    monkeypatch.setattr(admission, "BOOK", book)
    return book


@pytest.fixture
def put(facility, actor):
    """Put CT1 on the list, or change it."""

    def device(**values):
        given = {"ae_title": "CT1", "host": "", "port": None, "kind": "modality"} | values
        return services.device_set(facility_id=facility.pk, by=actor, **given)[0]

    return device


def requestor(called="PORTAL", calling="CT1", address="10.20.4.11", certificate=""):
    return Requestor(called, calling, address, certificate)


def test_a_device_of_the_list_is_admitted_with_what_its_make_needs(put, facility, actor):
    values = ProfileValues(
        name="ct",
        character_sets=("\\ISO 2022 IR 87", "ISO_IR 100"),
        statuses=("ARRIVED",),
        is_own_station_only=True,
        days_back=1,
        days_ahead=2,
        row_cap=200,
        is_strict=True,
        length_limits=(("SH", 12),),
        extra_attributes=(("Manufacturer", "X"),),
        suppressed_attributes=("PatientAddress",),
    )
    services_devices.device_profile_set(facility_id=facility.pk, name="ct", values=values, by=actor)
    device = put(profile="ct", aliases=["CTROOM1"])

    caller = admit(requestor())

    assert caller == selectors.caller_of(RemoteAE.objects.get(pk=device.pk))
    assert caller.profile == values
    assert caller.titles == ("CT1", "CTROOM1")


def test_the_called_title_selects_the_facility(put, actor):
    put()
    east, _ = services.facility_set(code="east", ae_title="EAST", name="East", by=actor)
    theirs, _ = services.device_set(
        facility_id=east.pk, ae_title="CT1", host="", port=None, kind="modality", by=actor
    )

    assert admit(requestor(called="EAST")).device_id == theirs.pk


def test_spaces_around_a_title_mean_nothing(put):
    """PS3.5 6.2, AE: leading and trailing spaces are non-significant."""
    device = put()

    assert admit(requestor("PORTAL  ", " CT1 ")).device_id == device.pk


@pytest.mark.parametrize("calling", ["ct1", "CT", "CT11", "CT%", "C\x00T", "", "Ä"])
def test_titles_are_compared_exactly(put, calling):
    """PS3.5 6.2, AE: case matters, nothing is a wildcard."""
    put()

    with pytest.raises(CallingAETitleUnknown):
        admit(requestor(calling=calling))


@pytest.mark.parametrize("called", ["portal", "PORTAL2", "", "\\", "P\x00"])
def test_an_unknown_called_title_is_told_as_such(put, called):
    """PS3.8 Table 9-21: 1/1/7, called AE title not recognized."""
    put()

    with pytest.raises(CalledAETitleUnknown) as refusal:
        admit(requestor(called=called))
    assert (refusal.value.result, refusal.value.source, refusal.value.reason) == (1, 1, 7)


@pytest.mark.parametrize(
    ("values", "asks", "reason"),
    [
        ({"allowed_addresses": ["10.20.5.0/24"]}, {}, "address"),
        ({"allowed_addresses": ["10.20.4.12"]}, {}, "address"),
        ({"allowed_addresses": ["::1"]}, {}, "address"),
        ({"allowed_addresses": ["10.20.4.11"]}, {"address": "not an address"}, "address"),
        ({"certificate_sha256": PRINT}, {}, "certificate"),
        ({"certificate_sha256": PRINT}, {"certificate": "cd" * 32}, "certificate"),
    ],
)
def test_the_right_name_alone_is_not_enough(put, values, asks, reason, book, caplog):
    """Issue 4-7: by address and TLS certificate; the peer is told 1/1/3 and no more."""
    put(**values)

    with pytest.raises(CallingAETitleUnknown) as refusal:
        admit(requestor(**asks))

    assert (refusal.value.result, refusal.value.source, refusal.value.reason) == (1, 1, 3)
    assert reason in caplog.text
    book.write()
    assert list(Knock.objects.values_list("reason", flat=True)) == (
        [] if asks.get("address") else [reason]
    )


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ([], "203.0.113.9"),
        (["10.20.4.0/24"], "10.20.4.11"),
        (["10.20.4.11"], "::ffff:10.20.4.11"),
        (["10.9.9.9", "2001:db8::/32"], "2001:db8::7"),
        (["fe80::1"], "fe80::1%eth0"),
    ],
)
def test_an_allowed_address_comes_in(put, allowed, address):
    device = put(allowed_addresses=allowed)

    assert admit(requestor(address=address)).device_id == device.pk


def test_the_bound_certificate_comes_in(put):
    device = put(certificate_sha256=PRINT)

    assert admit(requestor(certificate=PRINT)).device_id == device.pk


def test_a_device_that_is_off_is_turned_away_and_on_again_admitted(put, actor):
    device = put()
    services_devices.device_enable(device_id=device.pk, is_enabled=False, by=actor)
    with pytest.raises(CallingAETitleUnknown):
        admit(requestor())

    services_devices.device_enable(device_id=device.pk, is_enabled=True, by=actor)

    assert admit(requestor()).device_id == device.pk


def test_a_change_counts_for_the_very_next_association(put, facility, actor):
    put()
    assert admit(requestor()).profile.row_cap is None

    services_devices.device_profile_set(
        facility_id=facility.pk, name="default", values=ProfileValues(row_cap=5), by=actor
    )

    assert admit(requestor()).profile.row_cap == 5


def test_lists_instead_of_text_are_read_the_same(put, monkeypatch):
    """PostgreSQL's drivers may hand JSON over as text or as objects."""
    put(allowed_addresses=["10.20.4.11"], aliases=["A"])
    text_row = admission._row

    def object_row(called, calling):
        row = text_row(called, calling)
        return tuple(
            json.loads(value) if isinstance(value, str) and value.startswith(("[", "{")) else value
            for value in row
        )

    as_text = admit(requestor())
    monkeypatch.setattr(admission, "_row", object_row)

    assert admit(requestor()) == as_text


def test_admission_is_one_statement(put):
    put()
    admit(requestor())

    with CaptureQueriesContext(connection) as queries:
        admit(requestor())

    assert len(queries) == 1


def test_a_stranger_is_one_row_with_how_often(put, book):
    put()
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


def test_a_title_that_no_device_can_have_is_not_noted(put, book):
    put()
    with pytest.raises(CallingAETitleUnknown):
        admit(requestor(calling="A\x1b[31m"))
    book.write()

    assert not Knock.objects.exists()


def test_a_flood_is_gathered_and_bounded(facility, book):
    """Issue 4, bad input: 1,000 associations from one address; memory stays bounded."""
    began = time.perf_counter()
    for _ in range(1000):
        with pytest.raises(CallingAETitleUnknown):
            admit(requestor(calling="FLOOD"))
    for number in range(1000):
        with pytest.raises(CallingAETitleUnknown):
            admit(requestor(calling=f"F{number}"))
    assert time.perf_counter() - began < 5
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
