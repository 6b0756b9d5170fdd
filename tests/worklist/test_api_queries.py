"""The API of recorded queries, their replays, and of why."""

import pytest

from tests.api_clients import API, client_of
from tests.worklist.asking import asked
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.pages import other_facility
from worklist.models import StepSighting, WorklistQuery

pytestmark = pytest.mark.django_db
QUERIES = f"{API}/worklist-queries/"


@pytest.fixture
def client(make_user):
    return client_of(make_user("technologist"))


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station)


def why(step, **parameters):
    address = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"{API}/scheduled-steps/{step.pk}/why/?{address}"


def test_a_query_tells_how_it_was_asked_and_answered(client, ct1, step):
    query = asked(ct1, shown=[step.pk], Modality="CT")

    body = client.get(f"{QUERIES}{query.pk}/").json()

    expected = {
        "device": "CT1",
        "address": "127.0.0.1",
        "keys": {"Modality": "CT"},
        "transfer_syntax": "1.2.840.10008.1.2",
        "answer_character_sets": [""],
        "matched": 1,
        "sent": 1,
        "outcome": "found",
        "status": 0,
        "has_unsupported": False,
    }
    assert {name: body[name] for name in expected} == expected


def test_queries_are_filtered_by_outcome(client, ct1, step):
    asked(ct1, shown=[step.pk])
    empty = asked(ct1)

    found = client.get(f"{QUERIES}?outcome=nothing").json()["results"]

    assert [one["id"] for one in found] == [empty.pk]
    assert client.get(f"{QUERIES}?outcome=odd").status_code == 400


def test_a_replay_is_a_dry_run(client, ct1, step):
    query = asked(ct1, Modality="CT")

    answer = client.post(f"{QUERIES}{query.pk}/replay/")

    assert answer.json() == {
        "scheduled_steps": [step.pk],
        "is_capped": False,
        "has_more": False,
        "problem": "",
    }
    assert WorklistQuery.objects.count() == 1
    assert not StepSighting.objects.exists()


def test_a_replay_of_what_makes_no_sense_says_so(client, ct1):
    query = asked(ct1, ScheduledProcedureStepStartDate="yesterday")

    assert "(0040,0002)" in client.post(f"{QUERIES}{query.pk}/replay/").json()["problem"]


def test_a_question_that_was_not_kept_is_a_conflict(client, ct1):
    query = asked(ct1)
    WorklistQuery.objects.update(identifier=None)

    assert client.post(f"{QUERIES}{query.pk}/replay/").status_code == 409


def test_why_names_the_key_and_the_bytes(client, ct1, step):
    query = asked(ct1, Modality="MR")

    body = client.get(why(step, device="CT1")).json()

    assert body["sentence"].endswith("for modality MR; this exam is CT.")
    assert (body["is_shown"], body["cause"], body["query"]) == (False, "key", query.pk)
    modality = next(key for key in body["keys"] if key["name"] == "Modality")
    assert (modality["given"], modality["has"], modality["result"]) == ("MR", "CT", "excludes")
    element = next(e for e in body["received"]["elements"] if e["keyword"] == "Modality")
    assert (element["hex"], element["text"]) == ("43 54", "CT")
    assert body["alias"] is None


def test_why_takes_a_recorded_question_and_offers_an_alias(client, ct1, step):
    old = asked(ct1, ScheduledStationAETitle="CT1_OLD")
    asked(ct1)

    body = client.get(why(step, device="CT1", query=old.pk)).json()

    assert body["alias"] == {"title": "CT1_OLD", "count": 1}
    assert client.get(why(step, device="CT1")).json()["is_shown"] is True


def test_a_device_that_never_asked_has_no_query(client, ct1, step):
    body = client.get(why(step, device="CT1")).json()

    assert (body["query"], body["asked_at"]) == (None, None)


def test_what_is_of_another_facility_is_not_there(client, ct1, step):
    north = other_facility()
    theirs = asked(make_device(north, "CT9"))
    foreign = make_step(north)

    assert client.post(f"{QUERIES}{theirs.pk}/replay/").status_code == 404
    assert client.get(why(step, device="CT9")).status_code == 404
    assert client.get(why(step, device="CT1", query=theirs.pk)).status_code == 404
    assert client.get(why(foreign, device="CT1")).status_code == 404
    assert client.get(why(step)).status_code == 400
