"""Services of devices: on and off, what their makes need, who may change it."""

import pytest

from portal import selectors, services, services_devices, services_knocks
from portal.errors import InvalidInput, NotAllowed, NotFound, StaleVersion
from portal.models import AuditEvent, DeviceProfile, LiveEvent, RemoteAE
from portal.profiles import profile_version
from portal.types import PERMISSIONS, Permission, ProfileValues, Role

pytestmark = pytest.mark.django_db

# --- on and off -----------------------------------------------------------------------------------


def test_a_device_is_switched_off_and_on_with_a_trace_of_each(make_device, actor):
    device = make_device()

    services_devices.device_enable(device_id=device.pk, is_enabled=False, by=actor)
    assert not RemoteAE.objects.get().is_enabled
    services_devices.device_enable(device_id=device.pk, is_enabled=True, by=actor)

    assert RemoteAE.objects.get().is_enabled
    actions = list(AuditEvent.objects.order_by("-pk").values_list("action", flat=True)[:2])
    assert actions == ["enable", "disable"]
    assert LiveEvent.objects.filter(kind="device").latest("pk").payload == {"ids": [device.pk]}


def test_setting_a_device_again_does_not_switch_it_on(make_device, actor):
    device = make_device()
    services_devices.device_enable(device_id=device.pk, is_enabled=False, by=actor)

    make_device(port=105)

    assert not RemoteAE.objects.get().is_enabled


def test_there_must_be_a_device_to_change(actor):
    with pytest.raises(NotFound):
        services_devices.device_enable(device_id=0, is_enabled=False, by=actor)


@pytest.mark.parametrize("role", list(Role))
def test_only_administrators_change_devices_profiles_and_knocks(
    make_user, make_device, knock, role
):
    by = selectors.actor_for(make_user(role))
    device, row = make_device("MR1"), knock()
    calls = [
        lambda: services_devices.device_enable(device_id=device.pk, is_enabled=True, by=by),
        lambda: services_devices.device_aliases_set(device_id=device.pk, aliases=[], by=by),
        lambda: services_devices.device_profile_assign(device_id=device.pk, name="strict", by=by),
        lambda: services_devices.device_profile_set(
            facility_id=device.facility_id, name="x", values=ProfileValues(), by=by
        ),
        lambda: services_devices.device_profile_copy(
            device_id=device.pk, values=ProfileValues(), by=by
        ),
        lambda: services_knocks.knock_admit(knock_id=row.pk, by=by),
    ]
    for call in calls:
        if Permission.DEVICE_WRITE in PERMISSIONS[role]:
            call()
        else:
            with pytest.raises(NotAllowed, match=r"device\.write"):
                call()


# --- what a make needs ----------------------------------------------------------------------------


def test_the_first_thing_wrong_is_raised_at_its_field(facility, actor):
    with pytest.raises(InvalidInput, match="Rows go from 1") as refusal:
        services_devices.device_profile_set(
            facility_id=facility.pk, name="x", values=ProfileValues(row_cap=0), by=actor
        )
    assert refusal.value.field == "row_cap"
    assert not DeviceProfile.objects.filter(name="x").exists()


def test_a_change_of_a_profile_is_news_of_every_device_that_has_it(make_device, facility, actor):
    one, two = make_device("CT1"), make_device("CT2")
    make_device("MR1", profile="strict")

    services_devices.device_profile_set(
        facility_id=facility.pk, name="default", values=ProfileValues(row_cap=5), by=actor
    )

    news = LiveEvent.objects.filter(kind="device").latest("pk")
    assert news.payload == {"ids": [one.pk, two.pk]}


def test_a_profile_of_its_own_changes_nobody_elses(make_device, actor):
    one, two = make_device("CT1"), make_device("CT2")
    needs = ProfileValues(days_ahead=2)

    profile = services_devices.device_needs_copy(
        device_id=one.pk, values=needs, aliases=["CTROOM1"], by=actor
    )

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.profile, profile.name, profile.days_ahead) == (profile, "ct1", 2)
    assert one.aliases == ["CTROOM1"]
    assert (two.profile.name, two.profile.days_ahead) == ("default", None)


def test_a_name_for_a_copy_is_never_taken(make_device, actor):
    one = make_device("CT1")
    names = [
        services_devices.device_profile_copy(
            device_id=one.pk, values=ProfileValues(), by=actor
        ).name
        for _ in range(3)
    ]
    assert names == ["ct1", "ct1-2", "ct1-3"]


def test_a_stale_form_saves_neither_profile_nor_names(make_device, facility, actor):
    device = make_device()
    seen = profile_version(selectors.caller_of(device).profile)
    services_devices.device_profile_set(
        facility_id=facility.pk, name="default", values=ProfileValues(row_cap=9), by=actor
    )

    with pytest.raises(StaleVersion):
        services_devices.device_needs_set(
            device_id=device.pk, values=ProfileValues(), aliases=["X"], version=seen, by=actor
        )

    device.refresh_from_db()
    assert (device.aliases, device.profile.row_cap) == ([], 9)


def test_a_profile_of_another_facility_cannot_be_given(make_device, facility, actor):
    east, _ = services.facility_set(code="east", ae_title="EAST", name="East", by=actor)
    services_devices.device_profile_set(
        facility_id=east.pk, name="theirs", values=ProfileValues(), by=actor
    )
    with pytest.raises(InvalidInput, match="no device profile"):
        services_devices.device_profile_assign(device_id=make_device().pk, name="theirs", by=actor)
