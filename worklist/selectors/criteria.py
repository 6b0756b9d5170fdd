"""The rules of matching, one SQL condition each: joined they find entries, alone they explain one.

Conditions speak of one row, called `entry`; every value is a parameter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.types import Caller
from worklist.dicom import patterns
from worklist.dicom.match_keys import GROUPS, ITEM_MARK, KEYS, PART_MARK, Kind
from worklist.dicom.moments import format_da
from worklist.selectors.dialects import Dialect
from worklist.types import Interval, MatchingKeys, NameKey, Period, TextKey

KEYWORDS = {key.column: key.keyword for key in KEYS}
INDEXED = frozenset(key.column for key in KEYS if key.kind in {Kind.ID, Kind.UID})
# What `station_ae_title` says of an entry that has no AE title, or several.
NOBODY, SEVERAL = "", "\\"


@dataclass(frozen=True)
class Criterion:
    """One thing that an entry has to be: a key's keyword or a policy's name, and its condition."""

    name: str
    given: str
    sql: str
    params: tuple[Any, ...] = ()


Part = tuple[str, tuple[Any, ...]]
NEVER: Part = ("1 = 0", ())


def criteria_of(
    *, caller: Caller, keys: MatchingKeys, today: date, dialect: Dialect
) -> tuple[Criterion, ...]:
    """Return what an entry of the caller's facility has to meet, policies first."""
    build = _Builder(caller, keys, dialect)
    return (*build.policies(today), *build.keys())


def is_foreign_station(caller: Caller, keys: MatchingKeys) -> bool:
    """Say whether a device that is shown its own exams only asks for those of others by name."""
    if not caller.profile.is_own_station_only or keys.station is None:
        return False
    return not _is_asked(keys.station, caller.titles)


def own_titles(caller: Caller, key: TextKey) -> tuple[str, ...]:
    """Return the asked AE titles; with one of the caller's come all others that it answers to."""
    if _is_asked(key, caller.titles):
        return tuple(dict.fromkeys((*key.values, *caller.titles)))
    return key.values


def _is_asked(key: TextKey, titles: Iterable[str]) -> bool:
    return any(title in key.values or _fits(key.patterns, title) for title in titles)


def _fits(wanted: Iterable[str], title: str) -> bool:
    return any(patterns.is_match(pattern, title) for pattern in wanted)


