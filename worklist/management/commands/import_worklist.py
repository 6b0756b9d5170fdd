"""Worklist entries from files."""

import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.dicom.errors import InvalidDataset
from portal.errors import PortalError
from portal.services import facility_named
from portal.types import Actor
from worklist.dicom.entry import parse
from worklist.dicom.files import MAX_BYTES, read_file
from worklist.management.progress import Progress
from worklist.services.entries import entries_analyze
from worklist.services.import_shelf import Shelf
from worklist.services.imports import Imported, Outcome, entries_import, entries_rehearse
from worklist.types import EntryImport

SUFFIXES = {".wl", ".dcm"}
BATCH = 200  # a transaction: other writers wait for it
MANY = 500  # changed entries after which the database's statistics are out of date
INTERRUPTED = 130  # as shells say it of SIGINT


class Command(BaseCommand):
    """`manage.py import_worklist PATH… [--facility F] [--dry-run]`."""

    help = (
        "Import DICOM worklist entries (.wl, .dcm): files, and folders with their subfolders, as "
        "DCMTK's wlmscpfs and Orthanc keep them. The same entry imported again changes nothing. "
        "A line for each entry; with -v 0 only for those rejected. Exit status 1 when any was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take files and folders."""
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
        parser.add_argument("--facility", help="code; the first one unless given")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import batch by batch, each in a transaction, so that an interruption loses nothing."""
        try:
            facility_id = facility_named(options["facility"]).pk
        except PortalError as error:
            raise CommandError(str(error)) from error
        self._shelf = Shelf(facility_id)
        self._is_dry_run = options["dry_run"]
        self._is_quiet = options["verbosity"] == 0
        self._counts: Counter[Outcome] = Counter()
        self._done = 0  # files whose entries are in the database
        files = list(self._found(options["paths"]))
        self._progress = Progress(sys.stderr, len(files))
        try:
            for start in range(0, len(files), BATCH):
                self._import(files[start : start + BATCH])
        except KeyboardInterrupt:
            self._progress.clear()
            self.stdout.write(
                f"Stopped after {self._done:,} of {len(files):,} files; what was imported stays. "
                "The same command again imports the rest."
            )
            raise SystemExit(INTERRUPTED) from None
        finally:
            self._progress.clear()
            self._summarize()
        changed = self._counts[Outcome.CREATED] + self._counts[Outcome.UPDATED]
        if changed >= MANY and not self._is_dry_run:
            entries_analyze()
        if self._counts[Outcome.REJECTED]:
            raise SystemExit(1)

    def _summarize(self) -> None:
        self.stdout.write(", ".join(f"{self._counts[outcome]} {outcome}" for outcome in Outcome))

    def _found(self, paths: list[Path]) -> Iterator[Path]:
        """Yield the files named, and those of folders that look like entries, in order."""
        for path in paths:
            if not path.is_dir():
                yield path
                continue
            for folder, folders, names in os.walk(path, onerror=self._unreadable):
                folders.sort()
                for name in sorted(names):
                    if Path(name).suffix.lower() in SUFFIXES:
                        yield Path(folder, name)

    def _unreadable(self, error: OSError) -> None:
        self._tell(Path(str(error.filename)), _unread(error))

    def _import(self, paths: Sequence[Path]) -> None:
        """Import the entries of a batch of files; a line for each entry."""
        batch: list[tuple[Path, EntryImport]] = []
        for path in paths:
            entries, refusals = _read(path)
            batch += [(path, entry) for entry in entries]
            for refusal in refusals:
                self._tell(path, Imported(Outcome.REJECTED, refusal))
        by, entries = Actor.command("import_worklist"), [entry for _, entry in batch]
        if self._is_dry_run:
            done = entries_rehearse(shelf=self._shelf, entries=entries, by=by)
        else:
            done = entries_import(facility_id=self._shelf.facility_id, entries=entries, by=by)
        for (path, _), one in zip(batch, done, strict=True):
            self._tell(path, one)
        self._done += len(paths)
        self._progress.show(self._done)

    def _tell(self, path: Path, one: Imported) -> None:
        self._counts[one.outcome] += 1
        if self._is_quiet and one.outcome is not Outcome.REJECTED:
            return
        name = os.fsencode(path).decode("utf-8", "backslashreplace")  # any bytes may be a name
        self._progress.clear()
        self.stdout.write(f"{name}: {one.outcome}{'. ' if one.reason else ''}{one.reason}")


def _read(path: Path) -> tuple[list[EntryImport], list[str]]:
    """Return a file's entries, and what is wrong with it or with one of its steps."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe might never end
            raise InvalidDataset("It is no file.")
        if found.st_size > MAX_BYTES:
            raise InvalidDataset("It is larger than 16 MB: too large for a worklist entry.")
        return parse(read_file(path.read_bytes()))
    except OSError as error:
        return [], [_unread(error).reason]
    except InvalidDataset as error:
        return [], [str(error)]


def _unread(error: OSError) -> Imported:
    if isinstance(error, FileNotFoundError):
        return Imported(Outcome.REJECTED, "There is no such file.")
    return Imported(Outcome.REJECTED, f"It cannot be read: {error.strerror}.")
