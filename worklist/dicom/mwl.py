"""The C-FIND identifier of Modality Worklist, read into what to match and what to return (K.6)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time

from pydicom.datadict import keyword_for_tag

from portal.dicom.errors import InvalidDataset
from worklist.dicom import patterns
from worklist.dicom.charsets import CharsetError, terms_of
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import ASCII, TEXT, Element, Item, Syntax, read, tag_name, vr_of
from worklist.dicom.moments import parse_da_range, parse_tm_range
from worklist.dicom.texts import CHARACTER_SET, text, to_utf8
from worklist.types import Interval, MatchingKeys, TextKey

MAX_BYTES = 64 * 1024
PATIENT_NAME, PHYSICIAN_NAME = 0x00100010, 0x00400006
STATION, START_DATE, START_TIME = 0x00400001, 0x00400002, 0x00400003

# Keys matched as texts: tag -> column of the entry (PS3.4 Table K.6-1, and optional ones).
REQUEST_KEYS = {
    0x00080050: "accession_number",
    0x00100020: "patient_id",
    0x0020000D: "study_instance_uid",
    0x00401001: "requested_procedure_id",
}
STEP_KEYS = {
    0x00080060: "modality",
    0x00400009: "sps_id",
    0x00400020: "status",
}
MATCHED_OUTSIDE = frozenset({*REQUEST_KEYS, PATIENT_NAME})
MATCHED_IN_STEP = frozenset({*STEP_KEYS, STATION, START_DATE, START_TIME, PHYSICIAN_NAME})

# Never keys: character set, time zone, and the Query/Retrieve Level that some devices send along.
NO_KEYS = frozenset({CHARACTER_SET, 0x00080201, 0x00080052})
# PS3.4 C.2.2.2.4
WILDCARD_VRS = frozenset("AE CS LO LT PN SH ST UC UR UT".split())  # noqa: SIM905


@dataclass(frozen=True)
class Identifier:
    """A request: what restricts it, what it wants back, and what it carried."""

    keys: MatchingKeys
    wanted: Item
    has_unsupported: bool  # a key with a value that is not matched: answered FF01
    sent: dict[str, str]
    character_set: str


def decode(raw: bytes, syntax: Syntax, *, is_strict: bool = False) -> Identifier:
    """Read an identifier; raise InvalidDataset, naming the attribute, where it makes no sense."""
    if len(raw) > MAX_BYTES:
        raise InvalidDataset("The identifier is larger than 64 kB.")
    received = read(raw, syntax)
    if not received:
        raise InvalidDataset("The identifier has no keys.")
    item = _in_utf8(received, is_strict=is_strict)
    step = _step_key(item)
    outside = {tag: element for tag, element in item.items() if tag != SPS_SEQUENCE}
    for tag, element in [*outside.items(), *step.items()]:
        _require_vr(tag, element, is_strict=is_strict)
    return Identifier(
        keys=_matching_keys(outside, step, is_strict=is_strict),
        wanted=item,
        has_unsupported=_has_value(outside, MATCHED_OUTSIDE) or _has_value(step, MATCHED_IN_STEP),
        sent=dict(_sent(item)),
        character_set=text(received, CHARACTER_SET),
    )


def _in_utf8(received: Item, *, is_strict: bool) -> Item:
    """Decode the keys; a character set that we do not know does no harm to plain ASCII keys."""
    try:
        terms_of(text(received, CHARACTER_SET))
    except CharsetError:
        if not is_strict:
            plain = {tag: e for tag, e in received.items() if tag != CHARACTER_SET}
            try:
                return to_utf8(plain)
            except InvalidDataset:
                pass  # not plain: say which character set we do not know
    return to_utf8(received)


def _step_key(item: Item) -> Item:
    """Return the one item of the SPS sequence; none or an empty one is universal (K.2.2.1.2)."""
    element = item.get(SPS_SEQUENCE)
    if element is None:
        return {}
    if not isinstance(element.value, tuple):
        raise InvalidDataset(f"{tag_name(SPS_SEQUENCE)} is no sequence.", (SPS_SEQUENCE,))
    if len(element.value) > 1:
        raise InvalidDataset(
            f"{tag_name(SPS_SEQUENCE)} may have one item, not {len(element.value)}.",
            (SPS_SEQUENCE,),
        )
    return element.value[0] if element.value else {}


def _require_vr(tag: int, element: Element, *, is_strict: bool) -> None:
    """Refuse a key of another kind than the dictionary's; a neighbouring text VR is forgiven."""
    expected = vr_of(tag, {})
    if tag >> 16 & 1 or expected in {"UN", element.vr}:
        return
    is_near = {expected, element.vr} <= TEXT | ASCII
    if is_strict or not is_near:
        message = f"{tag_name(tag)} is of VR {element.vr}, it should be {expected}."
        raise InvalidDataset(message, (tag,))


