"""Wildcards (PS3.4 C.2.2.2.4): what a pattern means, and how databases are told.

A pattern holds `*` and `?` and otherwise itself; a name's is folded piece by piece.
"""

import re
from collections.abc import Callable

from worklist.folding import fold, fold_group
from worklist.types import NameKey

_WILDCARD = re.compile(r"(\*+|\?)")
# `SMITH^*` is also a patient without given name: trailing empty components are not written.
_OPEN_END = re.compile(r"(\^\*+)+$")
_WORDS = re.compile(r"[\s^=,*?]+")

MAX_ASTERISKS = 6  # each makes a failing comparison longer by the length of the value
MAX_LENGTH = 4096  # a key may be longer than its VR, not than any value that there is


def is_sensible(pattern: str) -> bool:
    """Say whether a pattern can be compared in bounded time."""
    return len(re.findall(r"\*+", pattern)) <= MAX_ASTERISKS and len(pattern) <= MAX_LENGTH


def has_wildcard(value: str) -> bool:
    """Say whether the value holds `*` or `?`."""
    return "*" in value or "?" in value


def is_universal(value: str) -> bool:
    """Say whether the value matches everything, an empty stored value included."""
    return not value.strip("*^= ") and ("*" in value or not value.strip("^= "))


def name_key(name: str, *, is_fuzzy: bool = False) -> NameKey | None:
    """Return what a PN key asks for; None when it is universal.

    A key of one group is tried on all three; with `=` each group on its own (C.2.2.2.1). Fuzzy
    semantic matching (C.2.2.2.1.1): each word begins a word of the name, in whatever component.
    """
    if is_universal(name):
        return None
    if is_fuzzy and (words := _words(name)):
        return NameKey(words=words)
    if "=" not in name:
        found = _group(name)
        return NameKey(anywhere=found) if found else None
    groups = tuple(() if is_universal(g) else _group(g) for g in [*name.split("="), "", ""][:3])
    return NameKey(groups=groups) if any(groups) else None


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name, folded; hyphens part words as they do in what is stored."""
    words = (fold(word).replace("*", "").replace("?", "") for word in _WORDS.split(name))
    return tuple(
        dict.fromkeys(part for word in words for part in re.split(r"[\s-]+", word) if part)
    )


def _group(pattern: str) -> tuple[str, ...]:
    """Return the patterns of one component group, folded piece by piece; none: universal."""
    open_end = _OPEN_END.search(pattern)
    bare = _folded(pattern[: open_end.start()] if open_end else pattern.rstrip("^ "))
    if not bare.strip("*"):
        return ()
    return (bare, f"{bare}^*") if open_end else (bare,)


def _folded(pattern: str) -> str:
    return "".join(
        part if _WILDCARD.fullmatch(part) else _folded_piece(part)
        for part in _WILDCARD.split(pattern.strip())
        if part
    )


def _folded_piece(literal: str) -> str:
    """Fold a piece between wildcards; blanks at its ends and closing delimiters count here."""
    parts = [fold_group(part) for part in literal.split("^")]
    before = " " if literal[:1] == " " and parts[0] else ""
    after = " " if literal[-1:] == " " and parts[-1] else ""
    return before + "^".join(parts) + after


def is_match(pattern: str, value: str) -> bool:
    """Say whether a value is what the pattern asks for."""
    return re.fullmatch(python_regex(pattern), value, re.DOTALL) is not None


def prefix(pattern: str) -> str:
    """Return the text that every match begins with."""
    return _WILDCARD.split(pattern)[0]


def after(prefix: str) -> str | None:
    """Return the least text behind all that begin with `prefix`, by code points; None: no end."""
    bare = prefix.rstrip("\U0010ffff")
    if not bare:
        return None
    last = ord(bare[-1]) + 1
    return bare[:-1] + chr(0xE000 if 0xD800 <= last < 0xE000 else last)


def glob(pattern: str) -> str:
    """Return the pattern for SQLite's GLOB: its brackets are no wildcards of ours."""
    return _translated(pattern, "*", "?", lambda literal: literal.replace("[", "[[]"))


def like(pattern: str) -> str:
    """Return the pattern for PostgreSQL's LIKE."""
    return _translated(pattern, "%", "_", lambda literal: re.sub(r"([\\%_])", r"\\\1", literal))


def regex(pattern: str, any_one: str = ".") -> str:
    """Return the expression, without its ends, for PostgreSQL."""
    return _translated(pattern, f"{any_one}*", any_one, re.escape)


def python_regex(pattern: str, any_one: str = ".") -> str:
    """Return the expression, without its ends, for Python and hence SQLite.

    What stands between two asterisks is taken where it comes first, for good: nothing is gained by
    trying further, and trying takes for ever.
    """
    first, *chunks = (regex(chunk, any_one) for chunk in re.split(r"\*+", pattern))
    if not chunks:
        return first
    *inner, last = chunks
    found = "".join(f"(?>{any_one}*?{chunk})" for chunk in inner)
    return f"{first}{found}{any_one}*{last}"


def _translated(pattern: str, any_text: str, any_one: str, literal: Callable[[str], str]) -> str:
    out = []
    for part in _WILDCARD.split(pattern):
        if part.startswith("*"):
            out.append(any_text)
        elif part == "?":
            out.append(any_one)
        else:
            out.append(literal(part))
    return "".join(out)
