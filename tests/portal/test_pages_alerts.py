"""Pages of alerts: what is open, how it was sent, where it goes."""

import pytest
from django.test import Client

from portal.models import AlertDelivery, AlertHook, AuditEvent
from portal.services import facility_set
from portal.services_alerts import alert_raise, alert_settle
from portal.services_hooks import HookValues, hook_create
from tests.portal.pages import said

pytestmark = pytest.mark.django_db
NEW = "/alerts/hooks/new/"


@pytest.fixture
def technologist(make_user):
    client = Client()
    client.force_login(make_user("technologist"))
    return client


def raise_one(facility, sentence="ARCHIVE did not answer."):
    return alert_raise(
        facility_id=facility.pk,
        kind="commitment-unanswered",
        key="commitment-1",
        sentence=sentence,
        address="/exams/1/",
    )


def test_open_alerts_come_first_with_the_way_to_their_page(facility, technologist):
    """ui.md §1: the question first: is something open."""
    assert "No alert is open." in said(technologist.get("/alerts/"))

    raise_one(facility)
    page = technologist.get("/alerts/")
    assert "One alert is open." in said(page)
    assert "ARCHIVE did not answer. The archive does not answer" in said(page)
    assert 'href="/exams/1/"' in page.content.decode()

    alert_settle(facility_id=facility.pk, key="commitment-1")
    now = technologist.get("/alerts/now/")
    assert "No alert is open." in said(now)
    assert "settled" in said(now)


def test_a_hook_is_added_changed_tested_and_removed(facility, administrator):
    """Contract: hook CRUD; audited; the secret is kept and shown to nobody."""
    typed = {"kind": "webhook", "target": "https://hooks.example.org/token", "secret": "shared"}
    administrator.post(NEW, typed | {"is_enabled": "on", "alert_kinds": ["reconcile"]})
    hook = AlertHook.objects.get()
    assert (hook.secret, hook.alert_kinds, hook.is_enabled) == ("shared", ["reconcile"], True)

    form = administrator.get(f"/alerts/hooks/{hook.pk}/")
    assert "shared" not in form.content.decode()
    administrator.post(f"/alerts/hooks/{hook.pk}/", typed | {"secret": "", "is_enabled": "on"})
    hook.refresh_from_db()
    assert (hook.secret, hook.alert_kinds) == ("shared", [])

    tested = administrator.post(f"/alerts/hooks/{hook.pk}/test/", follow=True)
    assert "A test is on its way to hooks.example.org." in said(tested)
    AlertDelivery.objects.update(next_attempt_at=None, sentence="hooks.example.org refused it.")
    failed = said(administrator.get("/alerts/"))
    assert "hooks.example.org refused it." in failed
    delivery = AlertDelivery.objects.get()
    administrator.post(f"/alerts/deliveries/{delivery.pk}/again/")
    delivery.refresh_from_db()
    assert delivery.next_attempt_at is not None

    administrator.post(f"/alerts/hooks/{hook.pk}/delete/")
    assert not AlertHook.objects.exists()
    events = AuditEvent.objects.filter(target="alert hook")
    assert list(events.values_list("action", flat=True)) == ["set", "set", "test", "delete"]
    for event in events:
        assert event.detail["target"] == "hooks.example.org"  # the path is often a password
        assert "shared" not in str(event.detail)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"target": ""}, "Write where alerts are to be sent."),
        ({"kind": "mail", "target": "nobody"}, "“nobody” is not a mail address."),
        ({"target": "ftp://example.org/"}, "Write a web address like"),
        ({"target": "https://"}, "Write a web address like"),
        ({"target": "https://a:b@example.org/"}, "Write a web address like"),
        ({"target": "https://example.org:99999/"}, "Write a web address like"),
        ({"target": "https://[x/"}, "Write a web address like"),
        ({"target": "https://example.org/a b"}, "Write a web address like"),
    ],
)
def test_what_is_no_address_is_said_beside_the_field(facility, administrator, typed, sentence):
    """ui.md §7: what is wrong and what to do."""
    refused = administrator.post(NEW, {"kind": "webhook", "target": "x"} | typed)

    assert refused.status_code == 422
    assert sentence in said(refused)
    assert not AlertHook.objects.exists()


