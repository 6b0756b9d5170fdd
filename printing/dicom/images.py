"""Pictures of a film: N-SET of image boxes, and what follows when one is refused (PS3.4 H.4.3)."""

from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.sop_class import BasicColorImageBox, BasicGrayscaleImageBox

from printing.dicom import attributes, film
from printing.dicom.refusals import Made, named_by, say_used
from printing.dicom.request import PageToPrint
from printing.dicom.sending import Picture
from printing.dicom.statuses import (
    ATTRIBUTE_REFUSED,
    ATTRIBUTES_CHANGED,
    SIZE_CHANGED,
    Refused,
    in_words,
)
from printing.dicom.talk import Answer, Talk
from printing.dicom.terms import CHARACTER_SET, Terms
from printing.types import BoxPixels, Difference, Fallback, LineKind, UsedFallback

GRAY_SEQUENCE, COLOR_SEQUENCE = (0x2020, 0x0110), (0x2020, 0x0111)
WIDTH = "RequestedImageSize"
SIDE = 16  # pixels of a picture that only finds out what the printer refuses
# A printer that has the colour class but does not take this picture may refuse it by class, too.
COLOR_REFUSED = (*ATTRIBUTE_REFUSED, 0x0118, 0x0119, 0x0122)


class DrawAgain(Exception):
    """The page has to be drawn with other bits, or without colour."""


def set_image(talk: Talk, terms: Terms, page: PageToPrint, box: BoxPixels, uid: str) -> Made:
    """N-SET one image box; leave out refused attributes where a fallback allows it."""
    if box.is_color != terms.is_color:
        raise ValueError("a picture was not drawn in the colours that were asked for")
    while True:
        ds = film.image_box(box, terms)
        answer = _send(talk, terms, ds, box, uid, f"Image Box {box.position}")
        if not answer.is_failure:
            say_used(talk, terms.take_new())
            return _made(talk, page, box, uid, ds, answer)
        culprits = _culprits(talk, terms, ds, box, uid, answer)
        if not culprits:
            _change_pixels(talk, terms, box, uid, answer)
            raise talk.failure(answer, _sentence(page, box, answer))
        words = [attributes.in_words(k, ds[k].value) for k in culprits]
        names = [_name(keyword) for keyword in culprits]
        if not all(terms.can_drop(name) for name in names):
            sentence = f"The printer refused {' and '.join(words)} ({answer.code:04X})."
            raise talk.failure(answer, sentence)
        for name, said in zip(names, words, strict=True):
            terms.drop(name, said, answer.code)


def _name(keyword: str) -> str:
    """Return the name under which an attribute of an image box is kept, and may be dropped."""
    if keyword == CHARACTER_SET or keyword in attributes.IMAGE_BOX_ONLY:
        return keyword
    return attributes.IMAGE_BOX + keyword


def _send(talk: Talk, terms: Terms, ds: Dataset, box: BoxPixels, uid: str, what: str) -> Answer:
    sequence = COLOR_SEQUENCE if box.is_color else GRAY_SEQUENCE
    sop_class = BasicColorImageBox if box.is_color else BasicGrayscaleImageBox
    picture = Picture(sequence, film.picture(box), box.pixels)
    said = f"{what} N-SET ({_size(box)})"
    return talk.set_picture(said, ds, picture, sop_class, uid, terms.meta)


def _size(box: BoxPixels) -> str:
    depth = "colour" if box.is_color else f"{box.bits} bits"
    return f"{box.columns} × {box.rows} pixels, {depth}"


def _made(
    talk: Talk, page: PageToPrint, box: BoxPixels, uid: str, ds: Dataset, answer: Answer
) -> Made:
    found = film.differences(ds, answer.ds, code=answer.code, tags=answer.tags)
    told = tuple(
        Difference(
            f"{one.attribute} of picture {box.position}", one.keyword, one.asked, one.granted
        )
        for one in found
    )
    for one in told:
        talk.line(film.difference_in_words(one), kind=LineKind.DIFFERENCE)
    if page.is_true_size and not _has_true_size(box, answer, told):
        sentence = (
            f"Picture {box.position} of page {page.number} would not have its true size: "
            f"{in_words(answer.code)}."
        )
        raise Refused(sentence, answer.code, answer.comment)
    warnings = ((answer.code, f"{in_words(answer.code)} (picture {box.position})"),)
    return Made(uid, answer.ds, told, warnings if answer.code else ())


