"""Pools: who is asked first, who takes over, and when nobody may (issue 6, point 7)."""

import pytest

from portal.errors import Conflict, InvalidInput, NotAllowed, StaleVersion
from portal.models import AuditEvent
from portal.selectors import actor_for
from printing.models import PrintedPage, Printer, PrinterAddress, PrinterModel, PrintJob, PrintPool
from printing.services import jobs, outcomes, pools, printer_queue
from printing.types import Outcome
from printing.worker import jobs as worker
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.claiming import claim, page_id, record
from tests.printing.factories import BY, make_image, make_job, make_printer
from tests.printing.pages import other_facility

pytestmark = pytest.mark.django_db


@pytest.fixture
def members(facility, settings):
    settings.PRINT_RETRY_S = [30, 60]
    return [make_printer(facility, 21_150 + n, name=f"P{n}", ae_title=f"P{n}") for n in range(3)]


def make_pool(facility, printers, strategy="failover", **values):
    return pools.pool_set(
        facility_id=facility.pk,
        name="FILMS",
        printer_ids=[printer.pk for printer in printers],
        strategy=strategy,
        by=BY,
        **values,
    )


def pool_job(facility, pool, pages=1, **values):
    """Queue images for a pool."""
    job = make_job(
        pool.printers.order_by("memberships__rank").first(),
        [make_image(facility)] * pages,
        **values,
    )
    jobs.job_move(job_id=job.pk, pool_id=pool.pk, by=BY)
    job.refresh_from_db()
    return job


def test_a_job_is_planned_for_the_first_that_works(facility, members):
    """Failover: in the order that was set."""
    pool = make_pool(facility, members)
    printer_queue.printer_enable(printer_id=members[0].pk, is_enabled=False, by=BY)

    assert pool_job(facility, pool).printer == members[1]


def test_balance_asks_the_one_with_the_least_to_do(facility, members):
    """Load is what waits and what prints."""
    pool = make_pool(facility, members, "balance")
    for printer in members[:2]:
        make_job(printer, [make_image(facility)])

    assert pool_job(facility, pool).printer == members[2]


def test_a_member_that_takes_no_new_jobs_takes_none_over(facility, members):
    """What waits in its queue is printed; what failed at another printer is new to it."""
    job = pool_job(facility, make_pool(facility, members[:2]))
    printer_queue.printer_accept(printer_id=members[1].pk, is_accepting=False, by=BY)
    claim()

    record(job, Outcome.NOT_REACHED)

    job.refresh_from_db()
    assert (job.state, job.printer) == ("pending", members[0])
    assert claim() is None


def test_only_members_that_take_size_and_medium_are_asked(facility, members):
    """Same size and medium, or not at all."""
    small = make_printer(facility, 21_160, name="SMALL", ae_title="SMALL", model="generic-8bit")
    PrinterModel.objects.filter(name="generic-8bit").update(
        film_size_ids=["8INX10IN"], medium_types=["PAPER"]
    )
    pool = make_pool(facility, [small, *members[:1]])

    job = pool_job(facility, pool)
    assert job.printer == members[0]
    claim()
    record(job, Outcome.NOT_REACHED)  # P0 fails: SMALL is no substitute
    job.refresh_from_db()
    assert (job.printer, job.state_reasons) == (members[0], ["connecting-to-device"])
    with pytest.raises(Conflict, match="takes the films"):
        jobs.job_move(
            job_id=pool_job(facility, pool).pk,
            pool_id=pools.pool_set(
                facility_id=facility.pk, name="PAPERS", printer_ids=[small.pk], by=BY
            ).pk,
            by=BY,
        )


@pytest.mark.parametrize(
    "outcome", [Outcome.NOT_REACHED, Outcome.NOT_READY, Outcome.NO_MEDIA, Outcome.NOT_ADMITTED]
)
def test_another_member_takes_the_job_at_once(facility, members, outcome):
    """printing.md §5 (5): move on FAILURE, SUPPLY EMPTY, rejection, C602."""
    pool = make_pool(facility, members)
    job = pool_job(facility, pool)
    claim()
    record(job, outcome)

    job.refresh_from_db()
    assert (job.state, job.printer, job.next_attempt_at) == ("pending", members[1], None)
    assert job.events.filter(text="P1 takes the job, not P0.").exists()
    assert claim("w2").port == 21_151


def test_a_round_through_all_members_is_one_attempt(facility, members):
    """The retry plan is the pool's: it does not end three times as early."""
    pool = make_pool(facility, members)
    job = pool_job(facility, pool)
    for _ in members:
        claim()
        record(job, Outcome.NOT_REACHED)

    job.refresh_from_db()
    assert (job.attempts, job.state_reasons) == (1, ["connecting-to-device"])
    assert job.next_attempt_at is not None


