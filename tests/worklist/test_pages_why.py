"""The page that says why an exam is (not) on a device, and the ways to it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import AuditEvent, RemoteAE
from tests.worklist.asking import asked
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.pages import HTMX, other_facility, seen, signed_in
from worklist.selectors.replaying import question_of, replay

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user, "technologist")


@pytest.fixture
def administrator(make_user):
    return signed_in(make_user, "administrator")


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station)


def why(device, step, query=None):
    address = f"/devices/{device.pk}/why/?exam={step.pk}"
    return f"{address}&query={query.pk}" if query else address


def test_the_sentence_comes_first_then_keys_bytes_and_recent_questions(person, ct1, step):
    asked(ct1, Modality="MR")

    page = seen(person.get(why(ct1, step)))

    order = ["for modality MR; this exam is CT.", "Key by key", "would receive", "Recent questions"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "43 54" in page  # CT, as bytes
    assert "Tester" not in page.split("</title>")[0]


def test_the_last_question_is_taken_unless_one_is_named(person, ct1, step):
    earlier = asked(ct1, at=timezone.now() - timedelta(hours=1), Modality="US")
    asked(ct1, Modality="MR")

    assert "for modality MR" in seen(person.get(why(ct1, step)))
    assert "for modality US" in seen(person.get(why(ct1, step, earlier)))


def test_without_an_exam_one_is_asked_for(person, ct1, step):
    page = seen(person.get(f"/devices/{ct1.pk}/why/"))

    assert "Which exam?" in page
    assert f'value="{step.pk}"' in page


def test_another_device_is_chosen_with_the_same_exam(person, ct1, step, facility):
    ct2 = make_device(facility, "CT2")

    answer = person.get(f"/devices/{ct1.pk}/why/?device={ct2.pk}&exam={step.pk}&query=")

    assert answer.url == f"/devices/{ct2.pk}/why/?exam={step.pk}"


def test_news_brings_the_verdict_alone(person, ct1, step):
    page = seen(person.get(why(ct1, step), headers=HTMX))

    assert page.startswith('<div id="why"')
    assert f"device-{ct1.pk} from:body" in page
    assert "<html" not in page


def test_what_is_of_another_facility_is_not_there(person, ct1, step):
    north = other_facility()
    device = make_device(north, "CT1")
    foreign = make_step(north, station=make_station(north, "CT9"))
    query = asked(device)

    assert person.get(why(device, step)).status_code == 404
    assert person.get(why(ct1, foreign)).status_code == 404
    assert person.get(why(ct1, step, query)).status_code == 404
    assert person.get(f"/devices/{ct1.pk}/why/?exam=x").status_code == 404


def test_an_alias_is_given_from_the_sentence_and_the_question_then_brings_the_exam(
    administrator, ct1, step
):
    """ui.md, mock 05: "Treat MR2_OLD as MR2"."""
    query = asked(ct1, ScheduledStationAETitle="CT1_OLD")
    page = seen(administrator.get(why(ct1, step)))
    assert "Treat CT1_OLD as CT1" in page
    assert "would then bring this exam alone" in page

    answer = administrator.post(
        f"/devices/{ct1.pk}/why/alias/", {"title": "CT1_OLD", "exam": step.pk}
    )

    assert answer.url == f"/devices/{ct1.pk}/why/?exam={step.pk}"
    assert RemoteAE.objects.get(pk=ct1.pk).aliases == ["CT1_OLD"]
    assert AuditEvent.objects.filter(target="device", action="set").exists()
    query.refresh_from_db()
    assert replay(question_of(query)).step_ids == (step.pk,)
    assert "would be shown this exam" in seen(administrator.get(why(ct1, step)))


def test_only_who_may_change_devices_gives_an_alias(person, ct1, step):
    asked(ct1, ScheduledStationAETitle="CT1_OLD")

    assert "An administrator can let the portal treat CT1_OLD as CT1." in seen(
        person.get(why(ct1, step))
    )
    answer = person.post(f"/devices/{ct1.pk}/why/alias/", {"title": "CT1_OLD"})
    assert answer.status_code == 403
    assert RemoteAE.objects.get(pk=ct1.pk).aliases == []


def test_the_exam_page_says_the_reason_itself_and_leads_to_the_evidence(person, ct1, step):
    asked(ct1, at=timezone.now() + timedelta(seconds=1), Modality="MR")

    page = seen(person.get(f"/exams/{step.pk}/body/"))

    assert "for modality MR; this exam is CT." in page
    assert f'href="/devices/{ct1.pk}/why/?exam={step.pk}"' in page


def test_the_exam_page_lists_each_device_seen_or_not_with_its_why(person, ct1, step):
    """Issue 4, point 11: each exam shows which device saw it when."""
    asked(ct1, shown=[step.pk])

    page = seen(person.get(f"/exams/{step.pk}/body/"))

    assert page.count(f"/devices/{ct1.pk}/why/?exam={step.pk}") == 3  # sentence, timeline, list


def test_a_row_of_the_worklist_leads_there(person, ct1, step):
    assert f"/devices/{ct1.pk}/why/?exam={step.pk}" in seen(person.get("/worklist/"))
