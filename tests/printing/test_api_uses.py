"""API of the account of films: uses, totals, quotas."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printing.models import PrintQuota, PrintUse
from printing.selectors.usage import DIMENSIONS, STEPS
from tests.api_clients import API, client_of, latest_audit, make_other_facility, require_problem
from tests.printing.api_files import make_image, make_printer
from tests.printing.test_accounting import make_uses, naive
from tests.printing.test_api_printers import OWN

USES = f"{API}/print-uses/"
QUOTAS = f"{API}/print-quotas/"


@pytest.fixture
def operator(make_user):
    return client_of(make_user("operator"))


def use(facility, number, **values):
    known = {
        "at": timezone.now(),
        "page_number": 1,
        "films": 1,
        "printer_name": "FILM1",
        "film_size_id": "14INX17IN",
        "created_by_name": "Tess",
        "modality": "CT",
        "patient_id": "SYN-1",
    }
    return PrintUse.objects.create(facility=facility, job_number=number, **{**known, **values})


def test_films_used_are_listed_and_filtered(facility, operator):
    old = use(facility, 1, at=timezone.now() - timedelta(days=40))
    new = use(facility, 2, films=3, film_size_id="A4", is_paper=True)

    assert [row["id"] for row in operator.get(USES).json()["results"]] == [new.pk, old.pk]
    found = operator.get(USES, {"is_paper": True}).json()["results"]
    assert [(row["job"], row["films"]) for row in found] == [(2, 3)]
    since = (timezone.now() - timedelta(days=1)).isoformat()
    assert [row["job"] for row in operator.get(USES, {"after": since}).json()["results"]] == [2]
    assert [row["job"] for row in operator.get(USES, {"job": 1}).json()["results"]] == [1]


def test_a_patient_is_searched_for_in_a_body_not_in_an_address(facility, operator):
    use(facility, 1)
    use(facility, 2, patient_id="SYN-2")

    found = operator.post(f"{USES}search/", {"patient_id": "SYN-2"}).json()["results"]

    assert [row["job"] for row in found] == [2]
    require_problem(operator.get(USES, {"patient_id": "SYN-2"}), 400, "no filter")
    require_problem(operator.post(f"{USES}search/"), 400, field="patient_id")


def test_totals_count_films_and_those_that_were_wasted(facility, operator):
    """Issue line 11: reject analysis; one more copy that was wanted is no reject."""
    use(facility, 1, films=4)
    use(facility, 2, films=2, reprint_reason="positioning")
    use(facility, 3, films=1, reprint_reason="extra-copy", modality="MR")
    use(facility, 4, films=3, is_wasted=True, is_paper=True)

    totals = operator.get(f"{USES}totals/", {"by": "modality"}).json()

    assert totals == [
        {
            "value": "CT",
            "total": 9,
            "films": 6,
            "sheets": 3,
            "rejects": 5,
            "extra": 0,
            "tests": 0,
            "reasons": {"positioning": 2, "printer-fault": 3},
        },
        {
            "value": "MR",
            "total": 1,
            "films": 1,
            "sheets": 0,
            "rejects": 0,
            "extra": 1,
            "tests": 0,
            "reasons": {},
        },
    ]
    only = operator.get(f"{USES}totals/", {"by": "reprint_reason", "modality": "MR"}).json()
    assert [row["value"] for row in only] == ["extra-copy"]
    require_problem(operator.get(f"{USES}totals/"), 400, "what to count by", "by")
    require_problem(operator.get(f"{USES}totals/", {"by": "shoe_size"}), 400, field="by")


def test_totals_by_time_show_days_without_films_too(facility, operator):
    for number, days in enumerate((3, 1, 1)):
        use(facility, number, at=timezone.now() - timedelta(days=days))

    totals = operator.get(f"{USES}totals/", {"by": "day"}).json()

    assert [row["total"] for row in totals] == [1, 0, 2]
    assert totals[0]["value"] == str(timezone.localdate() - timedelta(days=3))


@pytest.mark.parametrize("by", [*DIMENSIONS, "reprint_reason", *STEPS])
def test_page_and_api_count_the_same(facility, operator, by):
    """One place counts: selectors.usage; random rows."""
    rows = make_uses(facility, 200)

    totals = operator.get(f"{USES}totals/", {"by": by, "modality": "CT"}).json()

    mine = naive([row for row in rows if row.modality == "CT"])
    sums = {name: sum(row[name] for row in totals) for name in vars(mine)}
    assert sums == vars(mine)
    for row in totals:
        assert row["films"] + row["sheets"] == row["total"]
        assert row["reasons"] is None or sum(row["reasons"].values()) == row["rejects"]


def test_a_quota_is_set_changed_and_taken_away(facility, operator):
    use(facility, 1, films=4, requesting_unit="Ward 3")

    made = operator.post(QUOTAS, {"requesting_unit": "Ward 3", "films": 10, "action": "stop"})
    assert made.status_code == 201, made.content
    quota = made.json()
    assert (quota["used"], quota["period"], quota["action"]) == (4, "month", "stop")
    path, version = f"{QUOTAS}{quota['id']}/", quota["version"]
    body = {"requesting_unit": "Ward 3", "films": 20, "version": version}
    assert operator.put(path, body).json()["films"] == 20
    require_problem(operator.put(path, body), 409, "Somebody else")
    assert operator.delete(path).status_code == 204
    assert (latest_audit().action, PrintQuota.objects.count()) == ("delete", 0)


def test_a_quota_that_stops_refuses_the_job(facility, operator):
    operator.post(QUOTAS, {"films": 0, "action": "stop"})
    body = {"printer": make_printer(facility).pk, "images": [make_image(facility).pk]}

    require_problem(operator.post(f"{API}/print-jobs/", body), 409, "0 films a month")


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"films": -1}, "films"), ({"period": "year"}, "period"), ({"action": "shout"}, "action")],
)
def test_what_is_wrong_with_a_quota_is_said(facility, operator, changes, field):
    require_problem(operator.post(QUOTAS, {"films": 1} | changes), 400, field=field)


def test_uses_and_quotas_of_others_are_not_seen(facility, operator, make_user):
    other = make_other_facility()
    row = use(other, 1)
    quota = PrintQuota.objects.create(facility=other, films=3)

    assert operator.get(USES).json()["count"] == operator.get(QUOTAS).json()["count"] == 0
    assert operator.get(f"{USES}totals/", {"by": "modality"}).json() == []
    found = operator.post(f"{USES}search/", {"patient_id": "SYN-1"}).json()
    assert found["count"] == 0
    require_problem(operator.get(f"{USES}{row.pk}/"), 404)
    require_problem(operator.put(f"{QUOTAS}{quota.pk}/", {"films": 1}), 404)
    require_problem(operator.delete(f"{QUOTAS}{quota.pk}/"), 404)
    viewer = client_of(make_user("scheduler"))
    require_problem(viewer.post(QUOTAS, {"films": 1}), 403, "printer.manage")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (QUOTAS, {"films": 5}),
        (f"{API}/print-pools/", {"name": "P", "printers": [0]}),
        (f"{API}/printer-models/", OWN),
    ],
)
def test_what_somebody_changed_meanwhile_is_not_deleted(facility, operator, path, body):
    """DELETE says in its address what was seen; a misspelt name must not delete regardless."""
    if "printers" in body:
        body = {**body, "printers": [make_printer(facility).pk]}
    seen = operator.post(path, body).json()
    row = f"{path}{seen['id']}/"

    now = operator.put(row, {**body, "version": seen["version"]}).json()

    assert now["version"] == seen["version"] + 1
    require_problem(operator.delete(f"{row}?version={seen['version']}"), 409)
    require_problem(operator.delete(f"{row}?verson={now['version']}"), 400, field="verson")
    require_problem(operator.delete(f"{row}?version=x"), 400, field="version")
    assert operator.delete(f"{row}?version={now['version']}").status_code == 204
