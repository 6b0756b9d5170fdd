"""Devices from a shell: the allow-list, and whether they answer."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import services, services_devices
from portal.devices import device_furnish
from portal.dicom.tls import certificate_file_sha256
from portal.errors import InvalidInput, PortalError
from portal.models import RemoteAE
from portal.probing import device_probe
from portal.types import Actor

BY = Actor.command("device")


class Command(BaseCommand):
    """`manage.py device set|list|test|enable|disable`."""

    help = "Create or update a device, switch it on or off, list devices, or test the way to one."

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
        put.add_argument(
            "--alias",
            action="append",
            metavar="AE",
            help="another station AE title whose exams are its own; '' alone takes all away",
        )
        put.add_argument(
            "--address",
            action="append",
            metavar="IP|NETWORK",
            help="where it may call from, as 10.20.4.11 or 10.20.4.0/24; '' alone: anywhere",
        )
        put.add_argument(
            "--certificate",
            metavar="FILE|SHA256",
            help="the TLS certificate that it has to show; '' for none",
        )
        put.add_argument("--facility", help="code; the first one unless given")
        show = commands.add_parser("list", help="all devices")
        show.add_argument("--facility")
        for name, words in (
            ("test", "association and echo; of an archive also the way back to us"),
            ("enable", "let it associate again"),
            ("disable", "reject it like a stranger"),
        ):
            one = commands.add_parser(name, help=words)
            one.add_argument("ae_title", metavar="AE")
            one.add_argument("--facility")

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
            aliases=_entries(options["alias"]),
            allowed_addresses=_entries(options["address"]),
            certificate_sha256=_certificate(options["certificate"]),
            by=BY,
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
                f"{_door(device)}"
            )

    def _test(self, options: dict[str, Any]) -> None:
        for line in device_probe(_device(options), by=BY):
            if not line.is_ok:
                raise CommandError(f"{line.name}: {line.sentence} {line.advice}".strip())
            self.stdout.write(f"{line.name}: {line.sentence}")
            self.stdout.flush()

    def _enable(self, options: dict[str, Any]) -> None:
        device = _device(options)
        services_devices.device_enable(device_id=device.pk, is_enabled=True, by=BY)
        self.stdout.write(f"{device.ae_title} may associate.")

    def _disable(self, options: dict[str, Any]) -> None:
        device = _device(options)
        services_devices.device_enable(device_id=device.pk, is_enabled=False, by=BY)
        self.stdout.write(f"{device.ae_title} is rejected from now on.")


def _device(options: dict[str, Any]) -> RemoteAE:
    facility = services.facility_named(options["facility"])
    found = RemoteAE.objects.select_related("facility").filter(facility=facility)
    device = found.filter(ae_title=options["ae_title"]).first()
    if device is None:
        raise CommandError(f"There is no device {options['ae_title']} in {facility.code}.")
    return device


def _entries(given: list[str] | None) -> list[str] | None:
    """Return what was given; a lone empty one takes all away, nothing at all leaves it alone."""
    return None if given is None else [entry for entry in given if entry]


def _certificate(given: str | None) -> str | None:
    """Return the SHA-256 of a certificate file, or what was typed instead of one."""
    if not given or not Path(given).is_file():
        return given
    try:
        return certificate_file_sha256(Path(given).read_text("ascii", "replace"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{given}: {error}", "certificate_sha256") from error


def _door(device: RemoteAE) -> str:
    """Return what a device has to show at the door, and under which other names it asks."""
    parts = [
        "" if device.is_enabled else "disabled",
        f"also {', '.join(device.aliases)}" if device.aliases else "",
        f"from {', '.join(device.allowed_addresses)}" if device.allowed_addresses else "",
        f"certificate {device.certificate_sha256[:16]}…" if device.certificate_sha256 else "",
    ]
    return "".join(f"; {part}" for part in parts if part)