def test_only_who_sets_up_devices_sees_and_changes_hooks(facility, actor, technologist):
    """Contract: Permission.DEVICE_WRITE; others learn that somebody is told, not who."""
    values = HookValues(kind="mail", target="duty@example.org")
    hook = hook_create(facility_id=facility.pk, values=values, by=actor)
    raise_one(facility)
    delivery = AlertDelivery.objects.get()

    page = said(technologist.get("/alerts/"))

    assert "duty@example.org" not in page
    assert "Administrators see which." in page
    assert technologist.get(NEW).status_code == 403
    assert technologist.get(f"/alerts/hooks/{hook.pk}/").status_code == 403
    for address in (
        f"/alerts/hooks/{hook.pk}/test/",
        f"/alerts/hooks/{hook.pk}/delete/",
        f"/alerts/deliveries/{delivery.pk}/again/",
    ):
        assert technologist.post(address).status_code == 403


def test_nobody_sees_alerts_and_hooks_of_others(facility, actor, administrator):
    """Contract: facility isolation everywhere."""
    north, _ = facility_set(code="north", ae_title="NORTH", name="North", by=actor)
    values = HookValues(kind="mail", target="duty@example.org")
    hook = hook_create(facility_id=north.pk, values=values, by=actor)
    raise_one(north, "Theirs.")
    delivery = AlertDelivery.objects.get()

    page = said(administrator.get("/alerts/"))

    assert "Theirs." not in page
    assert "duty@example.org" not in page
    assert administrator.get(f"/alerts/hooks/{hook.pk}/").status_code == 404
    assert administrator.post(f"/alerts/hooks/{hook.pk}/delete/").status_code == 404
    assert administrator.post(f"/alerts/deliveries/{delivery.pk}/again/").status_code == 404


def test_a_person_settles_an_alert_and_a_new_incident_raises_a_new_one(
    facility, technologist, make_user
):
    """Nothing takes back an odd report: a person has looked, which is audited."""
    alert = raise_one(facility)
    assert "Settle" in said(technologist.get("/alerts/"))

    done = technologist.post(f"/alerts/{alert.pk}/settle/", follow=True)

    assert "The alert is settled." in said(done)
    assert "No alert is open." in said(done)
    event = AuditEvent.objects.get(target="alert")
    assert (event.action, event.target_id) == ("settle", str(alert.pk))
    assert technologist.post(f"/alerts/{alert.pk}/settle/").status_code == 409
    again = raise_one(facility)
    assert again is not None
    assert again.pk != alert.pk


def test_only_who_works_on_exams_settles_alerts_and_only_of_the_own_facility(
    facility, actor, technologist, make_user
):
    """Contract: Permission.STEP_WRITE; facility isolation."""
    auditor = Client()
    auditor.force_login(make_user("auditor"))
    alert = raise_one(facility)
    assert "Settle" not in said(auditor.get("/alerts/")).replace("settles", "")
    assert auditor.post(f"/alerts/{alert.pk}/settle/").status_code == 403
    north, _ = facility_set(code="north", ae_title="NORTH", name="North", by=actor)
    theirs = raise_one(north)

    assert technologist.post(f"/alerts/{theirs.pk}/settle/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.settled_at is None


def test_alerts_of_films_are_settled_by_the_print_room(facility, technologist, make_user):
    """Issue 6, line 9: operators live in the print room; JOB_MANAGE settles its alerts."""
    operator = Client()
    operator.force_login(make_user("operator"))
    films = alert_raise(facility_id=facility.pk, kind="print-unknown", key="7", sentence="Look.")
    archive = raise_one(facility)

    page = operator.get("/alerts/").content.decode()
    assert f"/alerts/{films.pk}/settle/" in page
    assert f"/alerts/{archive.pk}/settle/" not in page
    assert operator.post(f"/alerts/{archive.pk}/settle/").status_code == 403
    assert technologist.post(f"/alerts/{films.pk}/settle/").status_code == 403
    assert operator.post(f"/alerts/{films.pk}/settle/").status_code == 302
    films.refresh_from_db()
    assert films.settled_at is not None
