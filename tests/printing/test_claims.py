"""Claims: one worker per job, one association per device, and what happens to lost ones."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from printing.models import JobState, PageState, Printer, PrinterAddress, PrintJob
from printing.services import claims, jobs, outcomes, printers
from printing.types import Outcome, TalkResult
from tests.printing.claiming import claim, page_id, record
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


PLAN = [30, 60]


@pytest.fixture
def printer(facility, settings):
    settings.PRINT_RETRY_S = PLAN
    return make_printer(facility, 21_190)


@pytest.fixture
def job(facility, printer):
    return make_job(printer, [make_image(facility)] * 2)


def expire(job):
    past = timezone.now() - timedelta(seconds=1)
    PrintJob.objects.filter(pk=job.pk).update(lease_until=past)
    PrinterAddress.objects.update(lease_until=past)


def test_a_claim_carries_all_that_the_talk_needs(facility, job, printer):
    """architecture.md §6: no transaction, and no row, while talking."""
    claimed = claim()

    assert (claimed.job_id, claimed.host, claimed.port) == (job.pk, "127.0.0.1", 21_190)
    assert (claimed.called_ae_title, claimed.calling_ae_title) == ("FILM", facility.ae_title)
    assert (claimed.drawing.bits, claimed.action_timeout_s) == (12, 120)
    assert [page.number for page in claimed.pages] == [1, 2]
    assert claimed.capabilities.film_pixels["14INX17IN"] == (4096, 5120)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease_owner) == ("processing", 1, "w1")
    assert Printer.objects.get().state == "processing"


def test_one_association_per_device_address(facility, job, printer):
    """printing.md §6: the address has the lease, not the printer: several may share a device."""
    same_device = printers.printer_set(
        facility_id=facility.pk, name="SECOND", device_id=printer.device_id, by=BY
    )
    make_job(same_device, [make_image(facility)])
    elsewhere = make_printer(facility, 21_191, name="OTHER", ae_title="OTHER")
    free = make_job(elsewhere, [make_image(facility)])

    assert claim("w1").job_id == job.pk
    assert claim("w2").job_id == free.pk  # the second job waits for its device
    assert claim("w3") is None


@pytest.mark.parametrize(
    "change",
    [
        {"state": JobState.PENDING_HELD},
        {"state": JobState.COMPLETED},
        {"next_attempt_at": timezone.now() + timedelta(days=1)},
    ],
)
def test_what_is_not_due_is_not_claimed(job, change):
    """Held, ended and later jobs stay where they are."""
    PrintJob.objects.update(**change)

    assert claim() is None


def test_a_paused_printer_keeps_its_jobs(job, printer):
    """printing.md §1b: pause and resume; what waits is told, and goes on by itself."""
    printers.printer_enable(printer_id=printer.pk, is_enabled=False, by=BY)
    assert claim() is None
    job.refresh_from_db()
    assert job.message == "FILM is stopped: Paused by test."

    printers.printer_enable(printer_id=printer.pk, is_enabled=True, by=BY)

    job.refresh_from_db()
    assert job.message == ""
    assert claim().job_id == job.pk


def test_the_urgent_go_first_then_the_oldest(facility, printer):
    """(2000,0020) Print Priority, then first in first out."""
    image = make_image(facility)
    low, med, high = (
        make_job(printer, [image], print_priority=priority) for priority in ("LOW", "MED", "HIGH")
    )
    later = make_job(printer, [image])
    order = []
    while claimed := claim():
        order.append(claimed.job_id)
        record(PrintJob(pk=claimed.job_id), Outcome.REFUSED)

    assert order == [high.pk, med.pk, later.pk, low.pk]


def test_a_lease_is_prolonged_as_long_as_it_holds(job):
    """architecture.md §6."""
    claim()
    expire(job)

    assert claims.lease_renew(job_id=job.pk, lease_owner="w1")
    assert not claims.lease_renew(job_id=job.pk, lease_owner="w2")
    assert PrinterAddress.objects.get().lease_until > timezone.now()
    assert claims.leases_take_over() == 0


def test_killed_before_the_n_action_is_printed_by_another(job):
    """architecture.md §2: kill -9 loses no job."""
    claim()
    expire(job)

    assert claims.leases_take_over() == 1

    job.refresh_from_db()
    assert job.state == "pending"
    assert claim("w2").job_id == job.pk


def test_killed_after_the_n_action_is_unknown(job):
    """architecture.md §6: is an N-ACTION open?"""
    claim()
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1")
    expire(job)

    claims.leases_take_over()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["outcome-unknown"])
    assert list(job.pages.values_list("state", flat=True)) == ["unknown", "pending"]
    assert claim("w2") is None


def test_killed_after_the_last_page_is_complete(job):
    """Everything had been accepted and recorded."""
    claim()
    job.pages.update(state=PageState.ACCEPTED)
    expire(job)

    claims.leases_take_over()

    job.refresh_from_db()
    assert job.state == "completed"


def test_killed_while_cancelling_is_canceled(job):
    """The wish outlives the worker."""
    claim()
    jobs.job_cancel(job_id=job.pk, by=BY)
    expire(job)

    claims.leases_take_over()

    job.refresh_from_db()
    assert job.state == "canceled"


def test_a_job_that_kills_its_workers_is_given_up(job):
    """Not for ever: the retry plan counts these attempts too."""
    for _ in range(len(PLAN) + 1):
        claim()
        expire(job)
        claims.leases_take_over()

    job.refresh_from_db()
    assert (job.state, job.state_reasons) == ("processing-stopped", ["job-stopped"])


@pytest.mark.parametrize("act", ["page_sent", "page_accepted", "job_record"])
def test_a_worker_that_lost_its_lease_records_nothing(job, act):
    """Nothing more may go out from a worker that another one has replaced."""
    claim("w1")
    expire(job)
    claims.leases_take_over()
    claim("w2")
    values = {
        "page_sent": {"page_id": page_id(job), "film_box_uid": "1"},
        "page_accepted": {"page_id": page_id(job)},
        "job_record": {"result": TalkResult(Outcome.ACCEPTED)},
    }[act]

    with pytest.raises(claims.LeaseLost):
        getattr(outcomes, act)(job_id=job.pk, lease_owner="w1", **values)

    job.refresh_from_db()
    assert (job.state, job.lease_owner) == ("processing", "w2")


def test_many_workers_at_once_take_each_job_once(transactional_db, facility):
    """architecture.md §8: one claim per device address, on SQLite and PostgreSQL."""
    image = make_image(facility)
    devices = [make_printer(facility, 21_150 + n, name=f"P{n}", ae_title=f"P{n}") for n in range(3)]
    waiting = {make_job(printer, [image]).pk for printer in devices for _ in range(2)}
    claimed, lock = [], threading.Lock()
    start = threading.Barrier(6)

    def work(number):
        try:
            start.wait()
            found = claims.job_claim(lease_owner=f"w{number}")
            with lock:
                claimed.append(found)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = [job for job in claimed if job is not None]
    assert 1 <= len(found) <= 3
    assert len({job.port for job in found}) == len(found)
    assert {job.job_id for job in found} <= waiting
