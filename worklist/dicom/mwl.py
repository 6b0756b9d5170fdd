"""The C-FIND identifier of Modality Worklist, read into what to match and what to return (K.6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property

from pydicom.datadict import keyword_for_tag

from portal.dicom.errors import InvalidDataset
from worklist.dicom import match_keys, patterns, periods
from worklist.dicom.charsets import LATIN_1, UTF_8, CharsetError, terms_of
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.fingerprints import Fingerprint, fingerprint
from worklist.dicom.items import ASCII, TEXT, Element, Item, Syntax, read, tag_name, vr_of
from worklist.dicom.match_keys import Kind, MatchKey
from worklist.dicom.texts import CHARACTER_SET, text, to_utf8, to_utf8_trying
from worklist.types import MatchingKeys, NameKey, TextKey

MAX_BYTES = 64 * 1024
MAX_VALUES = 100  # of a key, lists of UIDs excepted
TIMEZONE_OFFSET = 0x00080201
# Never keys: character set, time zone, and the Query/Retrieve Level that some devices send along.
NO_KEYS = frozenset({CHARACTER_SET, TIMEZONE_OFFSET, 0x00080052})
# PS3.4 C.2.2.2.4
WILDCARD_VRS = frozenset("AE CS LO LT PN SH ST UC UR UT".split())  # noqa: SIM905
_ONE_VALUE_VRS = frozenset({"LT", "ST", "UT", "UR"})  # a backslash is a letter
# What is tried at last when text is not in its character set; the second takes everything.
LAST_RESORTS = (UTF_8, LATIN_1)

MATCHED_OUTSIDE = {key.tag: key for key in match_keys.REQUEST_KEYS}
MATCHED_IN_STEP = {key.tag: key for key in match_keys.STEP_KEYS}


@dataclass(frozen=True)
class Identifier:
    """A request: what restricts it, what it wants back, and what it carried."""

    keys: MatchingKeys
    wanted: Item
    has_unsupported: bool  # a key with a value that is not matched: answered FF01
    sent: dict[str, str]
    character_set: str

    @cached_property
    def shape(self) -> Fingerprint:
        """What of it shapes the answers: the attributes that it wants."""
        return fingerprint(self.wanted)


@dataclass(frozen=True)
class _Reading:
    """How keys are read: what is forgiven, and what was negotiated (PS3.4 K.5)."""

    is_strict: bool
    is_fuzzy: bool
    shift: periods.Shift | None


def decode(
    raw: bytes,
    syntax: Syntax,
    *,
    is_strict: bool = False,
    is_fuzzy: bool = False,
    has_timezone: bool = False,
    usual: tuple[str, ...] = (),
    site: tzinfo = UTC,
) -> Identifier:
    """Read an identifier; raise InvalidDataset, naming the attribute, where it makes no sense.

    `usual` are character sets that the device may be sending without saying so. With
    `has_timezone` dates and times are by the offset in the identifier, and come out by `site`'s.
    """
    if len(raw) > MAX_BYTES:
        raise InvalidDataset("The identifier is larger than 64 kB.")
    received = read(raw, syntax)
    if not received:
        raise InvalidDataset("The identifier has no keys.")
    item = _in_utf8(received, usual, is_strict=is_strict)
    step = _step_key(item)
    outside = {tag: element for tag, element in item.items() if tag != SPS_SEQUENCE}
    for tag, element in [*outside.items(), *step.items()]:
        _require_vr(tag, element, is_strict=is_strict)
    shift = _shift(item, site, is_strict=is_strict) if has_timezone else None
    keys = MatchingKeys()
    reading = _Reading(is_strict, is_fuzzy, shift)
    _read_keys(keys, step, MATCHED_IN_STEP, reading)
    _read_keys(keys, outside, MATCHED_OUTSIDE, reading)
    return Identifier(
        keys=keys,
        wanted=item,
        has_unsupported=_has_value(outside, MATCHED_OUTSIDE) or _has_value(step, MATCHED_IN_STEP),
        sent=dict(_sent(item)),
        character_set=text(received, CHARACTER_SET),
    )


def _in_utf8(received: Item, usual: tuple[str, ...], *, is_strict: bool) -> Item:
    """Decode the keys; a device that declares no character set, or another, may be understood."""
    if is_strict:
        return to_utf8(received)
    declared = text(received, CHARACTER_SET)
    return to_utf8_trying(received, list(_to_try((declared, *usual, *LAST_RESORTS))))[0]


def _to_try(values: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the character sets that we know: a misspelt one must not stop a scanner.

    Before Latin-1 comes UTF-8, which many send under its name: no name in Latin-1 is UTF-8 by
    chance, since that takes a letter with an accent and a sign such as `©` behind it.
    """
    for value in values:
        try:
            terms = terms_of(value)
        except CharsetError:
            continue
        if terms == (LATIN_1,):
            yield (UTF_8,)
        yield terms


