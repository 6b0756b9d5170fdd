"""Services of devices: on and off, what their makes need, who knocked at the door."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from portal import selectors, services, services_devices, services_knocks
from portal.devices import device_furnish
from portal.dicom.character_sets import is_combination, unknown_terms
from portal.errors import Conflict, InvalidInput, NotAllowed, NotFound, StaleVersion
from portal.letters import LETTERS, ladder_of
from portal.models import AuditEvent, DeviceProfile, Knock, LiveEvent, RemoteAE
from portal.profiles import SHOWN_STATUSES, profile_faults, profile_version
from portal.services import SHIPPED_PROFILES
from portal.types import PERMISSIONS, Actor, Knocked, KnockReason, Permission, ProfileValues, Role
from worklist.models import ScheduledProcedureStep

pytestmark = pytest.mark.django_db
PRINT = "ab" * 32


@pytest.fixture
def make(facility, actor):
    def device(ae_title="CT1", **values):
        given = {"host": "", "port": None, "kind": "modality"} | values
        return services.device_set(facility_id=facility.pk, ae_title=ae_title, by=actor, **given)[0]

    return device


@pytest.fixture
def knock(facility):
    def record(**changes):
        seen = Knocked(
            facility_id=facility.pk,
            called_ae_title="PORTAL",
            calling_ae_title="CT1",
            address="10.20.4.11",
            certificate_sha256="",
            reason=KnockReason.CALLING_UNKNOWN,
            first_at=timezone.now(),
            last_at=timezone.now(),
        )
        services_knocks.knock_record(knocks=[replace(seen, **changes)])
        return Knock.objects.latest("pk")

    return record


def faults(**values):
    return [sentence for _field, sentence in profile_faults(ProfileValues(**values))]


# --- on and off -----------------------------------------------------------------------------------


def test_a_device_is_switched_off_and_on_with_a_trace_of_each(make, actor):
    device = make()

    services_devices.device_enable(device_id=device.pk, is_enabled=False, by=actor)
    assert not RemoteAE.objects.get().is_enabled
    services_devices.device_enable(device_id=device.pk, is_enabled=True, by=actor)

    assert RemoteAE.objects.get().is_enabled
    actions = list(AuditEvent.objects.order_by("-pk").values_list("action", flat=True)[:2])
    assert actions == ["enable", "disable"]
    assert LiveEvent.objects.filter(kind="device").latest("pk").payload == {"ids": [device.pk]}


def test_setting_a_device_again_does_not_switch_it_on(make, actor):
    device = make()
    services_devices.device_enable(device_id=device.pk, is_enabled=False, by=actor)

    make(port=105)

    assert not RemoteAE.objects.get().is_enabled


def test_there_must_be_a_device_to_change(actor):
    with pytest.raises(NotFound):
        services_devices.device_enable(device_id=0, is_enabled=False, by=actor)


@pytest.mark.parametrize("role", list(Role))
def test_only_administrators_change_devices_profiles_and_knocks(make_user, make, knock, role):
    by = selectors.actor_for(make_user(role))
    device, row = make("MR1"), knock()
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


@pytest.mark.parametrize("name", SHIPPED_PROFILES)
def test_the_shipped_profiles_are_there_and_possible(facility, name):
    """Issue 4-6: default, strict, legacy-latin1, japanese, korean, chinese, utf-8."""
    profile = DeviceProfile.objects.get(facility=facility, name=name)

    assert profile_faults(selectors.profile_values(profile)) == []


@pytest.mark.parametrize("rung", LETTERS)
def test_the_page_offers_only_letters_that_can_be_sent(rung):
    """PS3.3 C.12.1.1.2."""
    assert unknown_terms(rung) == []
    assert is_combination(rung)


def test_a_ladder_reads_as_a_sentence_of_letters():
    assert ladder_of(()) == "Latin-1, else UTF-8"
    assert ladder_of(["ISO_IR 144"]) == "Cyrillic"
    rungs = ["\\ISO 2022 IR 87", "ISO_IR 100", "ISO 2022 IR 100\\ISO 2022 IR 144"]
    assert ladder_of(rungs) == f"Japanese, then Latin-1, then {rungs[2]}"


@pytest.mark.parametrize(
    "rung",
    [
        "ISO_IR 192\\ISO 2022 IR 87",  # UTF-8 stands alone
        "\\GB18030",
        "ISO_IR 100\\ISO 2022 IR 87",  # without code extension first, with it second
        "\\ISO_IR 100",
        "ISO 2022 IR 87",  # of two bytes: never first
        "\\",
        "",
    ],
)
def test_character_sets_that_do_not_go_together_are_refused(rung):
    """PS3.3 C.12.1.1.2, PS3.5 6.1.2.4."""
    assert len(faults(character_sets=(rung,))) == 1


def test_only_open_exams_can_be_shown():
    """A device is never shown what is over: portal.profiles and the worklist say the same."""
    assert tuple(status.value for status in ScheduledProcedureStep.OPEN) == SHOWN_STATUSES
    assert faults(statuses=SHOWN_STATUSES) == []
    assert "no open exam status" in faults(statuses=("COMPLETED",))[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "1 to 32 letters"),
        ({"name": "x" * 33}, "1 to 32 letters"),
        ({"character_sets": ("ISO_IR 101", "ISO_IR 101")}, "twice"),
        ({"days_back": 3651}, "Days go from 0 to 3650"),
        ({"row_cap": 0}, "Rows go from 1"),
        ({"length_limits": (("LO", -1),)}, "cannot be cut to -1"),
        ({"length_limits": (("LO", 4), ("LO", 5))}, "two lengths"),
        ({"length_limits": (("StudyInstanceUID", 4),)}, "no letters to cut"),
        ({"extra_attributes": (("RequestedProcedureCodeSequence", ""),)}, "is a sequence"),
        ({"extra_attributes": (("Manufacturer", "a\nb"),)}, "controls in it"),
        ({"extra_attributes": (("Manufacturer", "a"), ("Manufacturer", "b"))}, "twice"),
        ({"suppressed_attributes": ("SpecificCharacterSet",)}, "it is not chosen"),
    ],
)
def test_each_value_that_is_not_possible_has_its_sentence(values, words):
    (sentence,) = faults(**values)

    assert words in sentence
    assert sentence.endswith(".")


def test_the_first_thing_wrong_is_raised_at_its_field(facility, actor):
    with pytest.raises(InvalidInput, match="Rows go from 1") as refusal:
        services_devices.device_profile_set(
            facility_id=facility.pk, name="x", values=ProfileValues(row_cap=0), by=actor
        )
    assert refusal.value.field == "row_cap"
    assert not DeviceProfile.objects.filter(name="x").exists()


def test_a_change_of_a_profile_is_news_of_every_device_that_has_it(make, facility, actor):
    one, two = make("CT1"), make("CT2")
    make("MR1", profile="strict")

    services_devices.device_profile_set(
        facility_id=facility.pk, name="default", values=ProfileValues(row_cap=5), by=actor
    )

    news = LiveEvent.objects.filter(kind="device").latest("pk")
    assert news.payload == {"ids": [one.pk, two.pk]}


def test_a_profile_of_its_own_changes_nobody_elses(make, actor):
    one, two = make("CT1"), make("CT2")
    needs = ProfileValues(days_ahead=2)

    profile = services_devices.device_needs_copy(
        device_id=one.pk, values=needs, aliases=["CTROOM1"], by=actor
    )

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.profile, profile.name, profile.days_ahead) == (profile, "ct1", 2)
    assert one.aliases == ["CTROOM1"]
    assert (two.profile.name, two.profile.days_ahead) == ("default", None)


def test_a_name_for_a_copy_is_never_taken(make, actor):
    one = make("CT1")
    names = [
        services_devices.device_profile_copy(
            device_id=one.pk, values=ProfileValues(), by=actor
        ).name
        for _ in range(3)
    ]
    assert names == ["ct1", "ct1-2", "ct1-3"]


def test_a_stale_form_saves_neither_profile_nor_names(make, facility, actor):
    device = make()
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


def test_a_profile_of_another_facility_cannot_be_given(make, facility, actor):
    east, _ = services.facility_set(code="east", ae_title="EAST", name="East", by=actor)
    services_devices.device_profile_set(
        facility_id=east.pk, name="theirs", values=ProfileValues(), by=actor
    )
    with pytest.raises(InvalidInput, match="no device profile"):
        services_devices.device_profile_assign(device_id=make().pk, name="theirs", by=actor)


# --- knocked at the door --------------------------------------------------------------------------


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


def test_an_address_is_added_where_that_was_the_reason(make, knock, actor):
    make(allowed_addresses=["10.0.0.1"])
    row = knock(reason=KnockReason.ADDRESS)

    device = services_knocks.knock_admit(knock_id=row.pk, by=actor)
    again = services_knocks.knock_admit(knock_id=knock(reason=row.reason).pk, by=actor)

    assert device.allowed_addresses == ["10.0.0.1", "10.20.4.11"]
    assert again.allowed_addresses == device.allowed_addresses


def test_a_certificate_is_bound_where_that_was_the_reason(make, knock, actor):
    make(certificate_sha256="cd" * 32)
    row = knock(reason=KnockReason.CERTIFICATE, certificate_sha256=PRINT)

    assert services_knocks.knock_admit(knock_id=row.pk, by=actor).certificate_sha256 == PRINT


def test_a_caller_whose_reason_is_gone_is_off_the_list(make, knock, actor):
    """However that came about: by the page, the API or a shell."""
    knock()
    knock(address="10.20.4.12", reason=KnockReason.DISABLED)
    knock(address="10.20.4.13", reason=KnockReason.ADDRESS)
    knock(address="10.9.9.9", reason=KnockReason.ADDRESS)
    knock(address="10.20.4.14", reason=KnockReason.CERTIFICATE, certificate_sha256=PRINT)
    knock(address="10.20.4.15", reason=KnockReason.CERTIFICATE)
    knock(called_ae_title="WRONG", facility_id=None, reason=KnockReason.CALLED_UNKNOWN)
    device_furnish(
        facility_id=make().facility_id,
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


def test_who_came_without_certificate_is_not_let_in_by_one_call(make, knock, actor):
    """One click must not take the lock off."""
    make(certificate_sha256=PRINT)
    row = knock(reason=KnockReason.CERTIFICATE)

    with pytest.raises(Conflict, match="came without a certificate"):
        services_knocks.knock_admit(knock_id=row.pk, by=actor)
    assert RemoteAE.objects.get().certificate_sha256 == PRINT
    assert Knock.objects.exists()


def test_a_device_that_was_off_is_switched_on(make, knock, actor):
    make(is_enabled=False)
    row = knock(reason=KnockReason.DISABLED)

    assert services_knocks.knock_admit(knock_id=row.pk, by=actor).is_enabled


def test_who_was_put_on_the_list_meanwhile_keeps_what_it_has(make, knock, actor):
    row = knock()
    make(profile="utf-8", kind="archive")

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
