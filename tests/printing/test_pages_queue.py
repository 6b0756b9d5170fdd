"""Print queue: what each job is, why it waits, and the one question after an unknown outcome."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.pulse import stamp
from portal.selectors import actor_for
from printing.models import PageState, Printer, PrintJob, PrintJobEvent
from printing.services.job_log import job_log
from printing.services.jobs import job_create
from printing.types import BoxValues, LogLine, PageValues
from tests.printing.factories import make_job, make_printer
from tests.printing.pages import HTMX, picture, seen

pytestmark = pytest.mark.django_db


def outcome_unknown(job: PrintJob) -> PrintJob:
    """Bring a job where an N-ACTION stayed unanswered: the first film accepted, then nothing."""
    job.pages.filter(number=1).update(state=PageState.ACCEPTED)
    job.pages.filter(number=2).update(state=PageState.UNKNOWN)
    job.state, job.state_reasons = PrintJob.State.PROCESSING_STOPPED, ["outcome-unknown"]
    job.save()
    return job


WHY = {"reason": "not-needed"}
LOOKS = [
    ("pending", [], "Queued"),
    ("pending", ["media-needed"], "Waiting for film"),
    ("pending-held", ["job-hold-until-specified"], "Held"),
    ("processing", [], "Printing"),
    ("processing-stopped", ["printer-stopped"], "Stopped"),
    ("processing-stopped", ["outcome-unknown"], "Outcome unknown"),
    ("completed", ["sent-to-printer"], "Sent to printer"),
    ("completed", ["printed"], "Printed"),
    ("aborted", [], "Failed"),
    ("canceled", ["job-canceled-by-user"], "Cancelled"),
]


def token(person, job):
    """Return which film the page asks about, as its form sends it back."""
    page = person.get(f"/print/jobs/{job.pk}/").content.decode()
    return re.search(r'name="film" value="([^"]+)"', page)[1]


def decide(person, job, verdict, film=None, **values):
    """Answer the question on a job's page."""
    values |= {"verdict": verdict, "film": film or token(person, job)}
    return person.post(f"/print/jobs/{job.pk}/decide/", values)


@pytest.mark.parametrize(("state", "reasons", "words"), LOOKS)
def test_every_state_has_its_words(operator, job, state, reasons, words):
    """ui.md §3: sent to the printer is not printed; an unknown outcome is called so."""
    PrintJob.objects.update(state=state, state_reasons=reasons)

    row = seen(operator.get(f"/print/jobs/{job.pk}/row/"))

    assert f"<span>{words}</span>" in row


def test_a_planned_retry_says_when(operator, job):
    at = timezone.now() + timedelta(minutes=5)
    PrintJob.objects.update(next_attempt_at=at)

    row = seen(operator.get(f"/print/jobs/{job.pk}/row/"))

    assert f"Retry {stamp(at)}" in row


def test_a_row_says_who_what_how_far_and_why(operator, job):
    job.pages.filter(number=1).update(state=PageState.ACCEPTED)
    PrintJob.objects.update(message="The printer is out of film.")

    row = seen(operator.get(f"/print/jobs/{job.pk}/row/"))

    assert "Synthetic, Pat" in row
    assert "ID S-1" in row
    assert "Acc A-17" in row
    assert "1 of 2" in row
    assert "The printer is out of film." in row
    assert f'hx-trigger="job-{job.pk} from:body"' in row


def test_a_job_with_two_patients_says_so(operator, facility):
    images = [picture(facility, 1), picture(facility, 2, PatientID="S-2", PatientName="Other^Pat")]
    job = make_job(make_printer(facility, 104), images)

    assert "and 1 other patient" in seen(operator.get(f"/print/jobs/{job.pk}/row/"))


def test_views_of_the_queue_hold_what_they_say(operator, job, facility):
    printer = Printer.objects.get()
    done = make_job(printer, [picture(facility, 3)])
    failed = make_job(printer, [picture(facility, 4)])
    now = timezone.now()
    PrintJob.objects.filter(pk=done.pk).update(state="completed", ended_at=now)
    PrintJob.objects.filter(pk=failed.pk).update(state="aborted", ended_at=now)
    old = make_job(printer, [picture(facility, 5)])
    PrintJob.objects.filter(pk=old.pk).update(state="completed", ended_at=now - timedelta(days=2))

    def shown(view):
        page = operator.get("/print/", {"state": view}).content.decode()
        return {pk for pk in (job.pk, done.pk, failed.pk, old.pk) if f'id="job-{pk}"' in page}

    assert shown("active") == {job.pk, failed.pk}
    assert shown("needs") == {failed.pk}
    assert shown("done") == {done.pk, failed.pk}
    assert shown("all") == {job.pk, done.pk, failed.pk, old.pk}


def test_only_jobs_that_came_since_are_new_rows(operator, job, facility):
    line = PrintJobEvent.objects.latest("pk").pk
    newer = make_job(Printer.objects.get(), [picture(facility, 3)])

    asking = f"/print/rows/?state=active&after={job.pk}&line={line}"
    rows = operator.get(asking, headers=HTMX).content.decode()

    assert f'id="job-{newer.pk}"' in rows
    assert f'id="job-{job.pk}"' not in rows
    assert f"after={newer.pk}" in rows  # the place that asks for the next ones


def test_an_unknown_outcome_asks_one_question_and_offers_no_other_way_to_resend(operator, job):
    page = seen(operator.get(f"/print/jobs/{outcome_unknown(job).pk}/"))

    assert "Did film 2 come out of FILM?" in page
    assert "Yes, it is in the tray" in page
    assert "No: print film 2 again" in page
    for other in ("retry", "move", "hold", "release", "cancel", "reprint", "more"):
        assert f'id="job-{other}"' not in page


