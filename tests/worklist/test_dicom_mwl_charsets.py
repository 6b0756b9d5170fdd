"""In which character set keys are read (worklist.md §3a-13; PS3.4 K.4.1.1.3)."""

import pytest

from portal.dicom.errors import InvalidDataset
from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import keys, raw_bytes
from worklist.dicom.items import EXPLICIT
from worklist.dicom.mwl import decode
from worklist.folding import fold
from worklist.types import NameKey, TextKey


def test_keys_are_in_the_character_set_of_the_request():
    """worklist.md §3a-13; PS3.4 K.4.1.1.3."""
    greek = keys(charset="ISO_IR 126", PatientName="Ελένη*").names

    assert greek == keys(charset="ISO_IR 192", PatientName="Ελένη*").names


def test_unknown_character_set_does_no_harm_to_ascii_keys():
    """Declared in CONFORMANCE.md: plain keys are understood; a strict profile refuses by name."""
    raw = raw_bytes(identifier(charset="ISO_IR 100", PatientID="1"))
    unknown = raw.replace(b"ISO_IR 100", b"ISO_IR 999")

    assert decode(unknown, EXPLICIT).keys.texts["patient_id"] == TextKey(("1",))
    with pytest.raises(InvalidDataset, match="ISO_IR 999") as refused:
        decode(unknown, EXPLICIT, is_strict=True)
    assert refused.value.tags == (0x00080005,)


def test_text_outside_the_declared_character_set_is_refused_by_a_strict_profile():
    """Bytes that cannot be decoded are nonsense, not a name without accents."""
    raw = raw_bytes(identifier(PatientName="X")).replace(b"X ", b"\xe9 ")

    with pytest.raises(InvalidDataset) as refused:
        decode(raw, EXPLICIT, is_strict=True)
    assert refused.value.tags == (0x00100010,)


@pytest.mark.parametrize(
    ("declared", "usual", "raw", "name"),
    [
        ("", (), "é".encode(), "é"),
        ("", (), "é".encode("latin-1"), "é"),
        ("", ("ISO_IR 144",), "Ж".encode("iso8859_5"), "ж"),
        ("", ("nonsense", "GB18030"), "王".encode("gb18030"), "王"),
        ("ISO_IR 192", (), "é".encode("latin-1"), "é"),  # wrongly declared
        ("ISO_IR 100", (), "é".encode(), "é"),
        ("ISO_IR 100", (), "é".encode("latin-1"), "é"),
        ("", ("ISO_IR 100",), "é".encode(), "é"),
        ("ISO_IR 192", ("ISO_IR 148",), "ğ".encode("iso8859_9"), "g"),
        ("ISO_IR 999", ("ISO_IR 126",), "λ".encode("iso8859_7"), "λ"),
        ("", ("\\ISO 2022 IR 149",), b"\x1b$)C" + "김".encode("euc_kr"), "김"),
    ],
)
def test_character_set_that_is_not_said_is_guessed(declared, usual, raw, name):
    """Declared first, then what the device's profile lists, then UTF-8, then Latin-1."""
    ds = identifier(charset="ISO_IR 101" if declared else "", PatientName="XXXXXXXXXXXX")
    padded = raw + b" " * (12 - len(raw))
    changed = raw_bytes(ds).replace(b"XXXXXXXXXXXX", padded)
    changed = changed.replace(b"ISO_IR 101", declared.encode())
    names = decode(changed, EXPLICIT, usual=usual).keys.names

    assert names["patient"] == (NameKey(anywhere=(fold(name),)),)
