"""What is asked before a job changes: why, where to, until when, which films."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printing.models import JobState, PageState, PrintJob
from printing.services.pools import pool_set
from tests.printing.console import REASON, second
from tests.printing.factories import BY, make_job, make_printer
from tests.printing.pages import HTMX, picture, seen, signed_in

pytestmark = pytest.mark.django_db


def test_cancelling_asks_why_and_names_the_patient(operator, job):
    """ui.md §7: identity, consequences, a reason, the verb on the button."""
    page = seen(operator.get(f"/print/jobs/{job.pk}/cancel/"))
    assert "Synthetic, Pat" in page
    assert "Keep job" in page
    refused = operator.post(f"/print/jobs/{job.pk}/cancel/", {"reason": ""})
    assert refused.status_code == 422
    assert "Choose a reason." in seen(refused)

    operator.post(f"/print/jobs/{job.pk}/cancel/", REASON)

    job.refresh_from_db()
    assert (job.state, job.cancel_reason) == ("canceled", "Wrong patient: other knee")


def test_something_else_as_a_reason_wants_words(operator, job):
    refused = operator.post(f"/print/jobs/{job.pk}/cancel/", {"reason": "other"}, headers=HTMX)

    assert refused.status_code == 422
    assert "Say in a few words why." in seen(refused)
    assert "<html" not in seen(refused)


def test_a_job_moves_to_another_printer_or_a_pool(operator, job, facility):
    other = second(facility)
    pool = pool_set(facility_id=facility.pk, name="Films", printer_ids=[other.pk], by=BY)

    operator.post(f"/print/jobs/{job.pk}/move/", {"target": f"printer-{other.pk}"})
    job.refresh_from_db()
    assert job.printer == other
    operator.post(f"/print/jobs/{job.pk}/move/", {"target": f"pool-{pool.pk}"})
    job.refresh_from_db()
    assert job.pool == pool


@pytest.mark.parametrize("target", ["", "printer-0", "printer-999999", "pool-7", "x", "printer"])
def test_a_target_that_is_none_is_refused(operator, job, target):
    before = job.printer_id

    assert operator.post(f"/print/jobs/{job.pk}/move/", {"target": target}).status_code == 422
    job.refresh_from_db()
    assert job.printer_id == before


def test_a_printer_that_has_not_the_size_is_not_offered(operator, job, facility):
    other = second(facility)
    other.model.film_size_ids = ["8INX10IN"]
    other.model.save()
    third = make_printer(facility, 106, name="THIRD", ae_title="THIRD", model="generic-8bit")

    page = seen(operator.get(f"/print/jobs/{job.pk}/move/"))

    assert f'value="printer-{third.pk}"' in page
    assert f'value="printer-{other.pk}"' not in page


@pytest.mark.parametrize(("how_long", "minutes"), [("30", 30), ("240", 240)])
def test_a_job_is_held_for_a_while(operator, job, how_long, minutes):
    operator.post(f"/print/jobs/{job.pk}/hold-until/", {"how_long": how_long})

    job.refresh_from_db()
    away = job.hold_until - timezone.now() - timedelta(minutes=minutes)
    assert job.state == "pending-held"
    assert abs(away) < timedelta(minutes=1)
    assert "Held until" in seen(operator.get(f"/print/jobs/{job.pk}/row/"))


def test_a_job_is_held_until_a_time_that_is_ahead(operator, job):
    ahead = timezone.localtime() + timedelta(days=2)
    past = {"how_long": "at", "until": "2020-01-01T08:00"}
    refused = operator.post(f"/print/jobs/{job.pk}/hold-until/", past)
    assert "That time is over already." in seen(refused)

    operator.post(f"/print/jobs/{job.pk}/hold-until/", {"until": f"{ahead:%Y-%m-%dT%H:%M}"})

    job.refresh_from_db()
    assert timezone.localtime(job.hold_until).date() == ahead.date()


def test_place_and_priority_are_changed(operator, job, printer, facility):
    later = make_job(printer, [picture(facility, 3)])

    operator.post(
        f"/print/jobs/{later.pk}/place/", {"print_priority": "MED", "before": str(job.pk)}
    )
    later.refresh_from_db()
    assert later.rank < job.rank
    assert "place 1 of 2" in seen(operator.get(f"/print/jobs/{later.pk}/"))
    operator.post(f"/print/jobs/{job.pk}/place/", {"print_priority": "HIGH", "before": ""})
    job.refresh_from_db()
    assert job.print_priority == "HIGH"


def test_printing_again_asks_why_and_takes_some_films(operator, job):
    """Issue 11: reprints with reason codes."""
    PrintJob.objects.update(state="completed", state_reasons=["sent-to-printer"])
    job.pages.update(state=PageState.ACCEPTED)
    address = f"/print/jobs/{job.pk}/reprint/"
    values = {"how": "anew", "pages": [2], "number_of_copies": 2, "printer": job.printer_id}
    assert operator.post(address, values).status_code == 422

    operator.post(address, values | {"reason": "motion", "comment": "blurred"})

    again = PrintJob.objects.exclude(pk=job.pk).get()
    assert (again.reprint_of, again.reprint_reason, again.reprint_comment) == (
        job,
        "motion",
        "blurred",
    )
    assert [page.copies for page in again.pages.all()] == [2]
    assert f"Job {again.pk}" in seen(operator.get(f"/print/jobs/{job.pk}/"))


def test_byte_for_byte_is_offered_only_while_the_pixels_are_there(operator, job):
    PrintJob.objects.update(state="completed", state_reasons=["sent-to-printer"])

    page = seen(operator.get(f"/print/jobs/{job.pk}/reprint/"))

    assert "Not possible any more: the pixels that were sent are not kept." in page


def test_a_colleague_is_told_that_this_is_not_his_to_change(make_user, job):
    bob = signed_in(make_user, "technologist", name="bob")

    for verb in ("cancel", "move", "reprint", "place", "hold-until"):
        assert bob.get(f"/print/jobs/{job.pk}/{verb}/").status_code == 403
        assert bob.post(f"/print/jobs/{job.pk}/{verb}/", REASON).status_code == 403
    job.refresh_from_db()
    assert job.state == "pending"


def test_cancelling_while_a_film_is_on_its_way_claims_nothing(operator, job):
    job.pages.filter(number=1).update(state=PageState.SENT)
    PrintJob.objects.filter(pk=job.pk).update(state=JobState.PROCESSING)

    page = seen(operator.get(f"/print/jobs/{job.pk}/cancel/"))

    assert "may still come out" in page
    assert "The printer accepted no film of it so far." in page
    assert "Nothing of it was printed" not in page


@pytest.mark.parametrize("verb", ["cancel", "move", "place", "hold-until"])
def test_who_asks_too_late_sees_the_job_as_it_is_now(operator, job, verb):
    """ui.md §6, two people: what is true now, and no form for what cannot be done any more."""
    operator.post(f"/print/jobs/{job.pk}/cancel/", REASON)

    for late in (
        operator.get(f"/print/jobs/{job.pk}/{verb}/", follow=True),
        operator.post(f"/print/jobs/{job.pk}/{verb}/", REASON, follow=True),
    ):
        page = seen(late)
        assert late.redirect_chain == [(f"/print/jobs/{job.pk}/", 302)]
        assert f"job {job.pk} has changed since you saw it. It is now: Cancelled." in page
        assert "cannot become" not in page
    in_drawer = operator.post(
        f"/print/jobs/{job.pk}/{verb}/", REASON, headers={"HX-Request": "true"}
    )
    assert in_drawer.status_code == 409
    assert "It is now: Cancelled." in seen(in_drawer)


def test_a_button_of_an_old_page_says_what_the_job_has_become(operator, job):
    operator.post(f"/print/jobs/{job.pk}/cancel/", REASON)

    late = operator.post(f"/print/jobs/{job.pk}/hold/", follow=True)

    assert "has changed since you saw it. It is now: Cancelled." in seen(late)
    job.refresh_from_db()
    assert job.state == "canceled"
