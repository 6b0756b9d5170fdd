"""The pages of recorded queries: the list, its filters, one query, and its replay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import LiveEvent
from tests.worklist.asking import asked
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.pages import HTMX, other_facility, seen, signed_in
from worklist.models import StepSighting, WorklistQuery
from worklist.scp.find import CAPPED as TOLD
from worklist.selectors.queries import CAPPED
from worklist.views.queries import PAGE_SIZE

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user)


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


def listed(person, address="", **data):
    answer = (
        person.post(f"/queries/rows/{address}", data)
        if data
        else person.get(f"/queries/rows/{address}")
    )
    assert answer.status_code == 200
    return [row.query.pk for row in answer.context["rows"]]


def test_a_query_is_listed_with_device_keys_and_what_was_sent(person, ct1, facility):
    """Issue 4, point 9: device, keys as sent, matched, sent, statuses, milliseconds."""
    step = make_step(facility, station=ct1.station)
    query = asked(ct1, shown=[step.pk], Modality="CT")

    page = seen(person.get("/queries/"))

    assert f'href="/queries/{query.pk}/"' in page
    for words in ("CT1", "Modality CT", "Answered", "3 ms"):
        assert words in page


def test_the_newest_come_first_and_pages_follow(person, ct1):
    now = timezone.now()
    made = [asked(ct1, at=now - timedelta(minutes=n)).pk for n in range(PAGE_SIZE + 2)]

    assert listed(person) == made[:PAGE_SIZE]
    assert listed(person, "?page=2") == made[PAGE_SIZE:]
    first, second = seen(person.get("/queries/")), seen(person.get("/queries/?page=2"))
    assert 'rel="next" href="?page=2"' in first
    assert "data-merge=" in first  # live
    assert "data-merge=" not in second


OUTCOMES = {
    "found": {},
    "nothing": {"step_ids": ()},
    "capped": {"status": 0xA700, "comment": CAPPED},
    "failed": {"status": 0xA700, "comment": "The worklist is not available now."},
    "cancelled": {"status": 0xFE00},
    "ended": {"comment": "The device ended the association."},
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_list_narrows_to_an_outcome(person, ct1, facility, outcome):
    step = make_step(facility, station=ct1.station)
    made = {name: asked(ct1, shown=[step.pk], outcome=o).pk for name, o in OUTCOMES.items()}

    assert listed(person, f"?outcome={outcome}") == [made[outcome]]


def test_what_a_device_is_told_of_a_row_cap_is_what_the_list_looks_for():
    assert TOLD == CAPPED


def test_the_list_narrows_to_a_device_and_a_time(person, ct1, facility):
    ct2 = make_device(facility, "CT2")
    now = timezone.now()
    old, new = asked(ct1, at=now - timedelta(hours=3)), asked(ct1, at=now)
    other = asked(ct2, at=now)
    between = f"{timezone.localtime(now - timedelta(hours=2)):%Y-%m-%dT%H:%M}"

    assert listed(person, "?device=CT2") == [other.pk]
    assert listed(person, f"?device=CT1&since={between}") == [new.pk]
    assert listed(person, f"?until={between}") == [old.pk]


@pytest.mark.parametrize("text", ["Núñez", "ct\\mr", 'a"b', "PatientName"])
def test_a_text_is_found_in_any_key_by_post_alone(person, ct1, text):
    """ui.md §4: free text is sent by POST and left out of links."""
    query = asked(ct1)
    keys = {"PatientName": 'Núñez*a"b', "Modality": "CT\\MR"}
    WorklistQuery.objects.filter(pk=query.pk).update(keys=keys)
    asked(ct1, Modality="XA")

    assert listed(person, text=text) == [query.pk]
    assert len(listed(person, "?text=nothing")) == 2


def test_an_address_that_cannot_be_read_is_said(person, ct1):
    asked(ct1)

    page = seen(person.get("/queries/?since=soon&outcome=odd&page=x"))

    assert "“soon” in the address could not be read" in page
    assert "“odd” in the address could not be read" in page


def test_one_query_shows_every_key_with_its_tag_and_status_in_words(person, ct1):
    query = asked(ct1, outcome={"has_unsupported": True}, Modality="CT", PatientWeight="5")

    page = seen(person.get(f"/queries/{query.pk}/"))

    for words in (
        "ScheduledStationAETitle",
        "0040,0001",
        "FF01",
        "Success: every match was sent.",
        "Implicit VR Little Endian",
        "127.0.0.1",
    ):
        assert words in page


def test_a_refused_query_says_why(person, ct1):
    outcome = {"status": 0xA900, "comment": "(0040,0002) is no date or range of dates."}
    query = asked(ct1, outcome=outcome, ScheduledProcedureStepStartDate="yesterday")

    page = seen(person.get(f"/queries/{query.pk}/"))

    assert "Refused: (0040,0002) is no date or range of dates." in page
    assert "A900H" in page


def test_a_capped_answer_is_a_warning(person, ct1, facility):
    """Issue 4, point 2: a row cap ends in a failure status, and is on the page as a warning."""
    step = make_step(facility, station=ct1.station)
    query = asked(ct1, shown=[step.pk], outcome=OUTCOMES["capped"])

    page = seen(person.get(f"/queries/{query.pk}/"))

    assert 'class="verdict tone-warn' in page
    assert "Only the first 1 sent: the device profile sends no more." in page


def test_a_replay_shows_what_the_question_brings_now_and_leaves_no_trace(person, ct1, facility):
    """Issue 4, point 10: replay of any recorded query as dry run."""
    patient = make_patient(facility, name_alphabetic="Later^Lea")
    query = asked(ct1, Modality="CT")
    make_step(facility, station=ct1.station, patient=patient)
    make_step(facility, modality="MR")
    news = LiveEvent.objects.count()

    fragment = seen(person.get(f"/queries/{query.pk}/replay/", headers=HTMX))
    page = seen(person.get(f"/queries/{query.pk}/?replay=1"))

    for answer in (fragment, page):
        assert "1 exam" in answer
        assert "Later, Lea" in answer
    assert WorklistQuery.objects.count() == 1
    assert not StepSighting.objects.exists()
    assert LiveEvent.objects.count() == news


def test_a_question_too_large_to_keep_cannot_be_replayed(person, ct1):
    query = asked(ct1)
    WorklistQuery.objects.filter(pk=query.pk).update(identifier=None, keys={"Modality": "CT"})

    assert "too large to be kept" in seen(person.get(f"/queries/{query.pk}/replay/"))
    assert "0008,0060" in seen(person.get(f"/queries/{query.pk}/"))


@pytest.mark.parametrize("address", ["", "replay/"])
def test_another_facilitys_query_is_not_there(person, address):
    """Patients' names may be in keys: only people of the facility see them."""
    query = asked(make_device(other_facility(), "CT1"), PatientName="Secret^Sam")

    assert person.get(f"/queries/{query.pk}/{address}").status_code == 404
    assert "Secret" not in seen(person.get("/queries/"))
    assert listed(person, text="Secret") == []


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_costs_the_same_however_many_asked(person, ct1, count, django_assert_num_queries):
    for _ in range(count):
        asked(ct1, Modality="CT")
    person.get("/queries/rows/")

    with django_assert_num_queries(5):
        person.get("/queries/rows/")


def test_a_search_looks_at_the_last_days_and_says_so(person, ct1):
    """No index finds texts or outcomes, and there are millions of rows."""
    old = asked(ct1, at=timezone.now() - timedelta(days=8), Modality="CT")

    assert listed(person, text="CT") == listed(person, "?outcome=nothing") == []
    assert "Looked at the last 7 days" in seen(person.get("/queries/?outcome=nothing"))
    since = f"{timezone.localtime(old.at - timedelta(hours=1)):%Y-%m-%dT%H:%M}"
    assert listed(person, f"?since={since}", text="CT") == [old.pk]
