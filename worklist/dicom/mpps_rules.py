"""What PS3.4 Table F.7.2-1 asks of N-CREATE, N-SET and the final state."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydicom.datadict import dictionary_has_tag, keyword_for_tag

from portal.dicom import status
from worklist.dicom.items import (
    EXPLICIT,
    Element,
    Item,
    sequence,
    tag_name,
    value_bytes,
    vr_of,
)
from worklist.dicom.moments import parse_da, parse_tm
from worklist.dicom.mpps import (
    DISCONTINUATION,
    END_DATE,
    END_TIME,
    IMAGES,
    NON_IMAGES,
    SCHEDULED,
    SERIES,
    SERIES_UID,
    SOP_CLASS,
    SOP_INSTANCE,
    STATUS,
    STUDY_UID,
    is_uid,
)
from worklist.dicom.texts import CHARACTER_SET, text
from worklist.types.performed import Fault, MppsFlag

IN_PROGRESS = "IN PROGRESS"
FINAL = ("COMPLETED", "DISCONTINUED")
STATUSES = (IN_PROGRESS, *FINAL)
MAX_NAMED = 40  # tags in an answer


@dataclass(frozen=True)
class Attribute:
    """A row of the table; `inner` are the rows of a sequence's items."""

    tag: int
    create: int  # type 1, 2 or 3 in an N-CREATE
    may_be_set: bool = False
    final: int = 0  # type in the final state, where it differs
    inner: tuple["Attribute", ...] = ()


_REFERENCE = (Attribute(SOP_CLASS, 1), Attribute(SOP_INSTANCE, 1))
SCHEDULED_ITEM = (
    Attribute(STUDY_UID, 1),
    Attribute(0x00081110, 2, inner=_REFERENCE),  # Referenced Study Sequence
    Attribute(0x00080050, 2),
    Attribute(0x00401001, 2),
    Attribute(0x00321060, 2),
    Attribute(0x00400009, 2),
    Attribute(0x00400007, 2),
    Attribute(0x00400008, 2),
)
SERIES_ITEM = (
    Attribute(0x00081050, 2, True),
    Attribute(0x00181030, 1, True),
    Attribute(0x00081070, 2, True),
    Attribute(SERIES_UID, 1, True),
    Attribute(0x0008103E, 2, True),
    Attribute(0x00080054, 2, True),
    Attribute(IMAGES, 2, True, inner=_REFERENCE),
    Attribute(NON_IMAGES, 2, True, inner=_REFERENCE),
)
TABLE = (
    Attribute(SCHEDULED, 1, inner=SCHEDULED_ITEM),
    Attribute(0x00100010, 2),
    Attribute(0x00100020, 2),
    Attribute(0x00100021, 3),
    Attribute(0x00100024, 3),
    Attribute(0x00101002, 3),
    Attribute(0x00100030, 2),
    Attribute(0x00100040, 2),
    Attribute(0x00081120, 2),
    Attribute(0x00380010, 3),
    Attribute(0x00380014, 3),
    Attribute(0x00380060, 3),
    Attribute(0x00380064, 3),
    Attribute(0x00380062, 3),
    Attribute(0x00400253, 1),
    Attribute(0x00400241, 1),
    Attribute(0x00400242, 2),
    Attribute(0x00400243, 2),
    Attribute(0x00400244, 1),
    Attribute(0x00400245, 1),
    Attribute(STATUS, 1, True),
    Attribute(0x00400254, 2, True),
    Attribute(0x00400255, 2, True),
    Attribute(0x00081032, 2, True),
    Attribute(0x00401012, 3, True),
    Attribute(END_DATE, 2, True, 1),
    Attribute(END_TIME, 2, True, 1),
    Attribute(0x00400280, 3, True),
    Attribute(DISCONTINUATION, 3, True),
    Attribute(0x00080060, 1),
    Attribute(0x00200010, 2),
    Attribute(0x00400260, 2, True),
    Attribute(SERIES, 2, True, 1, SERIES_ITEM),
)
# "Not allowed" in an N-SET: who and what it is about, and where and when it began.
IDENTITY = frozenset(row.tag for row in TABLE if not row.may_be_set)
# A change of these would make it somebody else's exam.
SUBJECT = frozenset({SCHEDULED, 0x00100010, 0x00100020})