def _has_true_size(box: BoxPixels, answer: Answer, told: tuple[Difference, ...]) -> bool:
    """Say whether the width that was asked for holds; a printer that does not say so leaves doubt.

    0107 and 0116 may come without a word of what was ignored or replaced.
    """
    if answer.code in SIZE_CHANGED or any(one.keyword == WIDTH for one in told):
        return False
    is_confirmed = bool(answer.tags) or (answer.ds is not None and WIDTH in answer.ds)
    is_asked = box.requested_image_size is not None
    return is_confirmed or not is_asked or answer.code not in ATTRIBUTES_CHANGED


def _culprits(
    talk: Talk, terms: Terms, ds: Dataset, box: BoxPixels, uid: str, answer: Answer
) -> list[str]:
    """Return the refused attributes: as the printer says, else found with a tiny picture."""
    optional = [e.keyword for e in ds if e.keyword != "ImageBoxPosition"]
    if answer.code not in ATTRIBUTE_REFUSED or not optional:
        return []
    if Tag(GRAY_SEQUENCE) in answer.tags or Tag(COLOR_SEQUENCE) in answer.tags:
        return []
    named = [keyword for keyword in named_by(answer, ds) if keyword in optional]
    if named:
        return named
    tiny = _tiny(box, box.bits)

    def passes(*without: str) -> bool:
        tried = film.without(ds, *without)
        words = f"Image Box {box.position}, tried with a small picture,"
        return not _send(talk, terms, tried, tiny, uid, words).is_failure

    if passes():
        return []  # it is the picture's size
    for keyword in optional:
        if passes(keyword):
            return [keyword]
    if len(optional) > 1 and passes(*optional):
        return [keyword for keyword in optional if not passes(*(set(optional) - {keyword}))]
    return []


def _tiny(box: BoxPixels, bits: int) -> BoxPixels:
    samples = 3 if box.is_color else 1
    pixels = bytes(SIDE * SIDE * samples * (1 if bits == 8 else 2))
    return replace(box, rows=SIDE, columns=SIDE, bits=bits, pixels=pixels)


def _change_pixels(talk: Talk, terms: Terms, box: BoxPixels, uid: str, answer: Answer) -> None:
    """Have the page drawn otherwise where a fallback allows it and this may help."""
    if terms.is_color and answer.code in COLOR_REFUSED and _can_be_gray(talk, terms):
        says = f"The printer refused the colour picture ({answer.code:04X}): the film is gray."
        terms.change(UsedFallback(Fallback.GRAY, says))
        raise DrawAgain
    if box.bits != 12 or terms.bits != 12 or answer.code not in ATTRIBUTE_REFUSED:
        return
    # With nothing else in it: whatever is refused besides is found once the bits are right.
    eight, words = _tiny(box, 8), f"Image Box {box.position}, tried with 8 bits,"
    bare = Dataset()
    bare.ImageBoxPosition = box.position
    if _send(talk, terms, bare, eight, uid, words).is_failure:
        return
    if not terms.may(Fallback.EIGHT_BITS):
        raise talk.failure(answer, f"The printer refused Bits Stored 12 ({answer.code:04X}).")
    says = f"The printer refused Bits Stored 12 ({answer.code:04X}): pictures have 8 bits."
    terms.change(UsedFallback(Fallback.EIGHT_BITS, says))
    raise DrawAgain


def _can_be_gray(talk: Talk, terms: Terms) -> bool:
    return terms.may(Fallback.GRAY) and terms.gray_meta in talk.accepted


def _sentence(page: PageToPrint, box: BoxPixels, answer: Answer) -> str:
    return (
        f"The printer refused picture {box.position} of page {page.number} ({_size(box)}): "
        f"{in_words(answer.code)}."
    )
