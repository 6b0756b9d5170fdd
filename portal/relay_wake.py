"""How a commit wakes the relays of all web processes: by NOTIFY where the database has it."""

from django.db import connection

CHANNEL = "portal_live"


def wake_relays() -> None:
    """Notify with the commit of the current transaction; on SQLite relays watch the file."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
