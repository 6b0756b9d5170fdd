"""CONFORMANCE.md says what the code does (PS3.4 K.6.1; style.md 31)."""

import re
from pathlib import Path

from pydicom.datadict import dictionary_description
from pynetdicom.presentation import build_context

import worklist
from portal.dicom import status
from worklist.dicom import charsets, mwl
from worklist.dicom.entry import SPS_SEQUENCE
from worklist.dicom.texts import MAX_LENGTH
from worklist.models import ScheduledProcedureStep
from worklist.scp import find as scp

TEXT = (Path(worklist.__file__).parent / "CONFORMANCE.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    section = re.split(r"^##+ ", TEXT, flags=re.M)
    (found,) = [part for part in section if part.startswith(heading)]
    table = [line for line in found.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_sop_classes():
    """What the listener offers."""
    assert [row[1] for row in rows("SOP classes")] == [str(uid) for uid in scp.SOP_CLASSES]


def test_transfer_syntaxes():
    """What a presentation context accepts."""
    (sop_class,) = scp.SOP_CLASSES
    offered = {str(uid) for uid in build_context(sop_class).transfer_syntax}

    assert {row[1] for row in rows("Transfer syntaxes")} == offered


def test_matching_keys():
    """What restricts an answer: keyword by keyword."""
    stated = {row[1]: (row[0], row[2]) for row in rows("Matching")}
    matched = {SPS_SEQUENCE, *mwl.MATCHED_OUTSIDE, *mwl.MATCHED_IN_STEP}

    assert set(stated) == {f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in matched}
    for tag in matched:
        name, how = stated[f"({tag >> 16:04X},{tag & 0xFFFF:04X})"]
        assert name == dictionary_description(tag)
        assert ("wildcard" in how) is (mwl.vr_of(tag, {}) in mwl.WILDCARD_VRS)
        assert ("range" in how) is (mwl.vr_of(tag, {}) in {"DA", "TM"})


def test_statuses():
    """Every status that the handler can answer, and no other."""
    stated = {int(row[0], 16) for row in rows("Answers")}

    assert stated == {
        status.PENDING,
        status.PENDING_UNSUPPORTED_OPTIONAL_KEYS,
        status.SUCCESS,
        status.CANCEL,
        status.OUT_OF_RESOURCES,
        status.IDENTIFIER_DOES_NOT_MATCH,
        scp.UNABLE_TO_PROCESS,
    }


def test_open_states():
    """What is served."""
    assert f"Only open steps are served: {', '.join(ScheduledProcedureStep.OPEN)}." in TEXT


def test_value_lengths():
    """What is cut."""
    for vr, length in MAX_LENGTH.items():
        assert re.search(rf"\b{vr}\b[A-Z, ]* {length}\b", TEXT), vr


def test_character_sets():
    """No promise without code, no code without a promise."""
    stated = set(re.findall(r"ISO_IR (\d+)|\b(GB18030|GBK)\b", TEXT))

    known = {n for n in range(250) if _is_known(f"ISO_IR {n}")}
    assert {int(number) for number, _ in stated if number} == known
    assert {name for _, name in stated if name} == {"GB18030", "GBK"}


def _is_known(term: str) -> bool:
    try:
        charsets.terms_of(term)
    except charsets.CharsetError:
        return False
    return True
