"""Person names: worklist.md §3a-7, 9 and fuzzy semantic matching (§3a-19; PS3.4 C.2.2.2.1)."""

import pytest

from tests.worklist.factories import make_station
from tests.worklist.finding import booked, found, found_by, question
from worklist.dicom.match_keys import KEYS, Kind

pytestmark = pytest.mark.django_db

NAMES = [key.keyword for key in KEYS if key.kind is Kind.NAME]
GROUPS = "Yamada-Ōta^Tarō=山田^太郎=やまだ^たろう"


@pytest.fixture
def ct1(facility):
    """CT1 asks."""
    return make_station(facility, "CT1").device


@pytest.mark.parametrize("keyword", NAMES)
@pytest.mark.parametrize(
    "key",
    [
        "YAMADA-OTA^TARO",  # case and accents
        "Ｙａｍａｄａ-*",  # width
        "山田^太郎",  # a key of one group is tried on all
        "ヤマダ^タロウ",  # letter variants
        "=山田^太郎",
        "Yamada*=山田*=やまだ^た*",
        "==やまだ^た*",
        "*=*=ヤマダ^タロウ",
        "Yamada-Ota^Taro^^^",
    ],
)
def test_every_name_matches_whatever_the_variant(facility, ct1, keyword, key):
    """§3a-7, 9: declared in CONFORMANCE.md, the same for patients and physicians."""
    step = booked(facility, **{keyword: GROUPS})
    booked(facility, **{keyword: "Yamada^Jiro=山田^次郎=やまだ^じろう"})

    assert found(ct1, "ISO_IR 192", **{keyword: key}) == [step]


@pytest.mark.parametrize(
    ("key", "is_found"),
    [
        ("Smith^John", False),  # the middle name is missing
        ("Smith^John^M", True),
        ("Smith^John*", True),
        ("Smith^*^M", True),
        ("John^Smith^M", False),  # components count
        ("Smith John M", False),  # so do delimiters
        ("Smith*John*", True),
        ("Smith^John^M^^Jr", False),
        ("Smith^?ohn^?", True),
        ("Smith^^M", False),
        ("S", False),
        ("smith^john^m^", True),
    ],
)
def test_components_and_their_order_count(facility, ct1, key, is_found):
    """C.2.2.2.1: without fuzzy matching a single value is the whole name."""
    step = booked(facility, PatientName="Smith^John^M")

    assert found(ct1, PatientName=key) == ([step] if is_found else [])


@pytest.mark.parametrize(
    ("key", "is_found"),
    [
        ("John^Smith", True),  # any order
        ("john smith", True),  # any delimiter
        ("Jo Smi", True),  # the beginnings of words
        ("SMITHE-JONES", True),
        ("jones", True),  # each part of a double name
        ("JÖHN", True),
        ("ohn", False),  # not the middle of a word
        ("John Doe", False),  # every word has to be there
        ("Smythe", False),
        ("山", True),
        ("山 Smith", False),  # all within one component group
        ("Sm*", True),
        ("*", True),
    ],
)
def test_fuzzy_semantic_matching(facility, ct1, key, is_found):
    """K.5, C.2.2.2.1.1: only when negotiated; how is ours to declare."""
    step = booked(facility, PatientName="Smithe-Jones^John=山田^太郎")

    asked = question("ISO_IR 192", PatientName=key)
    assert found_by(ct1, asked, is_fuzzy=True) == ([step] if is_found else [])


def test_fuzzy_matching_is_for_names_only(facility, ct1):
    """C.2.2.2.1.1: other attributes stay exact."""
    step = booked(facility, PatientID="AB CD")

    assert found_by(ct1, question(PatientID="CD"), is_fuzzy=True) == []
    assert found_by(ct1, question(PatientID="AB CD"), is_fuzzy=True) == [step]


def test_name_in_another_group_is_not_found_by_its_own(facility, ct1):
    """§3a-9: with `=` each group is compared with its own."""
    booked(facility, PatientName="Wang^XiaoDong=王^小东")

    for key in ("Wang*=Wang*", "=Wang*", "==王*"):
        assert found(ct1, "ISO_IR 192", PatientName=key) == [], key


def test_signs_of_patterns_in_stored_names_are_themselves(facility, ct1):
    """Brackets, per cent and underscore mean nothing to a device."""
    step = booked(facility, PatientName="[A]%_^B")
    booked(facility, PatientName="AXY^B")

    for key in ("[A]%_^B", "[a]*", "?A]*", "*%_^b", "[A]?_^*"):
        assert found(ct1, PatientName=key) == [step], key
    for key in ("[AX]*", "%", "____^B", "_X*"):
        assert found(ct1, PatientName=key) == [], key
