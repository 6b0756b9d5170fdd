"""Instance Availability Notification's dataset (PS3.4 Table R.3.2-1), checked as it is read."""

from collections.abc import Iterator, Mapping

from portal.dicom import status
from portal.dicom.errors import InvalidDataset, StatusFailure
from worklist.dicom.items import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    Element,
    Item,
    Syntax,
    read,
    sequence,
    tag_name,
)
from worklist.dicom.syntaxes import inflated
from worklist.dicom.texts import CHARACTER_SET, text
from worklist.types.availability import Notice, NoticedInstance

INSTANCE_AVAILABILITY_NOTIFICATION = "1.2.840.10008.5.1.4.33"
RETRIEVE_AE_TITLE = 0x00080054
INSTANCE_AVAILABILITY = 0x00080056
REFERENCED_PPS_SEQUENCE = 0x00081111
REFERENCED_SERIES_SEQUENCE = 0x00081115
REFERENCED_SOP_CLASS = 0x00081150
REFERENCED_SOP_INSTANCE = 0x00081155
REFERENCED_SOP_SEQUENCE = 0x00081199
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E
SOP_CLASS, SOP_INSTANCE = 0x00080016, 0x00080018  # some send them along with the command
WORKITEM_CODES = 0x00404019  # Performed Workitem Code Sequence, of a PPS reference (type 2)

AVAILABILITIES = ("ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE")  # PS3.3 C.4.23.1
# Everything that the table knows, by where it stands; whatever else is there is an extra.
KNOWN = frozenset({STUDY_INSTANCE_UID, REFERENCED_SERIES_SEQUENCE, REFERENCED_PPS_SEQUENCE}) | {
    CHARACTER_SET,
    SOP_CLASS,
    SOP_INSTANCE,
}
KNOWN_IN_SERIES = frozenset({SERIES_INSTANCE_UID, REFERENCED_SOP_SEQUENCE})
TYPE_1_IN_INSTANCE = (
    REFERENCED_SOP_CLASS,
    REFERENCED_SOP_INSTANCE,
    INSTANCE_AVAILABILITY,
    RETRIEVE_AE_TITLE,
)
MEDIA = frozenset({0x00880130, 0x00880140})  # type 1C: where it lies when OFFLINE
KNOWN_IN_INSTANCE = frozenset(TYPE_1_IN_INSTANCE) | MEDIA
KNOWN_IN_PPS = frozenset({REFERENCED_SOP_CLASS, REFERENCED_SOP_INSTANCE, WORKITEM_CODES})

MAX_BYTES = 32 * 1024 * 1024
MAX_INSTANCES = 50_000
MAX_NAMED = 20  # tags in one answer: the list has to fit into a command set
UID_LENGTH = 64
_DEFLATED = "1.2.840.10008.1.2.1.99"
_SYNTAXES: dict[str, Syntax] = {
    "1.2.840.10008.1.2": IMPLICIT,
    "1.2.840.10008.1.2.1": EXPLICIT,
    "1.2.840.10008.1.2.2": BIG_ENDIAN,
    _DEFLATED: EXPLICIT,
}


def notice_of(raw: bytes, transfer_syntax: str, *, is_strict: bool = False) -> Notice:
    """Return what a notification says; raise InvalidDataset, or StatusFailure as it is answered.

    Type 1 attributes are needed by everybody. Strict is: no attribute beyond the table (forbidden
    to the SCU, PS3.4 R.3.2.1.1), and the reference to performed steps there, if empty (type 2).
    """
    item = read(_plain(raw, transfer_syntax), _SYNTAXES[transfer_syntax])
    faults = _Faults(is_strict)
    study = faults.uid(item, STUDY_INSTANCE_UID)
    if REFERENCED_PPS_SEQUENCE not in item:
        faults.lenient(REFERENCED_PPS_SEQUENCE, "is missing", status.MISSING_ATTRIBUTE)
    faults.extras(item, KNOWN)
    instances = dict(_instances(item, faults))
    if len(instances) > MAX_INSTANCES:
        message = f"More than {MAX_INSTANCES} instances in one notification."
        raise StatusFailure(message, status.RESOURCE_LIMITATION, message)
    performed = tuple(_performed(item, faults))
    faults.settle()
    return Notice(study, tuple(instances.values()), performed, tuple(faults.oddities))


def study_of(raw: bytes, transfer_syntax: str) -> str:
    """Return the Study Instance UID of a notification that may be unreadable; empty without."""
    try:
        item = read(_plain(raw, transfer_syntax), _SYNTAXES[transfer_syntax])
    except InvalidDataset:
        return ""
    found = text(item, STUDY_INSTANCE_UID)
    return found if is_uid(found) else ""


def is_uid(value: str) -> bool:
    """Say whether a value is a UID (PS3.5 9.1); leading zeroes are let pass."""
    parts = value.split(".")
    return len(value) <= UID_LENGTH and all(p.isascii() and p.isdecimal() for p in parts)