def _step_key(item: Item) -> Item:
    """Return the one item of the SPS sequence; none or an empty one is universal (K.2.2.1.2)."""
    element = item.get(SPS_SEQUENCE)
    if element is None:
        return {}
    if not isinstance(element.value, tuple):
        raise InvalidDataset(f"{tag_name(SPS_SEQUENCE)} is no sequence.", (SPS_SEQUENCE,))
    return _one_item(SPS_SEQUENCE, element.value)


def _one_item(tag: int, items: tuple[Item, ...]) -> Item:
    """Return the item of a sequence key, which may have one (C.2.2.2.6)."""
    if len(items) > 1:
        raise InvalidDataset(f"{tag_name(tag)} may have one item, not {len(items)}.", (tag,))
    return items[0] if items else {}


def _require_vr(tag: int, element: Element, *, is_strict: bool) -> None:
    """Refuse a key of another kind than the dictionary's; a neighbouring text VR is forgiven."""
    expected = vr_of(tag, {})
    if tag >> 16 & 1 or expected in {"UN", element.vr}:
        return
    is_near = {expected, element.vr} <= TEXT | ASCII
    if is_strict or not is_near:
        message = f"{tag_name(tag)} is of VR {element.vr}, it should be {expected}."
        raise InvalidDataset(message, (tag,))


def _shift(item: Item, site: tzinfo, *, is_strict: bool) -> periods.Shift | None:
    """Return how the device's clock differs from the site's; none when it does not say."""
    value = text(item, TIMEZONE_OFFSET)
    sent = periods.offset_of(value)
    if sent is None and value and is_strict:
        raise InvalidDataset(f"{tag_name(TIMEZONE_OFFSET)} is no offset.", (TIMEZONE_OFFSET,))
    return periods.Shift(sent, site) if sent else None


def _read_keys(
    keys: MatchingKeys, item: Item, known: Mapping[int, MatchKey], reading: _Reading
) -> None:
    """Add the keys of one level."""
    for tag, key in known.items():
        if tag not in item:
            continue
        if key.kind is Kind.SEQUENCE:
            _read_sequence(keys, item[tag], key, reading)
            continue
        value = text(item, tag)
        if not value:
            continue
        keys.given[key.keyword] = value
        if key.kind is Kind.NAME:
            if names := _name_key(value, tag, reading):
                keys.names[key.column] = names
        elif key.kind in {Kind.DATE, Kind.TIME}:
            continue
        elif found := _text_key(value, tag, is_strict=reading.is_strict):
            keys.texts[key.column] = found
    _read_periods(keys, item, known, reading)


