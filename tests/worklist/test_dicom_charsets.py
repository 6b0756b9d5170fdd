"""Specific Character Sets: decode, encode, choose (PS3.5 6.1; worklist.md §3a-13, 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings, decode_bytes

from worklist.dicom.charsets import CharsetError, choose, decode, encode, terms_of
from worklist.dicom.items import Element
from worklist.dicom.texts import to_charset

# Names as PS3.5 Annexes H, I, J, K print them, byte for byte.
PRINTED = [
    (
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    (
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J="
        b"\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    (
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7="
        b"\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    ("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "Wang^XiaoDong=王^小东"),
    (
        "ISO_IR 192",
        "Wang^XiaoDong=王^小東".encode(),
        "Wang^XiaoDong=王^小東",
    ),
    (
        "\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
        "Zhang^XiaoDong=张^小东",
    ),
    ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
]


@pytest.mark.parametrize(("charset", "raw", "name"), PRINTED)
def test_names_of_the_standard_are_read_and_written(charset, raw, name):
    """PS3.5 H.3.1, H.3.2, I.2, J.1, J.2, K.2: the printed bytes, both ways."""
    terms = terms_of(charset)

    assert decode(raw, terms) == name
    assert encode(name, terms) == raw


SCRIPTS = {
    "ISO_IR 100": "éÜñß",
    "ISO_IR 101": "łŠő",
    "ISO_IR 109": "ĝħ",
    "ISO_IR 110": "āņ",
    "ISO_IR 144": "Иванов",
    "ISO_IR 127": "علي",
    "ISO_IR 126": "Ελένη",
    "ISO_IR 138": "שרה",
    "ISO_IR 148": "ğış",
    "ISO_IR 203": "Œ€",
    "ISO_IR 166": "สมชาย",
    "ISO_IR 13": "ﾔﾏﾀﾞ",
    "\\ISO 2022 IR 87": "山田太郎やまだ",
    "\\ISO 2022 IR 87\\ISO 2022 IR 159": "山丂侄",
    "ISO 2022 IR 6\\ISO 2022 IR 149": "홍길동",
    "\\ISO 2022 IR 58": "张小东",
    "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126": "éИΕ",
    "GB18030": "王小东鎔𠀀",
    "GBK": "王小東",
    "ISO_IR 192": "王小東éИ홍",
}


@pytest.mark.parametrize(("charset", "letters"), SCRIPTS.items())
@given(choices=st.lists(st.integers(0, 19), min_size=1, max_size=12))
def test_text_of_any_character_set_round_trips(charset, letters, choices):
    """Letters of the script, ASCII and delimiters in any order."""
    alphabet = letters + "Az ^="
    text = "".join(alphabet[number % len(alphabet)] for number in choices)
    terms = terms_of(charset)

    raw = encode(text, terms)

    assert raw is not None
    assert decode(raw, terms) == text


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("GB18030", "誠^俓".encode("gb18030"), "誠^俓"),  # second bytes 0x5C and 0x3D do not split
        ("GB18030", "乗=乛".encode("gb18030"), "乗=乛"),
        ("GBK", "乗".encode("gbk"), "乗"),
        ("\\ISO 2022 IR 87", b"\x1b$B=(\x1b(B^\x1b$B0\\\x1b(B", "秀^移"),  # 0x3D and 0x5C in kanji
    ],
)
def test_bytes_that_look_like_delimiters_stay_in_their_character(charset, raw, text):
    """PS3.5 6.1.2.3: the trap of pydicom 3.0.2, which splits before it decodes."""
    assert decode(raw, terms_of(charset)) == text


def test_set_written_without_its_escape_sequence_is_read():
    """ISO 2022 IR 58 as pydicom 3.0.2 writes it: no ESC $ ) A."""
    assert decode("张^小东".encode("gb2312"), terms_of("\\ISO 2022 IR 58")) == "张^小东"


@pytest.mark.parametrize(
    "charset",
    ["ISO_IR 100", "ISO_IR 144", "\\ISO 2022 IR 87", "\\ISO 2022 IR 149", "GB18030"],
)
def test_pydicom_reads_what_we_write(charset):
    """Another implementation decodes our bytes."""
    terms = terms_of(charset)
    text = SCRIPTS.get(charset, "홍길동")
    raw = encode(text, terms) or b""

    assert decode_bytes(raw, convert_encodings(list(terms)), set()) == text


@pytest.mark.parametrize("charset", ["ISO_IR 999", "LATIN1", "UTF-8", "\\ISO 2022 IR 7"])
def test_unknown_character_set_is_named(charset):
    """Bad input: a name in an unknown character set is never guessed at."""
    with pytest.raises(CharsetError, match=charset.strip("\\")):
        terms_of(charset)


def test_sets_that_stand_alone_are_not_combined():
    """PS3.5 6.1.2.4: UTF-8 and GB18030 know no code extension; alone in a list they are meant."""
    assert terms_of("\\ISO_IR 192") == ("ISO_IR 192",)
    with pytest.raises(CharsetError):
        terms_of("GB18030\\ISO 2022 IR 58")


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("ISO_IR 192", b"\xff\xfe"),
        ("ISO_IR 6", b"\xe9"),
        ("\\ISO 2022 IR 87", b"\x1b$Z;3"),
        ("\\ISO 2022 IR 87", b"\x1b$B\x7f\x7f"),
        ("ISO_IR 127", b"\xa1"),
    ],
)
def test_text_that_is_not_in_its_set_is_told(charset, raw):
    """Never replaced by question marks."""
    with pytest.raises(CharsetError):
        decode(raw, terms_of(charset))


@pytest.mark.parametrize(
    ("texts", "preferred", "chosen"),
    [
        (["Plain"], [], ("ISO_IR 6",)),
        (["José"], [], ("ISO_IR 100",)),
        (["José", "山田"], [], ("ISO_IR 192",)),
        (["Łucja"], [], ("ISO_IR 192",)),
        (["Plain"], ["ISO_IR 192"], ("ISO_IR 6",)),
        (["山田"], ["ISO_IR 100", "\\ISO 2022 IR 87"], ("", "ISO 2022 IR 87")),
        (["山田", "홍"], ["\\ISO 2022 IR 87", "ISO_IR 192"], ("ISO_IR 192",)),
        (["山田"], ["ISO_IR 100"], ("ISO_IR 100",)),
        (["山田🂡"], ["GBK", "GB18030"], ("GB18030",)),
        (["José"], ["LATIN1", "ISO_IR 192"], ("ISO_IR 192",)),
        (["José"], ["LATIN1"], ("ISO_IR 100",)),
    ],
)
def test_least_character_set_that_carries_everything_is_chosen(texts, preferred, chosen):
    """worklist.md §2 (3): no negotiation exists; the device's own list comes first."""
    assert choose(texts, preferred) == chosen


@pytest.mark.parametrize(
    ("vr", "text", "charset", "sent"),
    [
        ("PN", "Yamada^Taro=山田^太郎", "ISO_IR 100", b"Yamada^Taro"),
        ("PN", "Müller^Jörg=缪^勒", "ISO_IR 100", "Müller^Jörg".encode("latin-1")),
        ("PN", "Иванов^Иван", "ISO_IR 100", b"Ivanov^Ivan"),
        ("LO", "контроль ✓", "ISO_IR 100", b"kontrol\xb4 OK"),
        ("PN", "=山田^太郎", "ISO_IR 6", b"ShanTian^TaiLang"),
    ],
)
def test_text_a_device_cannot_carry_is_transliterated_never_questioned(vr, text, charset, sent):
    """dependencies.md, anyascii: last resort; a name first gives up the groups."""
    item = to_charset({1: Element(vr, text.encode())}, terms_of(charset))

    value = item[1].value
    assert isinstance(value, bytes)
    assert b"?" not in value
    if vr == "PN":
        assert value == sent
