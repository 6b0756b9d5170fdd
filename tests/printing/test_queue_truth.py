"""Any order of talks, deaths, reports, questions and people's verbs: the queue says what is so.

Eight orders here; `PRINT_QUEUE_SEEDS=1000` tries so many.
"""

import os
import random
from collections import Counter

import pytest

from printing.models import JobState, PageState, PrintedPage, PrintUse
from printing.services import pools
from printing.services.print_jobs import FOLLOWABLE
from tests.printing.factories import BY, make_image, make_job, make_printer
from tests.printing.queue_world import World

SEEDS = int(os.environ.get("PRINT_QUEUE_SEEDS", "8"))
STEPS = 120
pytestmark = pytest.mark.django_db

MAY_BE_OUT = (*PrintedPage.OUT, PageState.SENT, PageState.UNKNOWN)
SETTLED = {*PrintedPage.OUT, PageState.DISCARDED}


def make_world(facility, seed):
    """Return three printers, two of them in a pool and two profiles of one device, and jobs."""
    dice = random.Random(seed)
    values = {"retry_plan_s": [0, 0, 0]}
    printers = [
        make_printer(facility, 21_190, name="A", ae_title="ONE", **values),
        make_printer(facility, 21_190, name="B", ae_title="ONE", **values),
        make_printer(facility, 21_191, name="C", ae_title="TWO", **values),
    ]
    ids = [printers[0].pk, printers[2].pk]
    pool = pools.pool_set(facility_id=facility.pk, name="pool", printer_ids=ids, by=BY)
    image = make_image(facility)
    jobs = [
        make_job(dice.choice(printers), [image] * dice.randint(1, 3), number_of_copies=copies)
        for copies in (1, 1, 3, 5)
    ]
    return World(dice, printers, pool.pk), jobs


def require_true(world, jobs):
    """Fail unless what is recorded holds of the trays."""
    for job in jobs:
        job.refresh_from_db()
        rows = list(job.pages.all())
        for row in rows:
            # What came out is counted, or asked about: nothing is out that nobody knows of.
            counted = row.copies if row.state in MAY_BE_OUT else 0
            assert world.out(row) <= counted, (job.pk, row.pk, row.state, *world.told)
            # What was told, and confirmed, is known: the printer could not be asked again.
            is_open = row.state == PageState.ACCEPTED and row.ended_at is None
            is_missed = is_open and job.state in FOLLOWABLE and world.is_told(row)
            assert not is_missed, (job.pk, row.pk, *world.told)
        by_number = Counter()
        for row in rows:
            by_number[row.number] += row.copies
        assert set(by_number.values()) == {job.number_of_copies}, world.told  # no row lost
        if job.state == JobState.COMPLETED:
            assert {row.state for row in rows} <= SETTLED, (job.pk, *world.told)
        good = PrintUse.objects.filter(job_number=job.pk, is_wasted=False)
        films = sum(row.copies for row in rows if row.state in PrintedPage.OUT)
        assert sum(use.films for use in good) == films, (job.pk, *world.told)


def require_known(world, jobs):
    """Fail unless, in the end, each film that was said to be out is out."""
    for job in jobs:
        if job.state == JobState.CANCELED:
            continue  # its films are not asked about
        for row in job.pages.all():
            is_said = row.state in PrintedPage.OUT
            is_told = any(film.is_told for film in world.films.get(row.pk, ())[-1:])
            is_untold = row.state == PageState.ACCEPTED and row.print_job_uid and not is_told
            if is_said and not is_untold:
                assert world.out(row) == row.copies, (job.pk, row.pk, *world.told)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_happens_the_queue_says_what_is_so(facility, seed):
    """printing.md §2.5, issue 6: nothing twice, nothing lost, nothing said that is not known."""
    world, jobs = make_world(facility, seed)

    for _ in range(STEPS):
        world.step()
        require_true(world, jobs)
    world.drain()

    require_true(world, jobs)
    require_known(world, jobs)
    assert not {job.state for job in jobs} & set(JobState.values) - {
        JobState.COMPLETED,
        JobState.CANCELED,
        JobState.ABORTED,
    }
