"""kill -9 of the worker at each step of a document by IPP: sheets counted, none twice or lost."""

from collections.abc import Callable
from subprocess import Popen
from typing import Any

import pytest

from printing.models import JobState, PageState, PrintJob
from printing.paper.ipp_messages import Operation
from printing.services.claims import leases_take_over
from printing.services.job_decisions import page_decide
from printing.worker import jobs as worker
from tests.peers.cups import Cups
from tests.printing.factories import BY, page_states
from tests.printing.papering import follow, gate, make_films, make_paper, once
from tests.printing.working import expire_leases, worker_process
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _drawn_here(settings, plan):
    settings.PRINT_RENDERERS = 0


def printed_by_one_killed(facility: Any, cupsd: Cups, path: Any, when: str, step: Operation) -> Any:
    """Queue two films, kill the worker at that step, and let others do what they may do."""
    workers: list[Popen[bytes]] = []

    def kill() -> None:
        workers[0].kill()
        workers[0].wait()

    chance: dict[str, Callable[[Operation], None]] = {when: once(step, kill)}
    with gate(cupsd, **chance) as uri:
        job = make_films(make_paper(facility, uri, poll_s=0, action_timeout_s=100), 2)
        with worker_process(path / "site", PORTAL_PRINT_RENDERERS="0") as killed:
            workers.append(killed)
            wait_until(lambda: killed.poll() is not None, seconds=100)
        expire_leases()
        leases_take_over()
        while worker.work_once():
            pass
        job.refresh_from_db()
        wait_until(cupsd.documents)
        if job.state == JobState.PROCESSING:
            wait_until(lambda: follow(job))
    return job


@pytest.mark.parametrize("when", ["before", "after"])
def test_asking_how_the_printer_is(facility, cupsd, tmp_path, when):
    """Nothing had gone out: another worker prints it."""
    step = Operation.GET_PRINTER_ATTRIBUTES
    job = printed_by_one_killed(facility, cupsd, tmp_path, when, step)

    assert page_states(job) == [PageState.PRINTED] * 2
    assert cupsd.sheets() == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_with_the_document_out(facility, cupsd, tmp_path, when):
    """The printer has it, and nobody here knows: a person looks, and nothing goes out again."""
    job = printed_by_one_killed(facility, cupsd, tmp_path, when, Operation.PRINT_JOB)

    assert (job.state, job.state_reasons) == (JobState.PROCESSING_STOPPED, ["outcome-unknown"])
    assert page_states(job) == [PageState.UNKNOWN] * 2
    for number in (1, 2):
        page_decide(job_id=job.pk, page_number=number, was_printed=True, by=BY)
    assert PrintJob.objects.get().state == JobState.COMPLETED
    assert not worker.work_once()
    assert cupsd.sheets() == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_asking_what_became_of_it(facility, cupsd, tmp_path, when):
    """Another worker asks again."""
    step = Operation.GET_JOB_ATTRIBUTES
    job = printed_by_one_killed(facility, cupsd, tmp_path, when, step)

    assert (job.state, job.state_reasons) == (JobState.COMPLETED, ["printed"])
    assert cupsd.sheets() == 2
