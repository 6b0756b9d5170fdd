"""A film of 4200 x 5100 pixels from disk to accepted, beside DCMTK's dcmprscu, same pixels."""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.process_tree import MemoryUnderLoad, cpu_seconds, process_tree
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import say
from tests.peers.portal_processes import process
from tests.peers.printer import FilmPrinter, film_printer

PICTURES, SIDE = 20, 1024  # of 12 bits, on STANDARD\4,5
FILM = (4200, 5100)
ROUNDS = 7
OUTPUTS = ("boxes", "composed")
MEMORY_MB = 350
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


@dataclass(frozen=True)
class Taken:
    """What a film took: seconds by the clock, and of processors, the printer's own left out."""

    wall: float
    cpu: float


def films(product: Product, database: str) -> list[Section]:
    """Print a film of 20 pictures by both outputs, in turn with dcmprscu."""
    folder = Path(product.env["PORTAL_DATA_DIR"]) / "printer"
    with film_printer(folder / "scp", "film12") as peer:
        rows = film_printers(peer.port)
        images = pictures(rows[OUTPUTS[0]].facility)
        sections = [
            _section(product, peer, rows[output], images, folder / output) for output in OUTPUTS
        ]
        return [*sections, _large(product, rows)]


def film_printers(port: int) -> dict[str, Any]:
    """Make a printer for each output; they share the device on that port."""
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
        output: make_printer(facility, port, name=output, model="bench", output=output)
        for output in OUTPUTS
    }


def pictures(facility: Any) -> list[Any]:
    """Keep twenty pictures."""
    import numpy as np

    from tests.printing.factories import make_image

    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    return [
        make_image(
            facility,
            ((rows * (number + 3) + columns * 5) % 4096).astype(np.uint16),
            BitsStored=12,
            HighBit=11,
        )
        for number in range(PICTURES)
    ]


def queued(row: Any, images: list[Any], films: int = 1) -> Any:
    """Queue films of all the pictures."""
    from tests.printing.factories import make_job

    layout = r"STANDARD\4,5"
    return make_job(
        row,
        images * films,
        image_display_format=layout,
        boxes_per_page=len(images),
        is_plain=False,
    )


def wait(condition: Callable[[], bool], seconds: float = 600) -> None:
    """Wait, looking often, since the wait is what is measured."""
    limit = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > limit:
            raise SystemExit("the films do not come out")
        time.sleep(0.01)


def _large(product: Product, rows: dict[str, Any]) -> Section:
    """Measure the memory for pictures that have as many pixels as the whole film."""
    goals = []
    for image, kind in _large_pictures(rows[OUTPUTS[0]].facility):
        for output, row in rows.items():
            with process(product.env, "run_worker", "--only", "printing") as worker:
                used = MemoryUnderLoad(worker.pid, every=0.05)
                _print(row, [image] * PICTURES, worker.pid)
                peak = used.result() * (1 << 20) / 1e6
            say(f"{output}, {kind}: {peak:.0f} MB")
            goals.append(Goal(f"{output}, {kind}", peak, MEMORY_MB, at_most=True, unit=" MB"))
    title = f"Memory for {PICTURES} pictures of {FILM[0]} × {FILM[1]} pixels on a film of as many"
    remark = "The most that worker, renderer and their helper had at once (PSS, looked at 20/s)."
    return Section(title, goals=goals, remarks=[remark])


def _large_pictures(facility: Any) -> list[tuple[Any, str]]:
    """Keep a gray and a colour picture, uncompressed."""
    import numpy as np

    from tests.printing.factories import make_image

    rows, columns = np.mgrid[0 : FILM[1], 0 : FILM[0]].astype(np.uint16)
    gray = make_image(facility, (rows * 3 + columns * 5) % 4096, BitsStored=12, HighBit=11)
    rgb = np.stack([rows, columns, rows + columns], axis=-1).astype(np.uint8)
    colors = {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "PixelData": rgb.tobytes(),
    }
    return [(gray, "gray"), (make_image(facility, rgb[..., 0], **colors), "RGB")]


