"""A printer model as a document: read from JSON that anybody may have written, and back."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from printing.printer_models.attributes import OPTIONAL_ATTRIBUTES
from printing.types import Quirk

LUT_PLACES = ("", "none", "film-box", "film-session")
MOST_ENTRIES = 200
MOST_PIXELS = 30_000  # columns or rows of a film
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}")  # VR CS, PS3.5 6.2
_NUMBERS = r"[1-9]\d{0,2}(,[1-9]\d{0,2})*"
_DRAWN = re.compile(rf"STANDARD\\[1-9]\d{{0,2}},[1-9]\d{{0,2}}|(ROW|COL)\\{_NUMBERS}")
_FORMAT = re.compile(rf"{_DRAWN.pattern}|SLIDE|SUPERSLIDE|CUSTOM\\[1-9]\d{{0,3}}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]*")


class InvalidModel(ValueError):
    """The document is no printer model; the text is a sentence, `field` says where."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class ShippedModel:
    """A printer model as data; the row of a facility is made from it on first use."""

    name: str
    title: str
    bits: int = 8
    image_display_formats: tuple[str, ...] = ()
    film_size_ids: tuple[str, ...] = ()
    medium_types: tuple[str, ...] = ()
    film_destinations: tuple[str, ...] = ()
    film_pixels: dict[str, tuple[int, int]] = field(default_factory=dict)
    has_color: bool = False
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    drawn_as: dict[str, str] = field(default_factory=dict)
    lut_place: str = ""
    has_print_job: bool = False
    has_annotation: bool = False
    max_copies: int = 99
    quirks: tuple[str, ...] = ()
    source: str = ""
    # What the source says; everything else is generic. `attributes.Trim` for one attribute.
    stated: frozenset[str] = frozenset()

    def says(self, field: str) -> bool:
        """Say whether the source tells this field, or a part of it."""
        return any(name == field or name.startswith(f"{field}.") for name in self.stated)


def read_model(document: Any, bases: dict[str, ShippedModel] | None = None) -> ShippedModel:
    """Return the model that a document describes; raise InvalidModel with a sentence."""
    if not isinstance(document, dict):
        raise InvalidModel("A printer model is a JSON object with a name and a title.", "file")
    given = {key: value for key, value in document.items() if key not in ("format", "based_on")}
    unknown = sorted(str(key) for key in given.keys() - READERS.keys())
    if unknown:
        sentence = f"A printer model has no “{unknown[0][:40]}”. It has: {', '.join(READERS)}."
        raise InvalidModel(sentence, "file")
    for needed in ("name", "title"):
        if needed not in given:
            raise InvalidModel(f"The printer model has no {needed}.", needed)
    read = {key: READERS[key](value, key) for key, value in given.items()}
    base = (bases or {}).get(str(document.get("based_on", "")))
    stated = frozenset(given) - {"name", "title", "source"}
    if base is None:
        return ShippedModel(**read, stated=stated)
    if "attributes" in read:
        stated = stated - {"attributes"} | {f"attributes.{key}" for key in given["attributes"]}
        merged = base.attributes | read["attributes"]
        gone = {key for key, values in given["attributes"].items() if values is None}
        read["attributes"] = {key: merged[key] for key in merged if key not in gone}
    return replace(base, **read, stated=stated)


def model_document(model: Any) -> dict[str, Any]:
    """Return a model (of this module or of the database) as a document that read_model takes."""
    document: dict[str, Any] = {"format": "portal printer model 1"}
    for key in READERS:
        value = getattr(model, key)
        document[key] = list(value) if isinstance(value, tuple) else value
    for key in ("film_pixels", "attributes"):
        document[key] = {name: list(values) for name, values in document[key].items()}
    return document


