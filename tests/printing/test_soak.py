"""Random faults at every step: what came out of the printers is what was asked for.

Fifty jobs here, `PRINT_SOAK_JOBS=1000` for `make soak`; `PRINT_SOAK_SEED` repeats a run.
"""

import os
import random
from collections import Counter
from contextlib import ExitStack

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.db import connection

from printing.models import JobState, PageState, PrintedPage, PrintJob, PrintUse
from printing.services import pools, printer_models
from tests.peers.portal_processes import environment
from tests.peers.printer import film_printer
from tests.peers.sim_printer import SimPrinter, sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer
from tests.printing.soak_people import Misfortune, Person, key_of
from tests.printing.soak_printers import DcmtkTray, SimTray, Tray, chance_of
from tests.waiting import wait_until

JOBS = int(os.environ.get("PRINT_SOAK_JOBS", "50"))
SEED = int(os.environ.get("PRINT_SOAK_SEED") or random.SystemRandom().randrange(10**6))
WORKERS = 2
SECONDS = 300 + 6 * JOBS
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.peer,
    pytest.mark.timeout(SECONDS + 120),
]
MODELS = {
    # What it takes, and what the printer of the test is.
    "plain": ({"bits": 8}, {"without": frozenset({"job", "color"})}),
    "followed": ({"bits": 12, "has_print_job": True, "has_color": True}, {}),
    "forgetful": ({"bits": 8, "has_print_job": True}, {"is_forgetting_jobs": True}),
}


def make_printers(stack, facility, tmp_path, dice):
    """Return the trays: three simulated printers in a pool, and a dcmprscp."""
    trays: list[Tray] = []
    rows = []
    for name, (takes, being) in MODELS.items():
        _model(facility, name, **takes)
        peer: SimPrinter = stack.enter_context(sim_printer(**being))
        chance_of(random.Random(dice.random()), peer)
        trays.append(SimTray(peer))
        rows.append(make_printer(facility, peer.port, name=name, ae_title=name, model=name))
    peer = stack.enter_context(film_printer(tmp_path / "dcmtk"))
    _model(facility, "dcmtk", bits=12, max_copies=1)
    rows.append(make_printer(facility, peer.port, name="dcmtk", ae_title="DCMTK", model="dcmtk"))
    trays.append(DcmtkTray(peer))
    ids = [row.pk for row in rows[:2]]
    pool = pools.pool_set(
        facility_id=facility.pk, name="pool", printer_ids=ids, strategy="balance", by=BY
    )
    return trays, rows, pool


def _model(facility, name, **takes):
    document = {"name": name, "title": name, "film_pixels": {"14INX17IN": [300, 360]}, **takes}
    printer_models.printer_model_set(facility_id=facility.pk, document=document, by=BY)


def queue(facility, rows, pool, dice, index):
    """Queue a job of one to three pages, each with a picture of a size that no other has."""
    columns, pages = 16 + 2 * index, dice.randint(1, 3)
    images = [
        make_image(facility, np.zeros((16 + 2 * number, columns), np.uint16))
        for number in range(1, pages + 1)
    ]
    copies = dice.choice([1, 1, 1, 2, 3])
    job = make_job(dice.choice(rows), images, number_of_copies=copies)
    values = {"accession_number": str(columns)}  # by which the films are known at the printer
    if dice.random() < 0.3 and job.printer_id in [member.pk for member in pool.printers.all()]:
        values["pool"] = pool
    PrintJob.objects.filter(pk=job.pk).update(**values)


def worker_environment(tmp_path):
    """Return what workers need to work on the database and the files of this test."""
    of = connection.settings_dict
    url = f"sqlite:///{of['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{of['USER']}@{of['HOST']}:{of['PORT']}/{of['NAME']}"
    return environment(
        tmp_path,
        DATABASE_URL=url,
        PORTAL_PRINT_RETRY_S="0,0,0,1,1,1",
        PORTAL_PRINT_ACTION_TIMEOUT_S="1",
        PORTAL_PRINT_WORKERS="3",
        PORTAL_PRINT_RENDERERS="0",
        PORTAL_PRINT_POLL_S="1",
    )


