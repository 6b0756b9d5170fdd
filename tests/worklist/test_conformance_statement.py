"""What the generated statement says of the worklist is what the code does (PS3.4 K.6.1)."""

import pytest
from pydicom.datadict import keyword_for_tag

from portal.conformance import statement
from tests.portal.test_conformance_statement import rows
from tests.worklist.factories import make_station, make_step
from tests.worklist.modality import find
from worklist.conformance import REQUIRED, TYPE_1
from worklist.dicom import mwl
from worklist.dicom.match_keys import Kind

MATCHING = ("Attribute", "Tag", "Key", "Matched by")


@pytest.fixture
def text(facility):
    """The statement of the running configuration."""
    return statement()


def tag_of(cell: str) -> int:
    return int(cell.strip("()").replace(",", ""), 16)


def test_every_matched_key_is_stated_and_no_other(text):
    """worklist.md §3a-21, K.6.1.3.2, Table K.6-1: required, optional, and how each is matched."""
    stated = {tag_of(tag): (kind, how) for _, tag, kind, how in rows(text, *MATCHING)}
    keys = {**mwl.MATCHED_OUTSIDE, **mwl.MATCHED_IN_STEP}

    assert stated.keys() == {0x00400100, *keys}
    assert {tag for tag, (kind, _) in stated.items() if kind == "R"} == {0x00400100, *REQUIRED}
    for tag, key in keys.items():
        assert ("range" in stated[tag][1]) is (key.kind in {Kind.DATE, Kind.TIME})
        assert ("sequence" in stated[tag][1]) is (key.kind is Kind.SEQUENCE)


def test_statuses_are_those_of_table_k_4_1(text):
    """No other code is ever sent for a query."""
    codes = [code for code, _ in rows(text, "Status", "Meaning")]

    assert codes == ["0000", "FF00", "FF01", "FE00", "A700", "A900", "C001"]


def test_every_type_1_attribute_has_a_value_and_every_stated_one_comes_back(
    running_scp, facility, text
):
    """Table K.6-1 and K.4.1.1.3.2, asked for over the wire."""
    make_station(facility, "CT1")
    make_step(facility, start_time=None)
    stated = [tag_of(tag) for _, tag, _ in rows(text, "Attribute", "Tag", "Type")]
    keywords = [keyword_for_tag(tag) for tag in stated if tag not in inner(text)]
    sequences = [k for k in keywords if k.endswith("Sequence")]
    asked = {k: "" for k in keywords if k not in sequences} | {k: [] for k in sequences}

    (answer,) = find(running_scp, **asked).answers
    (step,) = answer.ScheduledProcedureStepSequence

    assert {element.tag for element in answer} - {0x00080005} == set(stated) - inner(text)
    assert all((step if tag in inner(text) else answer)[tag].value for tag in TYPE_1)


def inner(text: str) -> set[int]:
    """The tags that are stated inside the step's sequence."""
    table = rows(text, "Attribute", "Tag", "Type")
    return {tag_of(tag) for name, tag, _ in table if name.startswith(">")}


def test_an_unstated_key_is_answered_ff01_and_stated_ones_ff00(running_scp, facility):
    """Table K.4-1: no optional key that the statement names is left unmatched."""
    make_station(facility, "CT1")
    make_step(facility)

    assert find(running_scp, RequestedProcedureComments="X").pending == [0xFF01]
    for keyword in ("ReferringPhysicianName", "RequestedProcedureDescription", "AdmissionID"):
        asked = find(running_scp, **{keyword: "NOTHING*"})
        assert (asked.answers, asked.status) == ([], 0x0000)