class _Faults:
    """What is wrong with a notification; the gravest kind is answered, with its tags."""

    ORDER = (
        status.MISSING_ATTRIBUTE,
        status.MISSING_ATTRIBUTE_VALUE,
        status.INVALID_ATTRIBUTE_VALUE,
        status.NO_SUCH_ATTRIBUTE,
    )
    WORDS = {
        status.MISSING_ATTRIBUTE: "missing",
        status.MISSING_ATTRIBUTE_VALUE: "without a value",
        status.INVALID_ATTRIBUTE_VALUE: "not understood",
        status.NO_SUCH_ATTRIBUTE: "not allowed here",
    }

    def __init__(self, is_strict: bool) -> None:
        self.oddities: list[str] = []
        self._is_strict = is_strict
        self._found: dict[int, dict[int, None]] = {}  # status -> tags

    def add(self, code: int, tag: int) -> None:
        """Note an attribute for which the whole notification is refused."""
        self._found.setdefault(code, {})[tag] = None

    def lenient(self, tag: int, words: str, code: int) -> None:
        """Note what only a strict profile refuses."""
        if self._is_strict:
            self.add(code, tag)
        elif len(self.oddities) < MAX_NAMED:
            self.oddities.append(f"{tag_name(tag)} {words}.")

    def required(self, item: Mapping[int, Element], tag: int) -> str:
        """Return a type 1 value, or note that it is not there."""
        value = text(item, tag)
        if not value:
            is_there = tag in item
            self.add(status.MISSING_ATTRIBUTE_VALUE if is_there else status.MISSING_ATTRIBUTE, tag)
        return value

    def uid(self, item: Mapping[int, Element], tag: int) -> str:
        """Return a type 1 UID, or note what is wrong with it."""
        value = self.required(item, tag)
        if value and not is_uid(value):
            self.add(status.INVALID_ATTRIBUTE_VALUE, tag)
        return value

    def items(self, item: Item, tag: int) -> tuple[Item, ...]:
        """Return the items of a type 1 sequence, or note that there are none."""
        found = sequence(item, tag)
        if not found:
            is_there = tag in item
            self.add(status.MISSING_ATTRIBUTE_VALUE if is_there else status.MISSING_ATTRIBUTE, tag)
        return found

    def extras(self, item: Mapping[int, Element], known: frozenset[int]) -> None:
        """Note attributes beyond the table, once each."""
        for tag in item.keys() - known:
            words = "is not of this service"
            if self._is_strict or f"{tag_name(tag)} {words}." not in self.oddities:
                self.lenient(tag, words, status.NO_SUCH_ATTRIBUTE)

    def settle(self) -> None:
        """Raise the gravest, if there is any."""
        for code in self.ORDER:
            tags = tuple(sorted(self._found.get(code, ())))[:MAX_NAMED]
            if tags:
                message = f"{', '.join(map(tag_name, tags))} {self.WORDS[code]}."
                raise StatusFailure(message, code, message, tags)


def _instances(item: Item, faults: _Faults) -> Iterator[tuple[str, NoticedInstance]]:
    for series in faults.items(item, REFERENCED_SERIES_SEQUENCE):
        faults.extras(series, KNOWN_IN_SERIES)
        series_uid = faults.uid(series, SERIES_INSTANCE_UID)
        for one in faults.items(series, REFERENCED_SOP_SEQUENCE):
            faults.extras(one, KNOWN_IN_INSTANCE)
            found = NoticedInstance(
                series_uid,
                faults.uid(one, REFERENCED_SOP_CLASS),
                faults.uid(one, REFERENCED_SOP_INSTANCE),
                faults.required(one, INSTANCE_AVAILABILITY).upper(),
                faults.required(one, RETRIEVE_AE_TITLE)[:255],
            )
            if found.availability and found.availability not in AVAILABILITIES:
                faults.add(status.INVALID_ATTRIBUTE_VALUE, INSTANCE_AVAILABILITY)
            yield found.sop_instance_uid, found


def _performed(item: Item, faults: _Faults) -> Iterator[str]:
    """Return the performed steps that are named; nothing depends on them."""
    for one in sequence(item, REFERENCED_PPS_SEQUENCE):
        faults.extras(one, KNOWN_IN_PPS)
        uid = text(one, REFERENCED_SOP_INSTANCE)
        if is_uid(uid):
            yield uid


def _plain(raw: bytes, transfer_syntax: str) -> bytes:
    """Return the bytes without deflation; refuse what is too large to be looked at."""
    if transfer_syntax not in _SYNTAXES:
        raise InvalidDataset(f"{transfer_syntax} is no transfer syntax of this service.")
    raw = inflated(raw, transfer_syntax, MAX_BYTES)
    if len(raw) > MAX_BYTES:
        raise InvalidDataset(f"It is larger than {MAX_BYTES // 1024 // 1024} MB.")
    return raw
