"""Worklist files as other systems store them: in any transfer syntax, with or without header."""

import shutil
import subprocess
from pathlib import Path

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from portal.dicom.errors import InvalidDataset
from tests.worklist.answering import dataset_bytes
from tests.worklist.entries import entry, file_bytes
from worklist.dicom.files import read_file, write_file
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT, Item
from worklist.dicom.texts import text

SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
NATIVE = {"implicit": IMPLICIT, "explicit": EXPLICIT, "big endian": BIG_ENDIAN}
HEADER = 128 + 4  # preamble and prefix


def stored():
    return entry(PatientName="Müller^Jörg=山田", PregnancyStatus=4, PatientSize=1.7)


def expected() -> Item:
    return read_file(file_bytes(stored()))


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_every_transfer_syntax_gives_the_same_entry(syntax):
    """architecture.md §3: numbers and texts alike."""
    found = read_file(file_bytes(stored(), syntax))

    assert found == expected()
    assert text(found, 0x00100010) == "Müller^Jörg=山田"


@pytest.mark.parametrize("syntax", NATIVE.values(), ids=NATIVE)
def test_files_without_preamble_and_header_are_read(syntax):
    """As wlmscpfs takes them: the bare dataset."""
    assert read_file(dataset_bytes(stored(), syntax)) == expected()


@pytest.mark.parametrize("syntax", NATIVE.values(), ids=NATIVE)
def test_preamble_without_meta_information_is_read(syntax):
    """PS3.10 7.1 wants group 2 behind it; some files have none."""
    raw = bytes(128) + b"DICM" + dataset_bytes(stored(), syntax)

    assert read_file(raw) == expected()


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_meta_information_without_preamble_is_read(syntax):
    """The 132 bytes before it say nothing."""
    assert read_file(file_bytes(stored(), syntax)[HEADER:]) == expected()


@pytest.mark.parametrize(
    ("said", "written"),
    [("explicit", "implicit"), ("implicit", "explicit"), ("big endian", "explicit")],
)
def test_header_that_names_another_syntax_is_not_believed(said, written):
    """What is there counts."""
    whole = file_bytes(stored(), SYNTAXES[said])
    meta = whole[: len(whole) - len(dataset_bytes(stored(), NATIVE[said]))]

    assert read_file(meta + dataset_bytes(stored(), NATIVE[written])) == expected()


def test_our_own_files_are_read_back():
    """export_worklist and import_worklist are each other's inverse."""
    assert read_file(write_file(expected(), sop_instance_uid="2.25.3")) == expected()


def damaged_deflation() -> bytes:
    raw = file_bytes(entry(), DeflatedExplicitVRLittleEndian)
    body = HEADER + 12 + int.from_bytes(raw[HEADER + 8 : HEADER + 12], "little")
    return raw[:body] + b"\xff" * 50


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "It is empty."),
        (b"\x7fELF" * 100, "It is not a DICOM file."),
        (bytes(128) + b"DICM", "It is not a DICOM file."),
        (file_bytes(entry())[:-3], "It ends in the middle of"),
        (file_bytes(entry(), DeflatedExplicitVRLittleEndian)[:-9], "ends too early"),
        (damaged_deflation(), "deflated content is damaged"),
        (bytes(17 * 1024 * 1024), "larger than 16 MB"),
    ],
    ids=["empty", "other", "header only", "cut", "deflated and cut", "damaged", "large"],
)
def test_what_is_no_entry_is_told(raw, sentence):
    """Bad input: each gets its sentence."""
    with pytest.raises(InvalidDataset, match=sentence):
        read_file(raw)


def test_other_transfer_syntaxes_are_refused():
    """An entry has no pixels to compress."""
    raw = file_bytes(entry()).replace(
        ExplicitVRLittleEndian.encode() + b"\0", JPEGBaseline8Bit.encode()[:19] + b"0"
    )

    with pytest.raises(InvalidDataset, match="transfer syntax"):
        read_file(raw)


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("dcmconv") is None, reason="DCMTK is not installed")
@pytest.mark.parametrize("lengths", ["+e", "-e"], ids=["lengths", "delimiters"])
@pytest.mark.parametrize(
    ("syntax", "form"),  # not deflated without header: nobody could tell what that is
    [(syntax, "+F") for syntax in ("+te", "+tb", "+ti", "+td")]
    + [(syntax, "-F") for syntax in ("+te", "+tb", "+ti")],
)
def test_files_of_dcmtk_are_read(tmp_path: Path, syntax, lengths, form):
    """As DCMTK stores .wl files, and Orthanc those that dump2dcm makes for it."""
    source, made = tmp_path / "source.dcm", tmp_path / "made.wl"
    source.write_bytes(file_bytes(stored()))

    command = ["/usr/bin/dcmconv", syntax, lengths, form, str(source), str(made)]
    subprocess.run(command, check=True, timeout=60)

    assert read_file(made.read_bytes()) == expected()
