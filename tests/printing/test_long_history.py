"""Lists over a long history: what is shown is counted, not the history (`make bench`: console)."""

import pytest

from printing.models import PageState
from printing.selectors.jobs import print_jobs
from printing.selectors.printers import printers
from tests.printing.factories import make_image, make_job, make_printer

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(make_user):
    return make_user("operator")


def test_pages_are_counted_for_the_jobs_that_are_shown(facility, viewer):
    """A join would count the pages of all jobs ever before it showed fifty."""
    printer, image = make_printer(facility, 104), make_image(facility)
    job, other = (make_job(printer, [image] * count) for count in (3, 1))
    job.pages.filter(number=1).update(state=PageState.PRINTED)
    job.pages.filter(number=2).update(state=PageState.UNKNOWN)

    found = print_jobs(visible_to=viewer)

    assert [(j.pk, j.pages_asked, j.pages_accepted, j.pages_unknown) for j in found] == [
        (other.pk, 1, 0, 0),
        (job.pk, 3, 1, 1),
    ]
    assert 'JOIN "printing_printedpage"' not in str(found.query)


def test_waiting_jobs_are_counted_without_the_history(facility, viewer):
    """Of a printer's jobs those are looked at that have not ended."""
    busy, idle = make_printer(facility, 104), make_printer(facility, 105, name="P2")
    image = make_image(facility)
    for state in ("pending", "processing-stopped", "completed"):
        job = make_job(busy, [image])
        type(job).objects.filter(pk=job.pk).update(state=state)

    found = printers(visible_to=viewer)

    assert {printer.pk: printer.waiting for printer in found} == {busy.pk: 2, idle.pk: 0}
    assert 'JOIN "printing_printjob"' not in str(found.query)
