"""The ladder of character sets: what a device receives of a name, and in which set."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.types import ProfileValues
from tests.worklist.strict_reader import read_text
from worklist.dicom import charsets
from worklist.dicom.items import Element
from worklist.dicom.ladder import Step, Texts, choose, ladder, received, sayable
from worklist.dicom.lengths import limits_of
from worklist.dicom.texts import to_charset

SHIPPED = {
    "default": (),
    "legacy-latin1": ("ISO_IR 100",),
    "japanese-iso2022": ("\\ISO 2022 IR 87", "ISO_IR 100"),
    "korean-iso2022": ("\\ISO 2022 IR 149", "ISO_IR 100"),
    "chinese-gb18030": ("GB18030",),
    "utf-8": ("ISO_IR 192",),
    "plain": ("ISO_IR 6",),
    "katakana": ("ISO_IR 13",),
    "chinese-gb2312": ("\\ISO 2022 IR 58",),
    "russian": ("ISO_IR 144", "ISO_IR 100"),
    "many": ("\\ISO 2022 IR 87\\ISO 2022 IR 159", "\\ISO 2022 IR 149", "ISO_IR 144", "ISO_IR 126"),
}
NAMES = (
    "Tester^Tina",
    "Müller^Jörg=缪^勒",
    "Yamada^Taro=山田^太郎=やまだ^たろう",
    "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "Hong^Gildong=洪^吉洞=홍^길동",
    "Wang^XiaoDong=王^小东",
    "Иванов^Иван",
    "Διονυσιος",
    "قباني^لنزار",
    "שרון^דבורה",
    "สมชาย^ใจดี",
)


def profile(*character_sets: str, **more) -> ProfileValues:
    return ProfileValues(character_sets=character_sets, **more)


@pytest.mark.parametrize(
    ("names", "others", "listed", "chosen"),
    [
        ([], [], [], "ISO_IR 6"),
        (["José"], [], [], "ISO_IR 100"),
        (["José"], ["山田"], [], "ISO_IR 192"),
        (["Łucja"], [], [], "ISO_IR 192"),
        ([], [], ["ISO_IR 192"], "ISO_IR 6"),
        # Native: the first listed that carries everything, however low it stands.
        (["山田"], [], ["ISO_IR 100", "\\ISO 2022 IR 87"], "\\ISO 2022 IR 87"),
        (["山田", "홍"], [], ["\\ISO 2022 IR 87", "ISO_IR 192"], "ISO_IR 192"),
        (["José"], [], ["\\ISO 2022 IR 87", "ISO_IR 100"], "ISO_IR 100"),
        # Several of the listed sets by ISO 2022, no more of them than it takes.
        (
            ["José", "山田"],
            [],
            ["\\ISO 2022 IR 87", "ISO_IR 144", "ISO_IR 100"],
            "ISO 2022 IR 100\\ISO 2022 IR 87",
        ),
        (
            ["込", "홍"],
            [],
            ["\\ISO 2022 IR 87", "\\ISO 2022 IR 149"],
            "\\ISO 2022 IR 87\\ISO 2022 IR 149",
        ),
        # Never where the device lists no code extension.
        (["José"], ["Иван"], ["ISO_IR 100", "ISO_IR 144"], "ISO_IR 100"),
        # The set that carries most, names before descriptions.
        (["Иван"], ["José", "é", "ü"], ["ISO_IR 100", "ISO_IR 144"], "ISO_IR 144"),
        (["José", "김"], [], ["\\ISO 2022 IR 87", "ISO_IR 100"], "ISO_IR 100"),
        (["山田"], [], ["ISO_IR 100"], "ISO_IR 100"),
        # A misspelt set is understood, an unknown one passed over.
        (["José"], [], ["KLINGON", "utf-8"], "ISO_IR 192"),
        (["José"], [], ["KLINGON"], "ISO_IR 100"),
        # A set of two bytes cannot be value 1 (PS3.3 C.12.1.1.2).
        (["山田"], [], ["ISO 2022 IR 87"], "\\ISO 2022 IR 87"),
        (["山é"], [], ["ISO_IR 100\\ISO_IR 87"], "ISO 2022 IR 100\\ISO 2022 IR 87"),
    ],
)
def test_character_set_is_chosen_down_the_ladder(names, others, listed, chosen):
    """Native, ISO 2022 combination, the one that carries most (worklist.md §2 (3), §5 G2)."""
    texts = Texts(tuple(names), tuple(others))

    assert choose(texts, profile(*listed)) == tuple(chosen.split("\\"))


J = ("\\ISO 2022 IR 87", "ISO_IR 100", "ISO_IR 6")
K = ("\\ISO 2022 IR 149", "ISO_IR 100")


@pytest.mark.parametrize(
    ("name", "listed", "text", "step"),
    [
        ("Yamada^Taro=山田^太郎", J, "Yamada^Taro=山田^太郎", Step.NATIVE),
        ("Núñez Ortega^José", J, "Núñez Ortega^José", Step.NATIVE),
        ("Kim^Jihoon=金志勳=김지훈", J, "Kim^Jihoon=金志勳", Step.GROUPS_LEFT_OUT),
        ("Kim^Jihoon=金志勳=김지훈", K, "Kim^Jihoon=金志勳=김지훈", Step.NATIVE),
        ("Nguyễn^Thị Mai", J, "Nguyen^Thi Mai", Step.TRANSLITERATED),
        ("Yamada^Tarō=山田^太郎", J, "Yamada^Taro=山田^太郎", Step.TRANSLITERATED),
        ("Yamada^Taro=山田^太郎", ("ISO_IR 100",), "Yamada^Taro", Step.GROUPS_LEFT_OUT),
        ("Müller^Jörg=缪^勒", ("ISO_IR 6",), "Muller^Jorg", Step.TRANSLITERATED),
        ("Großmann^Øyvind", ("ISO_IR 6",), "Grossmann^Oyvind", Step.TRANSLITERATED),
        ("Łukasiewicz^Zoë", ("ISO_IR 100",), "Lukasiewicz^Zoë", Step.TRANSLITERATED),
        ("Иванов^Щукин", ("ISO_IR 100",), "Ivanov^Shchukin", Step.TRANSLITERATED),
        ("Σωκράτης", ("ISO_IR 100",), "Sokratis", Step.TRANSLITERATED),
        ("김지훈", ("ISO_IR 100",), "GimJiHun", Step.TRANSLITERATED),
        # A form of the same letter before another letter: width, composition, name variants.
        ("髙橋^ｱｷﾗ", J, "高橋^アキラ", Step.TRANSLITERATED),
        ("葛\U000e0100城", J, "葛城", Step.TRANSLITERATED),
        ("Jose\u0301", ("ISO_IR 100",), "José", Step.NATIVE),
        # One script to a name: not half of it in kanji.
        ("王^小东", J, "Wang^XiaoDong", Step.TRANSLITERATED),
        # Sounds before meanings: kana give the reading of the kanji.
        ("=山田^太郎=やまだ^たろう", ("ISO_IR 100",), "Yamada^Tarou", Step.TRANSLITERATED),
        ("山田^太郎==やまだ^たろう", ("ISO_IR 100",), "Yamada^Tarou", Step.TRANSLITERATED),
        ("=山田^太郎", ("ISO_IR 100",), "ShanTian^TaiLang", Step.TRANSLITERATED),
        ("=山田^太郎=홍", J, "=山田^太郎", Step.GROUPS_LEFT_OUT),
        # Never a delimiter, a question mark or nothing out of a letter.
        ("a＝b^c＾d＼e？f", ("ISO_IR 6",), "a-b^cd/ef", Step.TRANSLITERATED),
        ("\ue000^\ue001", ("ISO_IR 6",), "U+E000 U+005E U+E001", Step.TRANSLITERATED),
    ],
)
def test_name_goes_down_the_ladder_group_by_group(name, listed, text, step):
    """Issue point 3: never a `?` where a better letter exists."""
    got = received(name, profile(*listed))

    assert (got.text, got.step) == (text, step)
    assert not got.is_cut


def test_declared_character_set_is_shown_and_empty_for_ascii():
    """C.12.1.1.2: required only where a character is not in the default repertoire."""
    native, left_out, plain = ladder(("山田", "José=山田", "Łucja"), profile("ISO_IR 100", *J))

    assert native.character_set == "\\ISO 2022 IR 87"
    assert left_out.character_set == "ISO 2022 IR 100\\ISO 2022 IR 87"
    assert plain.character_set == ""


def test_device_that_wants_no_character_set_gets_ascii():
    """A suppressed Specific Character Set: anything else could not be read."""
    device = profile("ISO_IR 192", suppressed_attributes=("SpecificCharacterSet",))

    assert received("Müller", device).text == "Muller"


def test_cut_names_are_shown_as_cut():
    """The profile's limit counts for each component group."""
    device = profile("ISO_IR 100", length_limits=(("PatientName", 6),))

    assert received("Müller^Jörg=山田", device).text == "Müller"
    assert received("Müller^Jörg=山田", device).is_cut
    assert received("Groß", profile("ISO_IR 6", length_limits=(("PN", 4),))).text == "Gros"


