"""Datasets of the Modality Performed Procedure Step: from bytes to values and back (PS3.4 F.7)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from portal.dicom.errors import InvalidDataset
from portal.types import ProfileValues
from worklist.dicom import charsets, ladder
from worklist.dicom.items import ASCII, EXPLICIT, TEXT, Element, Item, read, sequence, vr_of, write
from worklist.dicom.lengths import limits_of, within_limits
from worklist.dicom.moments import parse_da, parse_tm
from worklist.dicom.mpps_dose import dose_of
from worklist.dicom.syntaxes import inflated, syntax_of
from worklist.dicom.texts import CHARACTER_SET, is_ascii, put, text, to_charset, to_utf8
from worklist.types.performed import MppsFlag, PerformedValues, ReferenceValues, SeriesValues

MAX_BYTES = 32 * 1024 * 1024  # some 200,000 instances
STATUS = 0x00400252
END_DATE, END_TIME = 0x00400250, 0x00400251
SCHEDULED, SERIES = 0x00400270, 0x00400340
IMAGES, NON_IMAGES = 0x00081140, 0x00400220
DISCONTINUATION = 0x00400281
STUDY_UID, SERIES_UID = 0x0020000D, 0x0020000E
SOP_CLASS, SOP_INSTANCE = 0x00081150, 0x00081155
_PROCEDURE_CODE = 0x00081032
_TEXT_COLUMNS = {
    0x00400252: "status",
    0x00400253: "performed_procedure_step_id",
    0x00400241: "station_ae_title",
    0x00400242: "station_name",
    0x00400243: "location",
    0x00080060: "modality",
    0x00400254: "description",
    0x00100010: "patient_name",
    0x00100020: "patient_id",
    0x00100021: "issuer_of_patient_id",
    0x00100040: "sex",
}
_LENGTHS = {"station_ae_title": 16, "modality": 16, "sex": 16, "status": 16, "patient_name": 324}
_DATES = {0x00400244: "start_date", 0x00400250: "end_date", 0x00100030: "birth_date"}
_TIMES = {0x00400245: "start_time", 0x00400251: "end_time"}
_SERIES_COLUMNS = {
    0x0008103E: ("description", 64),
    0x00181030: ("protocol_name", 64),
    0x00081050: ("performing_physician_name", 324),
    0x00081070: ("operators_name", 324),
    0x00080054: ("retrieve_ae_title", 255),
}


class TooLarge(InvalidDataset):
    """More bytes than are taken."""


@dataclass(frozen=True)
class Message:
    """A dataset as it came, and in UTF-8."""

    received: Item
    item: Item  # in UTF-8, without Specific Character Set
    declared: str = ""  # (0008,0005)
    unreadable: tuple[int, ...] = ()  # texts that are not in the declared character set


def read_message(raw: bytes, transfer_syntax: str, usual: tuple[str, ...] = ()) -> Message:
    """Read a message; raise InvalidDataset where the bytes are no dataset.

    Text that is not in the declared character set is read by those that are usual for the device.
    """
    received = read(_plain(raw, transfer_syntax), syntax_of(transfer_syntax))
    declared = text(received, CHARACTER_SET)
    try:
        return Message(received, to_utf8(received), declared)
    except InvalidDataset as error:
        tags = error.tags
    plain = {tag: element for tag, element in received.items() if tag != CHARACTER_SET}
    for terms in _terms((declared, *usual, charsets.UTF_8, charsets.LATIN_1)):
        try:
            return Message(received, to_utf8(plain, terms), declared, tags)
        except InvalidDataset:
            continue
    return Message(received, _forced(plain), declared, tags)


def read_as(message: Message, character_set: str) -> Message | None:
    """Return the message with its texts in another character set; None when they are not."""
    plain = {tag: one for tag, one in message.received.items() if tag != CHARACTER_SET}
    for terms in _terms((character_set,)):
        try:
            return replace(message, item=to_utf8(plain, terms), unreadable=())
        except InvalidDataset:
            break
    return None


def _terms(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name in names:
        try:
            yield charsets.terms_of(name)
        except charsets.CharsetError:
            continue


def _plain(raw: bytes, transfer_syntax: str) -> bytes:
    plain = inflated(raw, transfer_syntax, MAX_BYTES)
    if len(plain) > MAX_BYTES:
        raise TooLarge(f"The dataset is larger than {MAX_BYTES // 1024 // 1024} MB.")
    return plain


def _forced(item: Item) -> Item:
    """Return the dataset with what is not ASCII marked as unreadable."""

    def element(one: Element) -> Element:
        if isinstance(one.value, tuple):
            return Element(one.vr, tuple(_forced(inner) for inner in one.value))
        if one.vr in TEXT or one.vr in ASCII:
            return Element(one.vr, one.value.decode("ascii", "replace").encode())
        return one

    return {tag: element(one) for tag, one in item.items() if tag != CHARACTER_SET}


def values_of(item: Mapping[int, Element]) -> PerformedValues:
    """Return the columns of a performed step."""
    found: dict[str, object] = {}
    for tag, name in _TEXT_COLUMNS.items():
        found[name] = text(item, tag)[: _LENGTHS.get(name, 64)].strip()
    for tag, name in _DATES.items():
        found[name] = parse_da(text(item, tag))
    for tag, name in _TIMES.items():
        found[name] = parse_tm(text(item, tag))
    studies = (one.study_instance_uid for one in references_of(item))
    found["study_instance_uid"] = next((uid for uid in studies if uid), "")
    code = ("code_value", "coding_scheme_designator", "code_meaning")
    found |= zip(code, code_of(item, _PROCEDURE_CODE), strict=True)
    reason = ("discontinuation_code_value", "discontinuation_scheme", "discontinuation_meaning")
    found |= zip(reason, code_of(item, DISCONTINUATION), strict=True)
    found["dose"] = dose_of(item)
    return PerformedValues(**found)  # type: ignore[arg-type]  # by name


COLUMNS = tuple(field.name for field in fields(PerformedValues) if field.name != "status")


def code_of(item: Mapping[int, Element], tag: int) -> tuple[str, str, str]:
    """Return value, scheme and meaning of a code sequence's first item."""
    for first in sequence(item, tag)[:1]:
        value = text(first, 0x00080100) or text(first, 0x00080119) or text(first, 0x00080120)
        return value[:16], text(first, 0x00080102)[:16], text(first, 0x00080104)[:64]
    return "", "", ""


