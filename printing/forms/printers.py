"""Forms of printers; the services check what a form cannot know."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from printing import layout
from printing.forms.film import MEDIUM_LABELS, Label, size_label
from printing.models.printer import ErrorPolicy, PrinterColor, PrinterOutput
from printing.printer_models import NOT_CHOSEN, OPTIONAL_ATTRIBUTES, OptionalAttribute
from printing.types import Capabilities, Fallback

ATTRIBUTE = "attribute_"  # of a field's name, before the keyword
UNTYPED = NOT_CHOSEN | {"ICCProfile"}  # not set in a form
FALLBACK_LABELS: dict[Fallback, Label] = {
    Fallback.DROP_ATTRIBUTE: _("Leave out an optional attribute that it refuses"),
    Fallback.EIGHT_BITS: _("Send 8 bits when it refuses 12: coarser gray"),
    Fallback.GRAY: _("Print gray when it refuses colour"),
    Fallback.LUT_PLACE: _("Name the Presentation LUT in the other place"),
    Fallback.NO_CHARACTER_SET: _("Send texts in plain letters when it refuses others"),
}
OWN_LUT = "own"
# What only films have: not asked for a printer that speaks IPP.
OF_DICOM = (
    *("film_destination", "output", "lut", "lut_bits", "lut_title", "lut_entries"),
    *("fallbacks", "is_substitution_accepted"),
)
SHAPES = ("IDENTITY", "LIN OD")
_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class PrinterForm(forms.Form):
    """A printer: where it is, what is sent to it, and what follows when it fails."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=64, help_text=_("As people choose it on the film page.")
    )
    model = forms.ChoiceField(
        label=_("Model"), help_text=_("Says which sizes, layouts and media it takes.")
    )
    kind = forms.ChoiceField(
        label=_("It speaks"),
        choices=[("dicom", _("DICOM")), ("ipp", _("IPP (paper)"))],
        initial="dicom",
        required=False,
        widget=forms.RadioSelect,
    )
    ae_title = forms.CharField(
        label=_("AE title"),
        max_length=16,
        required=False,
        help_text=_("What the printer is called on the network; capitals matter."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    host = forms.CharField(
        label=_("Host name or IP address"),
        max_length=255,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65535,
        required=False,
        error_messages={
            "min_value": _("Ports go from 1 to 65535."),
            "max_value": _("Ports go from 1 to 65535."),
            "invalid": _("A port is a number from 1 to 65535."),
        },
    )
    has_tls = forms.BooleanField(label=_("Encrypted connection (TLS)"), required=False)
    ipp_uri = forms.CharField(
        label=_("IPP address"),
        max_length=255,
        required=False,
        help_text=_("For example ipp://print.example:631/printers/office"),
        widget=forms.TextInput(attrs=_MONO),
    )
    film_size_id = forms.CharField(label=_("Usual film size"), max_length=16)
    medium_type = forms.CharField(
        label=_("Usual medium"), max_length=16, required=False, help_text=_("Empty: not sent.")
    )
    film_destination = forms.CharField(
        label=_("Destination"), max_length=16, required=False, help_text=_("Empty: not sent.")
    )
    output = forms.ChoiceField(
        label=_("Films go out as"), choices=PrinterOutput.choices, widget=forms.RadioSelect
    )
    color = forms.ChoiceField(label=_("Colour"), choices=PrinterColor.choices)
    lut = forms.ChoiceField(
        label=_("Presentation LUT"),
        required=False,
        choices=[
            ("", _("None: the printer’s own")),
            ("IDENTITY", "IDENTITY"),
            ("LIN OD", "LIN OD"),
            (OWN_LUT, _("A table of your own")),
        ],
    )
    lut_bits = forms.IntegerField(
        label=_("Bits of an entry"),
        min_value=10,
        max_value=16,
        required=False,
        widget=forms.NumberInput(attrs={"class": "num"}),
    )
    lut_title = forms.CharField(label=_("What the table is"), max_length=64, required=False)
    lut_entries = forms.CharField(
        label=_("Entries"),
        max_length=40_000,
        required=False,
        help_text=_("256 or 4096 whole numbers, from black to white."),
        widget=forms.Textarea(attrs={**_MONO, "rows": 4}),
    )
    fallbacks = forms.MultipleChoiceField(
        label=_("May be changed by itself so that a film is printed"),
        required=False,
        choices=[(rule.value, FALLBACK_LABELS[rule]) for rule in Fallback],
        widget=forms.CheckboxSelectMultiple,
    )
    is_substitution_accepted = forms.BooleanField(
        label=_("Print also when it takes another size or medium than asked for"), required=False
    )
    error_policy = forms.ChoiceField(label=_("When it fails for now"), choices=ErrorPolicy.choices)
    retry_plan_s = forms.CharField(
        label=_("Retry after, in seconds"),
        required=False,
        widget=forms.TextInput(attrs={"class": "num", "autocomplete": "off"}),
    )
    action_timeout_s = forms.IntegerField(
        label=_("Longest wait for a film, in seconds"), min_value=1, max_value=3600, required=False
    )
    poll_s = forms.IntegerField(
        label=_("Ask how it is every … seconds"), min_value=0, max_value=86_400, required=False
    )
    follow_s = forms.IntegerField(
        label=_("Wait for “printed” at most … seconds"),
        min_value=0,
        max_value=86_400,
        required=False,
        help_text=_("Where the printer names its print jobs."),
    )
    is_accepting = forms.BooleanField(label=_("Lets new jobs in"), required=False)

    def __init__(
        self,
        *args: Any,
        models: list[tuple[str, str]],
        takes: Capabilities | None,
        is_new: bool,
        is_ipp: bool = False,
        **kw: Any,
    ) -> None:
        super().__init__(*args, **kw)
        for name in OF_DICOM if is_ipp else ():
            del self.fields[name]
        self.known_terms = known_terms(takes)
        for name in self.known_terms.keys() & self.fields.keys():
            self.fields[name].widget.attrs |= {"list": f"{name}-terms", "autocomplete": "off"}
        defaults: dict[str, Any] = {
            "retry_plan_s": ", ".join(str(pause) for pause in settings.PRINT_RETRY_S),
            "action_timeout_s": settings.PRINT_ACTION_TIMEOUT_S,
            "poll_s": settings.PRINT_POLL_S,
        }
        for name, default in defaults.items():
            self.fields[name].help_text = _("Empty: %(default)s.") % {"default": default}
        self.fields["poll_s"].help_text = _("Empty: %(default)s. 0: never.") % {
            "default": settings.PRINT_POLL_S
        }
        field = self.fields["model"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = models
        if takes and not takes.has_color:
            self.fields["color"].help_text = _("As far as is known it prints gray alone.")
        self.taken = taken_attributes(takes) if takes and not is_ipp else []
        for attribute in self.taken:
            values = takes.attributes[attribute.keyword] if takes else ()
            self.fields[ATTRIBUTE + attribute.keyword] = attribute_field(attribute, values)
        if not is_new:
            for name in ("name", "ae_title", "kind"):
                self.fields[name].disabled = True
            self.fields["name"].help_text = _("The name is the key; add another printer instead.")
            self.fields["ae_title"].help_text = ""

    @property
    def attribute_fields(self) -> list[forms.BoundField]:
        """Return the fields of the optional attributes that the printer takes."""
        return [self[ATTRIBUTE + attribute.keyword] for attribute in self.taken]

    def clean(self) -> dict[str, Any]:
        """Ask for the address that belongs to the kind."""
        values: dict[str, Any] = super().clean() or {}
        needed = {
            "ae_title": _("Write the AE title."),
            "host": _("Without an address nothing can be sent to it."),
            "port": _("A port is a number from 1 to 65535."),
        }
        if values.get("kind") == "ipp":
            needed = {"ipp_uri": _("Without an address nothing can be sent to it.")}
        for name, sentence in needed.items():
            if not values.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        return values

    def clean_retry_plan_s(self) -> list[int]:
        """Read `30, 60, 120` as pauses in seconds."""
        text = self.cleaned_data["retry_plan_s"].replace(",", " ").split()
        if any(not word.isdecimal() or int(word) > 86400 for word in text):
            raise forms.ValidationError(
                _("Write pauses in seconds, for example 30, 60, 120; each at most a day.")
            )
        return [int(word) for word in text]

    def clean_lut_entries(self) -> list[int]:
        """Read the numbers of a table."""
        text = self.cleaned_data["lut_entries"]
        words = re.split(r"[\s,;\\]+", text.strip()) if text.strip() else []
        if any(not re.fullmatch(r"[0-9]{1,5}", word) for word in words):
            raise forms.ValidationError(_("Write whole numbers with spaces or commas between."))
        return [int(word) for word in words]

    def attributes(self) -> dict[str, str]:
        """Return the optional attributes that are to be sent: keyword -> value."""
        values = {a.keyword: self.cleaned_data.get(ATTRIBUTE + a.keyword) for a in self.taken}
        return {keyword: str(value) for keyword, value in values.items() if value not in (None, "")}

    def presentation_lut(self) -> dict[str, Any]:
        """Return the Presentation LUT as the printer's row keeps it."""
        values = self.cleaned_data
        if values["lut"] in SHAPES:
            return {"shape": values["lut"]}
        if values["lut"] != OWN_LUT:
            return {}
        lut = {"entries": values["lut_entries"], "bits": values["lut_bits"]}
        return lut | ({"title": values["lut_title"]} if values["lut_title"] else {})


class ModelImportForm(forms.Form):
    """A printer model as JSON: a file, or typed."""

    file = forms.FileField(label=_("File"), required=False)
    document = forms.CharField(
        label=_("As JSON"),
        max_length=200_000,
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={**_MONO, "rows": 12}),
    )
    version = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


def known_terms(takes: Capabilities | None) -> dict[str, list[tuple[str, Label]]]:
    """Return terms to choose from: what the printer takes, else those of the standard."""
    sizes = list(takes.film_size_ids) if takes else []
    media = list(takes.medium_types) if takes else []
    places = list(takes.film_destinations) if takes else []
    return {
        "film_size_id": [(size, size_label(size)) for size in sizes or layout.FILM_SIZES_MM],
        "medium_type": [(m, MEDIUM_LABELS.get(m, m)) for m in media or MEDIUM_LABELS],
        "film_destination": [(place, "") for place in places or ("PROCESSOR", "MAGAZINE")],
    }


def taken_attributes(takes: Capabilities) -> list[OptionalAttribute]:
    """Return the optional attributes that a printer takes and a person may set."""
    return [
        attribute
        for keyword, attribute in OPTIONAL_ATTRIBUTES.items()
        if keyword in takes.attributes and keyword not in UNTYPED
    ]


def attribute_field(attribute: OptionalAttribute, values: tuple[str, ...]) -> forms.Field:
    """Return the field of an optional attribute: a choice where the printer's values are known."""
    name = attribute.name  # DICOM's own word is never translated
    if values:
        choices = [("", _("Not sent")), *((value, value) for value in values)]
        return forms.ChoiceField(label=name, required=False, choices=choices)
    if attribute.is_number:
        number = forms.NumberInput(attrs={"class": "num", "placeholder": "—"})
        return forms.IntegerField(
            label=name, required=False, min_value=0, max_value=65_535, widget=number
        )
    words = forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "placeholder": "—"})
    return forms.CharField(label=name, required=False, max_length=1024, widget=words)
