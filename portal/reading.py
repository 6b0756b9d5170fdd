"""Reads by threads that keep their database connection for as long as they live."""

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections

Found = TypeVar("Found")


def read_again(read: Callable[[], Found]) -> Found:
    """Return what `read` reads; once more on a new connection where the old one had died.

    A restarted database closes connections that nobody was using; the first to ask would fail.
    """
    try:
        return read()
    except (OperationalError, InterfaceError):
        connections.close_all()
        return read()
