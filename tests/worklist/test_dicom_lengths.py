"""Values cut to what their VR and the device may take, at characters (PS3.5 6.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worklist.dicom.items import Element
from worklist.dicom.lengths import MAX_LENGTH, cut, cut_value, limits_of, within_limits


def fitted(vr: str, value: str, *limits: tuple[str, int], tag: int = 0x00100010) -> str:
    item = within_limits({tag: Element(vr, value.encode())}, limits_of(limits))
    return item[tag].value.decode()


@pytest.mark.parametrize(("vr", "length"), MAX_LENGTH.items())
def test_every_vr_is_cut_to_its_own_length_in_characters(vr, length):
    """PS3.5 Table 6.2-1: characters, not bytes."""
    letter = "1" if vr == "UI" else "é"

    assert fitted(vr, letter * (length + 1)) == letter * length
    assert fitted(vr, letter * length) == letter * length


@pytest.mark.parametrize("vr", ["UT", "UC", "DS", "IS", "DA", "TM"])
def test_numbers_dates_and_long_texts_are_not_cut(vr):
    """A number cut short would be another number."""
    assert fitted(vr, "1" * 20_000) == "1" * 20_000


@pytest.mark.parametrize(
    ("vr", "value", "limits", "kept"),
    [
        ("LO", "CT of the abdomen", (("LO", 9),), "CT of the"),
        ("LO", "CT of the abdomen", (("PatientName", 5),), "CT of"),
        ("LO", "CT of the abdomen", (("LO", 100),), "CT of the abdomen"),
        ("SH", "S" * 20, (("SH", 100),), "S" * 16),  # never more than the VR
        ("LO", "abc", (("LO", 0),), "a"),  # never nothing
        ("LO", "abcdef\\ghijkl", (("LO", 3),), "abc\\ghi"),
        ("LO", "abc def", (("LO", 4),), "abc"),
        ("ST", "a\\b\\c", (("ST", 3),), "a\\b"),  # one value, however many backslashes
        ("DS", "1.23456", (("DS", 3), ("PatientName", 3)), "1.23456"),
        ("UI", "1.2.3.4", (("UI", 3), ("PatientName", 3)), "1.2.3.4"),
        ("UI", "1." * 40, (), ("1." * 32).rstrip(".")),
        ("LO", "abcdef", (("NoSuchKeyword", 3),), "abcdef"),
        ("UC", "abcdef", (("UC", 3),), "abc"),
    ],
)
def test_profile_cuts_by_vr_and_by_keyword(vr, value, limits, kept):
    """Issue point 6: length limits of the device."""
    assert fitted(vr, value, *limits) == kept


@pytest.mark.parametrize(
    ("name", "limit", "kept"),
    [
        ("Müller^Jörg=山田太郎=やまだ^たろう", 3, "Mül=山田太=やまだ"),
        ("Ab^Cd", 3, "Ab"),  # no delimiter left at the end
        ("A^^B", 3, "A"),
        ("Ab Cd", 3, "Ab"),
        ("^^^Jörg", 3, "Jör"),  # not cut to nothing
        ("Abcd\\Efgh", 2, "Ab\\Ef"),
    ],
)
def test_names_are_cut_group_by_group(name, limit, kept):
    """PS3.5 6.2.1.2: the limit is each component group's."""
    assert cut_value("PN", name, limit) == kept


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("Jose\u0301", 4, "Jos"),  # not e without its accent
        ("a\u0308\u0323b", 2, "a\u0308"[:0] or "a\u0308"),  # nothing before it: cut hard
        ("葛\U000e0100城", 1, "葛"),  # the selector alone would have been cut from its kanji
        ("城葛\U000e0100", 2, "城"),
        ("ab\u1112\u1161\u11ab", 4, "ab"),  # Hangul in jamo: one syllable
        ("xﾀﾞ", 2, "x"),  # half-width voicing
        ("สมชี", 3, "สม"),
        ("x👨\u200d👩", 3, "x"),  # joined
        ("x👍\U0001f3fd", 2, "x"),
        ("𠀀𠀀", 1, "𠀀"),
    ],
)
def test_cut_never_halves_a_character(text, limit, kept):
    """A letter goes with its marks or not at all."""
    assert cut(text, limit) == kept


@given(st.text(min_size=1), st.integers(1, 20))
def test_cut_is_a_start_within_the_limit_and_never_empty(text, limit):
    """Whatever the text."""
    kept = cut(text, limit)

    assert 0 < len(kept) <= limit
    assert text.startswith(kept)


@pytest.mark.parametrize(
    ("vr", "value", "printable"),
    [
        ("PN", "Tester\x1b$B^Tina\x00\x9f", "Tester$B^Tina"),
        ("LO", "line\r\nbreak\t", "linebreak"),
        ("LT", "line\r\nbreak\x07\t", "line\r\nbreak\t"),
    ],
)
def test_control_characters_are_not_sent(vr, value, printable):
    """PS3.5 6.1.3: an escape in a text would be taken for a change of the character set."""
    assert fitted(vr, value) == printable


def test_items_of_sequences_are_cut_too():
    """At every level."""
    inner = {0x00080104: Element("LO", b"x" * 70)}
    item = {0x00400008: Element("SQ", (inner,)), 0x00280010: Element("US", b"\1\0" * 99)}

    found = within_limits(item, limits_of((("CodeMeaning", 10),)))

    assert found[0x00400008].value[0][0x00080104].value == b"x" * 10
    assert found[0x00280010] == item[0x00280010]
