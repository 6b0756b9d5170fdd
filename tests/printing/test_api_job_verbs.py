"""API of what people do with print jobs: place, printer, reprint, decisions, many at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printing.models import JobState, PageState, PrintJob, PrintPool
from printing.services import job_verbs, pools
from tests.api_clients import API, client_of, latest_audit, make_other_facility, require_problem
from tests.printing.api_files import BY, make_film, make_image, make_job, make_printer, make_unknown

JOBS = f"{API}/print-jobs/"


@pytest.fixture
def operator(make_user):
    return client_of(make_user("operator"))


@pytest.fixture
def printer(facility):
    return make_printer(facility)


def make_pool(facility, *printers):
    ids = [printer.pk for printer in printers]
    return pools.pool_set(facility_id=facility.pk, name="All imagers", printer_ids=ids, by=BY)


def make_ended(job, state=JobState.COMPLETED):
    job.pages.update(state=PageState.ACCEPTED)
    job.state, job.ended_at = state, timezone.now()
    job.save()
    return job


def order_of(client):
    found = client.get(JOBS).json()["results"]
    return [job["id"] for job in sorted(found, key=lambda job: job["rank"])]


def test_a_job_waits_until_a_time(facility, operator, printer):
    """RFC 8011 5.3.7: pending-held with job-hold-until-specified."""
    later = timezone.now() + timedelta(hours=2)
    images = [make_image(facility).pk]

    body = {"printer": printer.pk, "images": images, "hold_until": later.isoformat()}
    held = operator.post(JOBS, body).json()

    assert (held["state"], held["reasons"]) == ("pending-held", ["job-hold-until-specified"])
    assert held["hold_until"] is not None
    job = make_job(facility, printer)
    answer = operator.post(f"{JOBS}{job.pk}/hold/", {"until": later.isoformat()})
    assert answer.json()["hold_until"] == held["hold_until"]
    past = {"until": (timezone.now() - timedelta(hours=1)).isoformat()}
    require_problem(operator.post(f"{JOBS}{job.pk}/hold/", past), 400, "over already", "hold_until")


def test_a_job_says_label_attributes_and_that_it_is_held(facility, operator, printer):
    film = make_film(facility, make_image(facility))
    body = {
        "printer": printer.pk,
        "film": film.pk,
        "is_held": True,
        "film_session_label": "WARD 3",
        "attributes": {"BorderDensity": "WHITE"},
    }

    job = operator.post(JOBS, body).json()

    assert (job["state"], job["film_session_label"]) == ("pending-held", "WARD 3")
    assert job["attributes"] == {"BorderDensity": "WHITE"}


def test_waiting_jobs_get_another_place(facility, operator, printer):
    one, two, three = (make_job(facility, printer) for _ in range(3))

    operator.post(f"{JOBS}{three.pk}/reorder/", {"to": "top"})
    assert order_of(operator) == [three.pk, one.pk, two.pk]
    operator.post(f"{JOBS}{two.pk}/reorder/", {"before": one.pk})
    assert order_of(operator) == [three.pk, two.pk, one.pk]
    require_problem(operator.post(f"{JOBS}{two.pk}/reorder/"), 400, "before which job", "before")
    answer = operator.post(f"{JOBS}{one.pk}/prioritize/", {"print_priority": "HIGH"})
    assert answer.json()["print_priority"] == "HIGH"
    wrong = {"print_priority": "SOON"}
    answer = operator.post(f"{JOBS}{one.pk}/prioritize/", wrong)
    require_problem(answer, 400, field="print_priority")


def test_a_job_goes_to_another_printer_or_a_pool(facility, operator, printer):
    other = make_printer(facility, "FILM2")
    pool = make_pool(facility, other, printer)
    job = make_job(facility, printer)

    moved = operator.post(f"{JOBS}{job.pk}/move/", {"printer": other.pk}).json()
    assert (moved["printer_name"], moved["pool"], moved["pool_name"]) == ("FILM2", None, "")
    pooled = operator.post(f"{JOBS}{job.pk}/move/", {"pool": pool.pk}).json()
    assert (pooled["pool"], pooled["pool_name"]) == (pool.pk, "All imagers")
    assert [j["id"] for j in operator.get(JOBS, {"pool": pool.pk}).json()["results"]] == [job.pk]
    require_problem(operator.post(f"{JOBS}{job.pk}/move/"), 400, "Choose a printer", "printer")
    both = {"printer": other.pk, "pool": pool.pk}
    require_problem(operator.post(f"{JOBS}{job.pk}/move/", both), 400, field="printer")


def test_a_job_is_queued_for_a_pool(facility, operator, printer):
    pool = make_pool(facility, printer)

    answer = operator.post(JOBS, {"pool": pool.pk, "images": [make_image(facility).pk]})

    assert (answer.status_code, answer.json()["pool"]) == (201, pool.pk)
    assert answer.json()["printer_name"] == "FILM1"
    require_problem(operator.post(JOBS, {"images": [make_image(facility).pk]}), 400, "", "printer")


def test_a_cancelled_job_keeps_the_reason(facility, operator, printer):
    job = make_job(facility, printer)

    answer = operator.post(f"{JOBS}{job.pk}/cancel/", {"reason": "wrong patient chosen"})

    assert (answer.json()["state"], answer.json()["cancel_reason"]) == (
        "canceled",
        "wrong patient chosen",
    )


def test_a_job_is_not_cancelled_before_it_is_decided_what_came_out(facility, operator, printer):
    """One job, or many: 409 and the sentence; the job stays where a person has to look."""
    job = make_job(facility, printer)
    PrintJob.objects.filter(pk=job.pk).update(state="processing-stopped")
    job.pages.update(state="unknown")

    answer = operator.post(f"{JOBS}{job.pk}/cancel/", {"reason": "wrong patient chosen"})
    require_problem(answer, 409, "decide that first")
    bulk = operator.post(f"{JOBS}bulk/", {"ids": [job.pk], "action": "cancel"})

    assert "decide that first" in bulk.json()["results"][0]["detail"]
    job.refresh_from_db()
    assert (job.state, job.cancel_reason) == ("processing-stopped", "")


def test_an_ended_job_is_printed_again_with_a_reason(facility, operator, printer):
    job = make_ended(make_job(facility, printer, count=3))
    path = f"{JOBS}{job.pk}/reprint/"
    body = {"is_exact": False, "reason": "film-damaged", "comment": "scratched", "pages": [2]}

    answer = operator.post(path, body | {"number_of_copies": 2})

    again = answer.json()
    assert answer.status_code == 201
    assert (again["reprint_of"], again["reprint_reason"]) == (job.pk, "film-damaged")
    assert (again["reprint_comment"], again["is_exact"]) == ("scratched", False)
    assert (len(again["pages"]), again["number_of_copies"]) == (1, 2)
    assert latest_audit().action == "reprint"
    require_problem(operator.post(path, {"is_exact": False}), 400, field="reason")
    waiting = make_job(facility, printer)
    answer = operator.post(f"{JOBS}{waiting.pk}/reprint/", body)
    require_problem(answer, 409, "has not ended yet")


@pytest.mark.parametrize(
    ("said", "state", "pages"),
    [
        ({"verdict": "printed"}, "completed", [("accepted", 3)]),
        ({"verdict": "send-again"}, "pending", [("pending", 3)]),
        ({"verdict": "send-again", "copies_out": 1}, "pending", [("accepted", 1), ("pending", 2)]),
    ],
)
def test_a_person_says_how_many_copies_came_out(facility, operator, printer, said, state, pages):
    """Printing.md §2.5: a resume must not multiply the copies again."""
    job = make_job(facility, printer)
    job.pages.update(copies=3)
    make_unknown(job)

    answer = operator.post(f"{JOBS}{job.pk}/decide/", {"page_number": 1, **said})

    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == state
    assert [(page["state"], page["copies"]) for page in answer.json()["pages"]] == pages


def test_a_person_lets_another_film_be_used(facility, operator, printer):
    job = make_job(facility, printer)
    job.state, job.state_reasons = JobState.PROCESSING_STOPPED, ["attributes-substituted"]
    job.save()

    answer = operator.post(f"{JOBS}{job.pk}/accept-substitution/")

    assert (answer.json()["state"], answer.json()["is_substitution_accepted"]) == ("pending", True)
    require_problem(operator.post(f"{JOBS}{job.pk}/accept-substitution/"), 409)


def test_the_history_of_a_job_is_read_page_by_page(facility, operator, printer):
    job = make_job(facility, printer)
    job_verbs.job_hold(job_id=job.pk, by=BY)

    answer = operator.get(f"{JOBS}{job.pk}/events/", {"page_size": 1}).json()

    assert (answer["count"], len(answer["results"])) == (2, 1)
    assert answer["results"][0]["text"].startswith("Queued by")
    assert answer["results"][0]["kind"] == "person"


def test_many_jobs_are_done_or_refused_each_by_itself(facility, operator, printer):
    waiting, ended = make_job(facility, printer), make_ended(make_job(facility, printer))
    theirs = make_other_facility()
    foreign = make_job(theirs, make_printer(theirs))
    ids = [waiting.pk, ended.pk, foreign.pk]

    answer = operator.post(f"{JOBS}bulk/", {"ids": ids, "action": "hold"}).json()["results"]

    assert [result["id"] for result in answer] == ids
    assert answer[0]["detail"] == ""
    assert answer[1]["detail"]
    assert answer[2]["detail"] == "There is no such print job."
    assert list(PrintJob.objects.filter(state="pending-held")) == [waiting]
    foreign.refresh_from_db()
    assert foreign.state == "pending"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "explode"}, "action"),
        ({"action": "hold", "printer": 1}, "printer"),
        ({"action": "prioritize"}, "print_priority"),
        ({"action": "cancel", "reason": "x" * 256}, "reason"),
        ({"action": "hold", "ids": []}, "ids"),
    ],
)
def test_what_is_wrong_with_a_bulk_is_said(facility, operator, printer, body, field):
    sent = {"ids": [make_job(facility, printer).pk]} | body

    require_problem(operator.post(f"{JOBS}bulk/", sent), 400, field=field)
    assert PrintJob.objects.get().state == "pending"


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("prioritize", {"print_priority": "LOW"}),
        ("reorder", {"to": "top"}),
        ("move", {"printer": 1}),
        ("reprint", {"reason": "lost"}),
        ("accept-substitution", {}),
    ],
)
def test_jobs_of_others_are_neither_seen_nor_touched(facility, operator, verb, body):
    other = make_other_facility()
    job = make_job(other, make_printer(other))

    require_problem(operator.post(f"{JOBS}{job.pk}/{verb}/", body), 404)
    require_problem(operator.get(f"{JOBS}{job.pk}/events/"), 404)


def test_a_technologist_changes_only_jobs_of_their_own(facility, make_user, printer):
    """Issue line 9: roles."""
    technologist = client_of(make_user("technologist"))
    job = make_job(facility, printer)
    body = {"ids": [job.pk], "action": "cancel"}

    results = technologist.post(f"{JOBS}bulk/", body).json()["results"]
    assert "job.manage" in results[0]["detail"]
    answer = technologist.post(f"{JOBS}{job.pk}/prioritize/", {"print_priority": "HIGH"})
    require_problem(answer, 403, "job.manage")
    assert PrintPool.objects.count() == 0
