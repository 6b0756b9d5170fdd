"""The Presentation LUT object: a shape or a table, never both (PS3.4 H.4.9, PS3.3 C.11.6)."""

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom.sop_class import PresentationLUT

from printing.dicom.attributes import INVALID_VALUE
from printing.dicom.statuses import Refused

SHAPES = ("IDENTITY", "LIN OD")
ENTRIES = {8: 256, 12: 4096}  # of a table, by the bits of the pictures (H.4.9.1.1)


def presentation_lut(values: Mapping[str, object], bits: int) -> Dataset:
    """Return the attribute list of a Presentation LUT N-CREATE (PS3.4 Table H.4-23)."""
    ds = Dataset()
    if values.get("entries"):
        ds.PresentationLUTSequence = [_table(values, bits)]
        return ds
    shape = str(values.get("shape", ""))
    if shape not in SHAPES:
        raise Refused(f"A presentation LUT has the shape {' or '.join(SHAPES)}.", INVALID_VALUE)
    ds.PresentationLUTShape = shape
    return ds


def in_words(values: Mapping[str, object]) -> str:
    """Name it for a line of the log."""
    if values.get("entries"):
        return f"Presentation LUT {str(values.get('title') or 'of a table')[:64]}"
    return f"Presentation LUT {values.get('shape')}"


def reference(uid: str) -> Dataset:
    """Return the item of Referenced Presentation LUT Sequence."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = PresentationLUT, uid
    return item


def _table(values: Mapping[str, Any], bits: int) -> Dataset:
    given, depth = [int(value) for value in values["entries"]], int(values.get("bits") or 0)
    if len(given) not in ENTRIES.values() or not 10 <= depth <= 16:
        raise Refused("A presentation LUT has 256 or 4096 entries of 10 to 16 bits.", INVALID_VALUE)
    if min(given) < 0 or max(given) >= 1 << depth:
        raise Refused(
            f"An entry of the presentation LUT has more than {depth} bits.", INVALID_VALUE
        )
    wanted = ENTRIES[bits]
    last = len(given) - 1
    entries = [given[round(i * last / (wanted - 1))] for i in range(wanted)]
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [wanted, 0, depth])
    if values.get("title"):
        item.LUTExplanation = str(values["title"])[:64]
    # OW, not US: a value of 4096 words overflows the 16-bit length of US in explicit VR.
    item.add_new("LUTData", "OW", b"".join(entry.to_bytes(2, "little") for entry in entries))
    return item
