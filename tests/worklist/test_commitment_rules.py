"""Rules of commitment: per device which archives, per archive how; pages and services."""

import re

import pytest

from portal.errors import InvalidInput, NotAllowed
from portal.models import AuditEvent
from portal.selectors import actor_for
from tests.worklist.committing import make_archive
from tests.worklist.factories import make_device
from tests.worklist.pages import other_facility, seen, signed_in
from worklist.models import ArchivePolicy, CommitmentPolicy
from worklist.selectors.commitment_policies import archives_for, designations, policy_of
from worklist.services.commitment_policies import (
    ArchiveRule,
    DeviceRule,
    archive_policy_set,
    commitment_policy_delete,
    commitment_policy_set,
)

pytestmark = pytest.mark.django_db
ARCHIVE_FORM = {
    "max_instances": "500",
    "max_open": "2",
    "linger_s": "5",
    "deadline_s": "600",
    "deadline_per_instance_ms": "1000",
    "grace_s": "3600",
    "retry_plan_s": "2, 10, 30",
}


@pytest.fixture
def administrator(make_user):
    return signed_in(make_user, "administrator")


def titles(facility, device=None):
    found = archives_for(facility_id=facility.pk, device_id=device.pk if device else None)
    return [one.ae_title for one in found]


def test_without_rules_every_archive_must_confirm(facility):
    """Issue 5-5: what we ship: all archives, by itself, discontinued too, nothing relayed."""
    make_archive(facility, 11300, "LOCAL")
    make_archive(facility, 11301, "REMOTE")
    device = make_device(facility)

    policy = policy_of(facility_id=facility.pk, device_id=device.pk)

    assert titles(facility, device) == ["LOCAL", "REMOTE"]
    assert (policy.needs, policy.is_automatic, policy.is_relayed) == ("all", True, False)


def test_a_device_follows_its_own_rule_then_the_one_of_all_others(facility, actor):
    """Issue 5-5: rules per device."""
    for number, title in enumerate(("LOCAL", "REMOTE")):
        make_archive(facility, 11300 + number, title)
    own, other = make_device(facility, "CT1"), make_device(facility, "CT2")
    for device, title in ((own, "REMOTE"), (None, "LOCAL")):
        commitment_policy_set(
            facility_id=facility.pk,
            device_id=device.pk if device else None,
            rule=DeviceRule(archives=(title,)),
            by=actor,
        )

    assert titles(facility, own) == ["REMOTE"]
    assert titles(facility, other) == ["LOCAL"]
    commitment_policy_delete(policy_id=CommitmentPolicy.objects.get(device=own).pk, by=actor)
    assert titles(facility, own) == ["LOCAL"]


def test_an_archive_that_a_rule_names_counts_while_it_is_switched_off(facility, actor):
    """A switched-off archive must not silently make an exam safe."""
    archive = make_archive(facility, 11300, "LOCAL")
    archive.is_enabled = False
    archive.save()
    assert titles(facility) == []

    rule = DeviceRule(archives=("LOCAL",))
    commitment_policy_set(facility_id=facility.pk, device_id=None, rule=rule, by=actor)

    assert titles(facility) == ["LOCAL"]


def test_designations_take_no_more_queries_for_more_devices(facility, django_assert_num_queries):
    """Contract: fixed query counts."""
    make_archive(facility, 11300)
    ids = [make_device(facility, f"CT{n}").pk for n in range(5)]

    with django_assert_num_queries(2):
        designations(facility_id=facility.pk, device_ids=ids)


