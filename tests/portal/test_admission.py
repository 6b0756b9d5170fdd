"""Who may associate: called and calling AE title, address, certificate, on or off."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal import admission, selectors, services, services_devices
from portal.admission import admit
from portal.dicom.services import CalledAETitleUnknown, CallingAETitleUnknown
from portal.models import Knock, RemoteAE
from portal.types import ProfileValues
from tests.portal.door import requestor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]
PRINT = "ab" * 32  # a SHA-256


def test_a_device_of_the_list_is_admitted_with_what_its_make_needs(make_device, facility, actor):
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
    device = make_device(profile="ct", aliases=["CTROOM1"])

    caller = admit(requestor())

    assert caller == selectors.caller_of(RemoteAE.objects.get(pk=device.pk))
    assert caller.profile == values
    assert caller.titles == ("CT1", "CTROOM1")


def test_the_called_title_selects_the_facility(make_device, actor):
    make_device()
    east, _ = services.facility_set(code="east", ae_title="EAST", name="East", by=actor)
    theirs, _ = services.device_set(
        facility_id=east.pk, ae_title="CT1", host="", port=None, kind="modality", by=actor
    )

    assert admit(requestor(called="EAST")).device_id == theirs.pk


def test_spaces_around_a_title_mean_nothing(make_device):
    """PS3.5 6.2, AE: leading and trailing spaces are non-significant."""
    device = make_device()

    assert admit(requestor("PORTAL  ", " CT1 ")).device_id == device.pk


@pytest.mark.parametrize("calling", ["ct1", "CT", "CT11", "CT%", "C\x00T", "", "Ä"])
def test_titles_are_compared_exactly(make_device, calling):
    """PS3.5 6.2, AE: case matters, nothing is a wildcard."""
    make_device()

    with pytest.raises(CallingAETitleUnknown):
        admit(requestor(calling=calling))


@pytest.mark.parametrize("called", ["portal", "PORTAL2", "", "\\", "P\x00"])
def test_an_unknown_called_title_is_told_as_such(make_device, called):
    """PS3.8 Table 9-21: 1/1/7, called AE title not recognized."""
    make_device()

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
def test_the_right_name_alone_is_not_enough(make_device, values, asks, reason, book, caplog):
    """Issue 4-7: by address and TLS certificate; the peer is told 1/1/3 and no more."""
    make_device(**values)

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
def test_an_allowed_address_comes_in(make_device, allowed, address):
    device = make_device(allowed_addresses=allowed)

    assert admit(requestor(address=address)).device_id == device.pk


def test_the_bound_certificate_comes_in(make_device):
    device = make_device(certificate_sha256=PRINT)

    assert admit(requestor(certificate=PRINT)).device_id == device.pk


def test_a_device_that_is_off_is_turned_away_and_on_again_admitted(make_device, actor):
    device = make_device()
    services_devices.device_enable(device_id=device.pk, is_enabled=False, by=actor)
    with pytest.raises(CallingAETitleUnknown):
        admit(requestor())

    services_devices.device_enable(device_id=device.pk, is_enabled=True, by=actor)

    assert admit(requestor()).device_id == device.pk


def test_a_change_counts_for_the_very_next_association(make_device, facility, actor):
    make_device()
    assert admit(requestor()).profile.row_cap is None

    services_devices.device_profile_set(
        facility_id=facility.pk, name="default", values=ProfileValues(row_cap=5), by=actor
    )

    assert admit(requestor()).profile.row_cap == 5


def test_lists_instead_of_text_are_read_the_same(make_device, monkeypatch):
    """PostgreSQL's drivers may hand JSON over as text or as objects."""
    make_device(allowed_addresses=["10.20.4.11"], aliases=["A"])
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


def test_admission_is_one_statement(make_device):
    make_device()
    admit(requestor())

    with CaptureQueriesContext(connection) as queries:
        admit(requestor())

    assert len(queries) == 1
