"""The API of performed steps: read what devices reported, end what one left open."""

import pytest

from portal.models import AuditEvent
from tests.api_clients import API, client_of, query_count, require_problem
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.mpps_reporting import performed
from tests.worklist.pages import other_facility

pytestmark = pytest.mark.django_db
PERFORMED = f"{API}/performed-steps/"


@pytest.fixture
def client(make_user):
    return client_of(make_user("technologist"))


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station)


def test_detail_has_series_references_flags_and_messages(client, ct1, step):
    """contract: detail with series, references, flags, messages."""
    one = performed(ct1, step, end="COMPLETED", StudyID=None)

    body = client.get(f"{PERFORMED}{one.pk}/").json()

    assert (body["status"], body["device"], body["image_count"]) == ("COMPLETED", "CT1", 2)
    assert body["sop_instance_uid"] == one.sop_instance_uid
    assert [(r["sps_id"], r["scheduled_step"]) for r in body["references"]] == [
        (step.sps_id, step.pk)
    ]
    assert [series["image_count"] for series in body["series"]] == [2]
    assert [(m["kind"], m["status"]) for m in body["messages"]] == [("N-CREATE", 0), ("N-SET", 0)]
    assert [(f["flag"], f["detail"]) for f in body["flags"]] == [("missing", "StudyID")]
    assert body["flags"][0]["sentence"].endswith(".")


def test_instances_are_a_list_of_their_own(client, ct1, step):
    """An exam may have 20,000: they come page by page."""
    one = performed(ct1, step, end="COMPLETED")

    body = client.get(f"{PERFORMED}{one.pk}/instances/?page_size=1").json()

    assert (body["count"], len(body["results"])) == (2, 1)
    first = one.instances.order_by("number").first()
    assert body["results"][0]["sop_instance_uid"] == first.sop_instance_uid


def test_filters(client, facility, ct1, step):
    """contract: list filter study_instance_uid, status, device."""
    one = performed(ct1, step, end="COMPLETED")
    two = performed(make_device(facility, "MR1"))

    def ids(query):
        return [row["id"] for row in client.get(f"{PERFORMED}?{query}").json()["results"]]

    assert ids("") == [two.pk, one.pk]
    assert ids("device=MR1") == [two.pk]
    assert ids("status=COMPLETED") == [one.pk]
    assert ids(f"study_instance_uid={one.study_instance_uid}") == [one.pk]
    require_problem(client.get(f"{PERFORMED}?patient=x"), 400, "There is no filter")


def test_list_costs_the_same_however_long(client, ct1, facility):
    """style.md §4 12: a test pins the query count."""
    performed(ct1, end="COMPLETED")
    few = query_count(lambda: client.get(PERFORMED))
    for _ in range(5):
        performed(ct1, make_step(facility), end="COMPLETED")

    assert query_count(lambda: client.get(PERFORMED)) == few


def test_a_person_ends_a_step(client, ct1, step):
    """contract: POST <id>/close/."""
    one = performed(ct1, step)
    body = {"status": "COMPLETED", "reason": "Console off", "version": one.version}

    closed = client.post(f"{PERFORMED}{one.pk}/close/", body)
    again = client.post(f"{PERFORMED}{one.pk}/close/", body | {"version": None})

    assert (closed.status_code, closed.json()["closed_by"]) == (200, "technologist")
    require_problem(again, 409)
    require_problem(client.post(f"{PERFORMED}{one.pk}/close/", {}), 400, field="reason")
    assert AuditEvent.objects.filter(target="performed step").count() == 1


def test_auditor_reads_and_ends_nothing(make_user, ct1, step):
    one = performed(ct1, step)
    client = client_of(make_user("auditor"))
    body = {"status": "COMPLETED", "reason": "x"}

    assert client.get(f"{PERFORMED}{one.pk}/").status_code == 200
    require_problem(client.post(f"{PERFORMED}{one.pk}/close/", body), 403)


def test_other_facilities_are_not_seen(client):
    """contract: facility isolation everywhere."""
    other = other_facility()
    theirs = performed(make_device(other, "CT9"), make_step(other, patient=make_patient(other)))

    assert client.get(PERFORMED).json()["count"] == 0
    for path in ("", "instances/"):
        require_problem(client.get(f"{PERFORMED}{theirs.pk}/{path}"), 404)
    body = {"status": "COMPLETED", "reason": "x"}
    require_problem(client.post(f"{PERFORMED}{theirs.pk}/close/", body), 404)


def test_it_is_read_only(client, ct1, step):
    """contract: read-only, devices change it."""
    one = performed(ct1, step)

    for method in (client.put, client.patch, client.delete):
        require_problem(method(f"{PERFORMED}{one.pk}/", {}), 405)
    require_problem(client.post(PERFORMED, {}), 405)
