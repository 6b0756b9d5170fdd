"""The one question about a film whose outcome nobody knows, and its answers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printing.models import PrintJob
from tests.printing.console import REASON, decide, second, states, stopped, token
from tests.printing.factories import make_job
from tests.printing.pages import picture, seen, signed_in

pytestmark = pytest.mark.django_db


def test_every_answer_says_what_follows_from_it(operator, job):
    """printing.md §2.5: a person decides; nobody has to guess what a button does."""
    page = seen(operator.get(f"/print/jobs/{stopped(job, 'unknown', 'pending').pk}/"))

    assert "Yes, it is in the tray</b><small>It counts as printed. Then film 2 is sent." in page
    assert "Film 1 is sent to FILM once more. Then film 2 is sent." in page
    assert "It counts as not printed and is not sent again. Then film 2 is sent." in page


@pytest.mark.parametrize(
    ("verdict", "state", "films"),
    [
        ("printed", "pending", ["accepted", "pending"]),
        ("again", "pending", ["pending", "pending"]),
        ("give-up", "pending", ["discarded", "pending"]),
    ],
)
def test_an_answer_settles_the_film_and_the_job_goes_on(operator, job, verdict, state, films):
    decide(operator, stopped(job, "unknown", "pending"), verdict)

    job.refresh_from_db()
    assert (job.state, states(job)) == (state, films)


def test_the_question_is_the_only_way_on(operator, job, facility):
    """No verb passes over it: not from the drawer, the row's menu, a form or several at once."""
    stopped(job, "unknown", "pending")
    target = f"printer-{second(facility).pk}"

    menu = seen(operator.get(f"/print/jobs/{job.pk}/menu/"))
    assert "Say what became of the film" in menu
    assert "<form" not in menu
    for verb in ("retry", "move", "hold", "cancel", "top", "hold-until", "place", "reprint"):
        operator.post(f"/print/jobs/{job.pk}/{verb}/", REASON | {"target": target})
    for verb in ("retry", "move", "hold", "cancel", "release", "top"):
        values = {"job": job.pk, "do": verb, "asked": 1, "target": target} | REASON
        operator.post("/print/bulk/", values)

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["outcome-unknown"])
    assert states(job) == ["unknown", "pending"]
    assert PrintJob.objects.count() == 1


def test_some_copies_came_out_and_only_the_others_are_sent(operator, facility, printer):
    """printing.md §2.5: a resume must not multiply again."""
    job = stopped(make_job(printer, [picture(facility)], number_of_copies=3), "unknown")
    assert "Did all 3 copies of film 1 come out of FILM?" in seen(
        operator.get(f"/print/jobs/{job.pk}/")
    )

    decide(operator, job, "some", copies_out=2)

    rows = list(job.pages.order_by("copy").values_list("state", "copies"))
    assert rows == [("accepted", 2), ("pending", 1)]


@pytest.mark.parametrize("count", ["", "0", "3", "-1", "x"])
def test_a_number_of_copies_that_cannot_be_is_refused(operator, facility, printer, count):
    job = stopped(make_job(printer, [picture(facility)], number_of_copies=3), "unknown")

    assert decide(operator, job, "some", copies_out=count).status_code == 400
    assert states(job) == ["unknown"]


def test_one_answer_for_all_films_of_a_document(operator, job):
    stopped(job, "unknown", "unknown")
    assert "Answer for both at once" in seen(operator.get(f"/print/jobs/{job.pk}/"))

    decide(operator, job, "printed", every=1)

    job.refresh_from_db()
    assert (job.state, states(job)) == ("completed", ["accepted", "accepted"])


def test_an_answer_about_an_earlier_sending_is_no_answer_about_this_one(operator, job):
    """A film that was sent once more is asked about anew: an old page must not answer."""
    old = token(operator, stopped(job, "accepted", "unknown"))
    job.pages.filter(number=2).update(action_sent_at=timezone.now() + timedelta(seconds=9))

    late = decide(operator, job, "again", film=old)

    assert late.status_code == 409
    assert "this answer was not taken" in seen(late)
    assert states(job) == ["accepted", "unknown"]


def test_a_film_that_failed_in_the_printer_is_asked_about_too(operator, job):
    stopped(job, "printed", "failed", reason="job-failed-in-device")
    job.pages.filter(number=2).update(execution_status_info="FILM JAM")

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert "FILM failed over film 2. Is it in the tray?" in page
    assert "then said: FILM JAM" in page


def test_who_may_not_decide_sees_the_question_without_answers(make_user, job):
    stopped(job, "unknown", "pending")
    scheduler = signed_in(make_user, "scheduler")

    page = seen(scheduler.get(f"/print/jobs/{job.pk}/"))

    assert "Did film 1 come out" in page
    assert "Who asked for the films or runs the queue decides." in page
    assert 'class="answer' not in page


def test_another_film_than_asked_for_is_a_question_as_well(operator, job):
    """printing.md §2.4: size or medium changed: offer to stop before N-ACTION."""
    stopped(job, "pending", "pending", reason="attributes-substituted")
    changed = {"attribute": "Film Size ID", "asked": "14INX17IN", "granted": "10INX12IN"}
    job.pages.filter(number=1).update(differences=[changed])

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))
    assert "FILM offers another film. Print on it?" in page
    assert "10INX12IN" in page
    assert 'id="job-retry"' not in page
    operator.post(f"/print/jobs/{job.pk}/accept/")

    job.refresh_from_db()
    assert (job.state, job.is_substitution_accepted) == ("pending", True)
