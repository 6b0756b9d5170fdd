"""Outbound work and timers as a process of its own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import processes


class Command(BaseCommand):
    """`manage.py run_worker [--only printing,timers]`."""

    help = "Run outbound work and timers, until Ctrl-C or SIGTERM; any number, on any host."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the loops to run."""
        parser.add_argument("--only", help="comma-separated: " + ",".join(settings.WORKER_LOOPS))

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until told to stop."""
        only = [name.strip() for name in (options["only"] or "").split(",") if name.strip()]
        unknown = [name for name in only if name not in settings.WORKER_LOOPS]
        if unknown:
            known = ", ".join(settings.WORKER_LOOPS)
            raise CommandError(f"There is no loop “{unknown[0]}”. Loops are: {known}.")
        stop = processes.stop_on_signals()
        only = [loop for loop in settings.WORKER_LOOPS if _is_meant(loop, only)]
        with processes.workers(only=only or None):
            self.stdout.write("Working: " + ", ".join(only or settings.WORKER_LOOPS))
            self.stdout.flush()
            stop.wait()


def _is_meant(loop: str, names: list[str]) -> bool:
    """Say whether a loop is one of those named; `printing` names `printing.status` too."""
    return any(loop == name or loop.startswith(f"{name}.") for name in names)