@pytest.mark.parametrize("listed", SHIPPED.values(), ids=SHIPPED)
@pytest.mark.parametrize("name", NAMES)
def test_every_script_gets_through_every_profile(name, listed):
    """Decoded by a reader of its own, what arrives is what was said; nothing is questioned."""
    got = received(name, profile(*listed))

    assert encoded_name(got.text, got.character_set) == got.text
    assert "?" not in got.text
    assert got.text.strip("^=")


@pytest.mark.parametrize(
    ("vr", "text", "listed", "sent"),
    [
        ("LO", "контроль 5mm ≥ 3µm", "ISO_IR 100", "kontrol' 5mm >= 3µm"),
        ("LO", "Kontrolle ✓ größer", "ISO_IR 100", "Kontrolle v größer"),
        ("LO", "Щ\\é", "ISO_IR 100", "Shch\\é"),
        ("LO", "a＼b", "ISO_IR 100", "a/b"),
        ("ST", "Контроль\r\nplain", "ISO_IR 6", "Kontrol'\r\nplain"),
        ("PN", "Иван^Щ\\José", "ISO_IR 100", "Ivan^Shch\\José"),
    ],
)
def test_other_texts_change_word_by_word(vr, text, listed, sent):
    """What can be carried stays."""
    assert sayable(vr, text, charsets.terms_of(listed)) == sent


