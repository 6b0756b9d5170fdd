"""Where SQLite and PostgreSQL differ in how texts are compared."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from worklist.dicom import patterns


@dataclass(frozen=True)
class Dialect:
    """How one of the two databases is told the same thing."""

    is_sqlite: bool
    position: str  # the function that finds a text in another
    regexp: str

    def regex(self, pattern: str, any_one: str) -> str:
        """Return the expression of a pattern for `regexp`."""
        translate = patterns.python_regex if self.is_sqlite else patterns.regex
        return translate(pattern, any_one)

    def like(self, column: str, pattern: str) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for a pattern of `*` and `?`, letter case included.

        PostgreSQL finds the range of an index by itself; SQLite does only for literals.
        """
        if not patterns.has_wildcard(pattern):
            return f"{column} = %s", (pattern,)
        if not self.is_sqlite:
            return f"{column} LIKE %s", (patterns.like(pattern),)
        if prefix := patterns.prefix(pattern):
            sql, params = self.range(column, prefix)
            return f"({sql} AND {column} GLOB %s)", (*params, patterns.glob(pattern))
        return f"{column} GLOB %s", (patterns.glob(pattern),)

    def range(self, column: str, prefix: str) -> tuple[str, tuple[Any, ...]]:
        """Return SQLite's condition for values that begin so, which an index serves."""
        after = patterns.after(prefix)
        if after is None:
            return f"{column} >= %s", (prefix,)
        return f"{column} >= %s AND {column} < %s", (prefix, after)


SQLITE = Dialect(is_sqlite=True, position="instr", regexp="REGEXP")
POSTGRESQL = Dialect(is_sqlite=False, position="strpos", regexp="~")


def dialect() -> Dialect:
    """Return the one of the database that we are connected to."""
    return SQLITE if connection.vendor == "sqlite" else POSTGRESQL
