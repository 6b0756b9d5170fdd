"""Our own disk full, and files that vanish: nothing is sent, nothing is lost (issue 6)."""

import resource
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from portal.models import Alert
from printing.models import PrintedPage, PrintJob
from printing.services.page_files import page_files_prune
from printing.worker import jobs as worker
from tests.peers.sim_printer import sim_printer
from tests.printing.factories import make_image, make_job, make_printer, page_states
from tests.printing.working import job_ends, worker_process
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]
MOST = 12 * 2**20  # bytes of a file: the database's fit, a film of 4096 x 5120 pixels does not


@pytest.mark.parametrize("renderers", ["0", "1"])
def test_a_full_disk_holds_the_job_until_there_is_room(facility, tmp_path, renderers):
    """Contract: NO_SPACE: retry later, alert, nothing sent; made real by a limit of the kernel."""
    with sim_printer() as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        job = make_job(printer, [make_image(facility)] * 2, is_plain=False)
        with worker_process(tmp_path / "site", PORTAL_PRINT_RENDERERS=renderers) as process:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (MOST, MOST * 100))
            held = PrintJob.objects.filter(
                pk=job.pk, state="pending", state_reasons=["resources-are-not-ready"]
            )
            wait_until(held.exists, seconds=60, every=0.1)
            job.refresh_from_db()
            assert "the disk of the portal is full" in job.message
            assert job.attempts == 0
            assert peer.printed == 0
            # It may have been asked how it is meanwhile; of the films it heard nothing.
            assert not [said for said in peer.requests if not said.startswith("N-GET Printer ")]
            assert Alert.objects.filter(kind="print-disk", settled_at=None).exists()
            assert not list(Path(settings.MEDIA_ROOT).glob("printed/**/*.page*"))

        PrintJob.objects.update(next_attempt_at=timezone.now())
        with worker_process(tmp_path / "site", PORTAL_PRINT_RENDERERS=renderers):
            job_ends(job, "completed")

        assert peer.printed == 2
    assert not Alert.objects.filter(kind="print-disk", settled_at=None).exists()


def test_a_source_file_deleted_while_the_job_waits(facility):
    """Page 1 is drawn and goes out; page 2 cannot be drawn: the job says so, page by page."""
    with sim_printer() as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        kept, gone = make_image(facility), make_image(facility, PatientID="S-2")
        job = make_job(printer, [kept, gone, kept])
        (Path(settings.MEDIA_ROOT) / gone.path).unlink()

        worker.work_once()
        assert not worker.work_once()

        assert peer.printed == 1
    job.refresh_from_db()
    assert (job.state, page_states(job)) == ("aborted", ["accepted", "refused", "pending"])
    assert job.message.startswith("Page 2 cannot be drawn: ")
    assert Alert.objects.filter(kind="print-failed", settled_at=None).count() == 1


def test_a_damaged_page_file_is_drawn_again(facility, plan):
    """A crash of the host left half a file: its end says so."""
    with sim_printer() as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        job = make_job(printer, [make_image(facility)])
        path = Path(settings.MEDIA_ROOT) / job.pages.get().pixels_path
        path.parent.mkdir(parents=True)
        path.write_bytes(b"FILMPG01 half a film")

        worker.work_once()

        assert peer.printed == 1
    job.refresh_from_db()
    assert job.state == "completed"


def test_drawn_pages_go_when_their_time_is_over(facility, settings):
    """PORTAL_PRINT_KEEP_S: kept for exact reprints, then removed; others' files stay."""
    with sim_printer() as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        old, new = (make_job(printer, [make_image(facility)]) for _ in range(2))
        worker.work_once()
        worker.work_once()
    files = {job.pk: Path(settings.MEDIA_ROOT) / job.pages.get().pixels_path for job in (old, new)}
    settings.PRINT_KEEP_S = 3600
    past = timezone.now() - timedelta(seconds=3601)
    PrintJob.objects.filter(pk=old.pk).update(ended_at=past)

    assert page_files_prune() == 1

    assert not files[old.pk].exists()
    assert files[new.pk].exists()
    assert PrintedPage.objects.get(job=old).pixels_path == ""
    assert page_files_prune() == 0