def test_rules_are_changed_on_their_pages(facility, administrator):
    """Contract: forms per device and per archive, audited."""
    archive = make_archive(facility, 11300, "LOCAL")
    device = make_device(facility)

    saved = administrator.post(
        f"/commitment/rules/scanners/{device.pk}/",
        {"archives": ["LOCAL"], "needs": "any", "settle_s": "30", "is_relayed": "on"},
        follow=True,
    )
    administrator.post(
        f"/commitment/rules/archives/{archive.pk}/",
        ARCHIVE_FORM | {"is_permanent": "on", "retention": "30 years", "has_cross_check": "on"},
    )

    assert "The rule is saved." in seen(saved)
    rule = CommitmentPolicy.objects.get(device=device)
    assert (rule.needs, rule.settle_s, rule.is_relayed) == ("any", 30, True)
    assert (rule.is_automatic, rule.asks_discontinued) == (False, False)
    policy = ArchivePolicy.objects.get(device=archive)
    assert (policy.is_permanent, policy.retention) == (True, "30 years")
    assert policy.retry_plan_s == [120, 600, 1800]
    page = seen(administrator.get("/commitment/rules/"))
    assert "30 years" in page
    assert "passed on" in page
    targets = AuditEvent.objects.filter(target__endswith="rule").values_list("target", "target_id")
    assert set(targets) == {("commitment rule", "CT1"), ("archive rule", "LOCAL")}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"max_instances": "0"}, "Write a number from 1 to 10000."),
        ({"max_open": "x"}, "Write a whole number, in digits."),
        ({"deadline_s": ""}, "Write a number."),
        ({"retry_plan_s": "2, soon"}, "“soon” is not a number of minutes."),
        ({"retry_plan_s": "2, nan"}, "“nan” is not a number of minutes."),
        ({"retry_plan_s": "-1"}, "Each wait lasts from one second to 31 days"),
        ({"is_permanent": "on"}, "Write what its conformance statement says"),
    ],
)
def test_what_an_archive_cannot_be_is_said_beside_the_field(
    facility, administrator, typed, sentence
):
    """ui.md §7: errors say what is wrong and what to do."""
    archive = make_archive(facility, 11300)
    before = ArchivePolicy.objects.values().get()

    refused = administrator.post(f"/commitment/rules/archives/{archive.pk}/", ARCHIVE_FORM | typed)

    assert refused.status_code == 422
    assert sentence in seen(refused)
    assert ArchivePolicy.objects.values().get() == before


def test_relaying_is_per_device_and_never_for_all(facility, actor):
    """Issue 5-9: per device, off by default."""
    with pytest.raises(InvalidInput, match="per device"):
        commitment_policy_set(
            facility_id=facility.pk, device_id=None, rule=DeviceRule(is_relayed=True), by=actor
        )


def test_no_archive_of_others_can_be_named(facility, actor):
    """Contract: facility isolation everywhere."""
    make_archive(other_facility(), 11300, "THEIRS")

    with pytest.raises(InvalidInput, match="There is no archive “THEIRS”"):
        commitment_policy_set(
            facility_id=facility.pk,
            device_id=None,
            rule=DeviceRule(archives=("THEIRS",)),
            by=actor,
        )


def test_rules_of_others_are_not_there(facility, administrator, actor):
    """Contract: facility isolation everywhere."""
    north = other_facility()
    archive = make_archive(north, 11300, "THEIRS")
    device = make_device(north, "CT9")
    policy = commitment_policy_set(
        facility_id=north.pk, device_id=device.pk, rule=DeviceRule(), by=actor
    )

    assert "THEIRS" not in seen(administrator.get("/commitment/rules/"))
    assert administrator.get(f"/commitment/rules/archives/{archive.pk}/").status_code == 404
    assert administrator.get(f"/commitment/rules/scanners/{device.pk}/").status_code == 404
    assert administrator.post(f"/commitment/rules/{policy.pk}/delete/").status_code == 404


def test_only_who_sets_up_devices_changes_rules(facility, make_user):
    """Contract: Permission.DEVICE_WRITE."""
    user = make_user("technologist")
    archive = make_archive(facility, 11300)
    client = signed_in(make_user, "technologist")

    assert "Administrators change the rules." in seen(client.get("/commitment/rules/"))
    assert client.get(f"/commitment/rules/archives/{archive.pk}/").status_code == 403
    assert client.get("/commitment/rules/scanners/").status_code == 403
    with pytest.raises(NotAllowed):
        archive_policy_set(archive_id=archive.pk, rule=ArchiveRule(), by=actor_for(user))


def _version(page):
    return re.search(r'name="version" value="([^"]+)"', page.content.decode())[1]


def test_somebody_faster_is_not_overwritten(facility, administrator):
    """style.md: optimistic version where a person edits; 409 as elsewhere."""
    archive = make_archive(facility, 11300, "LOCAL")
    device = make_device(facility)
    own = f"/commitment/rules/scanners/{device.pk}/"
    theirs = f"/commitment/rules/archives/{archive.pk}/"
    shown = _version(administrator.get(own)), _version(administrator.get(theirs))
    administrator.post(own, {"needs": "any", "version": shown[0]})
    administrator.post(theirs, ARCHIVE_FORM | {"max_open": "7", "version": shown[1]})

    late = administrator.post(own, {"needs": "all", "version": shown[0]})
    later = administrator.post(theirs, ARCHIVE_FORM | {"max_open": "3", "version": shown[1]})

    assert (late.status_code, later.status_code) == (409, 409)
    assert "Somebody else changed this rule" in seen(late)
    assert CommitmentPolicy.objects.get(device=device).needs == "any"
    assert ArchivePolicy.objects.get(device=archive).max_open == 7
    again = _version(administrator.get(own))
    assert administrator.post(own, {"needs": "all", "version": again}).status_code == 302
