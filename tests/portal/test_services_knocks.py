"""Services of the "knocked at the door" list: one call lets somebody in; who is off the list."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import selectors, services, services_knocks
from portal.devices import device_furnish
from portal.errors import Conflict, InvalidInput, NotFound
from portal.models import Knock, LiveEvent, RemoteAE
from portal.types import Actor, KnockReason

pytestmark = pytest.mark.django_db
PRINT = "ab" * 32  # a SHA-256


def test_a_stranger_is_let_in_with_one_call(knock, facility, actor):
    row = knock()

    device = services_knocks.knock_admit(knock_id=row.pk, kind="viewer", profile="strict", by=actor)

    assert (device.ae_title, device.kind, device.profile.name) == ("CT1", "viewer", "strict")
    assert (device.facility, device.host) == (facility, "10.20.4.11")
    assert not Knock.objects.exists()


def test_a_stranger_that_knocked_from_two_places_is_let_in_once(knock, actor):
    row = knock()
    knock(address="10.20.4.12")

    services_knocks.knock_admit(knock_id=row.pk, by=actor)

    assert not Knock.objects.exists()


def test_an_address_is_added_where_that_was_the_reason(make_device, knock, actor):
    make_device(allowed_addresses=["10.0.0.1"])
    row = knock(reason=KnockReason.ADDRESS)

    device = services_knocks.knock_admit(knock_id=row.pk, by=actor)
    again = services_knocks.knock_admit(knock_id=knock(reason=row.reason).pk, by=actor)

    assert device.allowed_addresses == ["10.0.0.1", "10.20.4.11"]
    assert again.allowed_addresses == device.allowed_addresses


def test_a_certificate_is_bound_where_that_was_the_reason(make_device, knock, actor):
    make_device(certificate_sha256="cd" * 32)
    row = knock(reason=KnockReason.CERTIFICATE, certificate_sha256=PRINT)

    assert services_knocks.knock_admit(knock_id=row.pk, by=actor).certificate_sha256 == PRINT


def test_a_caller_whose_reason_is_gone_is_off_the_list(make_device, knock, actor):
    """However that came about: by the page, the API or a shell."""
    knock()
    knock(address="10.20.4.12", reason=KnockReason.DISABLED)
    knock(address="10.20.4.13", reason=KnockReason.ADDRESS)
    knock(address="10.9.9.9", reason=KnockReason.ADDRESS)
    knock(address="10.20.4.14", reason=KnockReason.CERTIFICATE, certificate_sha256=PRINT)
    knock(address="10.20.4.15", reason=KnockReason.CERTIFICATE)
    knock(called_ae_title="WRONG", facility_id=None, reason=KnockReason.CALLED_UNKNOWN)
    device_furnish(
        facility_id=make_device().facility_id,
        ae_title="CT1",
        host="",
        port=None,
        kind="modality",
        allowed_addresses=["10.20.4.0/24"],
        certificate_sha256=PRINT,
        by=actor,
    )

    left = set(Knock.objects.values_list("address", "reason"))

    assert left == {
        ("10.9.9.9", "address"),
        ("10.20.4.15", "certificate"),
        ("10.20.4.11", "called-unknown"),
    }
    assert LiveEvent.objects.filter(kind="knock").latest("pk").payload == {"ids": []}


def test_who_came_without_certificate_is_not_let_in_by_one_call(make_device, knock, actor):
    """One click must not take the lock off."""
    make_device(certificate_sha256=PRINT)
    row = knock(reason=KnockReason.CERTIFICATE)

    with pytest.raises(Conflict, match="came without a certificate"):
        services_knocks.knock_admit(knock_id=row.pk, by=actor)
    assert RemoteAE.objects.get().certificate_sha256 == PRINT
    assert Knock.objects.exists()


def test_a_device_that_was_off_is_switched_on(make_device, knock, actor):
    make_device(is_enabled=False)
    row = knock(reason=KnockReason.DISABLED)

    assert services_knocks.knock_admit(knock_id=row.pk, by=actor).is_enabled


def test_who_was_put_on_the_list_meanwhile_keeps_what_it_has(make_device, knock, actor):
    row = knock()
    make_device(profile="utf-8", kind="archive")

    device = services_knocks.knock_admit(knock_id=row.pk, by=actor)

    assert (device.profile.name, device.kind) == ("utf-8", "archive")
    assert not Knock.objects.exists()


def test_a_printer_needs_its_port_and_is_not_let_in_by_one_call(knock, actor):
    """Printers are called by us; one that knocks is told apart by a person, on its own page."""
    with pytest.raises(InvalidInput, match="no host and port to print to"):
        services_knocks.knock_admit(knock_id=knock().pk, kind="printer", by=actor)
    assert not RemoteAE.objects.exists()


def test_the_list_keeps_the_latest_200(knock, facility):
    began = timezone.now() - timedelta(days=1)
    for number in range(services_knocks.MOST_KNOCKS + 5):
        at = began + timedelta(seconds=number)
        knock(calling_ae_title=f"D{number}", first_at=at, last_at=at)

    assert Knock.objects.count() == services_knocks.MOST_KNOCKS
    assert not Knock.objects.filter(calling_ae_title="D4").exists()


def test_everybody_sees_who_called_nobody_and_only_theirs_besides(make_user, knock, facility):
    east, _ = services.facility_set(
        code="east", ae_title="EAST", name="East", by=Actor.command("test")
    )
    knock(calling_ae_title="A")
    knock(calling_ae_title="B", facility_id=east.pk, called_ae_title="EAST")
    knock(calling_ae_title="C", facility_id=None, called_ae_title="WRONG")
    theirs, ours = make_user("auditor", name="e", facility_code="east"), make_user("auditor")

    def seen(user):
        return set(selectors.knocks(visible_to=user).values_list("calling_ae_title", flat=True))

    assert (seen(ours), seen(theirs)) == ({"A", "C"}, {"B", "C"})


def test_a_knock_that_is_gone_is_said_to_be(actor):
    with pytest.raises(NotFound, match="not on the list any more"):
        services_knocks.knock_admit(knock_id=0, by=actor)
    with pytest.raises(NotFound):
        services_knocks.knock_forget(knock_id=0, by=actor)
