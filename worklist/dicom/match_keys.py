"""What C-FIND matches (PS3.4 Table K.6-1), and the columns of the entry that hold it.

The columns are read from the same dataset that a device is answered from, so what is matched and
what is returned cannot differ.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from enum import Enum, auto
from typing import Any

from pydicom.datadict import keyword_for_tag

from worklist import folding
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import Element, Item, sequence
from worklist.dicom.moments import parse_da, parse_tm
from worklist.dicom.texts import text

STATION, START_DATE, START_TIME = 0x00400001, 0x00400002, 0x00400003
PATIENT_NAME, PHYSICIAN_NAME = 0x00100010, 0x00400006
GROUPS = ("alphabetic", "ideographic", "phonetic")
# Between the items of a sequence in a column, and between the parts of an item.
ITEM_MARK, PART_MARK = "\x1e", "\x1f"
# What a column keeps; a name or ID that long is no real one, and an index of PostgreSQL has bounds.
MAX_NAME, MAX_ID = 200, 256


class Kind(Enum):
    """How an attribute is matched."""

    TEXT = auto()  # single value, wildcard; several stored values: any
    ID = auto()  # the same, one stored value, with an index
    UID = auto()
    NAME = auto()
    DATE = auto()
    TIME = auto()
    STATION = auto()
    SEQUENCE = auto()


@dataclass(frozen=True)
class MatchKey:
    """An attribute that restricts an answer, and the column that it is compared with."""

    tag: int
    column: str
    kind: Kind = Kind.TEXT
    parts: tuple[int, ...] = ()  # of a sequence: the attributes of one item

    @property
    def keyword(self) -> str:
        """The attribute's keyword (PS3.6)."""
        return str(keyword_for_tag(self.tag))


_CODE = (0x00080100, 0x00080102, 0x00080103, 0x00080104)
_ISSUER = (0x00400031, 0x00400032, 0x00400033)

STEP_KEYS = (
    MatchKey(STATION, "station_ae_titles", Kind.STATION),
    MatchKey(START_DATE, "start_date", Kind.DATE),
    MatchKey(START_TIME, "start_time", Kind.TIME),
    MatchKey(0x00400004, "end_date", Kind.DATE),
    MatchKey(0x00400005, "end_time", Kind.TIME),
    MatchKey(0x00080060, "modality"),
    MatchKey(PHYSICIAN_NAME, "performing_physician", Kind.NAME),
    MatchKey(0x00400007, "sps_description"),
    MatchKey(0x00400008, "protocol_code", Kind.SEQUENCE, _CODE),
    MatchKey(0x00400009, "sps_id", Kind.ID),
    MatchKey(0x00400010, "station_name"),
    MatchKey(0x00400011, "sps_location"),
    MatchKey(0x00400012, "pre_medication"),
    MatchKey(0x00400020, "sps_status"),
    MatchKey(0x00321070, "contrast_agent"),
)
REQUEST_KEYS = (
    MatchKey(0x00080020, "study_date", Kind.DATE),
    MatchKey(0x00080030, "study_time", Kind.TIME),
    MatchKey(0x00080050, "accession_number", Kind.ID),
    MatchKey(0x00080080, "institution_name"),
    MatchKey(0x00080090, "referring_physician", Kind.NAME),
    MatchKey(0x00081040, "department_name"),
    MatchKey(PATIENT_NAME, "patient", Kind.NAME),
    MatchKey(0x00100020, "patient_id", Kind.ID),
    MatchKey(0x00100021, "issuer_of_patient_id"),
    MatchKey(0x00100030, "birth_date", Kind.DATE),
    MatchKey(0x00100040, "patient_sex"),
    MatchKey(0x00102000, "medical_alerts"),
    MatchKey(0x00102110, "allergies"),
    MatchKey(0x00102297, "responsible_person", Kind.NAME),
    MatchKey(0x0020000D, "study_instance_uid", Kind.UID),
    MatchKey(0x00321032, "requesting_physician", Kind.NAME),
    MatchKey(0x00321033, "requesting_service"),
    MatchKey(0x00321060, "requested_procedure_description"),
    MatchKey(0x00321064, "requested_procedure_code", Kind.SEQUENCE, _CODE),
    MatchKey(0x00380010, "admission_id"),
    MatchKey(0x00380014, "issuer_of_admission_id", Kind.SEQUENCE, _ISSUER),
    MatchKey(0x00380050, "special_needs"),
    MatchKey(0x00380300, "patient_location"),
    MatchKey(0x00380500, "patient_state"),
    MatchKey(0x00401001, "requested_procedure_id", Kind.ID),
    MatchKey(0x00401002, "reason"),
    MatchKey(0x00401003, "priority"),
    MatchKey(0x00401004, "transport"),
    MatchKey(0x00402016, "placer_order_number"),
    MatchKey(0x00402017, "filler_order_number"),
    MatchKey(0x00403001, "confidentiality"),
    MatchKey(0x00741202, "worklist_label"),
)
KEYS = STEP_KEYS + REQUEST_KEYS


