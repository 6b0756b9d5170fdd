"""Which optional attributes a printer takes, and with which values: tried one by one."""

from typing import Any

from printing.dicom.probe_talk import PLAIN, Answer, Trials
from printing.printer_models import OPTIONAL_ATTRIBUTES, OptionalAttribute, Place

UNKNOWN_ATTRIBUTE = (0x0105, 0x0107)  # no such attribute; left out
DENSITIES = ("BorderDensity", "EmptyImageDensity")
SOME_DENSITY = "150"
# The vendor's own words: only whether the attribute exists can be tried.
SOME_WORD = "PROBE"


def attributes_taken(
    trials: Trials, known: dict[str, list[str]], bits: int
) -> dict[str, list[str]]:
    """Return the optional attributes that are taken; an empty list: with any value."""
    found = {}
    for keyword, attribute in OPTIONAL_ATTRIBUTES.items():
        values = list(dict.fromkeys((*attribute.terms, *known.get(keyword, ()))))
        if keyword in DENSITIES:
            values.append(SOME_DENSITY)
        if values and not attribute.is_number:
            taken = [v for v in values if _tried(trials, attribute, v, bits).has_taken(keyword, v)]
            if taken:
                found[keyword] = [] if SOME_DENSITY in taken else taken
        elif attribute.sample:
            sent = int(attribute.sample) if attribute.is_number else attribute.sample
            if _tried(trials, attribute, sent, bits).has_taken(keyword, sent):
                found[keyword] = []
        elif keyword in known:  # memory and colour profiles are not tried: the model knows
            answer = _tried(trials, attribute, SOME_WORD, bits) if _has_words(attribute) else None
            if answer is None or answer.code not in UNKNOWN_ATTRIBUTE:
                found[keyword] = []
    return found


def _has_words(attribute: OptionalAttribute) -> bool:
    return not attribute.is_number and attribute.keyword != "ICCProfile"


def _tried(trials: Trials, attribute: OptionalAttribute, value: Any, bits: int) -> Answer:
    sent = {attribute.keyword: value}
    if attribute.place == Place.FILM_SESSION:
        return trials.session(**sent)
    if attribute.place == Place.FILM_BOX:
        return trials.box(ImageDisplayFormat=PLAIN, **sent)
    return trials.picture(bits, **sent)
