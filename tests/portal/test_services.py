"""Services of the shared ground: audit chain, devices, people, facilities."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import selectors, services
from portal.errors import InvalidInput, NotAllowed, NotFound
from portal.models import AuditEvent, LiveEvent, Membership, ProcessHeartbeat, RemoteAE
from portal.types import PERMISSIONS, Actor, Permission, Role


def set_device(facility, actor, **changes):
    values = {
        "facility_id": facility.pk,
        "ae_title": "CT1",
        "host": "127.0.0.1",
        "port": 104,
        "kind": "modality",
        "by": actor,
    }
    return services.device_set(**values | changes)


def test_device_set_creates_then_updates_the_same_row(facility, actor):
    first, is_new = set_device(facility, actor)
    again, is_new_again = set_device(facility, actor, port=105)

    assert (is_new, is_new_again) == (True, False)
    assert first.pk == again.pk
    assert RemoteAE.objects.get().port == 105


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"ae_title": ""}, "ae_title", "not an AE title"),
        ({"ae_title": "SEVENTEEN_LETTERS"}, "ae_title", "not an AE title"),
        ({"ae_title": "A\\B"}, "ae_title", "not an AE title"),
        ({"port": 65536}, "port", "ports go from 1 to 65535"),
        ({"kind": "toaster"}, "kind", "not a kind of device"),
        ({"profile": "nobody"}, "profile", "no device profile"),
    ],
)
def test_device_set_refuses_in_a_sentence_and_changes_nothing(
    facility, actor, changes, field, words
):
    """PS3.5 6.2: AE has 1 to 16 characters, no backslash, not only spaces."""
    with pytest.raises(InvalidInput, match=words) as refusal:
        set_device(facility, actor, **changes)

    assert refusal.value.field == field
    assert not RemoteAE.objects.exists()


def test_only_administrators_change_devices(facility, make_user):
    for role in Role:
        actor = selectors.actor_for(make_user(role))
        if Permission.DEVICE_WRITE in PERMISSIONS[role]:
            set_device(facility, actor, ae_title=role.value)
        else:
            with pytest.raises(NotAllowed, match=r"device\.write"):
                set_device(facility, actor, ae_title=role.value)
    assert RemoteAE.objects.get().ae_title == "administrator"


def test_a_change_writes_news_in_the_same_transaction(facility, actor):
    """architecture.md §2: a LiveEvent row with ids only."""
    device, _ = set_device(facility, actor)

    news = LiveEvent.objects.get(kind="device")

    assert news.payload == {"ids": [device.pk]}
    assert news.facility == facility


def test_every_audit_row_carries_the_hash_of_the_one_before(facility, actor):
    """architecture.md §4: AuditEvent is append-only and hash-chained."""
    set_device(facility, actor)
    set_device(facility, actor, port=105)

    previous = services.NO_HASH
    rows = list(AuditEvent.objects.filter(facility=facility).order_by("pk"))
    for row in rows:
        assert row.previous_hash == previous
        assert services.audit_hash(row) == row.hash
        previous = row.hash
    assert len(rows) >= 2


def test_a_changed_audit_row_no_longer_fits_its_hash(facility, actor):
    set_device(facility, actor)
    row = AuditEvent.objects.latest("pk")

    AuditEvent.objects.filter(pk=row.pk).update(actor="somebody else")

    row.refresh_from_db()
    assert services.audit_hash(row) != row.hash


def test_facilities_have_audit_chains_of_their_own(facility, actor):
    other, _ = services.facility_set(code="east", ae_title="EAST", name="East", by=actor)

    first = AuditEvent.objects.filter(facility=other).earliest("pk")

    assert first.previous_hash == services.NO_HASH


def test_an_ae_title_selects_one_facility_only(facility, actor):
    with pytest.raises(InvalidInput, match="belongs to another facility"):
        services.facility_set(code="east", ae_title=facility.ae_title, name="East", by=actor)


def test_user_set_gives_a_role_and_changes_it(facility, actor):
    services.user_set(name="ana", role="scheduler", facility=None, password="x" * 12, by=actor)
    user, is_new = services.user_set(
        name="ana", role="operator", facility=None, password=None, by=actor
    )

    assert not is_new
    assert Membership.objects.get(user=user).role == "operator"
    assert user.check_password("x" * 12)


def test_user_set_refuses_unknown_roles_and_facilities(facility, actor):
    with pytest.raises(InvalidInput, match="is not a role"):
        services.user_set(name="ana", role="queen", facility=None, password=None, by=actor)
    with pytest.raises(NotFound, match="no facility"):
        services.user_set(name="ana", role="operator", facility="moon", password=None, by=actor)


def test_members_of_one_facility_see_no_device_of_another(facility, actor, make_user):
    other, _ = services.facility_set(code="east", ae_title="EAST", name="East", by=actor)
    set_device(facility, actor, ae_title="CT1")
    set_device(other, actor, ae_title="CT9")
    user = make_user("administrator")

    seen = list(selectors.devices(visible_to=user).values_list("ae_title", flat=True))

    assert seen == ["CT1"]


def test_a_command_of_this_host_may_do_everything(facility):
    assert selectors.may(Actor.command("device"), facility.pk, Permission.DEVICE_WRITE)


def test_old_news_and_long_silent_processes_are_forgotten(facility, actor):
    set_device(facility, actor)
    LiveEvent.objects.update(created_at=timezone.now() - timedelta(hours=2))
    services.heartbeat(kind="web", host="h", pid=1, started_at=timezone.now(), detail="")
    ProcessHeartbeat.objects.update(beat_at=timezone.now() - timedelta(days=2))

    services.live_events_prune()

    assert not LiveEvent.objects.exists()
    assert not ProcessHeartbeat.objects.exists()


def test_a_late_heartbeat_is_not_alive(facility):
    services.heartbeat(kind="web", host="h", pid=1, started_at=timezone.now(), detail="")
    assert selectors.processes_alive().count() == 1

    ProcessHeartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=30))

    assert selectors.processes_alive().count() == 0
