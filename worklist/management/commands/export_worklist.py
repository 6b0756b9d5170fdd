"""Worklist entries into files, in the folder layout of DCMTK's wlmscpfs."""

import uuid
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.errors import PortalError
from portal.services import facility_named
from worklist.dicom.files import step_of, with_steps, write_file
from worklist.dicom.items import read
from worklist.models import WorklistEntry


class Command(BaseCommand):
    """`manage.py export_worklist DIR [--facility F] [--open]`."""

    help = (
        "Write the worklist to DIR/<AE title>/<accession number>.wl beside a lockfile; "
        "a file keeps all steps of its procedure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--facility", help="code; the first one unless given")
        parser.add_argument("--open", action="store_true", help="leave out exams that are over")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write one file for each requested procedure."""
        try:
            facility = facility_named(options["facility"])
        except PortalError as error:
            raise CommandError(str(error)) from error
        found = WorklistEntry.objects.filter(facility=facility)
        if options["open"]:
            found = found.filter(is_open=True)
        rows = (
            found.order_by("accession_number", "step__requested_procedure_id", "step_id")
            .values_list("accession_number", "step__requested_procedure_id", "encoded")
            .iterator(chunk_size=500)
        )
        folder = options["folder"] / facility.ae_title
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "lockfile").touch()
            count = _write(rows, folder)
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{count} files in {folder}")


def _write(rows: Any, folder: Path) -> int:
    count = 0
    taken: set[str] = set()
    for (accession, _), steps in groupby(rows, key=lambda row: row[:2]):
        parts = [step_of(read(bytes(encoded))) for _, _, encoded in steps]
        dataset = with_steps(parts[0][0], [step for _, step in parts])
        made = uuid.uuid5(uuid.NAMESPACE_OID, f"{folder.name}\\{accession}\\{count}")
        raw = write_file(dataset, sop_instance_uid=f"2.25.{made.int}")
        (folder / _file_name(accession, taken)).write_bytes(raw)
        count += 1
    return count


def _file_name(accession: str, taken: set[str]) -> str:
    """Return `<accession>.wl`; numbered for further procedures, without what no folder takes."""
    base = "".join(char if char.isalnum() or char in "-_. " else "_" for char in accession)
    base = base.lstrip(".") or "_"
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name.lower())
    return f"{name}.wl"
