"""Person names for the eye: PN groups to text, with the language that a browser needs."""

from dataclasses import dataclass

HANGUL = (("\u1100", "\u11ff"), ("\u3130", "\u318f"), ("\uac00", "\ud7af"))
KANA = (("\u3040", "\u30ff"), ("\uff66", "\uff9f"))
HAN = (("\u3400", "\u9fff"), ("\uf900", "\ufaff"), ("\U00020000", "\U0003ffff"))


@dataclass(frozen=True)
class DisplayedName:
    """A name as shown: first text with its language, Latin reading, phonetic reading."""

    first: str
    language: str
    reading: str
    phonetic: str


def displayed(alphabetic: str, ideographic: str, phonetic: str) -> DisplayedName:
    """Put the native script first and the Latin reading second (ui.md 1.2)."""
    reading = group_text(alphabetic)
    if not ideographic:
        return DisplayedName(
            reading or group_text(phonetic), language_of(alphabetic, phonetic), "", ""
        )
    return DisplayedName(
        group_text(ideographic),
        language_of(ideographic, phonetic),
        reading,
        group_text(phonetic),
    )


def group_text(group: str) -> str:
    """Return one PN group: `Family, Given` for alphabets, `FamilyGiven` for Han and Hangul."""
    family, given, middle, prefix, suffix = [*group.split("^"), "", "", "", "", ""][:5]
    if _has(group, HAN) or _has(group, HANGUL) or _has(group, KANA):
        separator = " " if _has(group, KANA) and not _has(group, HAN) else ""
        return separator.join(part for part in (family, given, middle) if part)
    called = " ".join(part for part in (prefix, given, middle) if part)
    text = ", ".join(part for part in (family, called) if part)
    return f"{text} {suffix}".strip()


def language_of(group: str, phonetic: str = "") -> str:
    """Guess the language that picks the right shapes; empty when the script does not tell."""
    if _has(group, HANGUL) or (_has(group, HAN) and _has(phonetic, HANGUL)):
        return "ko"
    if _has(group, KANA) or (_has(group, HAN) and _has(phonetic, KANA)):
        return "ja"
    return "zh" if _has(group, HAN) else ""


def _has(text: str, ranges: tuple[tuple[str, str], ...]) -> bool:
    return any(low <= character <= high for character in text for low, high in ranges)
