"""No address of printing's API shows or touches another facility's rows, or lets in who may not.

The addresses come from the schema: one that is added later is asked here too.
"""

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from portal.models import LiveEvent
from portal.types import Role
from printing.api import COLLECTIONS
from printing.models import CalibrationReading, PrinterModel, PrintPool, PrintQuota, PrintUse
from printing.services import pools
from tests.api_clients import API, client_of, make_other_facility, require_problem
from tests.printing.api_files import BY, make_film, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
# A body with which each request would do something, by the last part of its address.
BODIES = {
    "cancel": {"reason": "x"},
    "decide": {"page_number": 1, "verdict": "printed"},
    "prioritize": {"print_priority": "HIGH"},
    "reorder": {"to": "top"},
    "reprint": {"reason": "other", "is_exact": False},
    "calibration-page": {},
}


@pytest.fixture(scope="module")
def operations():
    """Return method and address of everything that the API of printing does."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (method, path, path.removeprefix(f"{API}/").split("/")[0])
        for path, found in paths.items()
        for method in METHODS
        if method in found and path.removeprefix(f"{API}/").split("/")[0] in COLLECTIONS
    ]


def make_rows(facility):
    """Make one row of each collection; return the primary key by collection."""
    printer, image = make_printer(facility, "THEIRS"), make_image(facility)
    pool = pools.pool_set(facility_id=facility.pk, name="P", printer_ids=[printer.pk], by=BY)
    use = PrintUse.objects.create(
        facility=facility, at=timezone.now(), job_number=1, page_number=1, films=1
    )
    reading = CalibrationReading.objects.create(
        facility=facility, printer=printer, at=timezone.now(), by_name="x", comment="x"
    )
    return {
        "printers": printer.pk,
        "printer-models": PrinterModel.objects.get(facility=facility).pk,
        "print-pools": pool.pk,
        "images": image.pk,
        "films": make_film(facility, image).pk,
        "print-jobs": make_job(facility, printer).pk,
        "print-uses": use.pk,
        "print-quotas": PrintQuota.objects.create(facility=facility, films=5).pk,
        "calibration-readings": reading.pk,
    }


def body_for(path, rows):
    """Return a body that would do something with a row."""
    last = path.rstrip("/").rsplit("/", 1)[-1]
    bodies = {
        **BODIES,
        "move": {"printer": rows["printers"]},
        "fill": {"images": [rows["images"]]},
        "print": {"printer": rows["printers"]},
        "{position}": {"image": rows["images"]},
    }
    if last in bodies:
        return bodies[last]
    return {
        "print-pools": {"name": "X", "printers": [rows["printers"]]},
        "print-quotas": {"films": 1},
        "films": {"version": 1, "film_size_id": "A4"},
        "printers": {"film_size_id": "A4"},
        "printer-models": {"title": "X"},
    }.get(path.removeprefix(f"{API}/").split("/")[0], {})


def ask(client, method, path, rows, kind):
    """Send one request about a row."""
    address = path.replace("{id}", str(rows[kind])).replace("{position}", "1")
    values = {} if method == "get" else {"data": body_for(path, rows), "format": "json"}
    if (method, path) == ("delete", "/api/v1/films/{id}/"):
        address += "?version=1"  # must be said
    return getattr(client, method)(address, **values)


def state_of(facility):
    """Return what is written down about a facility."""
    return (
        LiveEvent.objects.count(),
        sorted(PrintPool.objects.values_list("pk", "name", "version")),
        PrintQuota.objects.count(),
        CalibrationReading.objects.count(),
        sorted(PrinterModel.objects.values_list("pk", "title", "version")),
    )


def test_every_collection_is_asked(operations):
    assert {kind for _, _, kind in operations} == set(COLLECTIONS)
    assert len(operations) > 50


def test_a_foreign_row_is_not_there_whatever_is_asked_of_it(facility, make_user, operations):
    """404 for each address and method, with our own ids in the body; nothing is written."""
    other = make_other_facility()
    theirs = make_rows(other)
    ours = make_rows(facility)
    client = client_of(make_user("administrator"))
    before = state_of(other)

    for method, path, kind in operations:
        if "{id}" in path:
            answer = ask(client, method, path, {**ours, kind: theirs[kind]}, kind)
            assert answer.status_code == 404, (method, path, answer.content)
            require_problem(answer, 404)

    assert state_of(other) == before


def test_lists_and_sums_hold_nothing_foreign(facility, make_user, operations):
    make_rows(make_other_facility())
    client = client_of(make_user("administrator"))

    for method, path, _ in operations:
        if method == "get" and "{" not in path:
            found = client.get(path, {"by": "modality"} if path.endswith("totals/") else {}).json()
            assert found == [] if isinstance(found, list) else found["count"] == 0, path


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("print-jobs/", {"printer": "printers", "images": ["images"]}),
        ("print-jobs/", {"pool": "print-pools", "images": ["images"]}),
        ("print-jobs/", {"film": "films", "printer": "printers"}),
        ("print-jobs/{id}/move/", {"printer": "printers"}),
        ("print-jobs/{id}/move/", {"pool": "print-pools"}),
        ("print-jobs/{id}/reorder/", {"before": "print-jobs"}),
        ("films/", {"images": ["images"]}),
        ("films/{id}/fill/", {"images": ["images"]}),
        ("films/{id}/print/", {"printer": "printers"}),
        ("films/{id}/print/", {"pool": "print-pools"}),
        ("print-pools/", {"name": "Mixed", "printers": ["printers"]}),
        ("calibration-readings/", {"printer": "printers", "comment": "x"}),
        ("calibration-readings/", {"printer": None, "job": "print-jobs", "comment": "x"}),
    ],
)
def test_a_foreign_id_in_a_body_is_not_known(facility, make_user, path, body):
    """Each id in turn is theirs, the others ours."""
    theirs, ours = make_rows(make_other_facility()), make_rows(facility)
    client = client_of(make_user("administrator"))
    kind = path.split("/")[0]
    for foreign in [name for name, value in body.items() if _is_row(value)]:
        values = {
            name: _filled(value, theirs if name == foreign else ours)
            for name, value in body.items()
        }
        values = {n: ours["printers"] if v is None else v for n, v in values.items()}
        before = state_of(facility)

        answer = client.post(f"{API}/{path}".replace("{id}", str(ours[kind])), values)

        assert answer.status_code in (400, 404), (values, answer.content)
        assert answer.json()["detail"]
        assert state_of(facility) == before


def _is_row(value):
    return (value[0] if isinstance(value, list) else value) in COLLECTIONS


def _filled(value, rows):
    if isinstance(value, list):
        return [rows[value[0]]]
    return rows.get(value, value)


# What a role may do besides looking: parts of addresses, "" the collection itself.
FILM = {"films", "images", "print-jobs"}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_its_rights_say(facility, make_user, operations, role):
    """Operator, administrator: all; technologist: films, images and jobs; the others look.

    Only 403 or not is asked: what else is wrong with a request is asked elsewhere.
    """
    rows = make_rows(facility)
    client = client_of(make_user(role))
    may = {"operator": set(COLLECTIONS), "administrator": set(COLLECTIONS), "technologist": FILM}
    denied, allowed = [], []
    for method, path, kind in operations:
        if path.endswith("/probe/"):
            continue  # asks a printer that is not there, for seconds
        answer = ask(client, method, path, rows, kind) if "{id}" in path else None
        if answer is None:
            continue
        (denied if answer.status_code == 403 else allowed).append((method, path, kind))
        assert answer.status_code != 401
        if answer.status_code == 204:
            rows = make_rows_again(facility, rows, kind)

    taken = [path for method, path, kind in denied if kind in may.get(role, ()) and method != "get"]
    # Own jobs only: those here were queued by a command.
    if role == Role.TECHNOLOGIST:
        taken = [path for path in taken if "/print-jobs/" not in path]
    assert taken == []
    lent = [
        (method, path)
        for method, path, kind in allowed
        if kind not in may.get(role, ()) and method != "get"
    ]
    assert lent == []


def make_rows_again(facility, rows, kind):
    """Put a row back that was deleted."""
    if kind == "print-pools":
        pool = pools.pool_set(
            facility_id=facility.pk, name="P", printer_ids=[rows["printers"]], by=BY
        )
        return {**rows, kind: pool.pk}
    if kind == "print-quotas":
        return {**rows, kind: PrintQuota.objects.create(facility=facility, films=5).pk}
    if kind == "calibration-readings":
        reading = CalibrationReading.objects.create(
            facility=facility, printer_id=rows["printers"], at=timezone.now(), by_name="x"
        )
        return {**rows, kind: reading.pk}
    return rows


def test_nobody_unknown_is_let_in(facility, operations):
    rows = make_rows(facility)

    for method, path, kind in operations:
        assert ask(APIClient(), method, path, rows, kind).status_code == 401, path


def test_lists_come_in_pages(facility, make_user, operations):
    """50 a page, `page_size` to 500; a page that is not there is 404."""
    make_rows(facility)
    client = client_of(make_user("operator"))

    for method, path, _ in operations:
        if method == "get" and "{" not in path and not path.endswith("totals/"):
            found = client.get(path, {"page_size": 1}).json()
            assert len(found["results"]) == 1, path
            assert set(found) == {"count", "next", "previous", "results"}
            require_problem(client.get(path, {"page": 99}), 404)
            require_problem(client.get(path, {"no_such": 1}), 400, "no filter", "no_such")
