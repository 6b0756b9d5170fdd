"""Everything in one process: pages, DICOM listeners, workers, and simulated devices."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from portal import processes
from portal.checks import require_servable
from portal.management.banner import banner


class Command(BaseCommand):
    """`manage.py serve`: the default way to run the portal."""

    help = "Run pages, DICOM listeners and workers in one process, until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the page's port."""
        parser.add_argument("--port", type=int, default=settings.HTTP_PORT)
        parser.add_argument("--bind", default=settings.HTTP_BIND)

    def handle(self, *args: Any, port: int, bind: str, **options: Any) -> None:
        """Start the parts, serve pages, stop the parts."""
        try:
            require_servable()
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        # Before uvicorn: it raises a caught signal again, and ours must then be the handler.
        processes.stop_on_signals()
        with ExitStack() as stack:
            try:
                stack.enter_context(processes.scp())
                for simulator in simulators():
                    stack.enter_context(simulator)
            except OSError as error:
                raise CommandError(
                    f"A DICOM port is taken ({error.strerror}): is the portal running already? "
                    "Choose others with PORTAL_DICOM_PORT, PORTAL_SIMULATED_PRINTER_PORT and "
                    "PORTAL_SIMULATED_ARCHIVE_PORT."
                ) from error
            stack.enter_context(processes.workers())
            config = uvicorn.Config(
                "portal.asgi:application",
                host=bind,
                port=port,
                log_level="warning",
                lifespan="on",
                timeout_graceful_shutdown=3,
            )
            announce = lambda: self.stdout.write(banner(bind=bind, port=port))  # noqa: E731
            asyncio.run(AnnouncingServer(config, announce).serve())
        self.stdout.write("Stopped.")


class AnnouncingServer(uvicorn.Server):
    """uvicorn, telling when it is ready."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Start, then announce from a thread: the banner reads the database."""
        await super().startup(sockets)
        if self.started:
            threading.Thread(target=self._announce, name="banner").start()


def simulators() -> list[AbstractContextManager[Any]]:
    """Return the simulated devices of a development machine; elsewhere there are none."""
    if not settings.DEVELOPMENT:
        return []
    return [
        import_string(name)(**values)
        for name, values in settings.SIMULATORS.items()
        if values["address"][1]
    ]
