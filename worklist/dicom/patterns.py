"""Wildcards (PS3.4 C.2.2.2.4) as regular expressions that SQLite and PostgreSQL read alike."""

import re
from collections.abc import Callable

from worklist.folding import fold_group

_WILDCARD = re.compile(r"(\*+|\?)")
# `SMITH^*` is also a patient without given name: trailing empty components are not written.
_OPEN_END = re.compile(r"(\^\*+)+$")


MAX_ASTERISKS = 6  # each makes a failing comparison longer by the length of the value


def is_sensible(pattern: str) -> bool:
    """Say whether a pattern can be compared in bounded time."""
    return len(re.findall(r"\*+", pattern)) <= MAX_ASTERISKS


def has_wildcard(value: str) -> bool:
    """Say whether the value holds `*` or `?`."""
    return "*" in value or "?" in value


def is_universal(value: str) -> bool:
    """Say whether the value matches everything, an empty stored value included."""
    return not value.strip("*^= ") and ("*" in value or not value.strip("^= "))


def wildcard_regex(pattern: str) -> str:
    """Return the expression for a whole value, letter case included."""
    return f"^{_translated(pattern, '.', re.escape)}$"


def name_regex(pattern: str) -> str:
    """Return the expression for a folded name of three groups (worklist.folding.fold_name).

    A pattern of one group is tried on all three; with `=` each group on its own (C.2.2.2.1).
    """
    if "=" not in pattern:
        return f"(^|=){_group(pattern)}(=|$)"
    groups = [*pattern.split("="), "", ""][:3]
    return "^" + "=".join("[^=]*" if is_universal(g) else _group(g) for g in groups) + "$"


def _group(pattern: str) -> str:
    """Translate one component group; it is folded piece by piece, wildcards stay what they are."""
    open_end = _OPEN_END.search(pattern)
    if open_end is None:
        return _translated(pattern.rstrip("^ "), "[^=]", _folded)
    return _translated(pattern[: open_end.start()], "[^=]", _folded) + r"(\^[^=]*)?"


def _folded(literal: str) -> str:
    """Fold a piece between wildcards; blanks at its ends and closing delimiters count here."""
    parts = [fold_group(part) for part in literal.split("^")]
    before = " " if literal[:1] == " " and parts[0] else ""
    after = " " if literal[-1:] == " " and parts[-1] else ""
    return re.escape(before + "^".join(parts) + after)


def _translated(pattern: str, any_one: str, literal: Callable[[str], str]) -> str:
    out = []
    for part in _WILDCARD.split(pattern.strip()):
        if part.startswith("*"):
            out.append(f"{any_one}*")
        elif part == "?":
            out.append(any_one)
        elif part:
            out.append(literal(part))
    return "".join(out)
