"""What C-FIND reads: the open entries of a facility that match, and why one does or does not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from portal.types import Caller
from worklist.selectors.criteria import Criterion, criteria_of, is_foreign_station
from worklist.selectors.dialects import dialect
from worklist.selectors.ways import Way, way_for
from worklist.types import EntryRow, MatchingKeys

__all__ = [
    "Criterion",
    "EntryRow",
    "Matches",
    "Verdict",
    "criteria",
    "encoded_of",
    "entries_matching",
    "is_foreign_station",
    "verdicts",
]

# So many rows are held at a time, however many match.
PAGE = 1000
_ENCODED_PAGE = 500
# Date and time as texts: nothing parses them.
_SELECT = (
    "SELECT entry.step_id, entry.digest, entry.start_date || '', entry.start_time || '' "
    "FROM worklist_worklistentry AS entry"
)
_ORDER = "ORDER BY entry.start_date, entry.start_time, entry.step_id LIMIT %s"
_BEHIND = "(entry.start_date, entry.start_time, entry.step_id) > (%s, %s, %s)"


@dataclass(frozen=True)
class Verdict:
    """Whether one entry meets one criterion."""

    criterion: Criterion
    is_met: bool


@dataclass
class Matches:
    """What matches, in order of date and time, read page by page while it is iterated.

    `matched` counts the rows seen; `is_capped` is known at the end: the device's profile allows
    no more, and there are more.
    """

    facility_id: int
    criteria: tuple[Criterion, ...]
    way: Way
    cap: int | None = None
    matched: int = field(default=0, init=False)
    is_capped: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[EntryRow]:
        for page in self.pages():
            yield from page

    @property
    def rows(self) -> Iterator[EntryRow]:
        """The rows, one by one."""
        return iter(self)

    def pages(self) -> Iterator[list[EntryRow]]:
        """Yield the rows in lists of at most `PAGE`."""
        self.matched, self.is_capped = 0, False
        behind: tuple[Any, ...] = ()
        way = self.way
        while True:
            left = None if self.cap is None else self.cap - self.matched
            limit = PAGE if left is None else min(PAGE, left)
            rows = self._read(way, behind, limit + 1)
            page = [EntryRow(step_id, digest) for step_id, digest, *_ in rows[:limit]]
            self.matched += len(page)
            if page:
                yield page
            if len(rows) <= limit:
                return
            if limit == left:
                self.is_capped = True
                return
            step_id, _, day, at = rows[limit - 1]
            behind, way = (day, at, step_id), way.for_more()

    def _read(
        self, way: Way, behind: tuple[Any, ...], limit: int
    ) -> list[tuple[int, int, str, str]]:
        conditions = ["entry.facility_id = %s", *(one.sql for one in self.criteria)]
        params: list[Any] = [self.facility_id]
        for one in self.criteria:
            params += one.params
        if way.condition:
            conditions.append(way.condition)
            params += way.params
        if behind:
            conditions.append(_BEHIND)
            params += behind
        with connection.cursor() as cursor:
            cursor.execute(
                f"{_SELECT} {way.hint} WHERE {' AND '.join(conditions)} {_ORDER}", [*params, limit]
            )
            return list(cursor.fetchall())


def criteria(*, caller: Caller, keys: MatchingKeys, today: date) -> tuple[Criterion, ...]:
    """Return what an entry has to meet to be sent: the device's policies, then its keys."""
    return criteria_of(caller=caller, keys=keys, today=today, dialect=dialect())


def entries_matching(*, caller: Caller, keys: MatchingKeys, today: date) -> Matches:
    """Return the open entries that match, narrowed by the device's profile, by date and time."""
    return Matches(
        caller.facility_id,
        criteria(caller=caller, keys=keys, today=today),
        way_for(caller, keys, dialect()),
        caller.profile.row_cap,
    )


def verdicts(
    *, caller: Caller, keys: MatchingKeys, today: date, step_id: int
) -> tuple[Verdict, ...]:
    """Say of one entry which criteria it meets; none when the caller's facility has no such."""
    found = criteria(caller=caller, keys=keys, today=today)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(one.sql for one in found)} "  # noqa: S608 - values are parameters
            "FROM worklist_worklistentry AS entry "
            "WHERE entry.facility_id = %s AND entry.step_id = %s",
            [*(param for one in found for param in one.params), caller.facility_id, step_id],
        )
        row = cursor.fetchone()
    if row is None:
        return ()
    return tuple(Verdict(one, bool(met)) for one, met in zip(found, row, strict=True))


def encoded_of(step_ids: Iterable[int]) -> dict[int, bytes]:
    """Return the encoded entries of steps; a step that is gone has none.

    They may be newer than the digests that `entries_matching` read before: whoever keeps them
    files them under `match_keys.digest_of(encoded)`.
    """
    wanted = list(step_ids)
    found: dict[int, bytes] = {}
    with connection.cursor() as cursor:
        for at in range(0, len(wanted), _ENCODED_PAGE):
            some = wanted[at : at + _ENCODED_PAGE]
            cursor.execute(
                "SELECT step_id, encoded FROM worklist_worklistentry "  # noqa: S608 - placeholders
                f"WHERE step_id IN ({', '.join(['%s'] * len(some))})",
                some,
            )
            found.update((step_id, bytes(encoded)) for step_id, encoded in cursor.fetchall())
    return found
