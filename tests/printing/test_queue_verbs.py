"""What people do with waiting jobs: times, places, priorities, moves, many at once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from portal.errors import Conflict, InvalidInput, NotAllowed, NotFound
from portal.models import Alert, AuditEvent
from portal.selectors import actor_for
from printing.models import Printer, PrinterModel, PrintJob
from printing.services import job_bulk, job_verbs, jobs, printer_queue
from printing.services.quotas import quota_set
from printing.types import Fallback, Outcome, UsedFallback
from printing.worker import jobs as worker
from tests.peers.sim_printer import sim_printer
from tests.printing.claiming import claim, record
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


@pytest.fixture
def printer(facility, settings):
    settings.PRINT_RETRY_S = [30]
    return make_printer(facility, 21_190)


@pytest.fixture
def three(facility, printer):
    image = make_image(facility)
    return [make_job(printer, [image]) for _ in range(3)]


def order():
    """Return the jobs as they would leave the queue."""
    found = []
    while claimed := claim():
        found.append(claimed.job_id)
        record(PrintJob.objects.get(pk=claimed.job_id), Outcome.REFUSED)
    return found


def test_held_until_a_time(three):
    """CUPS' `lp -H 18:00`: it goes back into the queue by itself."""
    job = three[0]
    until = timezone.now() + timedelta(hours=1)
    jobs.job_hold(job_id=job.pk, until=until, by=BY)
    assert job_verbs.holds_release() == 0

    PrintJob.objects.filter(pk=job.pk).update(hold_until=timezone.now())
    assert job_verbs.holds_release() == 1

    job.refresh_from_db()
    assert (job.state, job.hold_until, job.state_reasons) == ("pending", None, [])
    assert job.events.filter(text="Its time has come.").exists()


@pytest.mark.parametrize(
    "until",
    [datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC).replace(tzinfo=None)],
)
def test_a_time_that_is_over_or_nobodys_is_refused(three, until):
    """Forms keep what was typed: the error names its field."""
    with pytest.raises(InvalidInput) as caught:
        jobs.job_hold(job_id=three[0].pk, until=until, by=BY)

    assert caught.value.field == "hold_until"


def test_a_held_job_may_get_another_time(three):
    """No need to release it first."""
    jobs.job_hold(job_id=three[0].pk, by=BY)
    until = timezone.now() + timedelta(hours=2)

    assert jobs.job_hold(job_id=three[0].pk, until=until, by=BY).hold_until == until


def test_the_order_is_the_peoples(three):
    """Reorder among those of the same printer and priority."""
    first, second, third = (job.pk for job in three)
    jobs.job_reorder(job_id=third, to="top", by=BY)
    jobs.job_reorder(job_id=first, before_id=third, by=BY)

    assert order() == [first, third, second]


def test_places_between_two_jobs_do_not_run_out(facility, printer, three):
    """Ranks are halved each time; a hundred moves are no trouble."""
    first, second, third = (job.pk for job in three)
    for _ in range(20):
        jobs.job_reorder(job_id=third, before_id=second, by=BY)
        second, third = third, second

    assert sorted(order()) == sorted([first, second, third])
    assert order() == []


def test_a_priority_puts_behind_those_who_have_it(facility, printer, three):
    """First in, first out among the urgent."""
    high = make_job(printer, [make_image(facility)], print_priority="HIGH")

    jobs.job_prioritize(job_id=three[2].pk, print_priority="HIGH", by=BY)

    assert order() == [high.pk, three[2].pk, three[0].pk, three[1].pk]


def test_what_does_not_wait_has_no_place(three):
    """Conflicts, and nothing changes."""
    PrintJob.objects.filter(pk=three[0].pk).update(state="completed")
    for act in (
        lambda: jobs.job_reorder(job_id=three[0].pk, to="top", by=BY),
        lambda: jobs.job_prioritize(job_id=three[0].pk, print_priority="HIGH", by=BY),
        lambda: jobs.job_move(job_id=three[0].pk, printer_id=three[0].printer_id, by=BY),
    ):
        with pytest.raises(Conflict):
            act()
    with pytest.raises(NotFound):
        jobs.job_reorder(job_id=three[1].pk, before_id=three[0].pk, by=BY)
    with pytest.raises(InvalidInput):
        jobs.job_reorder(job_id=three[1].pk, by=BY)


