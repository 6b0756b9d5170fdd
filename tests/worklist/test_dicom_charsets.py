"""Specific Character Sets: names, decoding, encoding (PS3.5 6.1; worklist.md §3a-13, 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings, decode_bytes

from worklist.dicom.charsets import CharsetError, decode, encode, terms_of

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


@pytest.mark.parametrize("charset", ["ISO_IR 999", "KLINGON", "WINDOWS-1252", "\\ISO 2022 IR 7"])
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
        ("ISO_IR 192", b"\x1b$B;3\x1b(B"),
    ],
)
def test_text_that_is_not_in_its_set_is_told(charset, raw):
    """Never replaced by question marks."""
    with pytest.raises(CharsetError):
        decode(raw, terms_of(charset))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ISO IR 100", "ISO_IR 100"),
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO_IR_100", "ISO_IR 100"),
        ("iso_ir 100", "ISO_IR 100"),
        ("ISO_IR100", "ISO_IR 100"),
        ("IR 100", "ISO_IR 100"),
        ("ISO8859-1", "ISO_IR 100"),
        ("latin1", "ISO_IR 100"),
        ("ISO2022IR87", "ISO 2022 IR 87"),
        ("\\ISO2022 IR 87", "\\ISO 2022 IR 87"),
        ("ISO 2022-IR 13\\iso 2022 ir 87", "ISO 2022 IR 13\\ISO 2022 IR 87"),
        ("UTF-8", "ISO_IR 192"),
        ("utf8", "ISO_IR 192"),
        ("ISO 2022 IR 192", "ISO_IR 192"),
        ("gb18030", "GB18030"),
        ("GB2312", "ISO 2022 IR 58"),
        ("", "ISO_IR 6"),
        ("\\", "ISO_IR 6"),
    ],
)
def test_names_are_known_by_their_letters_and_digits(written, meant):
    """Misspelt in the field; a strict profile takes the standard's spelling only."""
    assert terms_of(written) == tuple(meant.split("\\"))
    if written.strip("\\"):
        with pytest.raises(CharsetError):
            terms_of(written, is_strict=True)


@pytest.mark.parametrize("charset", [*SCRIPTS, "ISO_IR 6", "ISO 2022 IR 6\\ISO 2022 IR 58"])
def test_the_standards_own_names_are_known_to_a_strict_profile(charset):
    """PS3.3 C.12.1.1.2: Tables C.12-2 to C.12-5."""
    assert terms_of(charset, is_strict=True) == terms_of(charset)


# Python's codecs as the other opinion: set -> codec, and how a character gets its escape sequence.
REPERTOIRES = {
    **{f"ISO_IR {n}": f"iso8859-{part}" for n, part in [(100, 1), (101, 2), (109, 3), (110, 4)]},
    **{f"ISO_IR {n}": f"iso8859-{part}" for n, part in [(144, 5), (127, 6), (126, 7), (138, 8)]},
    **{f"ISO_IR {n}": f"iso8859-{part}" for n, part in [(148, 9), (166, 11), (203, 15)]},
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISO_IR 192": "utf-8",
    "\\ISO 2022 IR 58": "gb2312",
    "\\ISO 2022 IR 149": "euc_kr",
    "\\ISO 2022 IR 87": "iso2022_jp",
    "\\ISO 2022 IR 87\\ISO 2022 IR 159": "iso2022_jp_2",
}
# G1 sets are announced once per run (PS3.5 6.1.2.5.3); Python's codecs above have no escapes.
ANNOUNCED = {"\\ISO 2022 IR 58": b"\x1b$)A", "\\ISO 2022 IR 149": b"\x1b$)C"}


@pytest.mark.parametrize(("charset", "codec"), REPERTOIRES.items())
def test_every_character_of_a_set_is_written_as_another_implementation_does(charset, codec):
    """The whole Basic Multilingual Plane: carried as by Python's codec, and read back."""
    terms = terms_of(charset)
    for code in [*range(0xA0, 0xD800), *range(0xE000, 0x10000)]:
        char = chr(code)
        raw = encode(char, terms)
        expected = python_bytes(char, codec)
        announced = ANNOUNCED.get(charset, b"")
        assert raw == (announced + expected if expected else None), hex(code)
        assert raw is None or decode(raw, terms) == char, hex(code)


def python_bytes(char: str, codec: str) -> bytes | None:
    """What Python makes of a character; None where only a set that is not ours has it."""
    try:
        raw = char.encode(codec)
    except UnicodeEncodeError:
        return None
    has_others = codec == "iso2022_jp_2" and raw.startswith((b"\x1b$(A", b"\x1b$(C", b"\x1b."))
    is_roman = codec.startswith("iso2022_jp") and raw.startswith(b"\x1b(J")
    # A syllable spelled in eight bytes, or the filler that begins one.
    is_long = codec == "euc_kr" and (len(raw) != 2 or char == "\u3164")
    return None if has_others or is_roman or is_long else raw


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("éИ^é", b"\xe9\x1b-L\xb8\x1b-A^\xe9"),
        ("И\r\né", b"\x1b-L\xb8\x1b-A\r\n\xe9"),
        ("И=И", b"\x1b-L\xb8\x1b-A=\x1b-L\xb8\x1b-A"),
    ],
)
def test_first_set_is_active_again_before_delimiters_line_ends_and_the_end(text, raw):
    """PS3.5 6.1.2.5.3: G1, too, where value 1 of the character set has one."""
    terms = terms_of("ISO 2022 IR 100\\ISO 2022 IR 144")

    assert encode(text, terms) == raw
    assert decode(raw, terms) == text


@pytest.mark.parametrize("delimiter", "\\^=\r\n\f\t")
def test_kanji_are_closed_before_each_delimiter(delimiter):
    """PS3.5 6.1.2.5.3."""
    raw = encode(f"山{delimiter}田", terms_of("\\ISO 2022 IR 87"))

    assert raw == b"\x1b$B;3\x1b(B" + delimiter.encode() + b"\x1b$BED\x1b(B"


@pytest.mark.parametrize("declared", ["ISO_IR 6", "ISO_IR 100"])
def test_escape_sequences_are_followed_where_none_was_declared(declared):
    """They say themselves what they bring."""
    raw = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"

    assert decode(raw, terms_of(declared)) == "Yamada^Tarou=山田^太郎"
