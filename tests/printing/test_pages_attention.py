"""What calls for a person, and what the console says of printers and talks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Alert
from printing.models import JobState, Printer, PrintJob, PrintJobEvent
from printing.selectors.console import needing_people
from printing.services.job_alerts import job_failed_alert
from printing.services.jobs import job_reprint
from tests.printing.console import second, stopped
from tests.printing.factories import BY
from tests.printing.pages import HTMX, seen, signed_in

pytestmark = pytest.mark.django_db


def test_the_menu_counts_jobs_that_wait_for_a_person(operator, make_user, job):
    user = make_user("operator", name="eve")
    assert needing_people(user) == 0

    stopped(job, "unknown", "pending")

    assert needing_people(user) == 1
    tabs = operator.get("/print/tabs/?state=active").content.decode()
    assert f'data-needs="{job.pk}"' in tabs
    assert '<span class="count warn">1' in operator.get("/menu/printing:queue/").content.decode()


def test_a_failed_job_that_was_printed_again_needs_nobody(make_user, job):
    user = make_user("operator")
    PrintJob.objects.update(state="aborted", ended_at=timezone.now())
    assert needing_people(user) == 1

    PrintJob.objects.create(
        facility=job.facility, printer=job.printer, created_by_name="x", reprint_of=job
    )

    assert needing_people(user) == 0


def test_a_printer_without_film_says_so_and_is_tried_when_it_is_loaded(operator, job, printer):
    PrintJob.objects.update(state_reasons=["media-needed"], message="No film.")
    cards = seen(operator.get("/print/printers/"))
    assert "Out of film" in cards
    assert "1 waits for film" in cards

    operator.post(f"/printers/{printer.pk}/loaded/")

    job.refresh_from_db()
    assert job.state_reasons == []


def test_all_printers_are_paused_and_started_at_once(operator, make_user, facility, printer):
    second(facility)
    assert 'id="pause-all"' in seen(operator.get("/print/"))

    operator.post("/print/pause-all/")
    assert not Printer.objects.filter(is_enabled=True).exists()
    operator.post("/print/start-all/")
    assert not Printer.objects.filter(is_enabled=False).exists()

    technologist = signed_in(make_user, "technologist")
    assert technologist.post("/print/pause-all/").status_code == 403
    assert not Printer.objects.filter(is_enabled=False).exists()


def test_a_card_shows_supplies_and_the_printers_own_words(operator, printer):
    """ui.md §8: printer's own words shown unchanged after ours."""
    Printer.objects.update(
        supplies=[{"name": "14×17", "level": 8, "says": ""}, {"name": "Ink", "says": "LOW"}, "x"],
        status="WARNING",
        status_info="SUPPLY LOW",
    )

    card = seen(operator.get("/print/printers/"))

    assert "8 %" in card
    assert "WARNING SUPPLY LOW" in card


def test_what_was_said_is_grouped_by_connection(operator, job):
    for number, text in ((0, "Queued."), (1, "First."), (1, "Lost."), (2, "Second.")):
        PrintJobEvent.objects.create(
            facility_id=job.facility_id,
            job=job,
            at=timezone.now(),
            text=text,
            association=number,
        )

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert page.count('<details class="conn') == 2
    assert page.index("Connection 1") < page.index("Lost.") < page.index("Connection 2")


def test_a_connection_is_shown_once_also_when_a_person_acts_meanwhile(operator, job):
    """What happens outside stands where it happened, within the connection’s lines."""
    said = ((0, "Queued."), (1, "First."), (0, "Held by ann."), (1, "Last."), (0, "Released."))
    for number, text in said:
        PrintJobEvent.objects.create(
            facility_id=job.facility_id,
            job=job,
            at=timezone.now(),
            text=text,
            association=number,
            kind="message" if number else "person",
        )

    page = seen(operator.get(f"/print/jobs/{job.pk}/history/"))

    assert page.count("Connection 1") == 1
    one = page[page.index("Connection 1") : page.index("</details>", page.index("Connection 1"))]
    assert page[: page.index("Connection 1")].endswith(' open><summary class="s"><b>')
    assert one.index("First.") < one.index("Held by ann.") < one.index("Last.")
    assert "Released." not in one
    assert page.index("Last.") < page.index("Released.")


