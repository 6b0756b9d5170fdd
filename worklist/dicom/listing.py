"""Datasets for the eye: every element with its tag, keyword, bytes and text, in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.uid import UID

from portal.dicom.errors import InvalidDataset
from worklist.dicom.charsets import CharsetError, terms_of
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.items import (
    ASCII,
    EXPLICIT,
    TEXT,
    Element,
    Item,
    Syntax,
    read,
    sequence,
    tag_name,
    value_bytes,
    vr_of,
    write,
)
from worklist.dicom.texts import CHARACTER_SET, text, to_utf8

# What a device usually asks back (PS3.4 Table K.6-1), for one whose questions we do not know yet.
USUAL_REQUEST = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
)
USUAL_STEP = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
)


@dataclass(frozen=True)
class Line:
    """One element; `depth` counts the sequences around it."""

    depth: int
    tag: str
    keyword: str
    vr: str
    raw: bytes
    text: str
    items: int | None = None  # of a sequence

    @property
    def has_value(self) -> bool:
        """Say whether it has a value: as a key, whether it may restrict."""
        return bool(self.text.strip(" *")) or (not self.text and bool(self.raw.strip(b" \0")))


def universal_identifier() -> bytes:
    """Return an identifier that asks for everything (PS3.4 K.2.2.1.2), explicit little endian."""
    step: Item = {_tag(keyword): Element(_vr(keyword), b"") for keyword in USUAL_STEP}
    item: Item = {_tag(keyword): Element(_vr(keyword), b"") for keyword in USUAL_REQUEST}
    return write(item | {SPS_SEQUENCE: Element("SQ", (step,))})


def lines(raw: bytes, syntax: Syntax) -> list[Line]:
    """Return a dataset's elements, text decoded as it declares; raise InvalidDataset."""
    item = read(raw, syntax)
    return list(_lines(item, _readable(item), syntax, 0))


def lines_of(item: Item) -> list[Line]:
    """Return the elements of a dataset that was read into UTF-8."""
    return list(_lines(item, item, EXPLICIT, 0))


def values_of(item: Mapping[int, Element], path: str) -> str:
    """Return what a dataset has under a keyword path, of its SPS item too, `\\` between values."""
    places: list[Mapping[int, Element]] = [item, *sequence(item, SPS_SEQUENCE)]
    *around, last = path.split(".")
    for keyword in around:
        if _tag(keyword) != SPS_SEQUENCE:
            places = [inner for place in places for inner in sequence(place, _tag(keyword))]
    found = [_value(place, _tag(last)) for place in places]
    return "\\".join(value for value in found if value)


def tag_of(path: str) -> str:
    """Return the tag of a keyword path's last element, as `0008,0060`; empty for what is none."""
    number = tag_for_keyword(path.rpartition(".")[2])
    return "" if number is None else tag_name(number)[1:-1]


def syntax_name(uid: str) -> str:
    """Return a transfer syntax as the standard calls it."""
    return str(UID(uid).name)


def _lines(item: Item, readable: Item, syntax: Syntax, depth: int) -> Iterator[Line]:
    for tag in sorted(item):
        element = item[tag]
        keyword = keyword_for_tag(tag)
        name = tag_name(tag)[1:-1]
        if isinstance(element.value, tuple):
            yield Line(depth, name, keyword, "SQ", b"", "", len(element.value))
            for inner, clear in zip(element.value, sequence(readable, tag), strict=True):
                yield from _lines(inner, clear, syntax, depth + 1)
            continue
        words = ""
        if element.vr in TEXT | ASCII:
            words = text(item if tag == CHARACTER_SET else readable, tag)
        yield Line(depth, name, keyword, element.vr, value_bytes(element, syntax), words)


def _readable(item: Item) -> Item:
    """Return the dataset in UTF-8; one that lies about its character set reads as Latin-1."""
    try:
        terms_of(text(item, CHARACTER_SET))
        return to_utf8(item)
    except (CharsetError, InvalidDataset):
        return _latin(item)


def _latin(item: Item) -> Item:
    clear: Item = {}
    for tag, element in item.items():
        if isinstance(element.value, tuple):
            clear[tag] = Element("SQ", tuple(_latin(inner) for inner in element.value))
        else:
            clear[tag] = Element(element.vr, element.value.decode("latin-1").encode())
    return clear


def _value(item: Mapping[int, Element], tag: int) -> str:
    """Return an element's text; of a sequence the texts within."""
    inner = [_value(one, within) for one in sequence(item, tag) for within in sorted(one)]
    return " ".join(value for value in inner if value) or text(item, tag)


def _tag(keyword: str) -> int:
    return tag_for_keyword(keyword) or 0


def _vr(keyword: str) -> str:
    return vr_of(_tag(keyword), {})
