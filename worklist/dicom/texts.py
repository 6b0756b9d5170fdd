"""Text in datasets: into UTF-8 when read, into a device's character set when answered."""

from collections.abc import Iterator, Mapping

from anyascii import anyascii

from portal.dicom.errors import InvalidDataset
from worklist.dicom import charsets
from worklist.dicom.items import ASCII, TEXT, Element, Item, tag_name

CHARACTER_SET = 0x00080005

# PS3.5 6.2: characters of one value that may be sent; PN counts per component group.
MAX_LENGTH = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64, "ST": 1024, "LT": 10240}
_SINGLE_VALUED = frozenset({"ST", "LT", "UT", "UR"})


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


def _element_to_utf8(tag: int, element: Element, terms: tuple[str, ...]) -> Element:
    if isinstance(element.value, tuple):
        return Element(element.vr, tuple(to_utf8(item, terms) for item in element.value))
    if element.vr in ASCII or element.vr in TEXT:
        raw = element.value.rstrip(b" \0")
        if raw.isascii() and b"\x1b" not in raw:
            return Element(element.vr, raw)
        delimiters = {"PN": "\\^="}.get(element.vr, "" if element.vr in _SINGLE_VALUED else "\\")
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


def within_limits(item: Mapping[int, Element]) -> Item:
    """Return the dataset with values cut to what their VR may carry (PS3.5 6.2)."""
    return {tag: _element_within_limits(element) for tag, element in item.items()}


def _element_within_limits(element: Element) -> Element:
    vr, value = element
    if isinstance(value, tuple):
        return Element(vr, tuple(within_limits(item) for item in value))
    limit = MAX_LENGTH.get(vr)
    if limit is None or len(value) <= limit:  # bytes: never fewer than characters
        return element
    values = [value.decode()] if vr in _SINGLE_VALUED else value.decode().split("\\")
    if vr == "PN":
        cut = ["=".join(group[:limit] for group in name.split("=")) for name in values]
    else:
        cut = [single[:limit] for single in values]
    return Element(vr, "\\".join(cut).encode())


def to_charset(item: Mapping[int, Element], terms: tuple[str, ...]) -> Item:
    """Return the dataset with its texts in a character set, transliterated where they must be."""
    return {tag: _element_to_charset(element, terms) for tag, element in item.items()}


def _element_to_charset(element: Element, terms: tuple[str, ...]) -> Element:
    vr, value = element
    if isinstance(value, tuple):
        return Element(vr, tuple(to_charset(item, terms) for item in value))
    if vr not in TEXT or value.isascii():
        return element
    encoded = charsets.encode(value.decode(), terms)
    if encoded is None:
        encoded = _nearest(vr, value.decode(), terms)
    return Element(vr, encoded)


def _nearest(vr: str, value: str, terms: tuple[str, ...]) -> bytes:
    """Return the best that a device's character set can carry of a text; never `?`.

    A name gives up the groups that cannot be carried when its first can be; else, and for other
    texts, the characters that are missing are written in Latin letters.
    """
    if vr == "PN":
        groups = value.split("=")
        carried = ["" if charsets.encode(group, terms) is None else group for group in groups]
        if carried[0]:
            return charsets.encode("=".join(carried).rstrip("="), terms) or b""
        value = groups[0] or next((group for group in reversed(groups) if group), "")
    latin = "".join(
        char if charsets.encode(char, terms) is not None else anyascii(char) for char in value
    )
    latin = latin.replace("\\", "/") if "\\" not in value else latin
    return charsets.encode(latin, terms) or anyascii(latin).encode("ascii", "ignore")
