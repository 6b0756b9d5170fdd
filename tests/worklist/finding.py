"""Asking the database as a device would, without a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connection

from portal.models import RemoteAE
from portal.selectors import caller_of
from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import decoded
from worklist.selectors.entries import entries_matching

DAY = date(2026, 11, 21)


def found(device: RemoteAE, charset: str = "", **keys: object) -> list[int]:
    """The steps that a query finds, in order."""
    matches = entries_matching(
        caller=caller_of(device), keys=decoded(identifier(charset=charset, **keys)).keys, today=DAY
    )
    return [row.step_id for row in matches.rows]


@contextmanager
def hidden(table: str) -> Iterator[None]:
    """Take a table away while the block runs: a database that fails in earnest."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO hidden")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE hidden RENAME TO {table}")
