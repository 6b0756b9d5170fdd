"""What of a request shapes its answers, in a form that can be compared."""

from worklist.dicom.items import Element, Item

Fingerprint = tuple[object, ...]


def fingerprint(wanted: Item) -> Fingerprint:
    """Return the attributes that are wanted, not the values they are matched by.

    Values count in private groups, where they name the block's creator.
    """
    return tuple((tag, *_shape(tag, element)) for tag, element in wanted.items())


def _shape(tag: int, element: Element) -> Fingerprint:
    if isinstance(element.value, tuple):
        return tuple(fingerprint(item) for item in element.value)
    return (element.vr, element.value) if tag >> 16 & 1 else (element.vr,)
