"""Which character set an answer is in, and what is said where that set lacks letters.

The steps, from the best: a set of the device's that carries everything; several of its sets by
ISO 2022; the one that carries most, names first, a name without the component groups that it
lacks; other letters (transliteration).
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from portal.types import ProfileValues
from worklist.dicom import charsets
from worklist.dicom.items import TEXT, Element
from worklist.dicom.lengths import cut_value, limits_of
from worklist.dicom.transliteration import Carries, has_kanji, nearest, own_letters

Terms = tuple[str, ...]
_PATIENT_NAME = 0x00100010
# A device without wishes gets the least that suffices.
_UNASKED: tuple[Terms, ...] = ((charsets.ASCII,), (charsets.LATIN_1,), (charsets.UTF_8,))


class Step(StrEnum):
    """How a name got through, from the best."""

    NATIVE = "native"
    GROUPS_LEFT_OUT = "groups-left-out"
    TRANSLITERATED = "transliterated"


@dataclass(frozen=True)
class Received:
    """What a device receives of a name."""

    text: str
    character_set: str  # as declared; empty for ASCII
    step: Step
    is_cut: bool = False


@dataclass(frozen=True)
class Texts:
    """The texts of an answer that are not ASCII, the groups of names apart."""

    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def received(name: str, profile: ProfileValues) -> Received:
    """Return what a device with this profile receives of a name when nothing else is in the way."""
    limit = limits_of(profile.length_limits).of(_PATIENT_NAME, "PN")
    fits = cut_value("PN", name, limit)
    terms = choose(_texts_of([Element("PN", fits.encode())]), profile)
    said = cut_value("PN", sayable("PN", fits, terms), limit)
    declared = "" if said.isascii() else "\\".join(terms)
    return Received(said, declared, _step(fits, said), is_cut=fits != name)


def ladder(names: Iterable[str], profile: ProfileValues) -> tuple[Received, ...]:
    """Return what a device receives of each name."""
    return tuple(received(name, profile) for name in names)


def texts_of(item: Mapping[int, Element]) -> Texts:
    """Return what of a dataset is not ASCII."""
    return _texts_of(_elements(item))


def choose(texts: Texts, profile: ProfileValues) -> Terms:
    """Return the terms to answer in."""
    if not texts.names and not texts.others:
        return (charsets.ASCII,)
    candidates = candidates_of(profile.character_sets, profile.suppressed_attributes)
    everything = (*texts.names, *texts.others)
    for terms in candidates:
        if all(charsets.encode(text, terms) is not None for text in everything):
            return terms
    if any(_is_extended(terms) for terms in candidates):
        candidates = (*candidates, _combined(candidates, texts))
    return max(candidates, key=lambda terms: _carried(terms, texts))


@lru_cache(maxsize=1024)
def sayable(vr: str, value: str, terms: Terms) -> str:
    """Return a text as the character set can carry it."""

    def carries(text: str) -> bool:
        return charsets.encode(text, terms) is not None

    if value.isascii() or carries(value):
        return value
    if vr != "PN":
        return nearest(value, carries, is_name=False)
    return "\\".join(_sayable_name(name, carries) for name in value.split("\\"))


@lru_cache(maxsize=256)
def candidates_of(
    character_sets: tuple[str, ...], suppressed: tuple[str, ...]
) -> tuple[Terms, ...]:
    """Return a profile's sets; a misspelt one must not stop a scanner."""
    if "SpecificCharacterSet" in suppressed:
        return ((charsets.ASCII,),)
    return tuple(_known(character_sets)) or _UNASKED


def _known(values: Iterable[str]) -> Iterator[Terms]:
    for value in values:
        try:
            terms = charsets.terms_of(value)
        except charsets.CharsetError:
            continue
        # Value 1 has to be of single bytes, and all are ISO 2022 where there are several.
        is_plain = len(terms) == 1 and not _is_extended(terms)
        yield terms if is_plain else _extended(terms)


def _extended(terms: Terms) -> Terms:
    numbers = charsets.numbers_of(terms)
    return charsets.extended([number for number in numbers if number != "6"])


def _is_extended(terms: Terms) -> bool:
    return len(terms) > 1 or terms[0].startswith("ISO 2022")


def _combined(candidates: Sequence[Terms], texts: Texts) -> Terms:
    """Return the fewest of a device's sets that together, by ISO 2022, carry what all carry."""
    numbers = list(dict.fromkeys(n for terms in candidates for n in charsets.numbers_of(terms)))
    numbers = [number for number in numbers if number != "6"]
    most = _carried(charsets.extended(numbers), texts)
    for number in reversed(numbers):
        fewer = [other for other in numbers if other != number]
        if fewer and _carried(charsets.extended(fewer), texts) == most:
            numbers = fewer
    return charsets.extended(numbers)


def _carried(terms: Terms, texts: Texts) -> tuple[int, int, int]:
    """Return how many groups of names a set carries, how many other texts, how many as they are."""

    def carries(text: str) -> bool:
        return charsets.encode(text, terms) is not None

    return (
        sum(own_letters(text, carries) is not None for text in texts.names),
        sum(own_letters(text, carries) is not None for text in texts.others),
        sum(carries(text) for text in (*texts.names, *texts.others)),
    )


def _sayable_name(name: str, carries: Carries) -> str:
    """Return a name with the groups that can be carried; never an empty one.

    The alphabetic group is said in other letters rather than left out: it is what devices show.
    """
    groups = name.split("=")
    said = [own_letters(group, carries) or "" for group in groups]
    if groups[0].strip("^ ") and not said[0]:
        # Kana give the reading; kanji would be read as Chinese.
        sound = next((group for group in groups[2:] if group.strip("^ ")), groups[0])
        spoken = sound if has_kanji(groups[0]) else groups[0]
        said[0] = nearest(spoken, carries, is_name=True)
    if not any(group.strip("^ ") for group in said):
        heard = next((group for group in reversed(groups) if group.strip("^ ")), "")
        said = [nearest(heard, carries, is_name=True)]
    return "=".join(said).rstrip("=")


def _step(name: str, said: str) -> Step:
    name = unicodedata.normalize("NFC", name).rstrip("=")
    if unicodedata.normalize("NFC", said).rstrip("=") == name:
        return Step.NATIVE
    groups, left = name.split("="), said.split("=")
    is_kept = all(group in ("", whole) for whole, group in zip(groups, left, strict=False))
    return Step.GROUPS_LEFT_OUT if is_kept else Step.TRANSLITERATED


def _elements(item: Mapping[int, Element]) -> Iterator[Element]:
    for element in item.values():
        if isinstance(element.value, tuple):
            for inner in element.value:
                yield from _elements(inner)
        elif element.vr in TEXT and not element.value.isascii():
            yield element


def _texts_of(elements: Iterable[Element]) -> Texts:
    names: list[str] = []
    others: list[str] = []
    for vr, value in elements:
        text = value.decode()  # type: ignore[union-attr]
        if vr == "PN":
            groups = text.replace("\\", "=").split("=")
            names += [unicodedata.normalize("NFC", g) for g in groups if not g.isascii()]
        else:
            others.append(unicodedata.normalize("NFC", text))
    return Texts(tuple(names), tuple(others))
