"""Pages of the reconcile queue."""

from datetime import date, time

import pytest

from portal.looks import look_of
from tests.api_clients import query_count
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.pages import HTMX, other_facility, seen, signed_in
from tests.worklist.performed_factories import make_case, make_orphan
from tests.worklist.reconciling import decide
from worklist.models import PerformedProcedureStep, ReconcileCase

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    """O'Brien's sinus exam on CT1, booked for 14:15."""
    patient = make_patient(
        facility,
        patient_id="409 4471",
        issuer_of_patient_id="HARBOR",
        name_alphabetic="O’Brien^Declan",
        birth_date=date(1957, 5, 22),
        sex="M",
    )
    return make_step(
        facility, patient=patient, station=make_station(facility), start_time=time(14, 15)
    )


@pytest.fixture
def case(facility, step):
    """What CT1 did at 8:34, typed at the console."""
    return make_case(
        facility, patient_name="OBRIEN^DECLAN", patient_id="4094471", sex="M", images=34
    )


def test_the_page_compares_line_by_line_with_the_likeliest_order(person, case, step):
    """Issue 5.3: side by side, suggested matches with reasons."""
    page = seen(person.get(f"/reconcile/{case.pk}/"))

    assert "Probably O’Brien, Declan" in page
    assert "although booked for 14:15" in page
    assert "OBRIEN^DECLAN" in page
    assert "Case, accents or apostrophe only" in page
    assert "Same, spaces aside" in page
    assert "Not sent: probably typed at the console" in page
    assert "5 h 41 min before it was booked" in page
    assert "Images keep the one from CT1" in page
    assert f"Link to order {step.requested_procedure.service_request.accession_number}" in page


def test_the_list_shows_what_waits_and_the_menu_how_much(person, facility, case):
    """ui.md §4: a count of open cases."""
    make_orphan(facility)

    page = seen(person.get("/reconcile/"))

    assert "Unscheduled exam" in page
    assert "34 images" in page
    assert "Orphan message" in page
    assert 'class="count warn">2<' in page
    assert seen(person.get("/menu/worklist:reconcile/")).startswith('<span class="count warn">2')
    assert person.get("/menu/worklist:board/").status_code == 404


@pytest.mark.parametrize("text", ["o'brien", "4094471", "ACCESSION"])
def test_another_order_is_found_by_post(person, case, step, text):
    """ui.md §4: no patient name in any address."""
    accession = step.requested_procedure.service_request.accession_number
    text = text.replace("ACCESSION", accession)
    address = f"/reconcile/{case.pk}/orders/"

    for headers in ({}, HTMX):
        page = seen(person.post(address, {"q": text}, headers=headers))
        assert f"/reconcile/{case.pk}/?order={step.pk}" in page
    assert person.get(address, {"q": text}).status_code == 405
    assert "Nothing found" in seen(person.post(address, {"q": "nobody"}))
    assert "two letters" in seen(person.post(address, {"q": "x"}))


def test_the_order_that_was_looked_for_is_the_one_compared(person, facility, case):
    other = make_step(facility, patient=make_patient(facility, name_alphabetic="Mamani^Rosa"))

    page = seen(person.get(f"/reconcile/{case.pk}/?order={other.pk}"))

    accession = other.requested_procedure.service_request.accession_number
    assert f"Link to order {accession}" in page
    assert "Mamani, Rosa" in page
    assert "Differs" in page


def test_a_refused_message_is_shown_and_can_be_closed(person, facility):
    case = make_orphan(facility)

    page = seen(person.get(f"/reconcile/{case.pk}/"))

    assert "sent the end of an exam whose beginning it never sent" in page
    assert "Link to order" not in page  # until somebody has looked for one
    assert decide(person, case).status_code == 302


def test_a_refused_message_is_linked_to_an_order_that_was_looked_for(person, facility):
    """Issue 5.3: the orphan N-SET too; the page says what that does."""
    case = make_orphan(facility)
    step = make_step(facility, status="ARRIVED")

    page = seen(person.get(f"/reconcile/{case.pk}/?order={step.pk}"))
    answer = decide(person, case, decision="link", step=step.pk, has_compared="on")

    assert "takes the end that it had refused" in page
    assert answer.status_code == 302
    step.refresh_from_db()
    assert step.status == "COMPLETED"
    performed = PerformedProcedureStep.objects.get()
    for address in (f"/exams/{step.pk}/", f"/performed/{performed.pk}/", f"/reconcile/{case.pk}/"):
        assert person.get(address).status_code == 200


@pytest.mark.parametrize("kind", ReconcileCase.Kind.values)
def test_every_kind_has_its_sentence(person, facility, kind):
    case = make_case(facility, kind)

    page = person.get(f"/reconcile/{case.pk}/")

    assert page.status_code == 200
    assert str(look_of("case", kind).label) in seen(page)


def test_somebody_who_may_only_look_sees_no_form(make_user, case):
    auditor = signed_in(make_user, "auditor")

    page = seen(auditor.get(f"/reconcile/{case.pk}/"))

    assert "may look at this case but not decide it" in page
    assert decide(auditor, case).status_code == 422
    case.refresh_from_db()
    assert case.state == "open"


def test_cases_of_another_facility_are_not_there(make_user, case):
    """architecture.md §4: a tenant sees its own."""
    other_facility()
    theirs = signed_in(make_user, "scheduler", name="northern", facility_code="north")

    assert "Nothing to reconcile" in seen(theirs.get("/reconcile/"))
    assert "menu-number" in seen(theirs.get("/reconcile/"))
    assert seen(theirs.get("/menu/worklist:reconcile/")) == ""
    for address in ("", "now/"):
        assert theirs.get(f"/reconcile/{case.pk}/{address}").status_code == 404
    for address in ("", "later/", "undo/", "orders/"):
        assert theirs.post(f"/reconcile/{case.pk}/{address}").status_code == 404


def test_pages_ask_the_database_as_often_for_many_cases_as_for_few(person, facility):
    """style.md §4 rule 12: a list states its queries."""
    for _number in range(2):
        make_case(facility)
    few = query_count(lambda: person.get("/reconcile/list/"))
    for _number in range(6):
        make_case(facility)

    assert query_count(lambda: person.get("/reconcile/list/")) == few