def faults_of_create(item: Item) -> list[Fault]:
    """Return what is wrong with an N-CREATE's Attribute List, what weighs most first."""
    given = text(item, STATUS)
    faults = []
    if given and given != IN_PROGRESS:  # PS3.4 F.7.2.1.3
        faults.append(Fault(None, status.INVALID_ATTRIBUTE_VALUE, (STATUS,), named((STATUS,))))
    return faults + _type_faults(item, TABLE) + _value_faults(item)


def faults_of_set(item: Item, known: Mapping[int, Element] | None) -> list[Fault]:
    """Return what is wrong with an N-SET's Modification List.

    `known` is what the N-CREATE made; none when there was no N-CREATE.
    """
    faults = []
    given = text(item, STATUS)
    if given and given not in STATUSES:
        faults.append(Fault(None, status.INVALID_ATTRIBUTE_VALUE, (STATUS,), named((STATUS,))))
    if STATUS in item and not given:
        faults.append(_fault(MppsFlag.EMPTY, status.MISSING_ATTRIBUTE_VALUE, (STATUS,)))
    if known is not None:
        touched = tuple(tag for tag in item if tag in IDENTITY)
        new = tuple(t for t in item if t not in known and t not in IDENTITY and t != CHARACTER_SET)
        if touched:
            faults.append(_fault(MppsFlag.IDENTITY, status.INVALID_ATTRIBUTE_VALUE, touched))
        if new:  # PS3.4 F.7.2.2.2
            faults.append(_fault(MppsFlag.NOT_CREATED, status.NO_SUCH_ATTRIBUTE, new))
    if SERIES in item:
        faults += _type_faults(item, (Attribute(SERIES, 2, inner=SERIES_ITEM),))
    return faults + _value_faults(item)


def faults_of_end(merged: Item) -> list[Fault]:
    """Return what a step lacks to be final (Table F.7.2-1, final state; note 2)."""
    faults = []
    for tags, flag in (((END_DATE, END_TIME), MppsFlag.NO_END), ((SERIES,), MppsFlag.NO_SERIES)):
        absent = tuple(tag for tag in tags if tag not in merged)
        empty = tuple(tag for tag in tags if tag in merged and not _has_value(merged[tag]))
        if absent:
            faults.append(_fault(flag, status.MISSING_ATTRIBUTE, absent))
        if empty:
            faults.append(_fault(flag, status.MISSING_ATTRIBUTE_VALUE, empty))
    return faults


def identity_changed(item: Item, known: Mapping[int, Element]) -> tuple[int, ...]:
    """Return the identity attributes that an N-SET gives another value than is known."""
    return tuple(tag for tag in item if tag in IDENTITY and not _same(item[tag], known.get(tag)))


def without_identity(item: Item) -> Item:
    """Return an N-SET without what it may not touch."""
    return {tag: element for tag, element in item.items() if tag not in IDENTITY}


def text_fault(tags: tuple[int, ...]) -> Fault:
    """Return the fault of texts that are not in their character set (PS3.4 F.7.2.2.3)."""
    return _fault(MppsFlag.UNREADABLE_TEXT, status.INVALID_ATTRIBUTE_VALUE, tags)


def unrecognized(item: Item) -> tuple[int, ...]:
    """Return the standard attributes of no dictionary (PS3.7 C.4.2); they are kept all the same."""
    return tuple(t for t in item if not t >> 16 & 1 and not dictionary_has_tag(t))[:MAX_NAMED]


