"""Letters for what a character set cannot carry: another form of the letter, else Latin letters."""

import re
import unicodedata
from collections.abc import Callable

from anyascii import anyascii

from worklist.dicom.lengths import clusters, is_follower

Carries = Callable[[str], bool]

# Forms of kanji in names that JIS X 0208 has not, by the form that it has.
_KANJI = dict(
    zip(
        "髙﨑𠮷德濵栁桒瀨緖增寬敎淸橫黑內吳戶黃尙",
        "高崎吉徳浜柳桑瀬緒増寛教清横黒内呉戸黄尚",
        strict=True,
    )
)
# Marks that a letter can lose; the vowel signs of Thai or Devanagari are letters.
_ACCENT = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
# What a transliteration may not bring in: delimiters, and the question mark of a lost letter.
_TEXT_REPAIRS: dict[int, str | None] = str.maketrans(
    {"\\": "/", "?": None, "\n": " ", "\r": None, "\t": " ", "\f": None}
)
_SPACES = re.compile(r"(\s+)")
_NAME_REPAIRS = _TEXT_REPAIRS | str.maketrans({"^": None, "=": "-", "`": "'"})


def own_letters(text: str, carries: Carries) -> str | None:
    """Return the text in other forms of its letters (composed, wide); None if one is missing."""
    forms = [_own_form(cluster, carries) for cluster in clusters(text)]
    return None if None in forms else "".join(form or "" for form in forms)


def nearest(text: str, carries: Carries, *, is_name: bool) -> str:
    """Return the text with what is missing replaced by the nearest that can be carried."""
    words = [text] if is_name else _SPACES.split(text)
    found = "".join(_nearest_word(word, carries, is_name=is_name) for word in words)
    if found.strip(" ^=\\") or not text.strip(" ^=\\"):
        return found
    return " ".join(f"U+{ord(char):04X}" for char in text if not char.isspace())


def has_kanji(text: str) -> bool:
    """Say whether a text has ideographs: without their language they are read as Chinese."""
    return any(unicodedata.name(char, "").startswith("CJK ") for char in text)


def _nearest_word(word: str, carries: Carries, *, is_name: bool) -> str:
    """Return a word, or a name, in one script: with one letter missing all are written in Latin."""
    parts = list(clusters(word))
    forms = [_own_form(part, carries) or _bare(part, carries) for part in parts]
    is_lost = any(
        form is None and _is_foreign(part) for part, form in zip(parts, forms, strict=True)
    )
    repairs = _NAME_REPAIRS if is_name else _TEXT_REPAIRS
    said = "".join(
        _latin(part).translate(repairs) if form is None or (is_lost and _is_foreign(part)) else form
        for part, form in zip(parts, forms, strict=True)
    )
    if is_name and is_lost:
        return "^".join(_capitalized(part) for part in said.split("^"))
    return said


def _own_form(cluster: str, carries: Carries) -> str | None:
    if carries(cluster):
        return cluster
    composed = unicodedata.normalize("NFC", cluster)
    other_width = unicodedata.normalize("NFKC", cluster)
    variant = "".join(_KANJI.get(char, char) for char in cluster if not _is_accent(char))
    for form in (composed, other_width, variant):
        if form and carries(form) and not _is_delimiting(form):
            return form
    return None


def _capitalized(part: str) -> str:
    """Return a part of a name as Latin names are written; a carried letter may have no capital."""
    return part[:1].upper() + part[1:] if part[:1].isascii() else part


def _bare(cluster: str, carries: Carries) -> str | None:
    """Return the letter without its marks, where that can be carried."""
    letters = unicodedata.normalize("NFD", cluster)
    bare = unicodedata.normalize("NFC", "".join(c for c in letters if not _is_mark(c)))
    return bare if bare and carries(bare) and not _is_delimiting(bare) else None


def _latin(cluster: str) -> str:
    plain = "".join(char for char in cluster if not _is_accent(char))
    latin: str = anyascii(unicodedata.normalize("NFKC", plain))  # half-width kana with voicing
    return latin


def _is_foreign(cluster: str) -> bool:
    """Say whether it is a letter of another script than Latin."""
    return cluster[0].isalpha() and "LATIN" not in unicodedata.name(cluster[0], "")


def _is_delimiting(form: str) -> bool:
    """Say whether a form brings in what delimits values: full-width ones become narrow."""
    return any(char in "\\^=?" for char in form)


def _is_accent(char: str) -> bool:
    return _ACCENT.match(char) is not None


def _is_mark(char: str) -> bool:
    return is_follower(char) and unicodedata.category(char)[0] == "M"