def _matching_keys(outside: Item, step: Item, *, is_strict: bool) -> MatchingKeys:
    texts = {}
    for columns, item in ((REQUEST_KEYS, outside), (STEP_KEYS, step)):
        for tag, column in columns.items():
            key = _text_key(item, tag, is_strict=is_strict)
            if key is not None:
                texts[column] = key
    keys = MatchingKeys(
        texts=texts,
        patient_name=_name_key(outside, PATIENT_NAME),
        physician_name=_name_key(step, PHYSICIAN_NAME),
        station=_text_key(step, STATION, is_strict=is_strict),
    )
    return _with_time(keys, step, is_strict=is_strict)


def _text_key(item: Item, tag: int, *, is_strict: bool) -> TextKey | None:
    value = text(item, tag)
    values = [part.strip() for part in value.split("\\") if part.strip()]
    if not values:
        return None
    vr = vr_of(tag, {})
    if len(values) > 1 and vr != "UI" and is_strict:
        raise InvalidDataset(f"{tag_name(tag)} may have one value.", (tag,))
    if vr not in WILDCARD_VRS:  # of the keys matched as texts that is UI
        return _uid_key(values, tag, is_strict=is_strict)
    if any(not part.strip("*") for part in values):
        return None
    _require_sensible(values, tag)
    return TextKey(
        tuple(part for part in values if not patterns.has_wildcard(part)),
        tuple(patterns.wildcard_regex(part) for part in values if patterns.has_wildcard(part)),
    )


def _uid_key(values: list[str], tag: int, *, is_strict: bool) -> TextKey | None:
    if values == ["*"] and not is_strict:
        return None
    for value in values:
        if not all(part.isascii() and part.isdecimal() for part in value.split(".")):
            raise InvalidDataset(f"{tag_name(tag)} is no UID.", (tag,))
    return TextKey(tuple(values))


def _name_key(item: Item, tag: int) -> str:
    """Return the expression for a name; empty when the key is universal."""
    names = [name for name in text(item, tag).split("\\") if name.strip()]
    if not names or any(patterns.is_universal(name) for name in names):
        return ""
    _require_sensible(names, tag)
    return "|".join(patterns.name_regex(name) for name in names)


def _require_sensible(values: list[str], tag: int) -> None:
    if not all(patterns.is_sensible(value) for value in values):
        raise InvalidDataset(f"{tag_name(tag)} has too many asterisks.", (tag,))


def _with_time(keys: MatchingKeys, step: Item, *, is_strict: bool) -> MatchingKeys:
    """Add date and time; where both are given and one is a range they are one interval."""
    day, at = text(step, START_DATE), text(step, START_TIME)
    if not is_strict:  # some devices send `*`, and the forms of before 1993
        day, at = day.replace("*", ""), at.replace("*", "")
    dates, times = parse_da_range(day) if day else None, parse_tm_range(at) if at else None
    if day and (dates is None or (is_strict and "." in day)):
        message = f"{tag_name(START_DATE)} is no date or range of dates."
        raise InvalidDataset(message, (START_DATE,))
    if at and (times is None or (is_strict and ":" in at)):
        message = f"{tag_name(START_TIME)} is no time or range of times."
        raise InvalidDataset(message, (START_TIME,))
    if dates is None or times is None or "-" not in at:
        _require_order(times)
        return replace(keys, dates=dates, times=times)
    if dates.lower is not None and dates.lower == dates.upper:
        _require_order(times)
    moments = Interval(
        datetime.combine(dates.lower, times.lower or time.min) if dates.lower else None,
        datetime.combine(dates.upper, times.upper or time.max) if dates.upper else None,
    )
    return replace(keys, moments=moments)  # PS3.4 C.2.2.2.5


def _require_order(times: Interval[time] | None) -> None:
    """Refuse a time range over midnight, unless dates make it one interval."""
    if times and times.lower and times.upper and times.lower > times.upper:
        message = f"{tag_name(START_TIME)} ends before it begins."
        raise InvalidDataset(message, (START_TIME,))


def _has_value(item: Item, matched: frozenset[int]) -> bool:
    """Say whether a key that is not matched was given a value to match."""
    for tag, element in item.items():
        is_creator = tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF
        if tag in matched or tag in NO_KEYS or is_creator:
            continue
        if isinstance(element.value, tuple):
            if any(_has_value(inner, frozenset()) for inner in element.value):
                return True
        elif element.value.strip(b" \0*"):
            return True
    return False


def _sent(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the keys that had a value, by keyword, for the record of the query."""
    for tag, element in item.items():
        if isinstance(element.value, tuple):
            for inner in element.value:
                yield from _sent(inner)
        elif element.value.strip(b" \0") and element.vr in TEXT | ASCII:
            yield keyword_for_tag(tag) or tag_name(tag), text(item, tag)
