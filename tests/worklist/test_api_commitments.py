"""API of storage commitment: what archives confirmed, asking, a loss, the rules."""

import pytest
from rest_framework.test import APIClient

from tests.worklist.clearing import answer, make_exam
from tests.worklist.committing import again, make_archive
from tests.worklist.factories import make_device
from tests.worklist.pages import other_facility
from worklist.models import ArchivePolicy, CommitmentPolicy

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/commitments/"


@pytest.fixture
def api(make_user):
    return client_of(make_user, "technologist")


def client_of(make_user, role):
    client = APIClient()
    client.force_authenticate(make_user(role))
    return client


def test_a_study_says_what_is_confirmed_and_what_each_image_is(facility, api):
    """Contract: confirmed of expected, instances with state and reason; unasked ones unlisted."""
    _, performed, (commitment,) = make_exam(facility, 4)
    answer(commitment, failed={2: 0x0112}, silent=(3,))
    commitment.instances.filter(number=4).update(state="EXPECTED")

    body = api.get(f"{ADDRESS}?study_instance_uid={performed.study_instance_uid}").json()

    (found,) = body["results"]
    assert (found["archive"], found["confirmed"], found["expected"]) == ("ARCHIVE", 2, 4)
    assert found["state"] == "failed"
    states = [(one["state"], one["reason"]) for one in found["instances"]]
    assert states == [("COMMITTED", None), ("FAILED", 0x0112), ("UNANSWERED", None)]
    assert found["instances"][1]["reason_text"] == "The archive does not have it"
    assert api.get(f"{ADDRESS}{commitment.pk}/").json() == found


def test_a_list_of_studies_names_no_images(facility, api):
    """A page of studies may have a million images."""
    _, _, (first, second) = make_exam(facility, archives=("LOCAL", "REMOTE"))
    answer(first)

    everything = api.get(ADDRESS).json()["results"]
    by_archive = api.get(f"{ADDRESS}?archive=LOCAL").json()["results"]
    by_state = api.get(f"{ADDRESS}?state=not-asked&state=waiting").json()["results"]

    assert [one["instances"] for one in everything] == [None, None]
    assert [one["id"] for one in by_archive] == [first.pk]
    assert [one["id"] for one in by_state] == [second.pk]
    assert api.get(f"{ADDRESS}?colour=red").status_code == 400


def test_asking_by_id_and_by_study(facility, api):
    """Issue 5-5: on demand, from the API: exam, series, instance."""
    _, performed, (first, second) = make_exam(facility, archives=("LOCAL", "REMOTE"))
    study = performed.study_instance_uid
    series = first.instances.first().series_instance_uid

    one = api.post(f"{ADDRESS}{first.pk}/ask/", {"series_instance_uid": series})
    both = api.post(f"{ADDRESS}ask/", {"study_instance_uid": study})
    named = api.post(f"{ADDRESS}ask/", {"study_instance_uid": study, "archive": "REMOTE"})

    assert (one.status_code, one.json()["id"]) == (200, first.pk)
    assert {row["archive"] for row in both.json()} == {"LOCAL", "REMOTE"}
    assert [row["id"] for row in named.json()] == [second.pk]
    assert again(first).asked_for == "technologist"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ({"study_instance_uid": "1.2.3"}, 404),
        ({"study_instance_uid": "1.2.3", "archive": "NOBODY"}, 404),
    ],
)
def test_what_cannot_be_asked_says_why(facility, api, sent, status):
    """RFC 9457: a problem with its sentence."""
    refused = api.post(f"{ADDRESS}ask/", sent)

    assert refused.status_code == status
    assert refused["Content-Type"] == "application/problem+json"