def test_a_move_plans_anew(facility, printer, three):
    """Fallbacks and pixels were for the first printer; a stopped job goes out at once."""
    other = make_printer(facility, 21_191, name="OTHER", ae_title="OTHER")
    job = three[0]
    used = UsedFallback(Fallback.EIGHT_BITS, "8 bits, not 12.")
    PrintJob.objects.filter(pk=job.pk).update(
        state="processing-stopped",
        state_reasons=["job-stopped"],
        fallbacks=[{"rule": used.rule, "says": used.says, "keyword": ""}],
    )
    before = job.pages.get().pixels_path

    jobs.job_move(job_id=job.pk, printer_id=other.pk, by=BY)

    job.refresh_from_db()
    assert (job.state, job.printer, job.fallbacks) == ("pending", other, [])
    assert job.pages.get().pixels_path != before
    assert job.events.filter(text="Moved from FILM to OTHER by test.").exists()


def test_a_move_to_who_does_not_take_it_is_refused(facility, three):
    """Named: the size, the medium, a printer that takes nothing."""
    other = make_printer(facility, 21_191, name="OTHER", ae_title="OTHER", model="generic-8bit")
    sizes = PrinterModel.objects.filter(name="generic-8bit")
    sizes.update(film_size_ids=["8INX10IN"])
    with pytest.raises(Conflict, match="OTHER does not take films of size 14INX17IN"):
        jobs.job_move(job_id=three[0].pk, printer_id=other.pk, by=BY)
    sizes.update(film_size_ids=[], medium_types=["PAPER"])
    PrintJob.objects.update(medium_type="BLUE FILM")
    with pytest.raises(Conflict, match="OTHER does not take BLUE FILM"):
        jobs.job_move(job_id=three[0].pk, printer_id=other.pk, by=BY)
    printer_queue.printer_accept(printer_id=other.pk, is_accepting=False, by=BY)
    with pytest.raises(Conflict, match="takes no new jobs"):
        jobs.job_move(job_id=three[0].pk, printer_id=other.pk, by=BY)


def test_many_at_once_each_with_its_own_answer(three):
    """One that cannot be held does not keep the others from it."""
    first, second, third = (job.pk for job in three)
    PrintJob.objects.filter(pk=second).update(state="completed")

    done = job_bulk.jobs_do([first, second, third, 0], "hold", BY)

    assert [job_id for job_id, sentence in done if sentence is None] == [first, third]
    assert dict(done)[0] == "There is no print job 0."
    with pytest.raises(InvalidInput):
        job_bulk.jobs_do([first], "explode", BY)
    with pytest.raises(InvalidInput):
        job_bulk.jobs_do([], "hold", BY)


def test_many_to_the_top_keep_their_order(three):
    """As they stand in the list."""
    job_bulk.jobs_do([three[1].pk, three[2].pk], "top", BY)

    assert order() == [three[1].pk, three[2].pk, three[0].pk]


def test_a_cancel_has_a_reason(three):
    """Shown in the sentence, kept in the audit."""
    jobs.job_cancel(job_id=three[0].pk, reason="Printed elsewhere", by=BY)

    three[0].refresh_from_db()
    assert three[0].message == (
        "Cancelled by test (Printed elsewhere). The printer accepted 0 of 1 pages."
    )
    assert AuditEvent.objects.get(action="cancel").detail["reason"] == "Printed elsewhere"