def references_of(item: Mapping[int, Element]) -> tuple[ReferenceValues, ...]:
    """Return the items of Scheduled Step Attributes."""
    return tuple(
        ReferenceValues(
            study_instance_uid=uid_of(one, STUDY_UID),
            accession_number=text(one, 0x00080050)[:64],
            requested_procedure_id=text(one, 0x00401001)[:64],
            sps_id=text(one, 0x00400009)[:64],
            referenced_study_uids=tuple(
                uid for study in sequence(one, 0x00081110) if (uid := uid_of(study, SOP_INSTANCE))
            ),
        )
        for one in sequence(item, SCHEDULED)
    )


def series_of(
    item: Mapping[int, Element],
) -> tuple[tuple[SeriesValues, ...], list[tuple[MppsFlag, str]]]:
    """Return Performed Series, each instance once, and what was wrong with them.

    Images and other objects are told apart for historic reasons only (PS3.4 F.7.2.2.2 note 2).
    """
    wrong: list[tuple[MppsFlag, str]] = []
    found: dict[str, dict[str, str]] = {}
    columns: dict[str, dict[str, str]] = {}
    home: dict[str, str] = {}  # instance -> its series
    for number, one in enumerate(sequence(item, SERIES), start=1):
        uid = uid_of(one, SERIES_UID)
        if not uid:
            wrong.append((MppsFlag.INVALID, f"series {number} has no UID"))
            continue
        columns.setdefault(
            uid,
            {name: text(one, tag)[:limit] for tag, (name, limit) in _SERIES_COLUMNS.items()},
        )
        instances = found.setdefault(uid, {})
        for reference in (*sequence(one, IMAGES), *sequence(one, NON_IMAGES)):
            instance = uid_of(reference, SOP_INSTANCE)
            if not instance:
                wrong.append((MppsFlag.INVALID, f"an instance of {uid} has no UID"))
            elif home.setdefault(instance, uid) != uid:
                wrong.append((MppsFlag.INSTANCE_TWICE, instance))
            else:
                instances.setdefault(instance, uid_of(reference, SOP_CLASS))
    series = tuple(
        SeriesValues(
            series_instance_uid=uid,
            instances=tuple((sop_class, one) for one, sop_class in instances.items()),
            **columns[uid],
        )
        for uid, instances in found.items()
    )
    return series, list(dict.fromkeys(wrong))


def uid_of(item: Mapping[int, Element], tag: int) -> str:
    """Return a UID; empty when it is none (PS3.5 9.1)."""
    value = text(item, tag)
    return value if is_uid(value) else ""


def is_uid(value: str) -> bool:
    """Say whether a value can be a UID; leading zeros, which devices send, are let pass."""
    return 0 < len(value) <= 64 and value.replace(".", "0").isdecimal() and value.isascii()


def offending(message: Message, tags: tuple[int, ...], transfer_syntax: str) -> bytes:
    """Return the offending attributes as they came, for the answer (PS3.7 C.5.11, C.5.14)."""
    found = {tag: message.received[tag] for tag in tags if tag in message.received}
    if found and CHARACTER_SET in message.received and not is_ascii(found):
        found[CHARACTER_SET] = message.received[CHARACTER_SET]
    return encoded(found, transfer_syntax) if found else b""


def encoded(item: Item, transfer_syntax: str) -> bytes:
    """Return a dataset as a transfer syntax writes it, before deflation."""
    return write(item, syntax_of(transfer_syntax))


def retrieved(
    stored: bytes, wanted: tuple[int, ...], profile: ProfileValues, transfer_syntax: str
) -> tuple[bytes, tuple[int, ...]]:
    """Return the answer to an N-GET, and which of the wanted attributes are not known.

    In the device's character set, as worklist answers are (PS3.4 Table F.8.2-1).
    """
    item, is_whole = read(stored, EXPLICIT), not wanted
    wanted = tuple(tag for tag in wanted if tag != CHARACTER_SET)
    absent = tuple(tag for tag in wanted if tag not in item)
    if not is_whole:
        item = {tag: element for tag, element in item.items() if tag in wanted}
        for tag in absent:  # Type 2 of the table where they are of the step at all
            if (vr := vr_of(tag, {})) != "UN":
                item[tag] = Element(vr, () if vr == "SQ" else b"")
    limits = limits_of(profile.length_limits)
    found = within_limits(item, limits)
    if not is_ascii(found):
        terms = ladder.choose(ladder.texts_of(found), profile)
        found = to_charset(found, terms, limits)
        if not is_ascii(found):
            put(found, CHARACTER_SET, "CS", "\\".join(terms))
    return encoded(found, transfer_syntax), absent
