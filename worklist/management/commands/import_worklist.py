"""Worklist entries from files."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.dicom.errors import InvalidDataset
from portal.errors import PortalError
from portal.services import facility_named
from portal.types import Actor
from worklist.dicom.entry import parse
from worklist.dicom.files import MAX_BYTES, read_file
from worklist.services.imports import Outcome, entries_import
from worklist.types import EntryImport

SUFFIXES = {".wl", ".dcm"}
BATCH = 200


class Command(BaseCommand):
    """`manage.py import_worklist PATH… [--facility F] [--dry-run]`."""

    help = (
        "Import DICOM worklist entries (.wl, .dcm). The same entry imported again changes nothing. "
        "Exit status 1 when any was rejected."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take files and folders."""
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
        parser.add_argument("--facility", help="code; the first one unless given")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import batch by batch; a line for each entry."""
        try:
            self._facility_id = facility_named(options["facility"]).pk
        except PortalError as error:
            raise CommandError(str(error)) from error
        self._is_dry_run = options["dry_run"]
        self._counts: Counter[Outcome] = Counter()
        self._files = 0
        batch: list[tuple[Path, EntryImport]] = []
        for path in _files(options["paths"]):
            batch += [(path, entry) for entry in self._read(path)]
            if len(batch) >= BATCH:
                self._import(batch)
                batch = []
        self._import(batch)
        self.stdout.write(", ".join(f"{self._counts[outcome]} {outcome}" for outcome in Outcome))
        if self._counts[Outcome.REJECTED]:
            raise SystemExit(1)

    def _read(self, path: Path) -> list[EntryImport]:
        """Return a file's entries; tell what is wrong with it or with one of its steps."""
        self._files += 1
        try:
            if path.stat().st_size > MAX_BYTES:
                raise InvalidDataset("It is larger than 16 MB: too large for a worklist entry.")
            entries, refusals = parse(read_file(path.read_bytes()))
        except FileNotFoundError:
            entries, refusals = [], ["There is no such file."]
        except OSError as error:
            entries, refusals = [], [f"It cannot be read: {error.strerror}."]
        except InvalidDataset as error:
            entries, refusals = [], [str(error)]
        for refusal in refusals:
            self._tell(path, Outcome.REJECTED, refusal)
        return entries

    def _import(self, batch: list[tuple[Path, EntryImport]]) -> None:
        if not batch:
            return
        done = entries_import(
            facility_id=self._facility_id,
            entries=[entry for _, entry in batch],
            by=Actor.command("import_worklist"),
            is_dry_run=self._is_dry_run,
        )
        for (path, _), one in zip(batch, done, strict=True):
            self._tell(path, one.outcome, one.reason)
        if self.stderr.isatty() and not self.stdout.isatty():  # else the lines show it
            self.stderr.write(f"\r{self._files} files", ending="")
            self.stderr.flush()

    def _tell(self, path: Path, outcome: Outcome, reason: str) -> None:
        self._counts[outcome] += 1
        self.stdout.write(f"{path}: {outcome}{'. ' if reason else ''}{reason}")


def _files(paths: list[Path]) -> Iterator[Path]:
    """Yield the files named, and those of folders that look like entries, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                found
                for found in path.rglob("*")
                if found.suffix.lower() in SUFFIXES and found.is_file()
            )
        else:
            yield path