def _name(value: Any, key: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidModel(
            "The name of a printer model is 1 to 64 small letters, digits, hyphens and "
            "underscores, for example agfa-drystar-5302.",
            key,
        )
    return value


def _text(most: int, least: int = 0) -> Callable[[Any, str], str]:
    def read(value: Any, key: str) -> str:
        fits = isinstance(value, str) and least <= len(value.strip()) and len(value) <= most
        if not fits or not _TEXT.fullmatch(value):
            raise InvalidModel(f"“{key}” is a line of {least} to {most} characters.", key)
        return str(value).strip()

    return read


def _flag(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidModel(f"“{key}” is true or false.", key)
    return value


def _one_of(*allowed: Any) -> Callable[[Any, str], Any]:
    def read(value: Any, key: str) -> Any:
        if isinstance(value, bool) or value not in allowed:
            choice = ", ".join(str(each) or "nothing" for each in allowed)
            raise InvalidModel(f"“{key}” is one of: {choice}.", key)
        return value

    return read


def _copies(value: Any, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 99:
        raise InvalidModel("“max_copies” is a number from 1 to 99.", key)
    return value


def _list_of(pattern: re.Pattern[str], what: str) -> Callable[[Any, str], tuple[str, ...]]:
    def read(value: Any, key: str) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or len(value) > MOST_ENTRIES:
            raise InvalidModel(f"“{key}” is a list of at most {MOST_ENTRIES}.", key)
        for each in value:
            if not isinstance(each, str) or not pattern.fullmatch(each):
                raise InvalidModel(f"“{str(each)[:40]}” in “{key}” is not {what}.", key)
        return tuple(dict.fromkeys(value))

    return read


def _mapping(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > MOST_ENTRIES:
        raise InvalidModel(f"“{key}” is an object of at most {MOST_ENTRIES}.", key)
    return value


def _film_pixels(value: Any, key: str) -> dict[str, tuple[int, int]]:
    found = {}
    for size, pixels in _mapping(value, key).items():
        is_pair = isinstance(pixels, list | tuple) and len(pixels) == 2
        if (
            not _CODE_STRING.fullmatch(size)
            or not is_pair
            or any(type(side) is not int or not 1 <= side <= MOST_PIXELS for side in pixels)
        ):
            raise InvalidModel(
                f"“film_pixels” gives for each film size its columns and rows, at most "
                f"{MOST_PIXELS}: “{size[:40]}” does not.",
                key,
            )
        found[size] = (pixels[0], pixels[1])
    return found


def _attributes(value: Any, key: str) -> dict[str, tuple[str, ...]]:
    read = _list_of(re.compile(r"[^\x00-\x1f\x7f]{1,1024}"), "a value")
    found = {}
    for keyword, values in _mapping(value, key).items():
        if keyword not in OPTIONAL_ATTRIBUTES:
            known = ", ".join(OPTIONAL_ATTRIBUTES)
            sentence = f"“{keyword[:40]}” is no optional attribute of a print. There are: {known}."
            raise InvalidModel(sentence, key)
        if values is not None:  # none: the printer does not take what the base model has
            found[keyword] = read(values, key)
    return found


def _drawn_as(value: Any, key: str) -> dict[str, str]:
    found = {}
    for display_format, drawn in _mapping(value, key).items():
        is_drawn = isinstance(drawn, str) and _DRAWN.fullmatch(drawn)
        if not _FORMAT.fullmatch(display_format) or not is_drawn:
            raise InvalidModel(
                f"“drawn_as” gives a STANDARD, ROW or COL layout for each format that the "
                f"standard leaves open: “{display_format[:40]}” does not.",
                key,
            )
        found[display_format] = str(drawn)
    return found


_TERMS = _list_of(_CODE_STRING, "a term: at most 16 capital letters, digits and underscores")
READERS: dict[str, Callable[[Any, str], Any]] = {
    "name": _name,
    "title": _text(128, 1),
    "bits": _one_of(8, 12),
    "image_display_formats": _list_of(_FORMAT, "a display format, for example STANDARD\\2,2"),
    "film_size_ids": _TERMS,
    "medium_types": _TERMS,
    "film_destinations": _TERMS,
    "film_pixels": _film_pixels,
    "has_color": _flag,
    "attributes": _attributes,
    "drawn_as": _drawn_as,
    "lut_place": _one_of(*LUT_PLACES),
    "has_print_job": _flag,
    "has_annotation": _flag,
    "max_copies": _copies,
    "quirks": _list_of(re.compile("|".join(Quirk)), f"one of {', '.join(Quirk)}"),
    "source": _text(255),
}
