"""Folding: what makes no difference when a name is searched or matched."""

import pytest

from worklist.folding import fold, fold_id, fold_name, search_key, search_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MÜLLER", "muller"),
        ("Åsa Łucja Øre", "asa lucja ore"),
        ("Straße", "STRASSE"),
        ("Ｙａｍａｄａ", "yamada"),  # full width
        ("ﾔﾏﾀﾞ", "ヤマダ"),  # half width, with its voicing mark
        ("やまだ", "ヤマダ"),
        ("O’Neil", "O'Neil"),
        ("Фёдор", "федор"),
        ("علی", "علي"),  # Persian and Arabic yeh
        ("کریم", "كريم"),
        ("İstanbul", "istanbul"),
        ("Jose\u0301", "José"),  # decomposed and composed
    ],
)
def test_variants_of_a_letter_are_the_same(one, other):
    """worklist.md §2 (4): letter variants must still be found; PS3.4 C.2.2.2.1 leaves it to us."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("ヤマダ", "ヤマタ"), ("김", "긴"), ("王", "玉")])
def test_different_letters_stay_different(one, other):
    """Voicing marks of kana and jamo are letters, no accents."""
    assert fold(one) != fold(other)


def test_folded_name_has_three_groups_without_empty_ends():
    """PS3.5 6.2.1: trailing empty components and groups mean nothing."""
    assert fold_name("Müller^Jörg^^^") == "muller^jorg=="
    assert fold_name("Yamada^Taro=山田^太郎=やまだ^たろう").count("=") == 2
    assert fold_name("") == "=="


def test_delimiters_in_other_widths_do_not_become_delimiters():
    """A full-width `＝` or `＾` within a component must not split it."""
    assert fold_name("A＝B^C＾D") == "a b^c d=="


def test_patient_is_found_by_any_group_in_any_order_and_by_id_without_hyphens():
    """ui.md §6, Search: ignores case, accents, script group, separators of IDs, name order."""
    key = search_key(("Yamada^Taro", "山田^太郎", "やまだ^たろう"), "402-88 16")

    for query in ("taro yamada", "TARO", "山田太郎", "太郎 山田", "ヤマダ", "4028816", "402-8816"):
        assert all(word in key for word in search_words(query)), query
    assert not all(word in key for word in search_words("taro suzuki"))


def test_hyphens_and_apostrophes_of_names_may_be_left_out():
    """`oleary` and `o'leary` are one search."""
    key = search_key(("O'Leary-Smith^Niamh", "", ""), "1")

    assert all(word in key for word in search_words("oleary"))
    assert all(word in key for word in search_words("O’Leary-Smith"))
    assert fold_id(" PID-00 1 ") == "pid001"
