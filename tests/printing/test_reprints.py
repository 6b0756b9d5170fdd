"""Reprints from history: the same bytes, or drawn anew with changes (issue 6, point 6)."""

from pathlib import Path

import pytest
from django.conf import settings

from portal.errors import Conflict, InvalidInput
from printing.models import PrintJob
from printing.services import jobs
from printing.worker import jobs as worker
from tests.peers.sim_printer import sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]


@pytest.fixture
def printed(facility):
    """Make a printer and a job of two pages that it printed."""

    def make(peer, **values):
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title)
        images = [make_image(facility), make_image(facility, PatientID="S-2")]
        job = make_job(printer, images, **values)
        worker.work_once()
        job.refresh_from_db()
        assert job.state == "completed"
        return job

    return make


def again(job, **values):
    values = {"is_exact": True, "reason": "lost", "by": BY} | values
    return jobs.job_reprint(job_id=job.pk, **values)


def pixels(page):
    """Return the bytes of a film's pictures as the printer got them."""
    return [image.pixels.tobytes() for _, image in sorted(page.images.items())]


def test_byte_for_byte_although_the_source_is_gone(printed):
    """The kept pixels are sent: the same film, even when its images were removed since."""
    with sim_printer() as peer:
        job = printed(peer)
        for page in job.pages.all():
            for box in page.image_boxes:
                image = job.facility.sourceimage_set.get(pk=box["image_id"])
                (Path(settings.MEDIA_ROOT) / image.path).unlink(missing_ok=True)

        reprint = again(job)
        worker.work_once()

        assert [pixels(page) for page in peer.pages[2:]] == [pixels(p) for p in peer.pages[:2]]
        assert peer.printed == 4
    reprint.refresh_from_db()
    assert (reprint.state, reprint.reprint_of, reprint.reprint_reason) == ("completed", job, "lost")
    text = f"Reprinted as job {reprint.pk} by test: Film lost."
    assert job.events.filter(text=text).exists()


def test_some_pages_more_copies_drawn_anew(printed):
    """With changes: pages are numbered anew, copies are the reprint's own."""
    with sim_printer() as peer:
        job = printed(peer)

        reprint = again(
            job, is_exact=False, reason="extra-copy", pages=[2], number_of_copies=3, comment="Ward"
        )
        worker.work_once()

        assert peer.pages[-1].copies == 3
        assert pixels(peer.pages[-1]) == pixels(peer.pages[1])
    assert list(reprint.pages.values_list("number", "copies")) == [(1, 3)]
    assert reprint.reprint_comment == "Ward"


def test_an_exact_reprint_needs_the_kept_pixels(printed):
    """After PORTAL_PRINT_KEEP_S: said at once, not at the printer."""
    with sim_printer() as peer:
        job = printed(peer)
    path = Path(settings.MEDIA_ROOT) / job.pages.first().pixels_path
    path.unlink()

    with pytest.raises(Conflict, match="not kept any more"):
        again(job)

    assert PrintJob.objects.count() == 1


def test_kept_pixels_that_vanish_while_the_reprint_waits(printed):
    """Nothing else is sent in their place."""
    with sim_printer() as peer:
        job = printed(peer)
        reprint = again(job)
        (Path(settings.MEDIA_ROOT) / job.pages.first().pixels_path).unlink()

        worker.work_once()

        assert peer.printed == 2
    reprint.refresh_from_db()
    assert reprint.state == "aborted"
    assert reprint.message.startswith("Page 1 cannot be drawn: ")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": "because"}, "reason"),
        ({"reason": ""}, "reason"),
        ({"pages": [3]}, "pages"),
        ({"pages": []}, "pages"),
        ({"number_of_copies": 0}, "number_of_copies"),
        ({"comment": "x" * 256}, "comment"),
    ],
)
def test_senseless_reprints_are_refused(printed, values, field):
    """Each film that is printed again has its reason (reject analysis)."""
    with sim_printer() as peer:
        job = printed(peer)

    with pytest.raises(InvalidInput) as caught:
        again(job, **values)

    assert caught.value.field == field


def test_what_has_not_ended_is_not_reprinted(facility):
    """It may still come out."""
    job = make_job(make_printer(facility, 21_190), [make_image(facility)])

    with pytest.raises(Conflict, match="has not ended yet"):
        again(job)
