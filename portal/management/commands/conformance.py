"""The conformance statement from a shell."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.conformance import statement


class Command(BaseCommand):
    """`manage.py conformance [--output FILE]`."""

    help = "Write the DICOM conformance statement of the running configuration."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to write it."""
        parser.add_argument("--output", type=Path, help="a file; standard output unless given")

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        """Write it."""
        if output is None:
            self.stdout.write(statement(), ending="")
        else:
            try:
                output.write_text(statement(), encoding="utf-8")
            except OSError as error:
                raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