def _section(
    product: Product, peer: FilmPrinter, row: Any, images: list[Any], folder: Path
) -> Section:
    ours, theirs = [], []
    with process(product.env, "run_worker", "--only", "printing") as worker:
        _print(row, images, worker.pid)  # all is loaded and the renderer runs
        film = _last_film(peer, folder)
        for _ in range(ROUNDS):
            ours.append(_print(row, images, worker.pid))
            theirs.append(_dcmprscu(peer, folder, film))
        peaks = _peaks(worker.pid)
    say(f"{row.output}: ours {ours}\ndcmprscu {theirs}\npeaks {peaks}")
    goals = [*_times(ours, theirs, row.output), *_memory(peaks, row.output)]
    title = f"{PICTURES} pictures on a film of {FILM[0]} × {FILM[1]} pixels, 12 bits, {row.output}"
    return Section(title, goals=goals, remarks=_remarks())


def _times(ours: list[Taken], theirs: list[Taken], output: str) -> list[Goal]:
    median = statistics.median
    pairs = list(zip(ours, theirs, strict=True))
    ratio = median(one.wall / other.wall for one, other in pairs)
    cpu = median(one.cpu / other.cpu for one, other in pairs)
    return [
        Goal(f"{output}: from the queue to accepted", median(t.wall for t in ours), unit=" s"),
        Goal(f"{output}: dcmprscu, the same pixels", median(t.wall for t in theirs), unit=" s"),
        Goal(f"{output}: times dcmprscu", ratio, 3, at_most=True, unit=" ×"),
        Goal(f"{output}: CPU of worker and renderer", median(t.cpu for t in ours), unit=" s"),
        Goal(f"{output}: CPU of dcmprscu", median(t.cpu for t in theirs), unit=" s"),
        Goal(f"{output}: CPU, times dcmprscu's (which draws nothing)", cpu, unit=" ×"),
    ]


def _memory(peaks: dict[str, float], output: str) -> list[Goal]:
    return [
        Goal(f"{output}: peak of {who}", peak, MEMORY_MB, at_most=True, unit=" MB")
        for who, peak in peaks.items()
    ]


def _remarks() -> list[str]:
    return [
        f"{PICTURES} pictures of {SIDE} × {SIDE} pixels, 12 bits, DICOM files; printer: dcmprscp.",
        "dcmprscu sends what dcmprscp had stored of ours: it draws nothing. In turn with ours, "
        f"{ROUNDS} rounds; ratios are medians of those of each round.",
        "Peaks by the kernel (VmHWM) over all rounds; together is their sum, which is at least "
        "what they had at once.",
    ]


def _print(row: Any, images: list[Any], pid: int) -> Taken:
    """Print one film, from the commit of its job until the printer accepted it."""
    from printing.models import PrintJob

    used = cpu_seconds(pid)
    job = queued(row, images)
    began = time.perf_counter()
    wait(lambda: not PrintJob.objects.filter(pk=job.pk, state__in=PrintJob.ACTIVE).exists())
    wall = time.perf_counter() - began
    job.refresh_from_db()
    if job.state != "completed":
        raise SystemExit(f"{job.state}: {job.message}")
    return Taken(wall, cpu_seconds(pid) - used)


def _peaks(pid: int) -> dict[str, float]:
    """Return the most memory that the worker and its renderer had, in MB."""
    worker, *children = (_high_water(one) for one in process_tree(pid))
    renderer = max(children)  # the other child watches over shared semaphores
    return {"the worker": worker, "the renderer": renderer, "both together": worker + renderer}


def _high_water(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _last_film(peer: FilmPrinter, folder: Path) -> Path:
    """Give dcmprscu a database with the newest film as the printer stored it."""
    (folder / "spool").mkdir(parents=True)
    shutil.copytree(peer.directory / "db", folder / "db")
    (folder / "dcmpstat.cfg").write_text(SPOOLER.format(port=peer.port))
    return max((folder / "db").glob("SP_*.dcm"), key=lambda path: path.stat().st_mtime_ns)


def _dcmprscu(peer: FilmPrinter, folder: Path, film: Path) -> Taken:
    """Print the same film with dcmprscu."""
    before = _count(peer)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = ["dcmprscu", "-c", "dcmpstat.cfg", "-p", "FILM", str(film)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    if done.returncode or _count(peer) != before + 1:
        raise SystemExit(f"dcmprscu: {done.stdout}{done.stderr}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(wall, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime)


def _count(peer: FilmPrinter) -> int:
    return sum(1 for _ in (peer.directory / "db").glob("SP_*.dcm"))
