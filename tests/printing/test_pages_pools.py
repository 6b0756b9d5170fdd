"""Pages of the pools of printers."""

import pytest

from printing.models import PrintPool
from printing.services.pools import pool_set
from tests.printing.console import second
from tests.printing.factories import BY, make_printer
from tests.printing.pages import other_facility, seen, signed_in

pytestmark = pytest.mark.django_db


def test_a_pool_is_made_changed_and_removed(operator, facility, printer):
    other = second(facility)
    values = {"name": "Films", "strategy": "failover", "is_accepting": "on"}
    places = {f"place-{other.pk}": "1", f"place-{printer.pk}": "2"}

    operator.post("/print/pools/new/", values | places)
    pool = PrintPool.objects.get()
    assert [member.printer for member in pool.members.all()] == [other, printer]
    page = seen(operator.get("/print/pools/"))
    assert page.index("OTHER</a>") < page.index("FILM</a>")
    operator.post(
        f"/print/pools/{pool.pk}/",
        values | {"strategy": "balance", f"place-{printer.pk}": "1", "version": pool.version},
    )
    pool.refresh_from_db()
    assert pool.strategy == "balance"
    assert [member.printer for member in pool.members.all()] == [printer]
    operator.post(f"/print/pools/{pool.pk}/remove/", {"version": pool.version})
    assert not PrintPool.objects.exists()


@pytest.mark.parametrize(
    ("places", "sentence"),
    [({}, "Choose at least one printer."), ({0: "1", 1: "1"}, "has this place already.")],
)
def test_a_pool_that_cannot_be_is_refused(operator, facility, printer, places, sentence):
    printers = [printer, second(facility)]
    values = {f"place-{printers[n].pk}": place for n, place in places.items()}

    answer = operator.post("/print/pools/new/", {"name": "P", "strategy": "failover"} | values)

    assert answer.status_code == 422
    assert sentence in seen(answer)


def test_who_was_slower_with_a_pool_hears_so(operator, facility, printer):
    pool = pool_set(facility_id=facility.pk, name="Films", printer_ids=[printer.pk], by=BY)
    values = {"name": "Films", "strategy": "failover", f"place-{printer.pk}": "1", "version": 1}
    operator.post(f"/print/pools/{pool.pk}/", values)

    late = operator.post(f"/print/pools/{pool.pk}/", values)

    assert late.status_code == 409
    assert "Somebody else changed this pool meanwhile." in seen(late)


def test_a_pool_is_not_removed_by_who_did_not_see_how_it_is(operator, facility, printer):
    pool = pool_set(facility_id=facility.pk, name="Films", printer_ids=[printer.pk], by=BY)
    assert 'name="version" value="1"' in seen(operator.get(f"/print/pools/{pool.pk}/"))
    values = {"name": "Films", "strategy": "balance", f"place-{printer.pk}": "1", "version": 1}
    operator.post(f"/print/pools/{pool.pk}/", values)

    late = operator.post(f"/print/pools/{pool.pk}/remove/", {"version": 1})

    assert late.status_code == 409
    assert "Somebody else changed this pool meanwhile." in seen(late)
    assert PrintPool.objects.get().strategy == "balance"
    for version in ("", "two", "-1", "9" * 20):  # no number that a page has shown
        silent = operator.post(f"/print/pools/{pool.pk}/remove/", {"version": version})
        assert silent.status_code == 409
    assert PrintPool.objects.filter(pk=pool.pk).exists()
    operator.post(f"/print/pools/{pool.pk}/remove/", {"version": 2})
    assert not PrintPool.objects.exists()


def test_pools_are_for_who_runs_printers(make_user, facility, printer):
    technologist = signed_in(make_user, "technologist")
    north = other_facility()
    theirs = pool_set(
        facility_id=north.pk, name="N", printer_ids=[make_printer(north, 109).pk], by=BY
    )

    assert technologist.get("/print/pools/").status_code == 200
    assert technologist.get("/print/pools/new/").status_code == 403
    administrator = signed_in(make_user, "administrator")
    assert administrator.get(f"/print/pools/{theirs.pk}/").status_code == 404
    assert administrator.post(f"/print/pools/{theirs.pk}/remove/").status_code == 404