def _read_sequence(keys: MatchingKeys, element: Element, key: MatchKey, reading: _Reading) -> None:
    """Add a sequence key: all parts are to match within one item (C.2.2.2.6)."""
    item = _one_item(key.tag, element.value if isinstance(element.value, tuple) else ())
    found = []
    for tag in key.parts:
        if tag in item:
            _require_vr(tag, item[tag], is_strict=reading.is_strict)
        found.append(_text_key(text(item, tag), tag, is_strict=reading.is_strict))
    if any(found):
        keys.sequences[key.column] = tuple(found)
        keys.given[key.keyword] = ", ".join(f"{name}={value}" for name, value in _sent(item))


def _read_periods(
    keys: MatchingKeys, item: Item, known: Mapping[int, MatchKey], reading: _Reading
) -> None:
    """Add dates and times; those that belong together are `x_date` and `x_time`."""
    tags = {key.column: tag for tag, key in known.items() if key.kind in {Kind.DATE, Kind.TIME}}
    for column in [column for column in tags if column.endswith("_date")]:
        day, base = tags[column], column.removesuffix("_date")
        at = tags.get(f"{base}_time", 0)
        shift = reading.shift if at else None  # a birth date is a date wherever one is
        found = periods.period(
            text(item, day), text(item, at), (day, at), is_strict=reading.is_strict, shift=shift
        )
        if found.dates or found.times or found.moments:
            keys.periods[base] = found


def _text_key(value: str, tag: int, *, is_strict: bool) -> TextKey | None:
    """Return what a text key asks for; None when it is universal."""
    vr = vr_of(tag, {})
    values = [value] if vr in _ONE_VALUE_VRS else value.split("\\")
    values = [part for part in map(str.strip, values) if part]
    if not values:
        return None
    if len(values) > 1 and vr != "UI" and is_strict:
        raise InvalidDataset(f"{tag_name(tag)} may have one value.", (tag,))
    if vr not in WILDCARD_VRS:  # of the keys matched as texts that is UI
        return _uid_key(values, tag, is_strict=is_strict)
    _require_sensible(values, tag)
    if any(not part.strip("*") for part in values):
        return None
    return TextKey(
        tuple(part for part in values if not patterns.has_wildcard(part)),
        tuple(part for part in values if patterns.has_wildcard(part)),
    )


def _uid_key(values: list[str], tag: int, *, is_strict: bool) -> TextKey | None:
    if values == ["*"] and not is_strict:
        return None
    for value in values:
        if not all(part.isascii() and part.isdecimal() for part in value.split(".")):
            raise InvalidDataset(f"{tag_name(tag)} is no UID.", (tag,))
    return TextKey(tuple(values))


def _name_key(value: str, tag: int, reading: _Reading) -> tuple[NameKey, ...]:
    """Return the names asked for, any of which suffices; none when the key is universal."""
    names = [name for name in value.split("\\") if name.strip()]
    if len(names) > 1 and reading.is_strict:
        raise InvalidDataset(f"{tag_name(tag)} may have one value.", (tag,))
    _require_sensible(names, tag)
    found = [patterns.name_key(name, is_fuzzy=reading.is_fuzzy) for name in names]
    return tuple(key for key in found if key) if all(found) else ()


def _require_sensible(values: list[str], tag: int) -> None:
    """Refuse what would hold up the others."""
    if len(values) > MAX_VALUES:
        raise InvalidDataset(f"{tag_name(tag)} has more than {MAX_VALUES} values.", (tag,))
    if not all(patterns.is_sensible(value) for value in values):
        raise InvalidDataset(f"{tag_name(tag)} has too many asterisks or letters.", (tag,))


def _has_value(item: Item, matched: Mapping[int, MatchKey]) -> bool:
    """Say whether a key that is not matched was given a value to match."""
    for tag, element in item.items():
        is_creator = tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF
        if tag in NO_KEYS or is_creator:
            continue
        if isinstance(element.value, tuple):
            parts = matched[tag].parts if tag in matched else ()
            known = {part: MatchKey(part, "") for part in parts}
            if any(_has_value(inner, known) for inner in element.value):
                return True
        elif tag not in matched and element.value.strip(b" \0*"):
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