def test_a_film_in_the_tray_ends_the_job_as_sent(operator, job):
    decide(operator, outcome_unknown(job), "printed")

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("completed", ["sent-to-printer"])


def test_a_film_that_did_not_come_out_is_sent_again_alone(operator, job):
    decide(operator, outcome_unknown(job), "again")

    job.refresh_from_db()
    assert job.state == "pending"
    assert list(job.pages.values_list("state", flat=True)) == ["accepted", "pending"]


def test_a_decision_made_by_somebody_else_first_is_a_conflict(operator, job):
    asked = token(operator, outcome_unknown(job))
    decide(operator, job, "printed")

    late = decide(operator, job, "again", film=asked)

    assert late.status_code == 409
    assert "this answer was not taken. operator: page 2 came out." in seen(late)
    job.refresh_from_db()
    assert job.state == "completed"


def test_hold_release_retry_cancel_do_what_they_say(operator, job):
    address = f"/print/jobs/{job.pk}"
    states = []

    for verb in ("hold", "release", "retry", "cancel"):
        response = operator.post(f"{address}/{verb}/", WHY)
        assert response["Location"] == f"{address}/"
        job.refresh_from_db()
        states.append(job.state)

    assert states == ["pending-held", "pending", "pending", "canceled"]
    assert "Cancelled by operator (Not needed any more)." in seen(operator.get(f"{address}/"))


def test_with_script_an_action_answers_the_drawer_and_a_toast(operator, job):
    response = operator.post(f"/print/jobs/{job.pk}/hold/", headers=HTMX)

    page = seen(response)
    assert "<html" not in page
    assert "<span>Held</span>" in page
    assert f"Job {job.pk} is held." in page


def test_only_verbs_that_fit_the_state_are_offered(operator, job):
    PrintJob.objects.update(state="completed", state_reasons=["sent-to-printer"])

    page = operator.get(f"/print/jobs/{job.pk}/").content.decode()

    for verb in ("hold", "release", "retry", "cancel"):
        assert f'id="job-{verb}"' not in page


def test_what_was_said_to_the_printer_is_shown_with_status_and_time(operator, job):
    PrintJobEvent.objects.create(
        facility_id=job.facility_id,
        job=job,
        at=timezone.now(),
        text="Film 1: print refused",
        status=0xC600,
        milliseconds=1900,
    )

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert "Film 1: print refused C600H" in page
    assert "1.9 s" in page


def test_a_warning_status_is_no_failure(operator, job):
    """PS3.7 Annex C: 0107H, 0116H and Bxxx are warnings."""
    for status in (0x0000, 0x0107, 0xB600):
        PrintJobEvent.objects.create(
            facility_id=job.facility_id, job=job, at=timezone.now(), text="x", status=status
        )

    assert "fgc tone-bad" not in operator.get(f"/print/jobs/{job.pk}/").content.decode()


def test_the_maker_of_a_job_may_cancel_it_and_a_colleague_may_not(make_user, facility):
    maker, colleague = make_user("technologist", "ann"), make_user("technologist", "bob")
    printer, image = make_printer(facility, 104), picture(facility)
    page = PageValues(r"STANDARD\1,1", "14INX17IN", image_boxes=(BoxValues(1, image.pk),))
    job = job_create(
        facility_id=facility.pk, printer_id=printer.pk, pages=[page], by=actor_for(maker)
    )
    browser = Client()

    browser.force_login(colleague)
    assert 'id="job-cancel"' not in browser.get(f"/print/jobs/{job.pk}/").content.decode()
    assert browser.post(f"/print/jobs/{job.pk}/cancel/").status_code == 403

    browser.force_login(maker)
    assert 'id="job-cancel"' in browser.get(f"/print/jobs/{job.pk}/").content.decode()
    assert browser.post(f"/print/jobs/{job.pk}/cancel/", WHY).status_code == 302


def test_a_row_that_fits_its_view_no_longer_stays_struck_out(operator, job):
    """ui.md §6: it stays, struck, until the next reload or filter."""
    row = f"/print/jobs/{job.pk}/row/?state=active&printer={job.printer_id}"
    assert "gone" not in operator.get(row).content.decode()
    assert f'hx-get="{row.replace("&", "&amp;")}"' in operator.get(row).content.decode()

    PrintJob.objects.filter(pk=job.pk).update(state="completed", ended_at=timezone.now())

    page = operator.get(row)
    assert 'class="gone"' in page.content.decode()
    assert "elsewhere now" in seen(page)
    assert "gone" not in operator.get(row.replace("active", "done")).content.decode()


def test_a_job_that_comes_to_need_a_person_comes_into_the_open_view(operator, job):
    """Not only new jobs come into a view: an old one does when something happens to it."""
    line = PrintJobEvent.objects.latest("pk").pk
    asking = f"/print/rows/?state=needs&after={job.pk}&line={line}"
    assert f'id="job-{job.pk}"' not in operator.get(asking, headers=HTMX).content.decode()
    outcome_unknown(job)
    job_log(job, [LogLine("No answer.")])

    rows = operator.get(asking, headers=HTMX).content.decode()
    again = operator.get(f"{asking}&shown=7,{job.pk},x", headers=HTMX).content.decode()

    assert f'id="job-{job.pk}"' in rows
    assert f"line={PrintJobEvent.objects.latest('pk').pk}" in rows
    assert f'id="job-{job.pk}"' not in again  # it has its row already
