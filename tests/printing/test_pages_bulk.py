"""The same done with several jobs of the queue at once."""

import pytest

from printing.models import PrintJob
from tests.printing.console import REASON, second
from tests.printing.factories import make_job, make_printer
from tests.printing.pages import HTMX, other_facility, picture, seen

pytestmark = pytest.mark.django_db


def test_several_jobs_at_once_each_with_its_own_answer(operator, job, printer, facility):
    other = make_job(printer, [picture(facility, 3)])
    done = make_job(printer, [picture(facility, 4)])
    PrintJob.objects.filter(pk=done.pk).update(state="completed")

    answer = operator.post(
        "/print/bulk/", {"job": [job.pk, other.pk, done.pk], "do": "hold"}, headers=HTMX
    )

    page = seen(answer)
    assert "Hold: 2 jobs." in page
    assert f"Not changed, job {done.pk}:" in page
    assert answer["HX-Trigger"] == "bulk-done"
    held = PrintJob.objects.filter(state="pending-held").values_list("pk", flat=True)
    assert set(held) == {job.pk, other.pk}


def test_cancelling_several_shows_every_patient_and_asks_why(operator, job, printer, facility):
    other = make_job(printer, [picture(facility, 3, PatientID="S-9", PatientName="Third^Pat")])
    values = {"job": [job.pk, other.pk], "do": "cancel", "back": "?state=all"}

    page = seen(operator.post("/print/bulk/", values))
    assert "Cancel 2 jobs?" in page
    assert "Third, Pat" in page
    assert not PrintJob.objects.filter(state="canceled").exists()
    answer = operator.post("/print/bulk/", values | {"asked": 1} | REASON)

    assert answer["Location"] == "/print/?state=all"
    assert PrintJob.objects.filter(state="canceled").count() == 2


def test_all_jobs_of_a_printer_are_moved(operator, job, printer, facility):
    other = second(facility)
    values = {"all_of": printer.pk, "do": "move"}
    assert f'name="job" value="{job.pk}"' in seen(operator.post("/print/bulk/", values))

    operator.post(
        "/print/bulk/",
        {"job": job.pk, "do": "move", "asked": 1, "target": f"printer-{other.pk}"},
    )

    job.refresh_from_db()
    assert job.printer == other


@pytest.mark.parametrize(
    "values", [{"do": "hold"}, {"do": "burn", "job": "1"}, {"do": "hold", "job": "x"}, {}]
)
def test_nothing_chosen_or_nothing_known_is_said(operator, job, values):
    assert operator.post("/print/bulk/", values).status_code == 400


def test_jobs_of_another_facility_are_not_among_the_chosen(operator, job):
    north = other_facility()
    theirs = make_job(make_printer(north, 109), [picture(north)])

    operator.post("/print/bulk/", {"job": [job.pk, theirs.pk], "do": "hold"})

    theirs.refresh_from_db()
    job.refresh_from_db()
    assert (job.state, theirs.state) == ("pending-held", "pending")


def test_nobody_is_led_to_another_site_afterwards(operator, job):
    answer = operator.post(
        "/print/bulk/", {"job": job.pk, "do": "hold", "back": "//elsewhere.example/"}
    )

    assert answer["Location"] == "/print/"
