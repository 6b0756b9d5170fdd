"""Many rows in a few statements, without an object for each: what a scanner made in one exam."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model

AT_ONCE = 5000


def rows_insert(
    model: type[Model], same: Mapping[str, Any], each: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows: `same` for all, `each` has a list of numbers or texts for every other field.

    What is named in neither has its default.
    """
    fields = [one for one in model._meta.concrete_fields if not one.primary_key]
    listed = [one for one in fields if one.name in each]
    constant = [one for one in fields if one.name not in each]
    values = [
        one.get_db_prep_save(same.get(one.name, one.get_default()), connection) for one in constant
    ]
    lists = [each[one.name] for one in listed]
    columns = ", ".join(str(one.column) for one in (*constant, *listed))
    into = f"INSERT INTO {model._meta.db_table} ({columns}) "
    with connection.cursor() as cursor:
        for start in range(0, len(lists[0]), AT_ONCE):
            part = [list(one[start : start + AT_ONCE]) for one in lists]
            if connection.vendor == "postgresql":
                cursor.execute(into + _select(values, listed), [*values, *part])
            else:
                marks = ", ".join(["%s"] * len(fields))
                rows = [[*values, *row] for row in zip(*part, strict=True)]
                cursor.executemany(f"{into}VALUES ({marks})", rows)


def _select(values: Sequence[Any], listed: "Sequence[Field[Any, Any]]") -> str:
    """Return how PostgreSQL makes rows of lists: one parameter for a column, however many rows."""
    types = [str(one.db_type(connection)).partition("(")[0] for one in listed]
    marks = ["%s"] * len(values) + ["listed.*"]
    lists = ", ".join(f"%s::{one}[]" for one in types)
    return f"SELECT {', '.join(marks)} FROM unnest({lists}) AS listed"  # noqa: S608 - our names
