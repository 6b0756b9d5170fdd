"""Wildcards as regular expressions: names folded, everything else exact (PS3.4 C.2.2.2.4)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import refusal
from worklist.dicom.patterns import (
    MAX_ASTERISKS,
    is_sensible,
    is_universal,
    name_regex,
    wildcard_regex,
)
from worklist.folding import fold_name

LETTERS = "aZéÜßøŁѐИйДΣςήあアﾀ山田홍김علی1-'."
_component = st.text(LETTERS, min_size=1, max_size=6)
_group = st.lists(_component, min_size=1, max_size=3).map("^".join)
_names = st.lists(_group, min_size=1, max_size=3).map("=".join)


def matches(pattern: str, name: str) -> bool:
    return re.search(name_regex(pattern), fold_name(name)) is not None


@given(name=_names)
def test_every_name_matches_itself_in_any_case(name):
    """C.2.2.2.1."""
    assert matches(name, name)
    assert matches(name.upper(), name)
    for group in name.split("="):
        assert matches(group, name)


@given(group=_group, data=st.data())
def test_any_part_may_be_an_asterisk(group, data):
    """`*` is any sequence, also none."""
    start = data.draw(st.integers(0, len(group)))
    end = data.draw(st.integers(start, len(group)))

    assert matches(f"{group[:start]}*{group[end:]}", group)
    assert matches(f"{group[:start]}**{group[end:]}", f"X={group}")


@given(text=st.text("aB1.*+()[]{}^$|\\é ", min_size=1, max_size=12).map(str.strip))
def test_signs_of_expressions_are_themselves(text):
    """Only `*` and `?` mean something."""
    if "*" in text or not text:
        return
    assert re.search(wildcard_regex(text), text)
    assert not re.search(wildcard_regex(text), text + "x")
    assert not re.search(wildcard_regex(text), text.swapcase()) or text == text.swapcase()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", True),
        ("***", True),
        ("*^*", True),
        ("", True),
        ("^^", True),
        ("?", False),
        ("a*", False),
    ],
)
def test_universal_patterns(value, expected):
    """C.2.2.2.3, C.2.2.2.4."""
    assert is_universal(value) == expected


def test_patterns_that_would_take_for_ever_are_not_sensible():
    """A device must not be able to stop the others with one query."""
    assert is_sensible("a" + "*a" * MAX_ASTERISKS)
    assert is_sensible("*" * 64)
    assert not is_sensible("*a" * (MAX_ASTERISKS + 1))


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID"])
def test_pattern_without_end_is_refused(keyword):
    """One query must not hold up the others."""
    assert refusal(identifier(**{keyword: "*a" * 9})).tags