def test_after_an_open_n_action_nobody_takes_over(facility, members):
    """Issue 6: never after an open N-ACTION."""
    pool = make_pool(facility, members)
    job = pool_job(facility, pool, pages=2)
    claim()
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=page_id(job), film_box_uid="1")
    record(job, Outcome.UNKNOWN)

    job.refresh_from_db()
    assert (job.state, job.printer) == ("processing-stopped", members[0])
    with pytest.raises(Conflict, match="decide that first"):
        jobs.job_move(job_id=job.pk, printer_id=members[1].pk, by=BY)
    assert claim("w2") is None


def test_accepted_pages_stay_where_they_are(facility, members):
    """A job moves with what is not out; the account says which printer made which film."""
    pool = make_pool(facility, members)
    job = pool_job(facility, pool, pages=2)
    claimed = claim()
    first = claimed.pages[0].page_id
    outcomes.page_sent(job_id=job.pk, lease_owner="w1", page_id=first, film_box_uid="1")
    outcomes.page_accepted(job_id=job.pk, lease_owner="w1", page_id=first)
    record(job, Outcome.NOT_REACHED)

    (left,) = claim("w2").pages
    assert left.number == 2
    assert PrintedPage.objects.get(pk=first).printer_name == "P0"


def test_a_busy_member_does_not_hold_up_the_pool(facility, members):
    """Balance at the moment of the claim: the device of the planned one is taken."""
    pool = make_pool(facility, members)
    make_job(members[0], [make_image(facility)])
    job = pool_job(facility, pool)
    assert claim("w1").port == 21_150

    claimed = claim("w2")

    assert (claimed.job_id, claimed.port) == (job.pk, 21_151)


def test_a_job_for_one_printer_stays_with_it(facility, members):
    """A pool helps those that were sent to it."""
    make_pool(facility, members)
    job = make_job(members[0], [make_image(facility)])
    claim()
    record(job, Outcome.NOT_REACHED)

    job.refresh_from_db()
    assert (job.printer, job.state_reasons) == (members[0], ["connecting-to-device"])


def test_a_pool_is_set_up_by_who_may(facility, members, make_user):
    """PRINTER_MANAGE; told, audited, no two of a name, nobody else's printers, no stale forms."""
    pool = make_pool(facility, members)
    assert AuditEvent.objects.filter(target="pool of printers", action="set").count() == 1
    with pytest.raises(NotAllowed):
        pools.pool_set(
            facility_id=facility.pk,
            name="X",
            printer_ids=[members[0].pk],
            by=actor_for(make_user("technologist")),
        )
    foreign = make_printer(other_facility(), 21_170, name="N", ae_title="N")
    for bad in (
        {"name": " "},
        {"printer_ids": []},
        {"printer_ids": [foreign.pk]},
        {"name": "FILMS"},
    ):
        values = {"name": "Y", "printer_ids": [members[0].pk]} | bad
        with pytest.raises(InvalidInput):
            pools.pool_set(facility_id=facility.pk, by=BY, **values)
    changed = make_pool(facility, members[::-1], pool_id=pool.pk, version=pool.version)
    assert [m.printer for m in changed.members.all()] == members[::-1]
    with pytest.raises(StaleVersion):
        make_pool(facility, members, pool_id=pool.pk, version=1)


def test_a_pool_that_is_removed_leaves_its_jobs(facility, members):
    """They stay with the printer that they are planned for."""
    pool = make_pool(facility, members)
    job = pool_job(facility, pool)

    pools.pool_delete(pool_id=pool.pk, by=BY)

    assert not PrintPool.objects.exists()
    job.refresh_from_db()
    assert (job.pool, job.printer) == (None, members[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
@pytest.mark.parametrize("fault", ["off", "full", "failure"])
def test_each_film_comes_out_once_whoever_prints_it(facility, plan, fault):
    """C602 at page 2, switched off, FAILURE: the other member prints what is left."""
    with sim_printer(ae_title="A") as first, sim_printer(ae_title="B") as second:
        if fault == "off":
            first.stop()
        elif fault == "full":
            first.rules.append(Rule("N-ACTION", nth=2, status=0xC602))
        else:
            first.status = {"PrinterStatus": "FAILURE", "PrinterStatusInfo": "FILM JAM"}
        printers = [
            make_printer(facility, peer.port, name=peer.ae_title, ae_title=peer.ae_title)
            for peer in (first, second)
        ]
        job = pool_job(facility, make_pool(facility, printers), pages=3, number_of_copies=2)

        while worker.work_once():
            pass

        assert first.printed + second.printed == 6
        assert first.printed == (2 if fault == "full" else 0)
    job.refresh_from_db()
    assert job.state == "completed"
    assert Printer.objects.get(name="A").state == "stopped"
    assert not PrinterAddress.objects.exclude(lease_until=None).exists()
    assert PrintJob.objects.get().printer.name == "B"
