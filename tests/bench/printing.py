"""Printing: a large film beside DCMTK's dcmprscu with the same pixels, and a queue of 500 jobs."""

from __future__ import annotations

import multiprocessing
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.process_tree import process_tree
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, say
from tests.peers.portal_processes import process
from tests.peers.postgresql import postgresql
from tests.peers.printer import FilmPrinter, film_printer

PICTURES, SIDE = 20, 1024  # of 12 bits, on STANDARD\4,5
FILM = (4200, 5100)
JOBS, PRINTERS = 500, 10
FILM_S = 1.0  # so long a printer of the queue takes for a film
ROUNDS = 3
SPOOLER = """[[GENERAL]]
[PRINT]
Directory = spool
[DATABASE]
Directory = db
[NETWORK]
aetitle = DCMTK
[[COMMUNICATION]]
[FILM]
Type = PRINTER
Hostname = 127.0.0.1
Port = {port}
Aetitle = FILM12
Description = film printer
DisplayFormat = 1,1\\4,5
FilmSizeID = 14INX17IN
Supports12Bit = true
SupportsPresentationLUT = false
"""


def printing(run: Run) -> list[Section]:
    """Measure both with workers in a process of their own, on PostgreSQL."""
    with postgresql() as url, Product(url) as product:
        product.django()
        return [_films(product), _queue(product)]


def _films(product: Product) -> Section:
    """Time a film of 20 pictures from disk to accepted, both outputs, and DCMTK with its pixels."""
    goals: list[Goal] = []
    with _printer(product) as (peer, folder):
        rows = _rows(peer)
        for way, row in rows.items():
            peer_memory: dict[str, float] = {}
            with process(product.env, "run_worker", "--only", "printing") as worker:
                _print(row, pictures=1)  # everything is loaded and the renderer runs
                times = [_print(row, pictures=PICTURES) for _ in range(ROUNDS)]
                peer_memory = _peaks(worker.pid)
            theirs = _dcmprscu(peer, folder / way)
            ours = statistics.median(times)
            say(f"{way}: ours {times}, dcmprscu {theirs}, peaks {peer_memory}")
            goals += [
                Goal(f"{way}: from the queue to accepted", ours, unit=" s"),
                Goal(f"{way}: dcmprscu, the same pixels", statistics.median(theirs), unit=" s"),
                Goal(
                    f"{way}: times dcmprscu",
                    ours / statistics.median(theirs),
                    3,
                    at_most=True,
                    unit=" ×",
                ),
                *(
                    Goal(f"{way}: peak of the {who}", peak, 350, at_most=True, unit=" MB")
                    for who, peak in peer_memory.items()
                ),
            ]
    title = f"A film of {FILM[0]} × {FILM[1]} pixels, 12 bits, {PICTURES} pictures"
    remarks = [
        f"{PICTURES} pictures of {SIDE} × {SIDE} pixels, 12 bits, from disk; printer: dcmprscp.",
        "dcmprscu sends what dcmprscp had stored of ours, from its own database of files.",
    ]
    return Section(title, goals=goals, remarks=remarks)


@contextmanager
def _printer(product: Product) -> Iterator[tuple[FilmPrinter, Path]]:
    folder = Path(product.env["PORTAL_DATA_DIR"]) / "printer"
    with film_printer(folder / "scp", "film12") as peer:
        yield peer, folder


def _rows(peer: FilmPrinter) -> dict[str, Any]:
    """Make the two printers, which share the device."""
    from portal.services import facility_named
    from printing.services.printer_models import printer_model_set
    from tests.printing.factories import BY, make_printer

    facility = facility_named(None)
    document = {
        "name": "bench",
        "title": "Film of the benchmark",
        "bits": 12,
        "film_pixels": {"14INX17IN": list(FILM)},
    }
    printer_model_set(facility_id=facility.pk, document=document, by=BY)
    return {
        output: make_printer(facility, peer.port, name=output, model="bench", output=output)
        for output in ("boxes", "composed")
    }


