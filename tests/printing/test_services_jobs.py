"""Print jobs: what may be asked for, who may do what, what stays behind."""

import pytest

from portal.errors import Conflict, InvalidInput, NotAllowed, NotFound
from portal.models import AuditEvent, LiveEvent
from portal.selectors import actor_for
from portal.services import facility_set
from printing.models import PageState, PrintJob
from printing.services import jobs, printers
from printing.types import BoxValues, PageValues
from tests.printing.factories import BY, make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


@pytest.fixture
def printer(facility):
    return make_printer(facility, 21_190)


@pytest.fixture
def job(facility, printer):
    return make_job(printer, [make_image(facility)] * 2)


def full_page(image):
    return PageValues(r"STANDARD\1,1", "14INX17IN", image_boxes=(BoxValues(1, image.pk),))


def put(job, state, page_state=PageState.PENDING):
    PrintJob.objects.filter(pk=job.pk).update(state=state)
    job.pages.update(state=page_state)


def test_a_job_keeps_its_pages_as_they_were_when_it_was_queued(facility, printer):
    """printing.md §2.1: the printer copies the film, and so do we."""
    image = make_image(facility)
    page = PageValues(
        r"STANDARD\2,2",
        "8INX10IN",
        "LANDSCAPE",
        image_boxes=(BoxValues(3, image.pk, window_center=40, window_width=400, rotation=90),),
    )

    job = jobs.job_create(facility_id=facility.pk, printer_id=printer.pk, pages=[page], by=BY)

    stored = job.pages.get()
    assert (stored.image_display_format, stored.film_size_id) == (r"STANDARD\2,2", "8INX10IN")
    assert stored.image_boxes[0]["position"] == 3
    assert stored.image_boxes[0]["rotation"] == 90
    assert job.study_instance_uid == image.study_instance_uid


def test_a_new_job_is_told_logged_and_audited(facility, job):
    """Style guide 10: lock, audit, emit."""
    assert AuditEvent.objects.filter(target="print job", target_id=str(job.pk)).count() == 1
    kinds = set(LiveEvent.objects.values_list("kind", flat=True))
    assert {"job", "printer"} <= kinds
    assert job.events.get().text == "Queued by test: 2 pages for FILM."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number_of_copies": 0}, "number_of_copies"),
        ({"number_of_copies": 1000}, "number_of_copies"),
        ({"print_priority": "SOON"}, "print_priority"),
        ({"pages": []}, None),
    ],
)
def test_senseless_jobs_are_refused(facility, printer, changes, field):
    """Forms keep what was typed: the error names its field."""
    page = PageValues(
        r"STANDARD\1,1", "14INX17IN", image_boxes=(BoxValues(1, make_image(facility).pk),)
    )
    values = {"pages": [page]} | changes

    with pytest.raises(InvalidInput) as caught:
        jobs.job_create(facility_id=facility.pk, printer_id=printer.pk, by=BY, **values)

    assert caught.value.field == field
    assert not PrintJob.objects.exists()


@pytest.mark.parametrize(
    ("box", "page", "words"),
    [
        ({"position": 5}, {}, "no box 5"),
        ({"position": 0}, {}, "no box 0"),
        ({"frame": 2}, {}, "no frame 2"),
        ({"rotation": 45}, {}, "0, 90, 180 or 270"),
        ({"window_center": 1.0}, {}, "both"),
        ({"window_center": 1.0, "window_width": 0.0}, {}, "more than 0"),
        ({"window_center": float("nan"), "window_width": 1.0}, {}, "center"),
        ({"image_id": 0}, {}, "no image"),
        ({}, {"film_size_id": "fourteen by seventeen"}, "cannot be sent"),
        ({}, {"film_orientation": "DIAGONAL"}, "PORTRAIT or LANDSCAPE"),
        ({}, {"image_display_format": "MOSAIC"}, "not a layout"),
        ({}, {"image_boxes": ()}, "no picture"),
    ],
)
def test_senseless_pages_are_refused(facility, printer, box, page, words):
    """What would be refused by every printer never gets into a queue."""
    boxes = (BoxValues(**({"position": 1, "image_id": make_image(facility).pk} | box)),)
    values = {
        "image_display_format": r"STANDARD\2,2",
        "film_size_id": "14INX17IN",
        "image_boxes": boxes,
    }

    with pytest.raises(InvalidInput, match=words):
        jobs.job_create(
            facility_id=facility.pk,
            printer_id=printer.pk,
            pages=[PageValues(**(values | page))],
            by=BY,
        )


def test_two_pictures_cannot_share_a_box(facility, printer):
    """PS3.3 C.13.5: a position is one image box; dcmprscp would abort the association."""
    box = BoxValues(1, make_image(facility).pk)

    with pytest.raises(InvalidInput, match="same box"):
        jobs.job_create(
            facility_id=facility.pk,
            printer_id=printer.pk,
            pages=[PageValues(r"STANDARD\2,2", "14INX17IN", image_boxes=(box, box))],
            by=BY,
        )


def test_images_and_printers_of_another_facility_do_not_exist(facility, printer):
    """architecture.md §4: two facilities never see each other's rows."""
    other, _ = facility_set(code="other", ae_title="OTHER", name=None, by=BY)
    foreign = make_image(other)

    with pytest.raises(InvalidInput, match="no image"):
        make_job(printer, [foreign])
    with pytest.raises(NotFound):
        jobs.job_create(
            facility_id=other.pk,
            printer_id=printer.pk,
            pages=[
                PageValues(r"STANDARD\1,1", "14INX17IN", image_boxes=(BoxValues(1, foreign.pk),))
            ],
            by=BY,
        )


def test_a_printer_that_takes_no_jobs_says_so(facility, printer):
    """printing.md §1b: reject new jobs (cupsreject)."""
    printers.printer_set(
        facility_id=facility.pk, name="FILM", device_id=printer.device_id, is_accepting=False, by=BY
    )

    with pytest.raises(Conflict, match="takes no new jobs"):
        make_job(printer, [make_image(facility)])


def test_a_job_for_a_paused_printer_waits_and_says_why(facility, printer):
    """Issue point 5: the job stays in the queue with a sentence that says why."""
    printers.printer_enable(printer_id=printer.pk, is_enabled=False, by=BY)

    job = make_job(printer, [make_image(facility)])

    assert (job.state, job.state_reasons) == ("pending", ["printer-stopped"])
    assert job.message == "FILM is stopped: Paused by test."


def test_roles_decide_who_may_do_what(make_user, facility, printer):
    """portal.types.PERMISSIONS: technologists print and mind their own jobs, operators all."""
    image = make_image(facility)
    page = full_page(image)
    technologist = actor_for(make_user("technologist"))
    other = actor_for(make_user("technologist", name="other"))
    operator, auditor = actor_for(make_user("operator")), actor_for(make_user("auditor"))

    def create(by):
        return jobs.job_create(facility_id=facility.pk, printer_id=printer.pk, pages=[page], by=by)

    job = create(technologist)
    with pytest.raises(NotAllowed):
        create(auditor)
    with pytest.raises(NotAllowed):
        jobs.job_cancel(job_id=job.pk, by=other)
    jobs.job_hold(job_id=job.pk, by=technologist)
    jobs.job_cancel(job_id=job.pk, by=operator)
    with pytest.raises(NotFound):
        jobs.job_cancel(job_id=0, by=operator)
