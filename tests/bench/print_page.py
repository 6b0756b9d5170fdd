"""Time and peak memory of one 14 x 17 page (4096 x 5120, 12 bit), from disk to accepted.

    python tests/bench/print_page.py

Makes a data directory of its own, starts DCMTK's dcmprscp, queues a page and lets one worker, in
a process of its own, print it. Two ways: the picture as it is (`plain`), and a smaller one that is
scaled to the film with its text burned in (`drawn`).
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
COLUMNS, ROWS = 4096, 5120


def main() -> None:
    """Print both pages, each in a fresh process, and say what they took."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PORTAL_DEBUG": "1",
            "PORTAL_LOG_LEVEL": "ERROR",
            "PORTAL_DATA_DIR": str(data),
        }
        environment.pop("DATABASE_URL", None)
        manage = [sys.executable, str(ROOT / "manage.py")]
        subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=True)
        from tests.peers.printer import film_printer

        with film_printer(Path(folder) / "printer", "film12") as printer:
            for way in ("idle", "plain", "drawn"):
                command = [sys.executable, __file__, way, str(printer.port)]
                subprocess.run(command, env=environment, check=True)


def work(way: str, port: int) -> None:
    """Queue one page and print it, measured from the claim to the record."""
    import django

    django.setup()
    from printing.worker import work_once

    if way == "idle":
        work_once()
        report(way, 0)
        return
    job_id = int(
        subprocess.run(
            [sys.executable, __file__, f"queue-{way}", str(port)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    began = time.monotonic()
    work_once()
    seconds = time.monotonic() - began
    from printing.models import PrintJob

    job = PrintJob.objects.get(pk=job_id)
    if job.state != "completed":
        raise SystemExit(f"{job.state}: {job.message}")
    report(way, seconds)


def queue(way: str, port: int) -> None:
    """Make the image and queue it; in a process of its own, so that it does not count."""
    import django

    django.setup()
    import numpy as np

    from portal.services import facility_named
    from tests.printing.factories import make_image, make_job, make_printer

    facility = facility_named(None)
    shape = (ROWS, COLUMNS) if way == "plain" else (ROWS // 2, COLUMNS // 2)
    pixels = np.random.default_rng(1).integers(0, 4096, shape, dtype=np.uint16)
    image = make_image(facility, pixels, BitsStored=12, HighBit=11)
    job = make_job(make_printer(facility, port), [image], is_plain=way == "plain")
    sys.stdout.write(str(job.pk))


def report(way: str, seconds: float) -> None:
    """Say what it took; the peak is that of the whole process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{way:6} {seconds:6.2f} s  peak {peak:4.0f} MB\n")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1].startswith("queue-"):
        queue(sys.argv[1].removeprefix("queue-"), int(sys.argv[2]))
    else:
        work(sys.argv[1], int(sys.argv[2]))