def test_others_jobs_are_the_operators(three, make_user):
    """Every verb asks for it."""
    other = actor_for(make_user("technologist"))
    pk = three[0].pk
    for act in (
        lambda: jobs.job_move(job_id=pk, printer_id=three[0].printer_id, by=other),
        lambda: jobs.job_reorder(job_id=pk, to="top", by=other),
        lambda: jobs.job_prioritize(job_id=pk, print_priority="HIGH", by=other),
        lambda: jobs.job_accept_substitution(job_id=pk, by=other),
        lambda: jobs.job_reprint(job_id=pk, is_exact=False, reason="lost", by=other),
        lambda: jobs.page_decide(job_id=pk, page_number=1, verdict="printed", by=other),
    ):
        with pytest.raises(NotAllowed):
            act()


@pytest.mark.parametrize(
    ("policy", "state", "reasons", "is_enabled"),
    [
        ("retry-job", "pending", ["connecting-to-device"], True),
        ("stop-printer", "pending", ["printer-stopped"], False),
        ("abort-job", "aborted", ["aborted-by-system"], True),
    ],
)
def test_the_error_policy_of_a_printer(printer, three, policy, state, reasons, is_enabled):
    """CUPS `printer-error-policy`."""
    Printer.objects.update(error_policy=policy)
    claim()
    record(three[0], Outcome.NOT_REACHED, sentence="Nobody answers.")

    three[0].refresh_from_db()
    printer.refresh_from_db()
    assert (three[0].state, three[0].state_reasons) == (state, reasons)
    assert printer.is_enabled is is_enabled
    kinds = set(Alert.objects.values_list("kind", flat=True))
    assert kinds == {"stop-printer": {"printer-stopped"}, "abort-job": {"print-failed"}}.get(
        policy, set()
    )
    if policy == "stop-printer":
        printer_queue.printer_enable(printer_id=printer.pk, is_enabled=True, by=BY)
        assert not Alert.objects.filter(settled_at=None).exists()
        assert claim().job_id == three[0].pk


def test_waiting_for_media_uses_up_no_attempt(printer, three):
    """It may take all night: the job is not given up, and an alert says what is missing."""
    for _ in range(5):
        claim()
        record(three[0], Outcome.NO_MEDIA, sentence="The printer says: SUPPLY EMPTY")
        three[0].refresh_from_db()
        assert (three[0].state, three[0].state_reasons) == ("pending", ["media-needed"])
        PrintJob.objects.filter(pk=three[0].pk).update(next_attempt_at=None)
    assert three[0].attempts == 0
    assert Alert.objects.filter(kind="print-media").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
def test_another_size_than_asked_for_stops_before_the_n_action(facility, printer):
    """printing.md §2.4: 0116 on the size: a person says whether that film will do."""
    with sim_printer(granted={"FilmSizeID": "8INX10IN"}) as peer:
        other = make_printer(facility, peer.port, name="SIM", ae_title=peer.ae_title)
        job = make_job(other, [make_image(facility)])

        worker.work_once()

        job.refresh_from_db()
        assert (job.state, job.state_reasons) == ("processing-stopped", ["attributes-substituted"])
        assert "8INX10IN" in job.message
        assert peer.printed == 0

        jobs.job_accept_substitution(job_id=job.pk, by=BY)
        worker.work_once()

        assert peer.printed == 1
    job.refresh_from_db()
    page = job.pages.get()
    assert job.state == "completed"
    assert page.differences[0]["granted"] == "8INX10IN"
    with pytest.raises(Conflict):
        jobs.job_accept_substitution(job_id=job.pk, by=BY)


def test_a_quota_warns_or_stops(facility, printer, three):
    """Contract, quotas per unit: asked before each new job, reprints too; films, not pages."""
    image = make_image(facility)
    quota_set(facility_id=facility.pk, films=10, action="warn", by=BY)
    quota_set(facility_id=facility.pk, films=20, action="stop", by=BY)

    assert make_job(printer, [image], number_of_copies=7).message == ""
    warned = make_job(printer, [image] * 2, number_of_copies=4)
    with pytest.raises(Conflict, match="not queued"):
        make_job(printer, [image] * 2, number_of_copies=4)

    assert "10 films" in warned.message
    assert warned.events.filter(kind="warning").count() == 1
