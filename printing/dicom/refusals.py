"""Objects that are made although the printer does not take everything: who is to blame, and what
may be left out (printing.md §2.2, §2.4; issue 6 line 4)."""

from collections.abc import Callable
from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from printing.dicom import attributes, film, presentation_lut
from printing.dicom.statuses import ATTRIBUTE_MISSING, ATTRIBUTE_REFUSED, in_words
from printing.dicom.talk import Answer, Talk
from printing.dicom.terms import LUT, Terms
from printing.types import Difference, LineKind, UsedFallback

# Without these the request means nothing: their refusal is found by ruling out all others.
NEEDED = frozenset({"ImageDisplayFormat", "ReferencedFilmSessionSequence"})


@dataclass(frozen=True)
class Kind:
    """A kind of object that is made by N-CREATE."""

    name: str
    sop_class: str
    meta: str = ""


@dataclass(frozen=True)
class Made:
    """An object as the printer made it."""

    uid: str
    granted: Dataset | None
    differences: tuple[Difference, ...] = ()
    warnings: tuple[tuple[int, str], ...] = ()


class LutElsewhere(Exception):
    """The presentation LUT has to be named in the other object: film session and box anew."""


def make(talk: Talk, terms: Terms, kind: Kind, wanted: Callable[[], Dataset]) -> Made:
    """N-CREATE; leave out what is refused where a fallback allows it, else say what it is."""
    while True:
        ds = wanted()
        uid, answer = _create(talk, terms, kind, ds)
        if not answer.is_failure:
            say_used(talk, terms.take_new())
            return _made(talk, uid, ds, answer)
        if answer.code not in ATTRIBUTE_REFUSED:
            raise talk.failure(answer, _sentence(kind, answer))
        culprits = _culprits(talk, terms, kind, ds, answer)
        if not culprits or not all(terms.can_drop(keyword) for keyword in culprits):
            raise talk.failure(answer, _sentence(kind, answer, ds, culprits, terms))
        place = terms.lut_place
        for keyword in culprits:
            terms.drop(keyword, _in_words(ds, keyword, terms), answer.code)
        if place and terms.lut_place and terms.lut_place != place:
            raise LutElsewhere


def say_used(talk: Talk, new: list[UsedFallback]) -> None:
    """Tell about fallbacks as soon as something has passed with them."""
    for used in new:
        talk.watcher.on_fallback(used)  # who also writes the line of the log


def _create(talk: Talk, terms: Terms, kind: Kind, ds: Dataset) -> tuple[str, Answer]:
    """N-CREATE under our UID; under the printer's own where it does not take ours (§2.6 (4))."""
    has_uid = terms.has_own_uids
    uid, answer = talk.create(kind.name, ds, kind.sop_class, kind.meta, has_uid=has_uid)
    if answer.code == INVALID_INSTANCE and has_uid:
        uid, again = talk.create(kind.name, ds, kind.sop_class, kind.meta, has_uid=False)
        if not again.is_failure:
            terms.has_own_uids = False
            return uid, again
    return uid, answer


INVALID_INSTANCE = 0x0117


def _made(talk: Talk, uid: str, ds: Dataset, answer: Answer) -> Made:
    """Note what the printer made otherwise; it may do so without a warning."""
    found = film.differences(ds, answer.ds, code=answer.code, tags=answer.tags)
    for difference in found:
        talk.line(film.difference_in_words(difference), kind=LineKind.DIFFERENCE)
    warnings = ((answer.code, in_words(answer.code)),) if answer.code else ()
    return Made(uid, answer.ds, tuple(found), warnings)


def _culprits(talk: Talk, terms: Terms, kind: Kind, ds: Dataset, answer: Answer) -> list[str]:
    """Return the keywords of what the printer refuses: as it says, else found by leaving out."""
    named = named_by(answer, ds)
    if named:
        return named
    candidates = [element.keyword for element in ds if element.keyword not in NEEDED]
    for keyword in candidates:
        if _is_made(talk, terms, kind, film.without(ds, keyword)):
            return [keyword]
    return _several(talk, terms, kind, ds, candidates) or _alone(ds)


def _several(talk: Talk, terms: Terms, kind: Kind, ds: Dataset, candidates: list[str]) -> list[str]:
    """Find more than one: leave out ever more until it passes, then put each back."""
    without: list[str] = []
    for keyword in candidates:
        without.append(keyword)
        if len(without) > 1 and _is_made(talk, terms, kind, film.without(ds, *without)):
            break
    else:
        return []
    for keyword in without[:-1]:
        fewer = [other for other in without if other != keyword]
        if _is_made(talk, terms, kind, film.without(ds, *fewer)):
            without = fewer
    return without


def _alone(ds: Dataset) -> list[str]:
    return ["ImageDisplayFormat"] if "ImageDisplayFormat" in ds else []


def _is_made(talk: Talk, terms: Terms, kind: Kind, ds: Dataset) -> bool:
    uid, answer = _create(talk, terms, kind, ds)
    if answer.is_failure:
        return False
    talk.delete(kind.name, kind.sop_class, uid, kind.meta)
    return True


def named_by(answer: Answer, ds: Dataset) -> list[str]:
    """Return the attributes that the answer names, by tag or in its Error Comment."""
    keywords = [element.keyword for element in ds if element.keyword not in NEEDED]
    tagged = [keyword_for_tag(tag) for tag in answer.tags]
    known = [keyword for keyword in tagged if keyword in ds]
    if known or not answer.comment:
        return list(dict.fromkeys(known))
    comment = answer.comment.casefold().replace(" ", "")
    found = [
        keyword
        for keyword in keywords
        if keyword.casefold() in comment or f"({str(ds[keyword].tag)[1:-1]})" in comment
    ]
    return found if len(found) == 1 else []


def _sentence(
    kind: Kind,
    answer: Answer,
    ds: Dataset | None = None,
    culprits: list[str] | None = None,
    terms: Terms | None = None,
) -> str:
    if ds is not None and culprits and terms is not None:
        words = " and ".join(_in_words(ds, keyword, terms) for keyword in culprits)
        return f"The printer refused {words} ({answer.code:04X})."
    if answer.code in ATTRIBUTE_MISSING and answer.tags:
        names = " and ".join(attributes.name_of(keyword_for_tag(tag)) for tag in answer.tags)
        return f"The printer misses {names} in the {kind.name} ({answer.code:04X})."
    return f"The printer refused the {kind.name}: {in_words(answer.code)}."


def _in_words(ds: Dataset, keyword: str, terms: Terms) -> str:
    if keyword == LUT:
        return presentation_lut.in_words(terms.request.presentation_lut)
    if ds[keyword].VR == "SQ":
        return attributes.name_of(keyword)
    return attributes.in_words(keyword, ds[keyword].value)