def test_what_came_out_is_what_was_asked_for(facility, tmp_path, settings):
    """The issue's soak: nothing twice, nothing lost, and the page says what is known."""
    print(f"seed {SEED}, {JOBS} jobs")  # noqa: T201  # a run can be repeated by it
    dice = random.Random(SEED)
    settings.MEDIA_ROOT = tmp_path / "images"
    env = worker_environment(tmp_path)
    env.pop("DJANGO_SETTINGS_MODULE", None)
    assert tmp_path / "images" == django_settings.MEDIA_ROOT
    with ExitStack() as stack:
        trays, rows, pool = make_printers(stack, facility, tmp_path, dice)
        for index in range(JOBS):
            queue(facility, rows, pool, dice, index)
        person, misfortune = Person(trays), Misfortune(dice, trays, env)
        misfortune.begin(WORKERS)
        stack.callback(misfortune.end)
        stack.callback(misfortune.calm)
        wait_until(lambda: is_over(person, misfortune), seconds=SECONDS, every=0.1)
        misfortune.calm()
        wait_until(lambda: all(tray.is_idle for tray in trays), seconds=30)
        films = person.films()
    told = f"seed {SEED}: {dict(misfortune.happened)}, {dict(person.decisions)}"
    print(told, dict(Counter(PrintJob.objects.values_list("state", flat=True))))  # noqa: T201
    require_counted(films, told, kills=misfortune.happened["worker killed"])


def is_over(person, misfortune):
    """Let the next thing happen; say whether every job has ended."""
    active = PrintJob.objects.filter(state__in=PrintJob.ACTIVE).count()
    misfortune.step(JOBS - active)
    person.step()
    person.films()  # dcmprscp keeps only the newest
    return not active


def history_of(job):
    """Return what the job's page shows, to find out why a count is wrong."""
    pages = [
        f"page {page.number} copy {page.copy}: {page.copies} {page.state} at {page.printer_name}, "
        f"print job {page.print_job_uid} {page.execution_status}"
        for page in job.pages.all()
    ]
    return [f"{job.printer}: {job.message}", *pages, *(line.text for line in job.events.all())]


def require_counted(films, told, *, kills):
    """Fail unless the printers made what the jobs say, and the jobs what was asked for.

    A page may say that its printer forgot the print job before anybody heard of its end: that one
    is not known to be out. Only a worker killed with -9 can have heard of it and not written it.
    """
    wrong, missing = [], 0
    for job in PrintJob.objects.prefetch_related("pages"):
        if job.state == JobState.ABORTED:
            wrong.append(f"job {job.pk} aborted: {job.message}")
        for number in {page.number for page in job.pages.all()}:
            rows = [page for page in job.pages.all() if page.number == number]
            out = sum(row.copies for row in rows if row.state in PrintedPage.OUT)
            unknown = sum(row.copies for row in rows if row.state == PageState.UNKNOWN)
            forgotten = sum(row.copies for row in rows if row.execution_status == "GONE")
            printed = films[key_of(job, number)]
            missing += max(0, out - printed)
            if not out - forgotten <= printed <= out + unknown:
                wrong.append(f"job {job.pk} page {number}: {printed} films, {out} known")
                wrong += history_of(job)
            if job.state == JobState.COMPLETED and (out, unknown) != (job.number_of_copies, 0):
                wrong.append(f"job {job.pk} page {number}: {out} of {job.number_of_copies}")
    assert not wrong, (told, wrong)
    assert missing <= kills, told
    good = PrintUse.objects.filter(is_wasted=False)
    counted = Counter()
    for use in good:
        counted[use.job_number] += use.films
    known = Counter()
    for page in PrintedPage.objects.filter(state__in=PrintedPage.OUT):
        known[page.job_id] += page.copies
    assert counted == known, told  # the account of films says the same
