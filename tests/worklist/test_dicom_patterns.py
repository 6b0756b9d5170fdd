"""Wildcards: names folded, everything else exact (PS3.4 C.2.2.2.4)."""

import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import refusal
from worklist.dicom.match_keys import name_columns
from worklist.dicom.patterns import (
    MAX_ASTERISKS,
    MAX_LENGTH,
    after,
    glob,
    is_match,
    is_sensible,
    is_universal,
    like,
    name_key,
    prefix,
    regex,
)

LETTERS = "aZéÜßøŁѐИйДΣςήあアﾀ山田홍김علی1-'."
_component = st.text(LETTERS, min_size=1, max_size=6)
_group = st.lists(_component, min_size=1, max_size=3).map("^".join)
_names = st.lists(_group, min_size=1, max_size=3).map("=".join)


def matches(pattern: str, name: str) -> bool:
    key = name_key(pattern)
    groups = [group for _, group in name_columns("x", name)]
    if key is None:
        return True
    if key.anywhere:
        return any(is_match(one, group) for one in key.anywhere for group in groups)
    return all(
        not wanted or any(is_match(one, group) for one in wanted)
        for wanted, group in zip(key.groups, groups, strict=True)
    )


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


@given(text=st.text("aB1.*+()[]{}^$|\\é%_ ", min_size=1, max_size=12).map(str.strip))
def test_signs_of_expressions_are_themselves(text):
    """Only `*` and `?` mean something."""
    if "*" in text or not text:
        return
    assert is_match(text, text)
    assert not is_match(text, text + "x")
    assert not is_match(text, text.swapcase()) or text == text.swapcase()


_values = st.text("aA[]^-%_\\é山\U0001f600.", max_size=5)
_patterns = st.text("aA[]^-%_\\é山\U0001f600.*?", min_size=1, max_size=5)


def _like(pattern: str, value: str) -> bool:
    """LIKE as PostgreSQL has it, by SQLite's, which minds case when told so."""
    with sqlite3.connect(":memory:") as database:
        database.execute("PRAGMA case_sensitive_like = ON")
        (found,) = database.execute("SELECT ? LIKE ? ESCAPE '\\'", (value, pattern)).fetchone()
    database.close()
    return bool(found)


@given(pattern=_patterns, value=_values)
def test_databases_are_told_the_same(pattern, value):
    """SQLite and PostgreSQL give one answer: the expression's."""
    expected = re.fullmatch(regex(pattern), value) is not None
    assert is_match(pattern, value) is expected

    with sqlite3.connect(":memory:") as database:
        (found,) = database.execute("SELECT ? GLOB ?", (value, glob(pattern))).fetchone()
    database.close()
    assert bool(found) is expected
    assert _like(like(pattern), value) is expected


@given(pattern=_patterns, value=_values)
def test_what_matches_lies_between_the_bounds_of_its_beginning(pattern, value):
    """The range that an index is searched by leaves out nothing that matches."""
    begins, end = prefix(pattern), after(prefix(pattern))
    if is_match(pattern, value):
        assert value.encode() >= begins.encode()
        assert end is None or value.encode() < end.encode()


def test_bounds_at_the_ends_of_the_characters():
    """The least text behind: over the gap of the surrogates, and past the last character."""
    assert after("ab") == "ac"
    assert after("a\ud7ff") == "a\ue000"
    assert after("a\U0010ffff") == "b"
    assert after("\U0010ffff") is None
    assert after("") is None


def test_fuzzy_key_is_the_words_of_a_name():
    """PS3.4 C.2.2.2.1.1: order, delimiters, case and wildcards make no difference."""
    key = name_key("SMITH-Jones^Jöhn*=^山", is_fuzzy=True)

    assert key is not None
    assert key.words == ("smith", "jones", "john", "山")
    assert name_key("*", is_fuzzy=True) is None


@pytest.mark.parametrize("name", ["＊", "＊^", "=＊"])
def test_full_width_asterisk_alone_is_universal(name):
    """What a Japanese keyboard types for `*`."""
    assert name_key(name) is None


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
    assert not is_sensible("a" * (MAX_LENGTH + 1))


def test_failing_comparison_is_quick():
    """Six asterisks against letters that nearly fit: a backtracking expression needs hours."""
    assert not is_match("a" + "*a" * MAX_ASTERISKS + "b", "a" * 2000)
    assert is_match("a" + "*a" * MAX_ASTERISKS, "a" * 2000)


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID"])
@pytest.mark.parametrize("value", ["*a" * 9, "a" * 5000, "\\".join(["a"] * 101)])
def test_key_without_end_is_refused(keyword, value):
    """One query must not hold up the others."""
    assert refusal(identifier(**{keyword: value})).tags
