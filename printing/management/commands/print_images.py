"""Queue a film job from files, and wait for it if asked to."""

import math
import time
from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from portal.errors import InvalidInput, PortalError
from portal.services import facility_named
from portal.types import Actor
from printing import layout
from printing.models import (
    FilmOrientation,
    JobState,
    PrintedPage,
    Printer,
    PrintJob,
    PrintPool,
    PrintPriority,
)
from printing.selectors.printers import pool_named, printer_named
from printing.services.image_jobs import images_print
from printing.services.images import image_add

BY = Actor.command("print_images")
POLL_SECONDS = 0.2
UNUSABLE_FILE, STILL_WAITING = 2, 5
COLOR = {"auto": None, "gray": False, "color": True}  # of --color: PrintJob.is_color
EXIT_STATUS = {
    JobState.COMPLETED: 0,
    JobState.PROCESSING_STOPPED: 3,
    JobState.ABORTED: 4,
    JobState.CANCELED: 4,
}


class Command(BaseCommand):
    """Queue a film job from DICOM or picture files."""

    help = (
        "Queue one film job from DICOM or picture files; each frame is a picture of its own. "
        "The workers send it. The last line is “job ID”. With --wait, the exit status is 0 = "
        "every page accepted by the printer, 3 = stopped, needs a person, 4 = refused, aborted or "
        "cancelled, 5 = still waiting when SECONDS ran out. 2 = a file cannot be used, or the "
        "command line; 1 = anything else, nothing is queued. A printer that reports its print "
        "jobs is waited for until it says Done, or until SECONDS ran out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        taker = parser.add_mutually_exclusive_group(required=True)
        taker.add_argument("--printer", metavar="NAME")
        taker.add_argument("--pool", metavar="NAME", help="whichever of its printers can take it")
        parser.add_argument("--layout", default=r"STANDARD\1,1", help=r"such as STANDARD\2,2")
        parser.add_argument("--size", help="such as 14INX17IN; left out: the printer's")
        parser.add_argument(
            "--orientation", choices=FilmOrientation.values, default=FilmOrientation.PORTRAIT
        )
        parser.add_argument("--medium", help="such as “BLUE FILM”; left out: the printer's")
        parser.add_argument("--color", choices=COLOR, default="auto", help="as the printer is set")
        parser.add_argument("--copies", type=int, default=1)
        parser.add_argument("--priority", choices=PrintPriority.values, default=PrintPriority.MED)
        parser.add_argument("--label", default="", help="Film Session Label")
        parser.add_argument("--hold", action="store_true", help="until somebody releases it")
        parser.add_argument(
            "--hold-until",
            metavar="TIME",
            type=_time,
            help="until then: 2026-11-21T18:00, by the clock of this site",
        )
        parser.add_argument(
            "--plain", action="store_true", help="windowed pixels, unscaled and without text"
        )
        parser.add_argument("--facility", metavar="CODE", help="the first one if left out")
        parser.add_argument("--wait", nargs="?", type=_seconds, const=math.inf, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the files in, queue the job, and wait."""
        try:
            job = self._queue(options)
        except PortalError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"job {job.pk}")
        if options["wait"] is not None:
            self.stdout.flush()
            status = self._wait(job, options["wait"])
            if status:
                raise SystemExit(status)

    def _queue(self, options: dict[str, Any]) -> PrintJob:
        facility = facility_named(options["facility"])
        printer, pool = None, None
        if options["pool"]:
            pool = pool_named(facility_id=facility.pk, name=options["pool"])
        else:
            printer = printer_named(facility_id=facility.pk, name=options["printer"])
        image_ids, unusable = [], []
        for path in options["files"]:
            try:
                image = image_add(facility_id=facility.pk, source=path, by=BY)
                image_ids.append(image.pk)
            except InvalidInput as error:
                unusable.append(f"{path.name}: {error}")
        if unusable:
            raise CommandError("\n".join(unusable), returncode=UNUSABLE_FILE)
        return images_print(
            facility_id=facility.pk,
            printer_id=printer.pk if printer else None,
            pool_id=pool.pk if pool else None,
            image_ids=image_ids,
            image_display_format=options["layout"],
            film_size_id=options["size"] or _size(printer, pool),
            film_orientation=options["orientation"],
            number_of_copies=options["copies"],
            print_priority=options["priority"],
            medium_type=options["medium"],
            film_session_label=options["label"],
            is_held=options["hold"],
            hold_until=options["hold_until"],
            is_color=COLOR[options["color"]],
            is_plain=options["plain"],
            is_mixing_confirmed=True,  # who names files on a command line means them
            by=BY,
        )

    def _wait(self, job: PrintJob, seconds: float) -> int:
        """Follow the job on standard error; return the exit status."""
        deadline, told = time.monotonic() + seconds, ""
        while True:
            job.refresh_from_db()
            news = f"{job.state} {' '.join(job.state_reasons)} {job.message}".strip()
            if news != told:
                told = news
                self.stderr.write(news)
            status = EXIT_STATUS.get(JobState(job.state))
            if status is not None:
                return status
            if time.monotonic() >= deadline:
                is_open = job.pages.exclude(state__in=PrintedPage.OUT).exists()
                return STILL_WAITING if is_open else 0  # only the printer's Done is missing
            time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _time(text: str) -> datetime:
    """Read a time; without a zone it is meant by the clock of this site."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise ArgumentTypeError(f"“{text}” is no time such as 2026-11-21T18:00.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _seconds(text: str) -> float:
    """Read how long to wait; “nan” never ends."""
    seconds = float(text)
    if math.isnan(seconds) or seconds < 0:
        raise ArgumentTypeError(f"“{text}” is no number of seconds.")
    return seconds


def _size(printer: Printer | None, pool: PrintPool | None) -> str:
    """Return the size that the printer, or the first of the pool, is set to."""
    if printer is None and pool is not None:
        first = pool.members.select_related("printer").first()
        printer = first.printer if first else None
    return printer.film_size_id if printer else layout.DEFAULT_FILM_SIZE_ID
