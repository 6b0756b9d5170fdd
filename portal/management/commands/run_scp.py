"""The DICOM listeners as processes of their own."""

import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from portal import processes
from portal.checks import require_servable

WATCH_SECONDS = 1


class Command(BaseCommand):
    """`manage.py run_scp [--processes N]`."""

    help = "Run the DICOM listeners, plain and TLS; several processes share the ports."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number of processes."""
        parser.add_argument("--processes", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen until SIGTERM; with several processes, this one only watches over them."""
        try:
            require_servable()
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        count = options["processes"]
        if count == 1:
            self._listen(is_shared=False)
            return
        self._watch(count)

    def _watch(self, count: int) -> None:
        """Keep so many processes listening until a signal comes."""
        stop = processes.stop_on_signals()
        connections.close_all()  # a child must not inherit them
        children = {self._fork() for _ in range(count)}
        while not stop.wait(WATCH_SECONDS):
            for pid in processes.ended(children):
                self.stderr.write(f"Process {pid} has ended; starting another one.")
                children.remove(pid)
                children.add(self._fork())
        for pid in children:
            os.kill(pid, signal.SIGTERM)
        for pid in children:
            os.waitpid(pid, 0)

    def _fork(self) -> int:
        pid = os.fork()
        if pid == 0:
            self._listen(is_shared=True)
            sys.stdout.flush()
            os._exit(0)
        return pid

    def _listen(self, *, is_shared: bool) -> None:
        stop = processes.stop_on_signals()
        try:
            with processes.scp(is_shared=is_shared):
                self.stdout.write(
                    f"{settings.DICOM_AE_TITLE} listening on "
                    f"{settings.DICOM_BIND}:{settings.DICOM_PORT}, process {os.getpid()}"
                )
                self.stdout.flush()
                stop.wait()
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {settings.DICOM_BIND}:{settings.DICOM_PORT}: {error.strerror}."
            ) from error
