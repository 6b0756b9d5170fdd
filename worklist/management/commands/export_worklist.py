"""Worklist entries into files, in the folder layout of DCMTK's wlmscpfs."""

import os
import sys
import uuid
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.errors import PortalError
from portal.models import Facility
from portal.selectors import caller_of, device_calling
from portal.services import facility_named
from worklist.dicom.files import step_of, with_steps, write_file
from worklist.dicom.items import read
from worklist.management.progress import Progress
from worklist.models import WorklistEntry
from worklist.selectors.entries import entries_matching
from worklist.types import MatchingKeys

Row = tuple[int, str, Any, bytes | memoryview]  # step, accession number, procedure, entry
ROWS_AT_ONCE = 500
PARTIAL = ".part"


class Command(BaseCommand):
    """`manage.py export_worklist DIR [--facility F] [--device AE] [--open]`."""

    help = (
        "Write the worklist to DIR/<AE title>/<accession number>.wl beside a lockfile, as wlmscpfs "
        "and Orthanc's worklist plugin read it; a file keeps all steps of its procedure. A file "
        "appears or is replaced whole, so DIR may be in use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder, and what to leave out."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--facility", help="code; the first one unless given")
        parser.add_argument("--device", metavar="AE", help="only what this device is shown now")
        parser.add_argument("--open", action="store_true", help="leave out exams that are over")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write one file for each requested procedure."""
        try:
            facility = facility_named(options["facility"])
        except PortalError as error:
            raise CommandError(str(error)) from error
        shown = _shown(facility, options["device"]) if options["device"] else None
        folder = _folder(options["folder"], facility)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "lockfile").touch()
            written = _write(_rows(facility, shown, is_open_only=options["open"]), folder)
            others = sum(
                1 for path in folder.glob("*.wl") if path.name.removesuffix(".wl") not in written
            )
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{len(written)} files in {folder}")
        if others:  # a server of that folder would still answer with them
            self.stderr.write(f"{others} other .wl files are there, not from this export.")


def _shown(facility: Facility, ae_title: str) -> set[int]:
    """Return the steps that a device would get for a query without keys."""
    device = device_calling(facility_id=facility.pk, ae_title=ae_title)
    if device is None:
        raise CommandError(f"There is no enabled device {ae_title} in {facility.code}.")
    found = entries_matching(
        caller=caller_of(device), keys=MatchingKeys(), today=timezone.localdate()
    )
    return {row.step_id for row in found}


def _folder(parent: Path, facility: Facility) -> Path:
    title = facility.ae_title
    if "/" in title or title in {".", ".."}:  # letters of an AE title (PS3.5 6.2), not of a folder
        raise CommandError(f"The AE title {title} cannot be the name of a folder.")
    return parent / title


def _rows(facility: Facility, shown: set[int] | None, *, is_open_only: bool) -> Iterator[Row]:
    """Yield the entries in order, the steps of a procedure together; memory stays bounded."""
    found = WorklistEntry.objects.filter(facility=facility)
    if is_open_only:
        found = found.filter(is_open=True)
    progress = Progress(sys.stderr, found.count())
    rows = (
        found.order_by("accession_number", "step__requested_procedure", "step_id")
        .values_list("step_id", "accession_number", "step__requested_procedure", "encoded")
        .iterator(chunk_size=ROWS_AT_ONCE)
    )
    for number, row in enumerate(rows, start=1):
        if shown is None or row[0] in shown:
            yield row
        progress.show(number)
    progress.clear()


def _write(rows: Iterator[Row], folder: Path) -> set[str]:
    """Write a file for each procedure; return their names without suffix."""
    written: set[str] = set()
    taken: set[str] = set()
    for (accession, procedure), steps in groupby(rows, key=lambda row: row[1:3]):
        parts = [step_of(read(bytes(encoded))) for *_, encoded in steps]
        dataset = with_steps(parts[0][0], [step for _, step in parts])
        made = uuid.uuid5(uuid.NAMESPACE_OID, f"{folder.name}\\{accession}\\{procedure}")
        name = _file_name(accession, taken)
        partial = folder / (name + PARTIAL)
        partial.write_bytes(write_file(dataset, sop_instance_uid=f"2.25.{made.int}"))
        os.replace(partial, folder / f"{name}.wl")
        written.add(name)
    return written


def _file_name(accession: str, taken: set[str]) -> str:
    """Return a name without suffix; numbered for further procedures, only what folders take."""
    base = "".join(char if char.isalnum() or char in "-_. " else "_" for char in accession)
    base = base.lstrip(".") or "_"
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name.lower())
    return name
