"""Quotas: how much film a unit may use in a day, a week or a month, and what happens past it.

As CUPS has job-quota-period and job-page-limit (printing.md §2), but by unit.
"""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotAllowed, NotFound, StaleVersion
from portal.models import AuditEvent
from portal.selectors import actor_for
from printing.models import JobState, PageState, PrintedPage, PrintJob, PrintQuota, PrintUse
from printing.selectors.accounting import films_of_period, period_start
from printing.services.quotas import quota_check, quota_delete, quota_set
from tests.printing.factories import BY, make_image, make_job, make_printer
from tests.printing.pages import other_facility, seen, signed_in

pytestmark = pytest.mark.django_db


def make_use(facility, films=1, unit="Ward 1", at=None, **values):
    """Count some films."""
    return PrintUse.objects.create(
        facility=facility,
        at=at or timezone.now(),
        job_number=1 + PrintUse.objects.count(),
        page_number=1,
        films=films,
        printer_name="FILM",
        film_size_id="14INX17IN",
        created_by_name="anna",
        requesting_unit=unit,
        **values,
    )


def quota(facility, films, **values):
    return quota_set(facility_id=facility.pk, films=films, by=BY, **values)


def check(facility, films, unit="Ward 1"):
    return quota_check(facility_id=facility.pk, unit=unit, films=films)


def test_without_quotas_everything_fits(facility):
    assert check(facility, 1000) == ""


def test_up_to_the_quota_it_fits_and_one_film_more_warns(facility):
    quota(facility, 10, requesting_unit="Ward 1")
    make_use(facility, 6)

    assert check(facility, 4) == ""
    warning = check(facility, 5)

    assert "Ward 1 may use 10 films a month: 6 are used, 0 wait to be printed, 5 are" in warning
    assert check(facility, 100, unit="Clinic") == ""


def test_a_stopping_quota_refuses_in_words(facility):
    quota(facility, 10, requesting_unit="Ward 1", action="stop", period="day")
    make_use(facility, 10)

    with pytest.raises(Conflict, match=r"10 films a day: 10 are used.*This job is not queued"):
        check(facility, 1)


def test_the_quota_of_all_units_counts_everybody_also_those_not_known(facility):
    quota(facility, 10)
    make_use(facility, 5)
    make_use(facility, 5, unit="")

    assert "All units together may use 10 films" in check(facility, 1, unit="Clinic")
    assert "All units together" in check(facility, 1, unit="")


def test_a_warning_before_the_stop(facility):
    """One quota of each action: warn at 8, stop at 10."""
    quota(facility, 8, requesting_unit="Ward 1")
    quota(facility, 10, requesting_unit="Ward 1", action="stop")
    make_use(facility, 8)

    assert "8 films" in check(facility, 1)
    with pytest.raises(Conflict, match="10 films"):
        check(facility, 3)


def test_films_that_wait_count_too(facility, free_port):
    """Else a hundred jobs queued in a minute would all fit."""
    quota(facility, 6)
    job = make_job(make_printer(facility, free_port), [make_image(facility)], number_of_copies=4)

    assert check(facility, 2) == ""
    assert "4 wait to be printed" in check(facility, 3)

    page = job.pages.get()
    page.state = PageState.ACCEPTED  # now the account has it, not the queue
    page.save()
    make_use(facility, 4)
    assert check(facility, 2) == ""
    PrintedPage.objects.update(state=PageState.PENDING)
    PrintUse.objects.all().delete()
    PrintJob.objects.update(state=JobState.CANCELED)
    assert check(facility, 6) == ""


def unit_of_study(facility_id, study_instance_uid, accession_number):
    """Say which unit asked, as the worklist would."""
    return "Ward 1"


def test_a_job_past_a_stopping_quota_is_not_queued_and_leaves_nothing(
    facility, free_port, settings
):
    settings.UNIT_OF_STUDY = "tests.printing.test_quotas.unit_of_study"
    printer, image = make_printer(facility, free_port), make_image(facility)
    quota(facility, 3, requesting_unit="Ward 1", action="stop")
    make_job(printer, [image], number_of_copies=3)

    with pytest.raises(Conflict, match="Ward 1 may use 3 films a month: 0 are used, 3 wait"):
        make_job(printer, [image])

    assert PrintJob.objects.count() == 1
    assert PrintedPage.objects.count() == 1


def test_a_job_past_a_warning_quota_is_queued_and_its_history_says_so(
    facility, free_port, settings
):
    settings.UNIT_OF_STUDY = "tests.printing.test_quotas.unit_of_study"
    quota(facility, 1, requesting_unit="Ward 1")

    job = make_job(make_printer(facility, free_port), [make_image(facility)], number_of_copies=2)

    assert job.state == JobState.PENDING
    assert [e for e in job.events.all() if "Ward 1 may use 1 film a month" in e.text]


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_cannot_pass_a_quota_together(facility, free_port):
    """The quota stays locked until the job is there."""
    printer, image = make_printer(facility, free_port), make_image(facility)
    quota(facility, 5, action="stop")
    barrier, outcomes = threading.Barrier(2), []

    def ask():
        try:
            barrier.wait(timeout=60)
            make_job(printer, [image], number_of_copies=3)
            outcomes.append("queued")
        except Conflict:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["queued", "refused"]
    assert PrintJob.objects.count() == 1


def test_test_pages_are_nobodys_films(facility):
    quota(facility, 5)
    make_use(facility, 50, is_calibration=True)

    assert check(facility, 5) == ""