def encoded_name(text: str, declared: str) -> str:
    """A name encoded by us and read by the strict reader."""
    terms = charsets.terms_of(declared)
    item = to_charset({0x00100010: Element("PN", text.encode())}, terms, limits_of(()))
    return read_text(item[0x00100010].value, declared)


def components(name: str) -> int:
    return max(group.count("^") for group in name.split("="))


LETTERS = "Ab éÜñßøŁő^=Иб山髙东太やﾔﾞダ홍길ง่аعשΑώ😀\u0301\u200d\ue000≠＝＾？＼¿\u00a0𠀀"


@pytest.mark.parametrize("listed", SHIPPED.values(), ids=SHIPPED)
@given(name=st.text(st.one_of(st.sampled_from(LETTERS), st.characters(exclude_categories=["C"]))))
def test_any_name_is_readable_within_limits_and_never_questioned(listed, name):
    """Readable by the declared set, never `?`, never empty, never more delimiters or letters."""
    name = name.replace("\\", "").replace("?", "")
    got = received(name, profile(*listed))

    assert encoded_name(got.text, got.character_set) == got.text
    assert "?" not in got.text
    assert all(len(group) <= 64 for group in got.text.split("="))
    assert got.text.count("=") <= name.count("=")
    assert components(got.text) <= components(name)
    letters = [c for c in name if unicodedata.category(c)[0] in "LN"]
    assert got.text.strip(" ^=") or not letters
