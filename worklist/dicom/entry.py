"""The worklist entry as a dataset: built from our values, read into them, equal on the way back.

An imported entry is kept as it came. When it is built again only elements whose *meaning* differs
from our values are replaced, so that whatever a person did not change comes back element by
element: private elements, attributes we have no column for, a time written 0930 instead of 093000.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portal.dicom.errors import InvalidDataset
from worklist.dicom.items import EXPLICIT, Element, Item, read, sequence, write
from worklist.dicom.moments import format_da, format_tm, parse_da, parse_tm
from worklist.dicom.texts import put, text
from worklist.types import (
    Code,
    EntryImport,
    EntryValues,
    PatientValues,
    RequestValues,
    StepValues,
)

SPS_SEQUENCE = 0x00400100
OPEN_STATUSES = ("SCHEDULED", "ARRIVED", "READY", "STARTED")
# What other systems write for a step of ours that is no longer open; anything else is open.
STATUSES = {status: status for status in (*OPEN_STATUSES, "COMPLETED", "DISCONTINUED", "CANCELED")}
STATUSES |= {"NO SHOW": "NO SHOW", "DEPARTED": "COMPLETED", "CANCELLED": "CANCELED"}


@dataclass(frozen=True)
class Field:
    """Where one of our values stands in the dataset, and how it is read and written there."""

    tag: int
    vr: str
    name: str
    parse: Callable[[Item, int], Any]
    put: Callable[[Item, int, str, Any], None] = put


def _text(limit: int = 64) -> Callable[[Item, int], str]:
    """Read a text as far as its column goes; what is longer stays in the imported bytes."""
    return lambda item, tag: text(item, tag)[:limit].strip()


def _name(item: Item, tag: int) -> str:
    """Read a PN, trailing delimiters left out (PS3.5 6.2.1)."""
    groups = (group.rstrip("^ ")[:324] for group in text(item, tag).split("\\")[0].split("=")[:3])
    return "=".join(groups).rstrip("=")[:324]


def _patient_name(item: Item, tag: int) -> tuple[str, ...]:
    groups = [group.rstrip("^ ")[:324] for group in text(item, tag).split("=")[:3]]
    return tuple(groups + [""] * (3 - len(groups)))


def _code(item: Item, tag: int) -> Code:
    for first in sequence(item, tag)[:1]:
        value, scheme = text(first, 0x00080100)[:16], text(first, 0x00080102)[:16]
        return Code(value, scheme, text(first, 0x00080104)[:64])
    return Code()


def _put_code(item: Item, tag: int, vr: str, code: Code) -> None:
    first: Item = {}
    put(first, 0x00080100, "SH", code.value)
    put(first, 0x00080102, "SH", code.scheme)
    put(first, 0x00080104, "LO", code.meaning)
    item[tag] = Element("SQ", (first,) if code.value else ())


def _status(item: Item, tag: int) -> str:
    return STATUSES.get(text(item, tag).upper(), "SCHEDULED")


def _sex(item: Item, tag: int) -> str:
    sex = text(item, tag)
    return sex if sex in {"M", "F", "O"} else ""


def _titles(item: Item, tag: int) -> tuple[str, ...]:
    titles = (title.strip() for title in text(item, tag).split("\\"))
    return tuple(title[:16] for title in titles if title)[:14]


def _put_da(item: Item, tag: int, vr: str, value: Any) -> None:
    put(item, tag, vr, format_da(value))


def _put_tm(item: Item, tag: int, vr: str, value: Any) -> None:
    put(item, tag, vr, format_tm(value))


PATIENT_FIELDS = (
    Field(0x00100010, "PN", "names", _patient_name, lambda i, t, v, x: put(i, t, v, _joined(x))),
    Field(0x00100020, "LO", "patient_id", _text(256)),
    Field(0x00100021, "LO", "issuer_of_patient_id", _text()),
    Field(0x00100030, "DA", "birth_date", lambda i, t: parse_da(text(i, t)), _put_da),
    Field(0x00100040, "CS", "sex", _sex),
)
REQUEST_FIELDS = (
    Field(0x00080050, "SH", "accession_number", _text(256)),
    Field(0x00401001, "SH", "requested_procedure_id", _text(256)),
    Field(0x0020000D, "UI", "study_instance_uid", _text(256)),
    Field(0x00080090, "PN", "referring_physician_name", _name),
    Field(0x00321032, "PN", "requesting_physician_name", _name),
    Field(0x00321033, "LO", "requesting_service", _text()),
    Field(0x00380010, "LO", "admission_id", _text()),
    Field(0x00321060, "LO", "description", _text()),
    Field(0x00321064, "SQ", "code", _code, _put_code),
    Field(0x00401003, "SH", "priority", _text(16)),
    Field(0x00401002, "LO", "reason", _text()),
)
STEP_FIELDS = (
    Field(0x00400009, "SH", "sps_id", _text(256)),
    Field(0x00400020, "CS", "status", _status),
    Field(0x00400002, "DA", "start_date", lambda i, t: parse_da(text(i, t)), _put_da),
    Field(0x00400003, "TM", "start_time", lambda i, t: parse_tm(text(i, t)), _put_tm),
    Field(0x00080060, "CS", "modality", _text(16)),
    Field(
        0x00400001,
        "AE",
        "station_ae_titles",
        _titles,
        lambda i, t, v, x: put(i, t, v, "\\".join(x)),
    ),
    Field(0x00400010, "SH", "station_name", _text()),
    Field(0x00400011, "SH", "location", _text()),
    Field(0x00400006, "PN", "performing_physician_name", _name),
    Field(0x00400007, "LO", "description", _text()),
    Field(0x00400008, "SQ", "code", _code, _put_code),
)


def encode(values: EntryValues, outer: bytes = b"", item: bytes = b"") -> bytes:
    """Return the whole entry: the imported bytes, replaced where our values differ from them."""
    return write(build(values, outer, item))


def build(values: EntryValues, outer: bytes = b"", item: bytes = b"") -> Item:
    """Return the whole entry as a dataset."""
    dataset = overlay_outer(values, outer)
    dataset[SPS_SEQUENCE] = Element("SQ", (overlay_step(values.step, item),))
    return dataset


def overlay_outer(values: EntryValues, outer: bytes = b"") -> Item:
    """Return everything outside the SPS item."""
    dataset = read(outer, EXPLICIT)
    patient = values.patient
    names = (patient.name_alphabetic, patient.name_ideographic, patient.name_phonetic)
    fields = PATIENT_FIELDS + REQUEST_FIELDS
    _overlay(dataset, fields, {**vars(patient), "names": names, **vars(values.request)})
    return dataset


def overlay_step(step: StepValues, item: bytes = b"") -> Item:
    """Return the SPS item."""
    dataset = read(item, EXPLICIT)
    _overlay(dataset, STEP_FIELDS, vars(step))
    return dataset


def _overlay(dataset: Item, fields: Iterable[Field], values: Mapping[str, Any]) -> None:
    """Replace what differs; an entry of our own gets every field, empty ones too."""
    is_own = not dataset
    for field in fields:
        if is_own or field.parse(dataset, field.tag) != values[field.name]:
            field.put(dataset, field.tag, field.vr, values[field.name])


def parse(dataset: Item) -> tuple[list[EntryImport], list[str]]:
    """Return the steps of an entry in UTF-8, and a sentence for each that cannot be served."""
    items = sequence(dataset, SPS_SEQUENCE)
    if not items:
        raise InvalidDataset("It has no Scheduled Procedure Step Sequence.", (SPS_SEQUENCE,))
    outside = {tag: element for tag, element in dataset.items() if tag != SPS_SEQUENCE}
    patient, request = _parse_patient(outside), _parse_request(outside)
    outer = write(outside)
    entries: list[EntryImport] = []
    refusals: list[str] = []
    for position, item in enumerate(items, start=1):
        try:
            step = _parse_step(item, position)
            if any(step.sps_id == entry.values.step.sps_id for entry in entries):
                raise InvalidDataset(f"Two of its steps have the ID {step.sps_id}.")
            entries.append(EntryImport(EntryValues(patient, request, step), outer, write(item)))
        except InvalidDataset as error:
            refusals.append(str(error))
    return entries, refusals


def values_of(outer: bytes, item: bytes) -> EntryValues:
    """Return the values of an entry that was imported earlier."""
    outside = read(outer)
    step = _parse_step(read(item), 1)
    return EntryValues(_parse_patient(outside), _parse_request(outside), step)


def _parse_fields(dataset: Item, fields: Iterable[Field]) -> dict[str, Any]:
    return {field.name: field.parse(dataset, field.tag) for field in fields}


def _parse_patient(dataset: Item) -> PatientValues:
    found = _parse_fields(dataset, PATIENT_FIELDS)
    alphabetic, ideographic, phonetic = found.pop("names")
    if not any((alphabetic, ideographic, phonetic)):
        raise InvalidDataset("It has no Patient's Name.", (0x00100010,))
    _require(found["patient_id"], "Patient ID", 0x00100020)
    return PatientValues(
        **found,
        name_alphabetic=alphabetic,
        name_ideographic=ideographic,
        name_phonetic=phonetic,
    )


def _parse_request(dataset: Item) -> RequestValues:
    request = RequestValues(**_parse_fields(dataset, REQUEST_FIELDS))
    accession = request.accession_number
    _require(accession, "Accession Number", 0x00080050)
    if not request.requested_procedure_id:  # Type 1 in an answer (PS3.4 Table K.6-1)
        request = replace(request, requested_procedure_id=accession[:16])
    _require(request.requested_procedure_id, "Requested Procedure ID", 0x00401001)
    uid = request.study_instance_uid
    if not uid:
        seed = f"{accession}\\{text(dataset, 0x00100020)}\\{request.requested_procedure_id}"
        made = uuid.uuid5(uuid.NAMESPACE_OID, seed)
        return replace(request, study_instance_uid=f"2.25.{made.int}")
    if len(uid) > 64 or not all(part.isdecimal() and part.isascii() for part in uid.split(".")):
        raise InvalidDataset("Its Study Instance UID is no UID.", (0x0020000D,))
    return request


def _parse_step(dataset: Item, position: int) -> StepValues:
    found = _parse_fields(dataset, STEP_FIELDS)
    found["sps_id"] = found["sps_id"] or str(position)
    _require(found["sps_id"], "Scheduled Procedure Step ID", 0x00400009)
    _require(found["modality"], "Modality", 0x00080060)
    if found["start_date"] is None:
        is_empty = not text(dataset, 0x00400002)
        raise InvalidDataset(
            "It has no Scheduled Procedure Step Start Date."
            if is_empty
            else "Its Scheduled Procedure Step Start Date is no date.",
            (0x00400002,),
        )
    return StepValues(**found)


def _require(value: str, what: str, tag: int) -> None:
    if not value:
        raise InvalidDataset(f"It has no {what}.", (tag,))
    if len(value) > 64:
        raise InvalidDataset(f"Its {what} is longer than 64 characters.", (tag,))


def _joined(groups: tuple[str, ...]) -> str:
    return "=".join(groups).rstrip("=")


def whole(outer: bytes, item: bytes) -> bytes:
    """Return the entry that two imported parts make."""
    return write({**read(outer), SPS_SEQUENCE: Element("SQ", (read(item),))})