def _print(row: Any, *, pictures: int) -> float:
    """Print one film; return the seconds from the commit of the job until it was accepted."""
    import numpy as np

    from printing.models import PrintJob
    from tests.printing.factories import make_image, make_job

    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    images = []
    for number in range(pictures):
        pixels = ((rows * (number + 3) + columns * 5) % 4096).astype(np.uint16)
        images.append(make_image(row.facility, pixels, BitsStored=12, HighBit=11))
    layout = r"STANDARD\4,5" if pictures > 1 else r"STANDARD\1,1"
    job = make_job(
        row, images, image_display_format=layout, boxes_per_page=pictures, is_plain=False
    )
    began = time.perf_counter()
    _wait(lambda: not PrintJob.objects.filter(pk=job.pk, state__in=PrintJob.ACTIVE).exists())
    taken = time.perf_counter() - began
    job.refresh_from_db()
    if job.state != "completed":
        raise SystemExit(f"{job.state}: {job.message}")
    return taken


def _peaks(pid: int) -> dict[str, float]:
    """Return the most memory that the worker and its renderers had, in MB, by the kernel."""
    worker, *renderers = (_high_water(one) for one in process_tree(pid))
    return {"worker": worker, "renderer": max(renderers, default=0.0)}


def _high_water(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _dcmprscu(peer: FilmPrinter, folder: Path) -> list[float]:
    """Time dcmprscu with the newest film as the printer stored it."""
    (folder / "spool").mkdir(parents=True)
    shutil.copytree(peer.directory / "db", folder / "db")
    (folder / "dcmpstat.cfg").write_text(SPOOLER.format(port=peer.port))
    films = sorted((folder / "db").glob("SP_*.dcm"), key=lambda path: path.stat().st_mtime_ns)
    times = []
    for _ in range(ROUNDS):
        before = len(peer.films())
        began = time.perf_counter()
        command = ["dcmprscu", "-c", "dcmpstat.cfg", "-p", "FILM", str(films[-1])]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        times.append(time.perf_counter() - began)
        if done.returncode or len(peer.films()) != before + 1:
            raise SystemExit(f"dcmprscu: {done.stdout}{done.stderr}")
    return times


def _queue(product: Product) -> Section:
    """Let 500 jobs on ten printers drain, each printer as fast as it can."""
    from printing.models import JobState, PrintJob

    with _ten() as ports:
        rows = _queue_up(ports)
        began = time.perf_counter()
        with process(product.env, "run_worker", "--only", "printing"):
            _wait(lambda: not PrintJob.objects.filter(state__in=PrintJob.ACTIVE).exists())
            taken = time.perf_counter() - began
        done = PrintJob.objects.filter(printer__in=rows, state=JobState.COMPLETED).count()
    least = JOBS / PRINTERS * FILM_S
    say(f"{done} jobs in {taken:.1f} s; the printers need {least:.0f} s")
    goals = [
        Goal("jobs printed", float(done), JOBS),
        Goal("from the start of the worker to the last film", taken, unit=" s"),
        Goal("what the printers need for it", least, unit=" s"),
        Goal("times that", taken / least, 1.5, 1.2, at_most=True, unit=" ×"),
    ]
    title = f"{JOBS} jobs on {PRINTERS} printers that take {FILM_S:g} s for a film"
    return Section(title, goals=goals)


def _queue_up(ports: list[int]) -> list[Any]:
    import numpy as np

    from portal.services import facility_named
    from tests.printing.factories import make_image, make_job, make_printer

    facility = facility_named(None)
    image = make_image(facility, np.arange(512 * 512, dtype=np.uint16).reshape(512, 512))
    rows = [
        make_printer(facility, port, name=f"FILM{number}", ae_title=f"FILM{number}")
        for number, port in enumerate(ports)
    ]
    for number in range(JOBS):
        make_job(rows[number % PRINTERS], [image])
    return rows


@contextmanager
def _ten() -> Iterator[list[int]]:
    """Run ten printers in a process of their own."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    child.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        child.join(30)


def _serve(pipe: Any) -> None:
    from tests.peers.sim_printer import Rule, SimPrinter

    printers = [SimPrinter(is_keeping_pixels=False) for _ in range(PRINTERS)]
    for printer in printers:
        printer.rules.append(Rule("N-ACTION", delay_after=FILM_S))
        printer.start()
    pipe.send([printer.port for printer in printers])
    pipe.recv()
    for printer in printers:
        printer.stop()


def _wait(condition: Callable[[], bool], seconds: float = 600) -> None:
    limit = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > limit:
            raise SystemExit("the films do not come out")
        time.sleep(0.01)
