"""What Printer Configuration Retrieval tells (PS3.4 H.4.12, PS3.3 C.13.14), as capabilities."""

from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pynetdicom.sop_class import (
    BasicColorPrintManagementMeta,
    BasicGrayscalePrintManagementMeta,
)

MOST = 200  # entries of a list that a printer may tell
MOST_PIXELS = 30_000
Learned = dict[str, Any]


def learned_from(ds: Dataset) -> Learned:
    """Return the fields of Capabilities that a printer tells; what it leaves out is not there."""
    items = _items(ds, "PrinterConfigurationSequence")
    gray = [item for item in items if _is_of(item, BasicGrayscalePrintManagementMeta)]
    learned: Learned = {}
    if any(_is_of(item, BasicColorPrintManagementMeta) for item in items):
        learned["has_color"] = True
    for item in gray or items:
        _add_media(learned, item)
        _add_formats(learned, item)
        _add_attributes(learned, item)
    depth = max((_number(item, "PrintingBitDepth") for item in gray), default=0)
    if depth:
        learned["bits"] = 12 if depth >= 12 else 8
    return learned


def _add_media(learned: Learned, item: Dataset) -> None:
    """Add sizes and media: those installed first, then those that may be loaded."""
    for sequence in ("MediaInstalledSequence", "OtherMediaAvailableSequence"):
        for medium in _items(item, sequence):
            _add(learned, "medium_types", _text(medium, "MediumType"))
            _add(learned, "film_size_ids", _text(medium, "FilmSizeID"))


def _add_formats(learned: Learned, item: Dataset) -> None:
    """Add display formats; the one with a single box tells the pixels of its whole film."""
    for told in _items(item, "SupportedImageDisplayFormatsSequence"):
        display_format = _text(told, "ImageDisplayFormat")
        _add(learned, "image_display_formats", display_format)
        size = _text(told, "FilmSizeID")
        columns, rows = _number(told, "Columns"), _number(told, "Rows")
        is_portrait = _text(told, "FilmOrientation") in ("", "PORTRAIT")
        is_whole = display_format == "STANDARD\\1,1" and is_portrait
        if is_whole and size and 0 < columns <= MOST_PIXELS and 0 < rows <= MOST_PIXELS:
            known = learned.setdefault("film_pixels", {})
            if known.get(size, [0, 0])[0] < columns:  # of several resolutions the finest
                known[size] = [columns, rows]


def _add_attributes(learned: Learned, item: Dataset) -> None:
    """Add interpolations and resolutions: its default first, then the others it has."""
    told = {
        "MagnificationType": ("DefaultMagnificationType", "OtherMagnificationTypesAvailable"),
        "SmoothingType": ("DefaultSmoothingType", "OtherSmoothingTypesAvailable"),
        "RequestedResolutionID": ("DefaultPrinterResolutionID",),
    }
    attributes = learned.setdefault("attributes", {})
    for keyword, sources in told.items():
        for source in sources:
            for value in _texts(item, source):
                _add(attributes, keyword, value)
    for display_format in _items(item, "SupportedImageDisplayFormatsSequence"):
        _add(attributes, "RequestedResolutionID", _text(display_format, "PrinterResolutionID"))
        if _text(display_format, "RequestedImageSizeFlag") == "YES":
            attributes.setdefault("RequestedImageSize", [])
    if not attributes:
        del learned["attributes"]


def _add(learned: Learned, field: str, value: str) -> None:
    known = learned.setdefault(field, []) if value else []
    if value and value not in known and len(known) < MOST:
        known.append(value)


def _items(ds: Dataset, keyword: str) -> list[Dataset]:
    value = ds.get(keyword)
    return list(value)[:MOST] if isinstance(value, Iterable) else []


def _is_of(item: Dataset, sop_class: str) -> bool:
    return sop_class in _texts(item, "SOPClassesSupported")


def _texts(ds: Dataset, keyword: str) -> list[str]:
    value = ds.get(keyword)
    values = value if isinstance(value, MultiValue) else [value]
    return [str(each).strip() for each in values if each not in (None, "")][:MOST]


def _text(ds: Dataset, keyword: str) -> str:
    texts = _texts(ds, keyword)
    if keyword == "ImageDisplayFormat":
        return "\\".join(texts)[:64]
    return texts[0][:16] if texts else ""


def _number(ds: Dataset, keyword: str) -> int:
    try:
        return int(ds.get(keyword) or 0)
    except (TypeError, ValueError):
        return 0
