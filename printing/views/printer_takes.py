"""What a printer or a model takes, in words, and who says so: a probe, a statement or nobody."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.looks import Look
from printing.forms import medium_label, size_label
from printing.models import Printer, PrinterModel
from printing.printer_models import OPTIONAL_ATTRIBUTES, SHIPPED_MODELS, ShippedModel
from printing.selectors.printers import capabilities, is_shipped
from printing.types import Capabilities, Quirk

Words = str | Promise
PROBED = Look(gettext_lazy("Probed"), "ok", "circle-check")
STATED = Look(gettext_lazy("Stated"), "info", "file-text")
IN_PART = Look(gettext_lazy("Stated in part"), "info", "file-text")
OWN = Look(gettext_lazy("Entered here"), "info", "pencil")
GENERIC = Look(gettext_lazy("Generic"), "neutral", "circle-dashed", "dash")
LUT_WORDS: dict[str, Words] = {
    "": gettext_lazy("Not known"),
    "none": gettext_lazy("Not taken"),
    "film-box": gettext_lazy("In the film box"),
    "film-session": gettext_lazy("In the film session"),
}
QUIRK_WORDS: dict[str, Words] = {
    Quirk.OWN_UIDS: gettext_lazy("Gives its own instance UIDs"),
    Quirk.IMPLICIT_ONLY: gettext_lazy("Implicit VR only"),
    Quirk.TRANSPOSED_LANDSCAPE: gettext_lazy("Layouts turn with the film"),
    Quirk.NO_LONE_STATUS: gettext_lazy("Tells its state only while printing"),
    Quirk.NO_STATUS: gettext_lazy("Does not tell its state"),
    Quirk.OLD_JOB_TAG: gettext_lazy("Names print jobs in the retired attribute"),
}


FOR_PAPER = ("film_size_ids", "medium_types", "image_display_formats", "has_color")


@dataclass(frozen=True)
class Takes:
    """One line: what is taken, and where that is known from."""

    name: str
    says: str
    origin: Look
    is_for_paper: bool = True


def printer_takes(printer: Printer) -> list[Takes]:
    """Return what a printer takes; of one that speaks IPP only what matters there."""
    lines = _lines(capabilities(printer), printer.model, frozenset(printer.learned))
    return lines if not printer.is_ipp else [line for line in lines if line.is_for_paper]


def model_takes(model: PrinterModel) -> list[Takes]:
    """Return what a facility's model takes."""
    return _lines(capabilities(Printer(model=model)), model, frozenset())


def shipped_takes(model: ShippedModel) -> list[Takes]:
    """Return what a shipped model takes."""
    names = Capabilities.__dataclass_fields__.keys() & vars(model).keys()
    values = {name: getattr(model, name) for name in names if name != "quirks"}
    quirks = frozenset(Quirk(quirk) for quirk in model.quirks)
    return _lines(Capabilities(**values, quirks=quirks), model, frozenset())


def _lines(
    takes: Capabilities, model: PrinterModel | ShippedModel, learned: frozenset[str]
) -> list[Takes]:
    said: dict[str, tuple[str, str]] = {
        "film_size_ids": (_("Film sizes"), _listed(map(size_label, takes.film_size_ids))),
        "medium_types": (_("Media"), _listed(map(medium_label, takes.medium_types))),
        "film_destinations": (_("Destinations"), _listed(takes.film_destinations)),
        "image_display_formats": (_("Layouts"), _listed(_formats(takes.image_display_formats))),
        "bits": (_("Gray"), _("%(n)s bit") % {"n": takes.bits}),
        "has_color": (_("Colour"), _yes(takes.has_color)),
        "film_pixels": (_("Pixels of a film"), _pixels(takes)),
        "attributes": (_("Optional attributes"), _attributes(takes)),
        "lut_place": (_("Presentation LUT"), str(LUT_WORDS.get(takes.lut_place, ""))),
        "has_annotation": (_("Annotation boxes"), _yes(takes.has_annotation)),
        "has_print_job": (_("Says when a film is printed"), _yes(takes.has_print_job)),
        "max_copies": (_("Copies at once"), str(takes.max_copies)),
        "quirks": (_("Peculiar"), ", ".join(_quirks(takes)) or _("nothing known")),
    }
    return [
        Takes(
            name, says, PROBED if field in learned else origin_of(model, field), field in FOR_PAPER
        )
        for field, (name, says) in said.items()
    ]


def origin_of(model: PrinterModel | ShippedModel, field: str) -> Look:
    """Say who says a field of a model."""
    shipped = _shipped(model)
    if shipped is None:
        return OWN
    is_make = not shipped.name.startswith(("generic", "paper"))
    if not is_make or not shipped.says(field):
        return GENERIC
    return STATED if field in shipped.stated else IN_PART


def is_all_generic(model: PrinterModel | ShippedModel) -> bool:
    """Say whether nothing in a model of a make is known to be so."""
    shipped = _shipped(model)
    is_make = shipped is not None and not shipped.name.startswith(("generic", "paper"))
    return is_make and shipped is not None and not shipped.stated


def _shipped(model: PrinterModel | ShippedModel) -> ShippedModel | None:
    """Return the shipped model that a model is."""
    if isinstance(model, PrinterModel) and not is_shipped(model):
        return None
    return SHIPPED_MODELS.get(model.name)


def _listed(words: Iterable[Words]) -> str:
    return ", ".join(str(word) for word in words) or _("any")


def _formats(formats: Iterable[str]) -> list[str]:
    """Return layouts as people say them: STANDARD alone as columns × rows."""
    return [
        text.removeprefix("STANDARD\\").replace(",", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}")
        if text.startswith("STANDARD")
        else text
        for text in formats
    ]


def _pixels(takes: Capabilities) -> str:
    said = [
        f"{size_label(size)}: {columns} × {rows}"
        for size, (columns, rows) in takes.film_pixels.items()
        if not takes.film_size_ids or size in takes.film_size_ids
    ]
    return "; ".join(said) or _("not known")


def _attributes(takes: Capabilities) -> str:
    """Return the attributes by their DICOM names, with values where only some are taken."""
    said = []
    for keyword, values in takes.attributes.items():
        known = OPTIONAL_ATTRIBUTES.get(keyword)
        name = known.name if known else keyword
        is_all = not values or (known is not None and set(known.terms) == set(values))
        said.append(name if is_all else f"{name} ({_few(values)})")
    return ", ".join(said) or _("none")


def _few(values: tuple[str, ...]) -> str:
    return ", ".join(values) if len(values) <= 8 else f"{values[0]} … {values[-1]}"


def _quirks(takes: Capabilities) -> list[str]:
    return [str(words) for quirk, words in QUIRK_WORDS.items() if quirk in takes.quirks]


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")
