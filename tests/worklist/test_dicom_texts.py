"""Keys in any character set: declared, not declared, wrongly declared (worklist.md §3a-13)."""

import pytest

from portal.dicom.errors import InvalidDataset
from worklist.dicom.charsets import encode, terms_of
from worklist.dicom.items import Element
from worklist.dicom.texts import CHARACTER_SET, text, to_utf8, to_utf8_trying

NAME = 0x00100010


def keys(raw: bytes, declared: str = "") -> dict:
    item = {NAME: Element("PN", raw)}
    if declared:
        item[CHARACTER_SET] = Element("CS", declared.encode())
    return item


def candidates(*values: str) -> list[tuple[str, ...]]:
    return [terms_of(value) for value in values]


USUAL = candidates("ISO_IR 192", "\\ISO 2022 IR 87", "GB18030", "ISO_IR 100")


@pytest.mark.parametrize(
    ("raw", "name", "worked"),
    [
        ("山田*".encode(), "山田*", "ISO_IR 192"),
        (b"\x1b$B;3ED\x1b(B*", "山田*", "\\ISO 2022 IR 87"),
        ("王^小东".encode("gb18030"), "王^小东", "GB18030"),
        ("Jos\xe9".encode("latin-1"), "José", "ISO_IR 100"),
        (b"SMITH*", "SMITH*", "ISO_IR 192"),
    ],
)
@pytest.mark.parametrize("declared", ["", "ISO_IR 6", "KLINGON"])
def test_what_a_device_usually_sends_is_tried(raw, name, worked, declared):
    """Issue point 3: none declared, or wrongly declared."""
    item, terms = to_utf8_trying(keys(raw, declared), USUAL)

    assert text(item, NAME) == name
    assert terms == terms_of(worked)
    assert CHARACTER_SET not in item


def test_what_fits_none_is_told_with_the_attribute():
    """A900 with the Offending Element."""
    with pytest.raises(InvalidDataset, match="is not text in") as told:
        to_utf8_trying(keys(b"\xff\xfe"), candidates("ISO_IR 192", "ISO_IR 6"))

    assert told.value.tags == (NAME,)


def test_nothing_to_try_is_told():
    """No guess is made."""
    with pytest.raises(InvalidDataset):
        to_utf8_trying(keys(b"x"), [])


def test_items_may_have_a_character_set_of_their_own():
    """PS3.3 C.12.1.1.2: else that of the dataset around them."""
    kanji = encode("山田", terms_of("\\ISO 2022 IR 87"))
    own = keys(kanji, "\\ISO 2022 IR 87")
    item = {
        CHARACTER_SET: Element("CS", b"ISO_IR 100"),
        0x00081110: Element("SQ", (own, keys(b"\xe9"))),
    }

    one, other = to_utf8(item)[0x00081110].value

    assert (text(one, NAME), text(other, NAME)) == ("山田", "é")


@pytest.mark.parametrize("declared", ["ISO IR 100", "iso-ir-100", "ISO_IR_100 "])
def test_misspelt_character_set_is_understood(declared):
    """As devices write it."""
    assert text(to_utf8(keys(b"\xe9", declared)), NAME) == "é"


def test_codes_are_text_in_the_default_repertoire_only():
    """PS3.5 6.1.2.3: AE, CS and dates do not follow the character set; UTF-8 is told apart."""
    item = {0x00080060: Element("CS", b"\xe9")}

    with pytest.raises(InvalidDataset):
        to_utf8(item)
