"""Devices from a shell: the allow-list, and whether they answer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import services
from portal.devices import device_furnish
from portal.echo import echo
from portal.errors import PortalError
from portal.models import RemoteAE
from portal.types import Actor


class Command(BaseCommand):
    """`manage.py device set|list|test`."""

    help = "Create or update a device, list devices, or test the way to one."

    def add_arguments(self, parser: CommandParser) -> None:
        """One subcommand each."""
        commands = parser.add_subparsers(dest="command", required=True)
        put = commands.add_parser("set", help="create or update")
        put.add_argument("ae_title", metavar="AE")
        put.add_argument("--host", default="")
        put.add_argument("--port", type=int)
        put.add_argument("--kind", required=True, choices=RemoteAE.Kind.values)
        put.add_argument("--profile", default="default")
        put.add_argument("--model", help="printer model, for --kind printer")
        put.add_argument("--tls", action="store_true")
        put.add_argument("--facility", help="code; the first one unless given")
        show = commands.add_parser("list", help="all devices")
        show.add_argument("--facility")
        test = commands.add_parser("test", help="association and echo")
        test.add_argument("ae_title", metavar="AE")
        test.add_argument("--facility")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand; our errors become one sentence and exit status 1."""
        try:
            getattr(self, f"_{options['command']}")(options)
        except PortalError as error:
            raise CommandError(str(error)) from error

    def _set(self, options: dict[str, Any]) -> None:
        facility = services.facility_named(options["facility"])
        device, is_new = device_furnish(
            facility_id=facility.pk,
            ae_title=options["ae_title"],
            host=options["host"],
            port=options["port"],
            kind=options["kind"],
            profile=options["profile"],
            has_tls=options["tls"],
            model=options["model"],
            by=Actor.command("device"),
        )
        self.stdout.write(f"{device.ae_title} {'created' if is_new else 'updated'}.")

    def _list(self, options: dict[str, Any]) -> None:
        facility = services.facility_named(options["facility"])
        for device in RemoteAE.objects.filter(facility=facility).select_related("profile"):
            address = f"{device.host}:{device.port}" if device.port else "no address"
            profile = device.profile.name if device.profile else "default"
            heard = device.last_heard_at.isoformat(" ", "seconds") if device.last_heard_at else "-"
            self.stdout.write(
                f"{device.ae_title:16} {device.kind:9} {address:28} {profile:16} heard {heard}"
            )

    def _test(self, options: dict[str, Any]) -> None:
        facility = services.facility_named(options["facility"])
        device = (
            RemoteAE.objects.select_related("facility")
            .filter(facility=facility, ae_title=options["ae_title"])
            .first()
        )
        if device is None:
            raise CommandError(f"There is no device {options['ae_title']} in {facility.code}.")
        result = echo(device)
        if not result.is_ok:
            raise CommandError(result.sentence)
        self.stdout.write(f"{result.sentence} ({result.milliseconds} ms)")
