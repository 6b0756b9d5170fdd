"""By which index SQLite finds entries: said, not guessed, so that cost does not grow with the list.

SQLite has no statistics of its own accord and takes the wrong index as soon as two would do.
PostgreSQL has them and is told nothing. A way changes what a query costs, never what it finds.
"""

from dataclasses import dataclass
from typing import Any

from portal.types import Caller
from worklist.dicom import patterns
from worklist.dicom.match_keys import GROUPS
from worklist.selectors.dialects import Dialect
from worklist.types import Interval, MatchingKeys, NameKey, TextKey

_INDEXES = {
    "study_instance_uid": "study",
    "accession_number": "accession",
    "patient_id": "patient",
    "requested_procedure_id": "procedure",
    "sps_id": "sps",
}
# One of these is one entry, or a few; the others may be the same text on every entry.
_UNIQUE = ("study_instance_uid", "accession_number", "patient_id")
_COMMON = ("requested_procedure_id", "sps_id")
_NAME_INDEXES = dict(zip(GROUPS, ("name", "ideographic", "phonetic"), strict=True))


@dataclass(frozen=True)
class Way:
    """An index hint, and a condition that the criteria imply and that the index serves."""

    hint: str = ""
    condition: str = ""
    params: tuple[Any, ...] = ()
    is_broad: bool = False  # may bring many: what is beyond a page is read in order of date

    def for_more(self) -> "Way":
        """Return the way for what is behind the first page."""
        return _by("date") if self.is_broad else self


def way_for(caller: Caller, keys: MatchingKeys, dialect: Dialect) -> Way:
    """Return how to find what matches."""
    if not dialect.is_sqlite:
        return Way()
    for column in _UNIQUE:
        if _is_exact(keys.texts.get(column)):
            return _by(_INDEXES[column])
    station = keys.station
    if caller.profile.is_own_station_only or (station and station.values and not station.patterns):
        return _by("station")
    for column in _COMMON:
        if _is_exact(keys.texts.get(column)):
            return _by(_INDEXES[column])
    for column in (*_UNIQUE, *_COMMON):
        if _is_range(keys.texts.get(column)):
            return _by(_INDEXES[column], is_broad=True)
    names = keys.names.get("patient", ())
    if way := _by_beginning(caller.facility_id, names, dialect):
        return way
    if names and not _has_day(caller, keys):
        return _by("name", is_broad=True)
    return _by("date")


def _by(index: str, *, is_broad: bool = False) -> Way:
    return Way(f"INDEXED BY worklist_entry_{index}", is_broad=is_broad)


def _is_exact(key: TextKey | None) -> bool:
    return key is not None and not key.patterns


def _is_range(key: TextKey | None) -> bool:
    return (
        key is not None
        and not key.values
        and len(key.patterns) == 1
        and bool(patterns.prefix(key.patterns[0]))
    )


def _has_day(caller: Caller, keys: MatchingKeys) -> bool:
    """Say whether both ends of the dates are given, by the device or by its profile."""
    profile, period = caller.profile, keys.periods.get("start")
    if profile.days_back is not None and profile.days_ahead is not None:
        return True
    given: list[Interval[Any] | None] = [period.dates, period.moments] if period else []
    return any(one and one.lower is not None and one.upper is not None for one in given)


def _by_beginning(facility_id: int, names: tuple[NameKey, ...], dialect: Dialect) -> Way | None:
    """Find by how names begin: each component group has an index of its own."""
    branches: list[str] = []
    params: list[Any] = []
    for name in names:
        beginnings = _beginnings(name)
        if not beginnings:
            return None
        for group, prefix in beginnings:
            column = f"hit.patient_{group}"
            sql, bounds = dialect.range(column, prefix)
            branches.append(
                "SELECT hit.step_id FROM worklist_worklistentry AS hit "  # noqa: S608 - our names
                f"INDEXED BY worklist_entry_{_NAME_INDEXES[group]} "
                f"WHERE hit.facility_id = %s AND hit.is_open AND {sql}"
            )
            params += [facility_id, *bounds]
    if not branches:
        return None
    return Way(
        hint="INDEXED BY sqlite_autoindex_worklist_worklistentry_1",
        condition=f"entry.step_id IN ({' UNION ALL '.join(branches)})",
        params=tuple(params),
        is_broad=True,
    )


def _beginnings(name: NameKey) -> list[tuple[str, str]]:
    """Return by which group and text a name can be found; none when its beginning says little."""
    if name.anywhere:
        prefix = patterns.prefix(name.anywhere[0])
        return [(group, prefix) for group in GROUPS] if _is_telling(prefix) else []
    for group, alternatives in zip(GROUPS, name.groups, strict=False):
        if alternatives and _is_telling(prefix := patterns.prefix(alternatives[0])):
            return [(group, prefix)]
    return []


def _is_telling(prefix: str) -> bool:
    """Say whether few enough names begin so: one Latin letter is a tenth of all."""
    return len(prefix) > 1 or (bool(prefix) and not prefix.isascii())
