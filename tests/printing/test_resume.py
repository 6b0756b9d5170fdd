"""Workers killed with -9 at every moment of a film: nothing twice, nothing lost (issue 6)."""

import pytest

from printing.models import PageState
from printing.services import jobs
from printing.services.claims import leases_take_over
from tests.peers.sim_printer import sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer, page_states
from tests.printing.working import expire_leases, job_ends, kill_at, worker_process
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]


def run_until_killed(printer, tmp_path, name, nth):
    """Start a real worker and wait until the printer has killed it at that request."""
    started = []
    printer.chance = kill_at(name, nth, lambda: started[0])
    with worker_process(tmp_path / "first", PORTAL_PRINT_RENDERERS="0") as process:
        started.append(process)
        wait_until(lambda: process.poll() is not None, seconds=60)
    assert process.returncode == -9
    expire_leases()


@pytest.fixture
def job(facility):
    def make(peer, **values):
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        return make_job(printer, [make_image(facility)] * 3, **values)

    return make


@pytest.mark.parametrize(
    ("name", "known"),
    [
        # Before: the picture of page 2 is on its way.
        ("N-SET BasicGrayscaleImageBox", ["accepted", "pending", "pending"]),
        # After: page 2 was answered, and that is committed before its film box is deleted.
        ("N-DELETE BasicFilmBox", ["accepted", "accepted", "pending"]),
    ],
)
def test_killed_beside_an_n_action_each_film_comes_out_once(tmp_path, job, name, known):
    """printing.md §2.5: loss before N-ACTION is safe to send again; what was accepted is out."""
    with sim_printer() as peer:
        queued = job(peer)
        run_until_killed(peer, tmp_path, name, 2)
        assert page_states(queued) == known

        with worker_process(tmp_path / "second", PORTAL_PRINT_RENDERERS="0"):
            job_ends(queued, "completed")

        assert peer.printed == 3
    assert queued.state_reasons == ["sent-to-printer"]


def test_killed_during_an_n_action_a_person_decides(tmp_path, job):
    """printing.md §2.5: the film came out though nobody heard of it; never again by itself."""
    with sim_printer() as peer:
        queued = job(peer)
        run_until_killed(peer, tmp_path, "N-ACTION BasicFilmBox", 2)
        wait_until(lambda: peer.printed == 2)

        with worker_process(tmp_path / "second", PORTAL_PRINT_RENDERERS="0"):
            job_ends(queued, "processing-stopped")
            assert queued.state_reasons == ["outcome-unknown"]
            assert page_states(queued) == ["accepted", "unknown", "pending"]
            assert queued.message.startswith("Page 2 went to the printer, but no answer came back")

            jobs.page_decide(job_id=queued.pk, page_number=2, verdict="printed", by=BY)
            job_ends(queued, "completed")

        assert peer.printed == 3


def test_killed_during_an_n_action_copies_are_not_multiplied(tmp_path, job):
    """printing.md §2.5: the printer multiplies; of three copies one came out: two more go out."""
    with sim_printer() as peer:
        queued = job(peer, number_of_copies=3)
        run_until_killed(peer, tmp_path, "N-ACTION BasicFilmBox", 2)
        wait_until(lambda: peer.printed == 6)
        leases_take_over()
        queued.refresh_from_db()
        assert "Page 2 (3 films)" in queued.message

        # The person found one of the three: the others had jammed.
        jobs.page_decide(job_id=queued.pk, page_number=2, verdict="send-again", copies_out=1, by=BY)
        with worker_process(tmp_path / "second", PORTAL_PRINT_RENDERERS="0"):
            job_ends(queued, "completed")

        assert [page.copies for page in peer.pages] == [3, 3, 3, 2]
    rows = queued.pages.order_by("number", "copy").values_list("number", "copy", "copies")
    assert list(rows) == [(1, 1, 3), (2, 1, 1), (2, 2, 2), (3, 1, 3)]


def test_given_up_after_a_kill_is_not_sent_again(tmp_path, job):
    """A person's third answer: it did not come out, and nobody wants it any more."""
    with sim_printer() as peer:
        queued = job(peer)
        run_until_killed(peer, tmp_path, "N-ACTION BasicFilmBox", 2)
        wait_until(lambda: peer.printed == 2)
        leases_take_over()

        jobs.page_decide(job_id=queued.pk, page_number=2, verdict="give-up", by=BY)
        with worker_process(tmp_path / "second", PORTAL_PRINT_RENDERERS="0"):
            job_ends(queued, "completed")

        assert peer.printed == 3
    assert queued.pages.get(number=2).state == PageState.DISCARDED
    assert "accepted 2 of 3 pages; the others were given up" in queued.message
