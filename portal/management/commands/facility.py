"""Facilities from a shell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import services
from portal.errors import PortalError
from portal.types import Actor


class Command(BaseCommand):
    """`manage.py facility set CODE --ae TITLE [--name N]`."""

    help = "Create or update a facility under its own called AE title."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take code, AE title and name."""
        commands = parser.add_subparsers(dest="command", required=True)
        put = commands.add_parser("set", help="create or update")
        put.add_argument("code")
        put.add_argument("--ae", required=True, help="the called AE title that selects it")
        put.add_argument("--name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create or update."""
        try:
            facility, is_new = services.facility_set(
                code=options["code"],
                ae_title=options["ae"],
                name=options["name"],
                by=Actor.command("facility"),
            )
        except PortalError as error:
            raise CommandError(str(error)) from error
        done = "created" if is_new else "updated"
        self.stdout.write(f"{facility.code} {done}, called {facility.ae_title}.")
