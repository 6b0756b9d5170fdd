"""Text in datasets: into UTF-8 when read, into a device's character set when answered."""

from collections.abc import Iterator, Mapping, Sequence

from portal.dicom.errors import InvalidDataset
from worklist.dicom import charsets
from worklist.dicom.items import ASCII, TEXT, Element, Item, tag_name
from worklist.dicom.ladder import sayable
from worklist.dicom.lengths import MAX_LENGTH, SINGLE_VALUED, Limits, cut_value

__all__ = ["MAX_LENGTH"]  # also known from here

CHARACTER_SET = 0x00080005


def text(item: Mapping[int, Element], tag: int) -> str:
    """Return an element's text without padding; empty when it is absent."""
    element = item.get(tag)
    if element is None or isinstance(element.value, tuple):
        return ""
    return element.value.decode("utf-8", "replace").replace("\0", "").strip(" ")


def put(item: Item, tag: int, vr: str, value: str) -> None:
    """Set an element's text."""
    item[tag] = Element(vr, value.encode())


def to_utf8(item: Item, terms: tuple[str, ...] = (charsets.ASCII,)) -> Item:
    """Return the dataset in UTF-8, without Specific Character Set; items may have their own."""
    if CHARACTER_SET in item:
        declared = item[CHARACTER_SET].value
        try:
            terms = charsets.terms_of(declared.decode("latin-1") if declared else "")  # type: ignore[union-attr]
        except charsets.CharsetError as error:
            raise InvalidDataset(str(error), (CHARACTER_SET,)) from error
    return {
        tag: _element_to_utf8(tag, element, terms)
        for tag, element in item.items()
        if tag != CHARACTER_SET
    }


def to_utf8_trying(
    item: Item, candidates: Sequence[tuple[str, ...]]
) -> tuple[Item, tuple[str, ...]]:
    """Return the dataset in UTF-8, and which candidate fitted, whatever it declares itself.

    Raise the last candidate's InvalidDataset when none fits. A set of single bytes fits nearly
    everything: it belongs behind those that can tell (UTF-8, ISO 2022, GB18030).
    """
    plain = {tag: element for tag, element in item.items() if tag != CHARACTER_SET}
    last = InvalidDataset("There is no character set to try.", (CHARACTER_SET,))
    for terms in candidates:
        try:
            return to_utf8(plain, terms), terms
        except InvalidDataset as error:
            last = error
    raise last


def _element_to_utf8(tag: int, element: Element, terms: tuple[str, ...]) -> Element:
    if isinstance(element.value, tuple):
        return Element(element.vr, tuple(to_utf8(item, terms) for item in element.value))
    if element.vr in ASCII or element.vr in TEXT:
        raw = element.value.rstrip(b" \0")
        if raw.isascii() and b"\x1b" not in raw:
            return Element(element.vr, raw)
        delimiters = {"PN": "\\^="}.get(element.vr, "" if element.vr in SINGLE_VALUED else "\\")
        try:
            decoded = charsets.decode(raw, terms, delimiters)
        except charsets.CharsetError as error:
            declared = "\\".join(terms)
            message = f'{tag_name(tag)} is not text in "{declared}".'
            raise InvalidDataset(message, (tag,)) from error
        return Element(element.vr, decoded.encode())
    return element


def texts(item: Mapping[int, Element]) -> Iterator[str]:
    """Return every text that is sent in the Specific Character Set, nested ones too."""
    for element in item.values():
        if isinstance(element.value, tuple):
            for inner in element.value:
                yield from texts(inner)
        elif element.vr in TEXT:
            yield element.value.decode()


def is_ascii(item: Mapping[int, Element]) -> bool:
    """Say whether every text is in ASCII, so that no character set has to be declared."""
    return all(
        all(is_ascii(inner) for inner in value)
        if isinstance(value, tuple)
        else (value.isascii() and b"\x1b" not in value) or not (vr in TEXT or vr in ASCII)
        for vr, value in item.values()
    )


def to_charset(item: Mapping[int, Element], terms: tuple[str, ...], limits: Limits) -> Item:
    """Return the dataset with its texts in a character set; what it lacks in other letters."""
    return {tag: _element_to_charset(tag, e, terms, limits) for tag, e in item.items()}


def _element_to_charset(
    tag: int, element: Element, terms: tuple[str, ...], limits: Limits
) -> Element:
    vr, value = element
    if isinstance(value, tuple):
        return Element(vr, tuple(to_charset(item, terms, limits) for item in value))
    if value.isascii() or not (vr in TEXT or vr in ASCII):
        return element
    terms = terms if vr in TEXT else (charsets.ASCII,)
    said = value.decode()
    encoded = charsets.encode(said, terms)
    if encoded is None:  # other letters may be more: ß is ss
        said = cut_value(vr, sayable(vr, said, terms), limits.of(tag, vr))
        encoded = charsets.encode(said, terms) or said.encode("ascii", "ignore")
    return Element(vr, encoded)
