"""A second opinion on encoded text: PS3.5 6.1 read to the letter, apart from our own codec.

Fails on what a strict device would stumble over: a set that was not declared, a first set that is
not active again at a delimiter or at the end.
"""

import re

from tests.worklist.answering import dataset_from
from worklist.dicom.items import Syntax

ALONE = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
LATIN = {"100": 1, "101": 2, "109": 3, "110": 4, "144": 5, "127": 6, "126": 7, "138": 8}
LATIN |= {"148": 9, "166": 11, "203": 15}
# Number -> escape into G0 or G1, codec, bytes a character, what is added to a character's bytes.
G0 = {"6": (b"\x1b(B", "ascii"), "13": (b"\x1b(J", "ascii"), "87": (b"\x1b$B", "iso2022_jp")}
G0["159"] = (b"\x1b$(D", "iso2022_jp_2")
G1 = {"13": (b"\x1b)I", "shift_jis"), "149": (b"\x1b$)C", "euc_kr"), "58": (b"\x1b$)A", "gb2312")}
FINALS = {"100": b"A", "101": b"B", "109": b"C", "110": b"D", "144": b"L", "127": b"G"}
FINALS |= {"126": b"F", "138": b"H", "148": b"M", "203": b"b", "166": b"T"}
G1 |= {n: (b"\x1b-" + final, f"iso8859-{LATIN[n]}") for n, final in FINALS.items()}
ESCAPE = re.compile(rb"(\x1b\$?[()\-][A-Za-z]|\x1b\$B)")


def read_text(raw: bytes, declared: str, delimiters: str = "^=\\\r\n\f\t") -> str:
    """The text, by the letter of the standard."""
    if declared in ALONE:
        return raw.decode(ALONE[declared])
    numbers = [re.sub(r"ISO_IR |ISO 2022 IR ", "", term) or "6" for term in declared.split("\\")]
    if not declared:
        return raw.decode("ascii")
    if len(numbers) == 1 and numbers[0] in LATIN:
        assert b"\x1b" not in raw
        return raw.decode(f"iso8859-{LATIN[numbers[0]]}")
    return _read_2022(raw, numbers, delimiters)


def _read_2022(raw: bytes, numbers: list[str], delimiters: str) -> str:
    known = [pair for n in ["6", *numbers] for sets in (G0, G1) if (pair := sets.get(n))]
    first = (G0.get(numbers[0], G0["6"]), G1.get(numbers[0]))
    g0, g1 = first
    text = ""
    for part in ESCAPE.split(raw):
        if part.startswith(b"\x1b"):
            found = [pair for pair in known if pair[0] == part]
            assert found, f"{part!r} brings a set that is not declared"
            g0, g1 = (found[0], g1) if found[0] in G0.values() else (g0, found[0])
            continue
        at = 0
        while at < len(part):
            taken, at = _read_one(part, at, g0, g1)
            if taken in delimiters:
                assert g0 == first[0], f"{g0[1]} is still active at {taken!r}"
                assert g1 == first[1] or first[1] is None, f"{g1} is still active at {taken!r}"
                g1 = first[1]  # has to be announced again
            text += taken
    assert g0 == first[0], f"{g0[1]} is still active at the end"
    return text


def _read_one(part: bytes, at: int, g0, g1) -> tuple[str, int]:
    if part[at] < 0x20:
        return chr(part[at]), at + 1
    if part[at] < 0x80:
        escape, codec = g0
        if codec == "ascii":
            return chr(part[at]), at + 1
        return (escape + part[at : at + 2]).decode(codec), at + 2
    assert g1 is not None, "a byte above 7F, and no set for it"
    width = 2 if g1[1] in ("euc_kr", "gb2312") else 1
    return part[at : at + width].decode(g1[1]), at + width


def patient_name(raw: bytes, syntax: Syntax) -> tuple[str, str]:
    """The name in an answer, and the character set that it declares."""
    ds = dataset_from(raw, syntax)
    declared = ""
    if "SpecificCharacterSet" in ds:
        declared = ds.get_item("SpecificCharacterSet").value.decode("ascii").strip()
    value = ds.get_item("PatientName").value
    return read_text(value, declared).rstrip(" "), declared
