"""A queue of 500 jobs on ten printers, and what a worker uses that has nothing to do."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.bench.printing_films import wait
from tests.bench.process_tree import cpu_seconds
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import say
from tests.peers.portal_processes import process

JOBS, PRINTERS = 500, 10
FILM_S = 2.0  # so long a printer takes for a film: ten times as fast as a film printer
SETTLE_S, IDLE_S = 8.0, 20.0


def queue(product: Product, database: str) -> list[Section]:
    """Let the queue drain with one worker process, and with two where the database allows it."""
    numbers = (1,) if database == "SQLite" else (1, 2)
    with _printers() as ports:
        rows = _rows(ports)
        return [_drained(product, rows, database, number) for number in numbers]


def idle(product: Product, database: str) -> list[Section]:
    """Measure a worker with an empty queue."""
    goals = []
    for name, options in (("of printing", ["--only", "printing"]), ("with all loops", [])):
        with process(product.env, "run_worker", *options) as worker:
            time.sleep(SETTLE_S)
            used, began = cpu_seconds(worker.pid), time.perf_counter()
            time.sleep(IDLE_S)
            share = (cpu_seconds(worker.pid) - used) / (time.perf_counter() - began)
        say(f"idle {name}, {database}: {100 * share:.1f} %")
        title = f"a worker {name}, idle, {database}: of one processor"
        goals.append(Goal(title, 100 * share, 10, 5, at_most=True, unit=" %"))
    return [Section(f"A worker with nothing to do, {database}", goals=goals)]


def _drained(product: Product, rows: list[Any], database: str, workers: int) -> Section:
    from printing.models import JobState, PrintJob

    jobs = _queue_up(rows)
    command = ("run_worker", "--only", "printing")
    with ExitStack() as stack:
        began = time.perf_counter()
        running = [stack.enter_context(process(product.env, *command)) for _ in range(workers)]
        wait(lambda: not PrintJob.objects.filter(state__in=PrintJob.ACTIVE).exists())
        taken = time.perf_counter() - began
        cpu = sum(cpu_seconds(one.pid) for one in running)
    done = PrintJob.objects.filter(pk__in=jobs, state=JobState.COMPLETED).count()
    least = JOBS / PRINTERS * FILM_S
    who = f"{database}, {workers} worker{'s' if workers > 1 else ''}"
    say(f"{who}: {done} jobs in {taken:.1f} s; the printers need {least:.0f} s; CPU {cpu:.1f} s")
    goals = [
        Goal(f"{who}: jobs printed", float(done), JOBS),
        Goal(f"{who}: from the workers' start to the last film", taken, unit=" s"),
        Goal(f"{who}: what the printers need for it", least, unit=" s"),
        Goal(f"{who}: times that", taken / least, 1.2, 1.1, at_most=True, unit=" ×"),
        Goal(f"{who}: CPU of the workers for a job", 1000 * cpu / JOBS, unit=" ms"),
    ]
    title = f"{JOBS} jobs on {PRINTERS} printers that take {FILM_S:g} s for a film, {who}"
    remark = "Simulated printers, all in one process on the same processors."
    return Section(title, goals=goals, remarks=[remark])


def _rows(ports: list[int]) -> list[Any]:
    from portal.services import facility_named
    from tests.printing.factories import make_printer

    facility = facility_named(None)
    return [
        make_printer(facility, port, name=f"FILM{number}", ae_title=f"FILM{number}")
        for number, port in enumerate(ports)
    ]


def _queue_up(rows: list[Any]) -> list[int]:
    import numpy as np

    from tests.printing.factories import make_image, make_job

    pixels = np.arange(512 * 512, dtype=np.uint16).reshape(512, 512)
    image = make_image(rows[0].facility, pixels)
    return [make_job(rows[number % PRINTERS], [image]).pk for number in range(JOBS)]


@contextmanager
def _printers() -> Iterator[list[int]]:
    """Run ten printers in a process of their own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        yield pool.apply(_started)


_running: list[Any] = []


def _started() -> list[int]:
    """Start printers that run until their process ends."""
    from tests.peers.sim_printer import Rule, SimPrinter

    for _ in range(PRINTERS):
        printer = SimPrinter(is_keeping_pixels=False)
        printer.rules.append(Rule("N-ACTION", delay_after=FILM_S))
        printer.start()
        _running.append(printer)
    return [printer.port for printer in _running]
