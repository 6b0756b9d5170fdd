"""Folding of names and IDs: case, accents, width and letter variants make no difference."""

import re
import unicodedata

# Letters that Unicode does not decompose, and variants that people mix when they type a name.
_VARIANTS = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "ŋ": "n",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ʼ": "'",
        "’": "'",
        "‘": "'",
        "`": "'",
        "‐": "-",
        "‑": "-",
        "–": "-",
        "—": "-",
        "ى": "ي",  # Arabic alef maksura, Persian yeh, kaf and heh
        "ی": "ي",
        "ک": "ك",
        "ہ": "ه",
        "ة": "ه",
        "ـ": None,
        "ґ": "г",
        "\u200c": None,
        "\u200d": None,
    }
)
# Points and accents that are written or left out; kana voicing and vowel signs are letters.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_SEPARATORS = re.compile(r"[\s^=,]+")
_JOINERS = re.compile(r"[-'.・]+")


def fold(text: str) -> str:
    """Return the text without case, accents, width and letter variants."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold().translate(_VARIANTS)
    return " ".join(unicodedata.normalize("NFC", bare).translate(_HIRAGANA).split())


def fold_name(person_name: str) -> str:
    """Return a PN value as it is matched: three groups of folded components.

    Trailing empty components mean nothing (PS3.5 6.2.1) and go; the groups stay three.
    """
    groups = [fold_group(group) for group in person_name.split("=")[:3]]
    return "=".join(groups + [""] * (3 - len(groups)))


def fold_group(group: str) -> str:
    """Return one component group folded, component by component."""
    parts = (fold(part).replace("^", " ").replace("=", " ") for part in group.split("^"))
    return "^".join(part.strip() for part in parts).rstrip("^")


def search_key(groups: tuple[str, ...], patient_id: str) -> str:
    """Return what a patient is found by: every group, also written together, and the ID."""
    words = []
    for group in groups:
        folded = _JOINERS.sub("", _SEPARATORS.sub(" ", fold_group(group))).strip()
        words += [folded, folded.replace(" ", "")] if " " in folded else [folded]
    return " ".join(word for word in [*words, fold_id(patient_id)] if word)


def search_words(query: str) -> list[str]:
    """Return the words of a typed query, each of which has to occur in the search key."""
    words = _SEPARATORS.sub(" ", fold(query)).split()
    return [word for word in (_JOINERS.sub("", word) for word in words) if word]


def fold_id(identifier: str) -> str:
    """Return an ID as it is searched: without spaces and hyphens."""
    return _JOINERS.sub("", fold(identifier).replace(" ", ""))