def test_the_film_of_a_moved_job_names_the_printer_that_took_it(operator, make_user, job):
    """The job waits for one printer; its first film lies in the tray of another."""
    other = second(job.facility)
    job.pages.filter(number=1).update(state="accepted", printer=job.printer, printer_name="FILM")
    assert "by FILM" not in seen(operator.get(f"/print/jobs/{job.pk}/"))

    PrintJob.objects.update(printer=other)

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))
    assert page.count("by FILM") == 1
    answered = operator.get(f"/api/v1/print-jobs/{job.pk}/").json()["pages"]
    assert [page["printer"] for page in answered] == [Printer.objects.get(name="FILM").pk, None]


def test_the_question_about_a_failed_film_names_the_printer_that_took_it(operator, job):
    """Who is sent to the wrong tray finds no film there, and prints it again."""
    other = second(job.facility)
    stopped(job, "failed", "pending", reason="failed-in-device")
    job.pages.filter(number=1).update(printer=job.printer, printer_name="FILM")
    PrintJob.objects.update(printer=other)

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert "FILM failed over film 1. Is it in the tray?" in page
    assert "Film 1 is sent to OTHER once more." in page


def test_a_long_history_is_cut_in_the_drawer_and_whole_on_its_page(operator, job):
    PrintJobEvent.objects.bulk_create(
        PrintJobEvent(
            facility_id=job.facility_id, job=job, at=timezone.now(), text=f"line-{number}-"
        )
        for number in range(300)
    )

    drawer = seen(operator.get(f"/print/jobs/{job.pk}/"))
    whole = seen(operator.get(f"/print/jobs/{job.pk}/history/"))

    assert "line-0-" not in drawer
    assert "line-299-" in drawer
    assert "line-0-" in whole


def test_a_cropped_picture_is_said_loudly(operator, job):
    """printing.md §2.4: B609: warn loudly, anatomy may be missing."""
    job.pages.filter(number=1).update(warnings=[{"code": 0xB609, "says": "Cropped (B609)"}])

    page = seen(operator.get(f"/print/jobs/{job.pk}/"))

    assert "a picture was cropped, anatomy may be missing" in page
    assert "tone-bad slim" in page


def failed(job, **values):
    """Bring a job to its end as failed."""
    values = {"state_reasons": ["aborted-by-system"], "ended_at": timezone.now()} | values
    PrintJob.objects.filter(pk=job.pk).update(state=JobState.ABORTED, **values)
    job.refresh_from_db()
    job_failed_alert(job)
    return job


def test_a_failed_job_needs_a_person_until_somebody_says_that_it_was_seen(operator, job, make_user):
    failed(job)
    viewer = make_user("auditor")
    assert needing_people(viewer) == 1
    assert "Seen" in seen(operator.get(f"/print/jobs/{job.pk}/"))

    said = operator.post(f"/print/jobs/{job.pk}/acknowledge/", headers=HTMX)

    assert f"Job {job.pk} needs nobody any more." in seen(said)
    assert needing_people(viewer) == 0
    assert Alert.objects.get(key=f"print-job-{job.pk}").settled_at is not None
    page = operator.get(f"/print/jobs/{job.pk}/").content.decode()
    assert "/acknowledge/" not in page
    assert "Failed" in page  # it is noted, not forgiven
    assert "alertrow" not in operator.get("/print/?state=done").content.decode()


def test_a_failure_of_yesterday_is_not_lost_at_midnight(make_user, job):
    failed(job, ended_at=timezone.now() - timedelta(hours=30))

    assert needing_people(make_user("auditor")) == 1


def test_only_a_failed_job_is_noted_as_seen(operator, job):
    said = operator.post(f"/print/jobs/{job.pk}/acknowledge/", headers=HTMX)

    assert said.status_code == 409
    assert "only failed jobs are noted" in seen(said)


def test_who_may_not_change_a_job_does_not_take_it_off_the_list(make_user, job):
    failed(job)
    colleague = signed_in(make_user, "technologist", name="other")

    assert colleague.post(f"/print/jobs/{job.pk}/acknowledge/").status_code == 403
    assert "/acknowledge/" not in colleague.get(f"/print/jobs/{job.pk}/").content.decode()


def test_printing_a_failed_job_again_settles_its_alert(operator, job):
    failed(job)

    job_reprint(job_id=job.pk, is_exact=False, reason="printer-fault", by=BY)

    assert Alert.objects.get(key=f"print-job-{job.pk}").settled_at is not None
