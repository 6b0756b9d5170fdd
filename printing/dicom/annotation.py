"""Texts of annotation boxes (PS3.4 H.4.4)."""

from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicAnnotationBox

from printing.dicom import film
from printing.dicom.refusals import say_used
from printing.dicom.request import PageToPrint
from printing.dicom.statuses import ATTRIBUTE_REFUSED, in_words
from printing.dicom.talk import Talk
from printing.dicom.terms import CHARACTER_SET, Terms
from printing.types import LineKind


def set_annotations(
    talk: Talk, terms: Terms, page: PageToPrint, boxes: list[str]
) -> list[tuple[int, str]]:
    """N-SET the texts of a film into its annotation boxes; return what the printer warned of."""
    warnings: list[tuple[int, str]] = []
    texts = [(i, text) for i, text in enumerate(page.annotations, start=1) if text]
    if "TextString" in terms.dropped:
        return warnings
    for position, text in texts:
        if position > len(boxes):
            talk.line(
                f"The printer made {len(boxes)} annotation boxes: text {position} is left out.",
                kind=LineKind.WARNING,
            )
        elif "TextString" not in terms.dropped:
            warnings += _set(talk, terms, position, text, boxes[position - 1])
    return warnings


def _set(talk: Talk, terms: Terms, position: int, text: str, uid: str) -> list[tuple[int, str]]:
    what = f"Annotation Box {position} N-SET"
    while True:
        ds = film.annotation(position, text, terms)
        answer = talk.set(what, ds, BasicAnnotationBox, uid)
        if not answer.is_failure:
            say_used(talk, terms.take_new())
            words = f"{in_words(answer.code)} (annotation {position})"
            return [(answer.code, words)] if answer.code else []
        keyword = CHARACTER_SET if CHARACTER_SET in ds else "TextString"
        if answer.code not in ATTRIBUTE_REFUSED or not terms.can_drop(keyword):
            sentence = f"The printer refused annotation {position}: {in_words(answer.code)}."
            raise talk.failure(answer, sentence)
        terms.drop(keyword, _named(ds, keyword), answer.code)
        if keyword == "TextString":
            say_used(talk, terms.take_new())
            return []


def _named(ds: Dataset, keyword: str) -> str:
    return f"Specific Character Set {ds[keyword].value}" if keyword == CHARACTER_SET else "a text"