def test_a_loss_is_accepted_and_taken_back(facility, api):
    """ui.md §1 8: with a reason; undo."""
    _, _, (commitment,) = make_exam(facility)
    answer(commitment, failed={1: 0x0112})
    address = f"{ADDRESS}{commitment.pk}/loss/"

    assert api.post(address, {}).status_code == 400
    accepted = api.post(address, {"reason": "repeated"}).json()
    back = api.post(f"{address}undo/").json()

    assert (accepted["state"], accepted["loss_reason"]) == ("loss-accepted", "repeated")
    assert back["state"] == "failed"
    assert api.post(f"{address}undo/").status_code == 409


def test_rules_by_the_api(facility, make_user):
    """Contract: `commitment-policies`; rules of archives beside them."""
    api = client_of(make_user, "administrator")
    archive = make_archive(facility, 11300, "LOCAL")
    make_device(facility, "CT1")

    made = api.post(
        "/api/v1/commitment-policies/", {"device": "CT1", "archives": ["LOCAL"], "needs": "any"}
    ).json()
    changed = api.put(f"/api/v1/commitment-policies/{made['id']}/", {"settle_s": 5}).json()
    default = api.post("/api/v1/commitment-policies/", {"is_automatic": False}).json()
    rule = api.put(
        f"/api/v1/archive-policies/{archive.pk}/",
        {"is_permanent": True, "retention": "10 years", "retry_plan_s": [60]},
    ).json()

    assert (made["device"], made["archives"], made["needs"]) == ("CT1", ["LOCAL"], "any")
    assert (changed["settle_s"], changed["archives"]) == (5, [])
    assert (default["device"], default["is_automatic"]) == (None, False)
    assert (rule["archive"], rule["retry_plan_s"], rule["max_open"]) == ("LOCAL", [60], 2)
    assert ArchivePolicy.objects.get(device=archive).retention == "10 years"
    assert api.delete(f"/api/v1/commitment-policies/{made['id']}/").status_code == 204
    assert CommitmentPolicy.objects.count() == 1
    wrong = api.put(f"/api/v1/archive-policies/{archive.pk}/", {"max_open": 0})
    assert wrong.json()["errors"] == {"max_open": ["Write a number from 1 to 50."]}


def test_who_was_slower_with_a_rule_hears_so(facility, make_user):
    """style.md: optimistic `version` where a person edits; without one the last word counts."""
    api = client_of(make_user, "administrator")
    archive = make_archive(facility, 11300, "LOCAL")
    rules, archives = "/api/v1/commitment-policies/", f"/api/v1/archive-policies/{archive.pk}/"
    seen = api.post(rules, {"archives": ["LOCAL"]}).json()
    kept = api.put(archives, {}).json()
    path = f"{rules}{seen['id']}/"

    now = api.put(path, {"archives": [], "version": seen["version"]}).json()
    api.put(archives, {"max_open": 3, "version": kept["version"]})

    assert api.put(path, {"settle_s": 9, "version": seen["version"]}).status_code == 409
    assert api.put(archives, {"max_open": 4, "version": kept["version"]}).status_code == 409
    assert api.delete(f"{path}?version={seen['version']}").status_code == 409
    assert api.get(path).json() == now
    assert api.delete(f"{path}?version={now['version']}").status_code == 204


def test_who_may_and_whose(facility, make_user, api):
    """Contract: permissions, facility isolation."""
    _, _, (theirs,) = make_exam(other_facility())
    _, _, (ours,) = make_exam(facility)
    auditor = client_of(make_user, "auditor")

    assert [one["id"] for one in api.get(ADDRESS).json()["results"]] == [ours.pk]
    assert api.get(f"{ADDRESS}{theirs.pk}/").status_code == 404
    assert api.post(f"{ADDRESS}{theirs.pk}/ask/").status_code == 404
    assert api.put(f"/api/v1/archive-policies/{theirs.archive_id}/", {}).status_code == 404
    assert auditor.post(f"{ADDRESS}{ours.pk}/ask/").status_code == 403
    assert auditor.post(f"{ADDRESS}{ours.pk}/loss/", {"reason": "x"}).status_code == 403
    assert api.post("/api/v1/commitment-policies/", {}).status_code == 403
    assert APIClient().get(ADDRESS).status_code == 401