def test_wasted_films_count(facility):
    """Film that failed or was printed again was used."""
    quota(facility, 5)
    make_use(facility, 3, is_wasted=True)

    assert check(facility, 3) != ""


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("day", datetime(2026, 3, 18, tzinfo=UTC)),
        ("week", datetime(2026, 3, 16, tzinfo=UTC)),  # a Monday
        ("month", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_periods_begin_by_the_sites_clock(period, start):
    """2026-03-18 is a Wednesday; Tokyo's day began nine hours before UTC's."""
    now = datetime(2026, 3, 18, 12, tzinfo=UTC)
    with timezone.override("UTC"):
        assert period_start(period, now) == start
    with timezone.override("Asia/Tokyo"):
        assert period_start(period, now) == start - timedelta(hours=9)


def test_a_day_begins_at_midnight_also_when_clocks_change():
    """On 2026-03-29 Berlin's clocks jump: midnight is still midnight."""
    with timezone.override("Europe/Berlin"):
        now = datetime(2026, 3, 29, 12, tzinfo=UTC)
        assert period_start("day", now) == datetime(2026, 3, 28, 23, tzinfo=UTC)
        assert period_start("month", now) == datetime(2026, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_what_was_used_before_the_period_is_forgotten(facility, period):
    made = quota(facility, 5, period=period)
    start = period_start(period, timezone.now())
    make_use(facility, 3, at=start - timedelta(seconds=1))
    make_use(facility, 2, at=start)

    assert films_of_period(made) == 2


def test_quotas_of_another_facility_are_not_ours(facility):
    other = other_facility()
    quota_set(facility_id=other.pk, films=0, action="stop", by=BY)
    make_use(other, 50)

    assert check(facility, 1) == ""


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"films": -1}, "films"),
        ({"films": 10**9}, "films"),
        ({"films": 1, "period": "year"}, "period"),
        ({"films": 1, "action": "shout"}, "action"),
        ({"films": 1, "requesting_unit": "x" * 65}, "requesting_unit"),
    ],
)
def test_values_that_make_no_quota_are_refused(facility, values, field):
    with pytest.raises(InvalidInput) as refused:
        quota_set(facility_id=facility.pk, by=BY, **values)

    assert refused.value.field == field


def test_a_second_quota_of_the_same_kind_is_refused(facility):
    quota(facility, 5)

    with pytest.raises(Conflict, match="such a quota already"):
        quota(facility, 6)


def test_changes_are_audited_and_the_slower_of_two_people_is_told(facility):
    made = quota(facility, 5, requesting_unit=" Ward 1 ")
    assert made.requesting_unit == "Ward 1"

    changed = quota(facility, 7, quota_id=made.pk, version=1, requesting_unit="Ward 1")

    assert (changed.films, changed.version) == (7, 2)
    with pytest.raises(StaleVersion):
        quota(facility, 9, quota_id=made.pk, version=1)
    quota_delete(facility_id=facility.pk, quota_id=made.pk, version=2, by=BY)
    with pytest.raises(NotFound):
        quota_delete(facility_id=facility.pk, quota_id=made.pk, by=BY)
    events = AuditEvent.objects.filter(target="print quota").values_list("action", flat=True)
    assert list(events.order_by("pk")) == ["set", "set", "delete"]


@pytest.mark.parametrize("role", ["scheduler", "technologist", "auditor"])
def test_only_who_runs_printers_sets_quotas(facility, make_user, role):
    user = make_user(role)
    with pytest.raises(NotAllowed):
        quota_set(facility_id=facility.pk, films=1, by=actor_for(user))
    client = signed_in(make_user, role, name=f"{role}2")

    page = client.get("/print/quotas/")
    answer = client.post("/print/quotas/", {"films": "5", "period": "day", "action": "warn"})

    assert "You may look but not change this." in seen(page)
    assert answer.status_code == 403
    assert not PrintQuota.objects.exists()


# --- the page ---------------------------------------------------------------------------------


def test_an_operator_adds_changes_and_takes_away_a_quota(facility, operator):
    values = {"requesting_unit": "Ward 1", "films": "50", "period": "week", "action": "stop"}
    operator.post("/print/quotas/", values)
    made = PrintQuota.objects.get()
    make_use(facility, 45)

    page = seen(operator.get("/print/quotas/"))
    assert "50 films a week" in page
    assert "45 used, 0 waiting" in page
    assert "Nearly used up" in page
    changing = seen(operator.get(f"/print/quotas/?change={made.pk}"))
    assert 'value="50"' in changing

    answer = operator.post(
        f"/print/quotas/?change={made.pk}", values | {"films": "45", "version": "1"}
    )

    assert answer.status_code == 302
    assert "Takes no more jobs" in seen(operator.get("/print/quotas/"))
    operator.post(f"/print/quotas/{made.pk}/delete/", {"version": "2"})
    assert not PrintQuota.objects.exists()
    assert "There are no quotas" in seen(operator.get("/print/quotas/"))


def test_a_form_that_cannot_be_saved_says_why(facility, operator):
    empty = operator.post("/print/quotas/", {"films": "", "period": "day", "action": "warn"})
    assert empty.status_code == 422
    assert "Write how many films." in seen(empty)
    values = {"films": "5", "period": "day", "action": "warn"}
    operator.post("/print/quotas/", values)

    twice = operator.post("/print/quotas/", values)

    assert twice.status_code == 409
    assert "There is such a quota already." in seen(twice)


def test_quotas_of_others_are_not_there(facility, operator):
    made = quota_set(facility_id=other_facility().pk, films=77, by=BY)

    assert "77 films" not in seen(operator.get("/print/quotas/"))
    assert operator.get(f"/print/quotas/?change={made.pk}").status_code == 404
    assert operator.post(f"/print/quotas/{made.pk}/delete/").status_code == 404
    assert PrintQuota.objects.count() == 1