def none_of_a_step(tags: tuple[int, ...]) -> tuple[int, ...]:
    """Return the attributes that are not of the table (PS3.7 C.4.2)."""
    rows = {row.tag for row in TABLE}
    return tuple(tag for tag in tags if tag not in rows)[:MAX_NAMED]


def _same(new: Element, old: Element | None) -> bool:
    if old is None:
        return not _has_value(new)
    if isinstance(new.value, bytes) and isinstance(old.value, bytes):
        return new.value.strip(b" ^\0") == old.value.strip(b" ^\0")
    return value_bytes(new, EXPLICIT) == value_bytes(old, EXPLICIT)


def _type_faults(item: Item, rows: Iterable[Attribute]) -> list[Fault]:
    missing: dict[int, None] = {}
    empty: dict[int, None] = {}
    _look(item, rows, missing, empty)
    faults = []
    if missing:
        faults.append(_fault(MppsFlag.MISSING, status.MISSING_ATTRIBUTE, tuple(missing)))
    if empty:
        faults.append(_fault(MppsFlag.EMPTY, status.MISSING_ATTRIBUTE_VALUE, tuple(empty)))
    return faults


def _look(
    item: Item, rows: Iterable[Attribute], missing: dict[int, None], empty: dict[int, None]
) -> None:
    for row in rows:
        element = item.get(row.tag)
        if element is None:
            if row.create < 3:
                missing[row.tag] = None
        elif row.create == 1 and not _has_value(element):
            empty[row.tag] = None
        elif row.inner and isinstance(element.value, tuple):
            for inner in element.value:
                _look(inner, row.inner, missing, empty)


def _has_value(element: Element) -> bool:
    value = element.value
    return bool(value) if isinstance(value, tuple) else bool(value.strip(b" \0"))


def _is_short(value: str) -> bool:
    return len(value) <= 16


_KINDS: dict[str, Callable[[str], bool]] = {
    "DA": lambda value: parse_da(value) is not None,
    "TM": lambda value: parse_tm(value) is not None,
    "UI": is_uid,
    "CS": _is_short,
    "AE": _is_short,
    "SH": _is_short,
}


def _value_faults(item: Item) -> list[Fault]:
    tags = tuple(dict.fromkeys(_wrong_values(item)))
    return [_fault(MppsFlag.INVALID, status.INVALID_ATTRIBUTE_VALUE, tags)] if tags else []


def _wrong_values(item: Item) -> Iterator[int]:
    """Yield the attributes of the table whose value is none of their VR."""
    for row in TABLE:
        element = item.get(row.tag)
        if element is None:
            continue
        vr = vr_of(row.tag, {})
        if (vr == "SQ") is not isinstance(element.value, tuple) or (
            vr in _KINDS
            and any(
                not _KINDS[vr](one.strip())
                for one in text(item, row.tag).split("\\")
                if one.strip()
            )
        ):
            yield row.tag
    for one in sequence(item, SCHEDULED):
        if text(one, STUDY_UID) and not is_uid(text(one, STUDY_UID)):
            yield STUDY_UID
    for one in sequence(item, SERIES):
        yield from _wrong_uids(one)


def _wrong_uids(series: Item) -> Iterator[int]:
    if text(series, SERIES_UID) and not is_uid(text(series, SERIES_UID)):
        yield SERIES_UID
    for reference in (*sequence(series, IMAGES), *sequence(series, NON_IMAGES)):
        for tag in (SOP_CLASS, SOP_INSTANCE):
            if (value := text(reference, tag)) and not is_uid(value):
                yield tag


def _fault(flag: MppsFlag, code: int, tags: tuple[int, ...]) -> Fault:
    return Fault(flag, code, tags[:MAX_NAMED], named(tags[:MAX_NAMED]))


def named(tags: tuple[int, ...]) -> str:
    """Return attributes by their keywords."""
    return ", ".join(keyword_for_tag(tag) or tag_name(tag) for tag in tags)