@dataclass(frozen=True)
class _Builder:
    caller: Caller
    asked: MatchingKeys
    dialect: Dialect

    def policies(self, today: date) -> Iterator[Criterion]:
        """Yield what our own rules and the device's profile demand."""
        profile = self.caller.profile
        yield Criterion("open", "", "entry.is_open")
        if profile.statuses:
            given = "\\".join(profile.statuses)
            yield Criterion("statuses", given, *_in("entry.status", profile.statuses))
        if profile.is_own_station_only:
            titles = self.caller.titles
            part = NEVER if is_foreign_station(self.caller, self.asked) else self._titles(titles)
            yield Criterion("own-station", "\\".join(titles), *part)
        if profile.days_back is not None or profile.days_ahead is not None:
            window = Interval(
                _shifted(today, -1, profile.days_back), _shifted(today, 1, profile.days_ahead)
            )
            given = f"{format_da(window.lower)}-{format_da(window.upper)}"
            yield Criterion("date-window", given, *_between("entry.start_date", window))

    def keys(self) -> Iterator[Criterion]:
        """Yield one criterion for each key; a date and time that are one interval are one."""
        asked = self.asked
        if asked.station is not None:
            yield self._key("station_ae_titles", self._station(asked.station))
        for column, text in asked.texts.items():
            if column != "station_ae_titles":
                yield self._key(column, self._text(f"entry.{column}", text, column not in INDEXED))
        for column, names in asked.names.items():
            yield self._key(column, _any(self._name(column, name) for name in names))
        for column, items in asked.sequences.items():
            yield self._key(column, self._item(column, items))
        for column, period in asked.periods.items():
            yield from self._period(column, period)

    def _key(self, column: str, part: Part, given: str = "") -> Criterion:
        keyword = KEYWORDS[column]
        return Criterion(keyword, given or self.asked.given.get(keyword, ""), *part)

    def _text(self, column: str, key: TextKey, is_multi: bool) -> Part:
        """Match exactly and by letter case; no empty value is among them (K.2.2.1.1.1)."""
        parts = [_in(column, key.values)] if key.values else []
        if is_multi:
            parts += [self._has(column, value) for value in key.values]
        for pattern in key.patterns:
            parts.append(self._pattern(column, pattern, is_multi=is_multi))
        return _any(parts)

    def _has(self, column: str, value: str) -> Part:
        """Find one of several stored values."""
        return f"{self.dialect.position}({column}, %s) > 0", (f"\\{value}\\",)

    def _pattern(self, column: str, pattern: str, *, is_multi: bool) -> Part:
        sql, params = self.dialect.like(column, pattern)
        if not is_multi:
            return sql, params
        expression = self.dialect.regex(pattern, r"[^\\]")
        return (
            f"CASE WHEN substr({column}, 1, 1) = %s THEN {column} {self.dialect.regexp} %s "
            f"ELSE {sql} END",
            (SEVERAL, rf"\\{expression}\\", *params),
        )

    def _station(self, key: TextKey) -> Part:
        parts = []
        if titles := own_titles(self.caller, key):
            parts.append(self._titles(titles))
        for pattern in key.patterns:
            sql, params = self.dialect.like("entry.station_ae_title", pattern)
            several = self._pattern("entry.station_ae_titles", pattern, is_multi=True)
            alone = f"{sql} AND entry.station_ae_title <> %s", (*params, SEVERAL)
            parts.append(_any([alone, _all([_in("entry.station_ae_title", (SEVERAL,)), several])]))
        return _any(parts)

    def _titles(self, titles: tuple[str, ...]) -> Part:
        """Match any of an entry's AE titles, one range of the index for each choice."""
        column = "entry.station_ae_title"
        choices = [_in(column, titles)]
        any_of = _any(self._has("entry.station_ae_titles", title) for title in titles)
        choices.append(_all([_in(column, (SEVERAL,)), any_of]))
        possible = (*titles, SEVERAL)
        if set(titles) & set(self.caller.titles):
            possible += (NOBODY,)
            choices.append(_all([_in(column, (NOBODY,)), self._of_nobody()]))
        return _all([_in(column, possible), _any(choices)])

    def _of_nobody(self) -> Part:
        """Entries without station are the modality's: any device's, but not another modality's."""
        return (
            "NOT EXISTS (SELECT 1 FROM worklist_station AS station "  # noqa: S608 - our names
            "WHERE station.device_id = %s "
            f"AND station.modality <> entry.modality AND {self.dialect.position}(entry.modality, "
            "%s || station.modality || %s) = 0)",
            (self.caller.device_id, SEVERAL, SEVERAL),
        )

    def _name(self, column: str, key: NameKey) -> Part:
        columns = [f"entry.{column}_{group}" for group in GROUPS]
        if key.words:
            return _any(self._words(column, key.words) for column in columns)
        if key.anywhere:
            return _any(self._group(column, key.anywhere) for column in columns)
        return _all(
            self._group(column, group)
            for column, group in zip(columns, key.groups, strict=True)
            if group
        )

    def _group(self, column: str, alternatives: tuple[str, ...]) -> Part:
        return _any(self.dialect.like(column, pattern) for pattern in alternatives)

    def _words(self, column: str, words: tuple[str, ...]) -> Part:
        """Find the beginnings of words: blanks, carets and hyphens part them."""
        position = self.dialect.position
        spaced = f"' ' || replace(replace({column}, '^', ' '), '-', ' ')"
        somewhere = [(f"{position}({column}, %s) > 0", (word,)) for word in words]  # quick
        begins = [(f"{position}({spaced}, %s) > 0", (f" {word}",)) for word in words]
        return _all([*somewhere, *begins])

    def _item(self, column: str, parts: tuple[TextKey | None, ...]) -> Part:
        """Match all parts within one item (C.2.2.2.6)."""
        inner = rf"[^{ITEM_MARK}{PART_MARK}]"
        expression = PART_MARK.join(self._alternatives(part, inner) for part in parts)
        return (
            f"entry.{column} {self.dialect.regexp} %s",
            (f"{ITEM_MARK}{expression}{ITEM_MARK}",),
        )

    def _alternatives(self, key: TextKey | None, inner: str) -> str:
        if key is None:
            return f"{inner}*"
        choices = [self.dialect.regex(value, inner) for value in (*key.values, *key.patterns)]
        return f"({'|'.join(choices)})"

    def _period(self, column: str, period: Period) -> Iterator[Criterion]:
        day, at = f"{column}_date", f"{column}_time"
        if period.dates:
            yield self._key(day, _between(f"entry.{day}", period.dates))
        if period.times:
            yield self._key(at, _between(f"entry.{at}", period.times))
        if period.moments:
            given = [self.asked.given.get(KEYWORDS[name], "") for name in (day, at)]
            yield self._key(
                day, _within(f"entry.{day}", f"entry.{at}", period.moments), " ".join(given).strip()
            )


def _in(column: str, values: Iterable[Any]) -> Part:
    found = tuple(values)
    return f"{column} IN ({', '.join(['%s'] * len(found))})", found


def _any(parts: Iterable[Part]) -> Part:
    return _joined(" OR ", parts)


def _all(parts: Iterable[Part]) -> Part:
    return _joined(" AND ", parts)


def _joined(operator: str, parts: Iterable[Part]) -> Part:
    found = list(parts)
    if len(found) == 1:
        return found[0]
    sql = operator.join(f"({sql})" for sql, _ in found)
    return f"({sql})", tuple(param for _, params in found for param in params)


def _between(column: str, interval: Interval[Any]) -> Part:
    lower, upper = interval.lower, interval.upper
    if lower is not None and lower == upper:
        return f"{column} = %s", (lower.isoformat(),)
    parts = [(f"{column} >= %s", (lower.isoformat(),))] if lower is not None else []
    parts += [(f"{column} <= %s", (upper.isoformat(),))] if upper is not None else []
    return _all(parts)


def _within(day: str, at: str, moments: Interval[datetime]) -> Part:
    """Compare date and time as one moment; the bare date first, since that has the index."""
    parts: list[Part] = []
    for moment, wide, strict in ((moments.lower, ">=", ">"), (moments.upper, "<=", "<")):
        if moment is not None:
            on, clock = moment.date().isoformat(), moment.time().isoformat()
            parts.append((f"{day} {wide} %s", (on,)))
            parts.append((f"({day} {strict} %s OR {at} {wide} %s)", (on, clock)))
    return _all(parts)


def _shifted(today: date, sign: int, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=sign * days)
