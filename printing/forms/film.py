"""Forms of the film page, and printing's words for sizes and media."""

import re
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from printing import layout
from printing.models import FilmOrientation, PrinterModel, PrintPriority
from printing.types import Capabilities

Label = str | Promise
POOL = "pool-"  # of a choice among printers and pools, before its number

MEDIUM_LABELS: dict[str, Label] = {
    "BLUE FILM": _("Blue film"),
    "CLEAR FILM": _("Clear film"),
    "MAMMO CLEAR FILM": _("Clear film for mammography"),
    "MAMMO BLUE FILM": _("Blue film for mammography"),
    "PAPER": _("Paper"),
}
# Center and width in Hounsfield units: for CT, and named so.
PRESETS: dict[str, tuple[Label, float, float]] = {
    "soft-tissue": (_("CT soft tissue"), 40, 400),
    "lung": (_("CT lung"), -600, 1500),
    "bone": (_("CT bone"), 500, 2000),
    "brain": (_("CT brain"), 40, 80),
    "liver": (_("CT liver"), 60, 160),
}
_SIZE = re.compile(r"(\d+(?:_\d+)?)(IN|CM)X(\d+(?:_\d+)?)(?:IN|CM)")


def size_label(film_size_id: str) -> str:
    """Show a Film Size ID as people say it: `14 × 17 in`; a vendor's own term as it is."""
    match = _SIZE.fullmatch(film_size_id)
    if match is None:
        return film_size_id
    sides = [match[place].replace("_", ".") for place in (1, 3)]
    return f"{sides[0]} × {sides[1]} {match[2].lower()}"


def medium_label(medium_type: str) -> Label:
    """Show a Medium Type as people say it; a vendor's own term as it is."""
    return MEDIUM_LABELS.get(medium_type, medium_type)


def sizes_of(takes: PrinterModel | Capabilities | None, kept: str = "") -> list[tuple[str, str]]:
    """Return the film sizes to choose from, with the one that is set even if not taken."""
    sizes = list(takes.film_size_ids if takes and takes.film_size_ids else layout.FILM_SIZES_MM)
    if kept and kept not in sizes:
        sizes.insert(0, kept)
    return [(size, size_label(size)) for size in sizes]


class LayoutForm(forms.Form):
    """How a film and those laid out with it look."""

    image_display_format = forms.CharField(
        label=_("Another layout"),
        max_length=64,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": _("Write a layout, for example STANDARD\\2,2.")},
    )
    film_size_id = forms.ChoiceField(label=_("Film size"))
    film_orientation = forms.ChoiceField(
        label=_("Orientation"), choices=FilmOrientation.choices, widget=forms.RadioSelect
    )
    has_text = forms.BooleanField(
        label=_("Patient and image lines in each picture"), required=False
    )

    def __init__(self, *args: Any, takes: Capabilities | None, kept_size: str, **kw: Any) -> None:
        super().__init__(*args, **kw)
        field = self.fields["film_size_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = sizes_of(takes, kept_size)


class FillForm(forms.Form):
    """Which pictures of a series go on film: every n-th from first to last."""

    first = forms.IntegerField(label=_("First"), min_value=1, initial=1)
    last = forms.IntegerField(label=_("Last"), min_value=1)
    every = forms.IntegerField(label=_("Every"), min_value=1, initial=1)
    is_replacing = forms.BooleanField(label=_("In the place of what is there"), required=False)

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "last", "every"):
            self.fields[name].widget.attrs |= {"class": "num", "max": count}
        self.count = count
        self.fields["last"].initial = count

    def clean(self) -> dict[str, Any]:
        """Refuse a range that names no picture of the series."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        if first and last and not first <= last:
            self.add_error("last", _("The last picture comes after the first."))
        elif first and first > self.count:
            sentence = _("The series has %(count)s pictures.") % {"count": self.count}
            self.add_error("first", sentence)
        return values

    def chosen(self) -> range:
        """Return the places of the chosen pictures in the series, from 0."""
        values = self.cleaned_data
        return range(values["first"] - 1, min(values["last"], self.count), values["every"])


class WindowForm(forms.Form):
    """The window of a picture, in the image's own scale (Hounsfield units for CT)."""

    window_center = forms.FloatField(label=_("Center"), required=False)
    window_width = forms.FloatField(label=_("Width"), required=False)
    preset = forms.ChoiceField(
        label=_("Preset"),
        required=False,
        choices=[("", "—"), ("own", _("File’s own")), *((n, p[0]) for n, p in PRESETS.items())],
    )

    def chosen(self) -> tuple[float | None, float | None]:
        """Return center and width: of the preset, as typed, or none for the file's own."""
        preset = self.cleaned_data["preset"]
        if preset in PRESETS:
            return PRESETS[preset][1:]
        if preset == "own":
            return None, None
        return self.cleaned_data["window_center"], self.cleaned_data["window_width"]


class PrintForm(forms.Form):
    """Where and how films are printed."""

    printer = forms.ChoiceField(
        label=_("Printer"),
        error_messages={
            "required": _("Choose a printer."),
            "invalid_choice": _("Choose a printer."),
        },
    )
    medium_type = forms.ChoiceField(label=_("Medium"), required=False)
    number_of_copies = forms.IntegerField(
        label=_("Copies"),
        min_value=1,
        max_value=99,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "num"}),
        error_messages={
            "min_value": _("Copies go from 1 to 99."),
            "max_value": _("Copies go from 1 to 99."),
            "required": _("Copies go from 1 to 99."),
            "invalid": _("Copies are a number from 1 to 99."),
        },
    )
    print_priority = forms.ChoiceField(
        label=_("Priority"), choices=PrintPriority.choices, initial=PrintPriority.MED
    )
    is_mixing_confirmed = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        targets: list[tuple[str, str]],
        takes: Capabilities | None,
        usual_medium: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        field, medium = self.fields["printer"], self.fields["medium_type"]
        assert isinstance(field, forms.ChoiceField)
        assert isinstance(medium, forms.ChoiceField)
        field.choices = targets
        usual = {"medium": medium_label(usual_medium)}
        empty = _("Printer’s own (%(medium)s)") % usual if usual_medium else _("Printer’s own")
        known = takes.medium_types if takes else ()
        medium.choices = [("", empty), *((term, medium_label(term)) for term in known)]

    def chosen(self) -> dict[str, int]:
        """Return where the films go: to a printer, or to a pool."""
        key = self.cleaned_data["printer"]
        if key.startswith(POOL):
            return {"pool_id": int(key.removeprefix(POOL))}
        return {"printer_id": int(key)}
