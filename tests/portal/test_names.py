"""Names for the eye: native script first, each in its own language."""

import pytest

from portal.names import displayed, group_text


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("Núñez Ortega^José", "Núñez Ortega, José"),
        ("Müller^Jürgen^^Dr.", "Müller, Dr. Jürgen"),
        ("Adams^John Robert^^Rev.^B.A.", "Adams, Rev. John Robert B.A."),
        ("山田^太郎", "山田太郎"),
        ("洪^吉洞", "洪吉洞"),
        ("やまだ^たろう", "やまだ たろう"),
        ("Cher", "Cher"),
        ("", ""),
    ],
)
def test_a_group_reads_as_its_script_is_read(group, text):
    """ui.md §9."""
    assert group_text(group) == text


@pytest.mark.parametrize(
    ("ideographic", "phonetic", "language"),
    [
        ("山田^太郎", "やまだ^たろう", "ja"),
        ("洪^吉洞", "홍^길동", "ko"),
        ("王^小东", "", "zh"),
        ("김^지훈", "", "ko"),
    ],
)
def test_the_script_and_the_reading_tell_the_language(ideographic, phonetic, language):
    name = displayed("Latin^Reading", ideographic, phonetic)

    assert name.language == language
    assert name.reading == "Latin, Reading"


def test_a_name_without_ideographs_has_no_second_reading():
    name = displayed("Kowalska^Ewa", "", "")

    assert (name.first, name.language, name.reading) == ("Kowalska, Ewa", "", "")