def digest_of(encoded: bytes) -> int:
    """Return the version of an encoded entry: the same number, the same bytes."""
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), signed=True)


def match_keys(entry: Mapping[int, Element]) -> dict[str, Any]:
    """Return the columns of an entry by name: what its attributes say, as it is compared."""
    (step, *_) = sequence(entry, SPS_SEQUENCE) or ({},)
    columns: dict[str, Any] = {}
    for keys, item in ((STEP_KEYS, step), (REQUEST_KEYS, entry)):
        for key in keys:
            columns.update(_columns(key, item))
    columns["station_ae_title"] = _one_title(columns["station_ae_titles"])
    columns["start_time"] = columns["start_time"] or time(0)  # answered 000000
    return columns


def _columns(key: MatchKey, item: Mapping[int, Element]) -> Iterator[tuple[str, Any]]:
    if key.kind is Kind.SEQUENCE:
        yield key.column, _items(sequence(item, key.tag), key.parts)
        return
    value = text(item, key.tag) if key.tag in item else ""
    if key.kind is Kind.NAME:
        yield from name_columns(key.column, value)
    elif key.kind is Kind.DATE:
        yield key.column, parse_da(_first(value)) if value else None
    elif key.kind is Kind.TIME:
        yield key.column, parse_tm(_first(value)) if value else None
    elif key.kind is Kind.STATION:
        titles = _values(value)
        yield key.column, "\\".join(["", *titles, ""]) if titles else ""
    elif key.kind is Kind.TEXT:
        yield key.column, _several(_values(value))
    else:
        yield key.column, _first(value)[:MAX_ID]


def name_columns(column: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the columns of a PN value: each group folded."""
    groups = folding.fold_name(_first(value)).split("=") if value else ("", "", "")
    for name, group in zip(GROUPS, groups, strict=True):
        yield f"{column}_{name}", group[:MAX_NAME]


def _first(value: str) -> str:
    return value.split("\\")[0].strip()


def _values(value: str) -> list[str]:
    return [part for part in map(str.strip, value.split("\\")) if part]


def _several(values: list[str]) -> str:
    """Return one value as it is, several between backslashes, so that each can be found whole."""
    return "\\".join(["", *values, ""]) if len(values) > 1 else "".join(values)


def _one_title(titles: str) -> str:
    """Return the AE title; a backslash where there are several, nothing where there is none."""
    if titles.count("\\") > 2:
        return "\\"
    return titles.strip("\\")


def _items(items: tuple[Item, ...], parts: tuple[int, ...]) -> str:
    """Return a sequence as one text: its items, and in each the parts that can be matched."""
    found = [PART_MARK.join(_part(item, tag) for tag in parts) for item in items]
    return ITEM_MARK + ITEM_MARK.join(found) + ITEM_MARK if "".join(found).strip(PART_MARK) else ""


def _part(item: Item, tag: int) -> str:
    return text(item, tag).replace(ITEM_MARK, "").replace(PART_MARK, "")
