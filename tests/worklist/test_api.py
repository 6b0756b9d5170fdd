"""API of patients, catalogue and recorded queries."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.types import PERMISSIONS, Permission, Role
from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    query_count,
    require_problem,
)
from tests.worklist.asking import asked
from tests.worklist.factories import (
    make_device,
    make_patient,
    make_procedure_type,
    make_station,
    make_step,
)
from worklist.models import Patient, WorklistEntry

PATIENTS = f"{API}/patients/"
SEARCH = f"{PATIENTS}search/"
QUERIES = f"{API}/worklist-queries/"
YAMADA = {
    "patient_id": "SYN-1",
    "issuer_of_patient_id": "SYNTH",
    "name_alphabetic": "Yamada^Tarou",
    "name_ideographic": "山田^太郎",
    "name_phonetic": "やまだ^たろう",
    "birth_date": "1961-03-14",
    "sex": "M",
}


@pytest.fixture
def scheduler(make_user):
    return client_of(make_user("scheduler"))


def make_query(device, at=None):
    return asked(device, at=at, charset="ISO_IR 192", Modality="CT")


def test_a_patient_is_registered_with_all_groups_of_the_name(facility, scheduler):
    response = scheduler.post(PATIENTS, YAMADA)

    assert response.status_code == 201
    body = scheduler.get(f"{PATIENTS}{response.json()['id']}/").json()
    assert {name: body[name] for name in YAMADA} == YAMADA
    assert body["version"] == 1
    assert (latest_audit().action, latest_audit().target) == ("create", "patient")


def test_only_id_and_a_name_are_needed(facility, scheduler):
    body = scheduler.post(PATIENTS, {"patient_id": "1", "name_alphabetic": "A^B"}).json()

    assert (body["birth_date"], body["sex"], body["issuer_of_patient_id"]) == (None, "", "")


@pytest.mark.parametrize(
    "text", ["yamada", "TARO", "太郎", "やまだ", "ヤマダ", "syn1", "tarou yama"]
)
def test_a_patient_is_found_by_any_script_or_id(facility, scheduler, text):
    scheduler.post(PATIENTS, YAMADA)
    make_patient(facility, name_alphabetic="Muster^Max")

    found = scheduler.post(SEARCH, {"text": text}).json()

    assert [patient["patient_id"] for patient in found["results"]] == ["SYN-1"]
    assert found["count"] == 1


def test_names_are_not_looked_for_by_address(facility, scheduler):
    require_problem(scheduler.get(PATIENTS, {"search": "yamada"}), 400, "no filter", "search")


def test_a_correction_reaches_the_entries_of_all_exams_and_open_pages(facility, scheduler):
    patient = make_patient(facility)
    step = make_step(facility, patient=patient)

    response = scheduler.put(f"{PATIENTS}{patient.pk}/", YAMADA | {"version": 1})

    assert response.status_code == 200
    assert response.json()["version"] == 2
    assert WorklistEntry.objects.get(step=step).patient_id == "SYN-1"
    assert news_of("step") == [step.pk]
    assert latest_audit().action == "update"


def test_a_correction_of_what_somebody_else_changed_is_refused(facility, scheduler):
    patient = make_patient(facility)
    path = f"{PATIENTS}{patient.pk}/"
    scheduler.put(path, YAMADA | {"version": 1})

    late = scheduler.put(path, YAMADA | {"name_alphabetic": "Late^Lee", "version": 1})

    require_problem(late, 409, "Somebody else changed this patient.")
    patient.refresh_from_db()
    assert patient.name_alphabetic == "Yamada^Tarou"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"patient_id": ""}, "patient_id", "blank"),
        ({"patient_id": "x" * 65}, "patient_id", "at most 64"),
        ({"patient_id": "A\\B"}, "patient_id", "no backslash"),
        (
            {"name_alphabetic": "", "name_ideographic": "", "name_phonetic": ""},
            "name_alphabetic",
            "missing",
        ),
        ({"name_alphabetic": "a^b^c^d^e^f"}, "name_alphabetic", "five components"),
        ({"name_alphabetic": ["a"]}, "name_alphabetic", "valid string"),
        ({"birth_date": "14.3.1961"}, "birth_date", "YYYY-MM-DD"),
        ({"birth_date": "2999-01-01"}, "birth_date", "future"),
        ({"sex": "X"}, "sex", "not a valid choice"),
    ],
)
def test_what_is_wrong_with_a_patient_is_said_at_its_field(
    facility, scheduler, changes, field, words
):
    require_problem(scheduler.post(PATIENTS, YAMADA | changes), 400, words, field)

    assert not Patient.objects.exists()


def test_an_id_of_an_issuer_is_taken_once(facility, scheduler):
    scheduler.post(PATIENTS, YAMADA)

    require_problem(scheduler.post(PATIENTS, YAMADA), 400, "already", "patient_id")
    assert scheduler.post(PATIENTS, YAMADA | {"issuer_of_patient_id": "B"}).status_code == 201


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_do_not_order_may_only_look(facility, make_user, role):
    client = client_of(make_user(role))
    patient = make_patient(facility)

    created = client.post(PATIENTS, YAMADA)
    changed = client.put(f"{PATIENTS}{patient.pk}/", YAMADA | {"patient_id": "2", "version": 1})

    if Permission.ORDER_WRITE in PERMISSIONS[role]:
        assert (created.status_code, changed.status_code) == (201, 200)
    else:
        require_problem(created, 403, "order.write")
        require_problem(changed, 403, "order.write")
    assert client.get(PATIENTS).status_code == 200
    assert client.post(SEARCH, {"text": "tester"}).status_code == 200


def test_nothing_of_another_facility_is_seen_or_touched(facility, scheduler):
    other = make_other_facility()
    patient = make_patient(other)
    station, kind = make_station(other), make_procedure_type(other)
    query = make_query(make_device(other, "CT9"))

    for path in (
        f"{PATIENTS}{patient.pk}/",
        f"{API}/stations/{station.pk}/",
        f"{API}/procedure-types/{kind.pk}/",
        f"{QUERIES}{query.pk}/",
    ):
        require_problem(scheduler.get(path), 404)
    for path in (PATIENTS, f"{API}/stations/", f"{API}/procedure-types/", QUERIES):
        assert scheduler.get(path).json()["count"] == 0
    assert scheduler.post(SEARCH, {"text": "tester"}).json()["count"] == 0
    changed = scheduler.put(f"{PATIENTS}{patient.pk}/", YAMADA | {"version": 1})
    require_problem(changed, 404)


def test_patients_cost_the_same_for_five_and_fifty(facility, scheduler):
    for number in range(5):
        make_patient(facility, patient_id=f"A{number}")
    few = query_count(lambda: scheduler.get(PATIENTS))
    few_found = query_count(lambda: scheduler.post(SEARCH, {"text": "tester"}))
    for number in range(45):
        make_patient(facility, patient_id=f"B{number}")

    assert query_count(lambda: scheduler.get(PATIENTS)) == few
    assert query_count(lambda: scheduler.post(SEARCH, {"text": "tester"})) == few_found


def test_pages_are_as_long_as_asked_and_lead_to_the_next(facility, scheduler):
    for number in range(5):
        make_patient(facility, patient_id=f"A{number}")

    first = scheduler.get(PATIENTS, {"page_size": 2}).json()

    assert (first["count"], len(first["results"])) == (5, 2)
    seen = [patient["id"] for patient in first["results"]]
    while first["next"]:
        first = scheduler.get(first["next"]).json()
        seen += [patient["id"] for patient in first["results"]]
    assert len(set(seen)) == 5


def test_the_catalogue_says_what_can_be_ordered_and_where(facility, scheduler):
    station, kind = make_station(facility, "CT1"), make_procedure_type(facility, "CT")

    stations = scheduler.get(f"{API}/stations/").json()["results"]
    kinds = scheduler.get(f"{API}/procedure-types/").json()["results"]

    assert [(s["id"], s["name"], s["ae_title"]) for s in stations] == [(station.pk, "CT1", "CT1")]
    assert [(k["id"], k["code_value"], k["modality"]) for k in kinds] == [
        (kind.pk, kind.code_value, "CT")
    ]
    require_problem(scheduler.post(f"{API}/stations/", {}), 405)


def test_recorded_queries_are_listed_by_device_and_time(facility, scheduler):
    ct1, ct2 = make_device(facility, "CT1"), make_device(facility, "CT2")
    now = timezone.now()
    make_query(ct1, now - timedelta(days=2))
    latest = make_query(ct1, now)
    make_query(ct2, now)

    asked = {"device": ct1.pk, "at_from": (now - timedelta(days=1)).isoformat()}
    found = scheduler.get(QUERIES, asked).json()["results"]

    assert [query["id"] for query in found] == [latest.pk]
    assert (found[0]["device"], found[0]["keys"]) == ("CT1", {"Modality": "CT"})
    assert scheduler.get(QUERIES, {"at_to": "2001-01-01T00:00:00Z"}).json()["count"] == 0
    require_problem(scheduler.get(QUERIES, {"at_from": "yesterday"}), 400, "", "at_from")
    require_problem(scheduler.get(QUERIES, {"device": "CT1"}), 400, "", "device")


def test_recorded_queries_cost_the_same_for_five_and_fifty(facility, scheduler):
    device = make_device(facility)
    for _ in range(5):
        make_query(device)
    few = query_count(lambda: scheduler.get(QUERIES))
    for _ in range(45):
        make_query(device)

    assert query_count(lambda: scheduler.get(QUERIES)) == few
