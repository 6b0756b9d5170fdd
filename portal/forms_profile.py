"""The form of a device profile: what it would save, as values, also before anything is saved."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.fields import LinesField, RungsField
from portal.looks import LOOKS
from portal.models import RemoteAE
from portal.profiles import MOST_DAYS, MOST_ROWS, SHOWN_STATUSES, profile_faults
from portal.selectors import caller_of
from portal.types import Caller, ProfileValues

# What "cut descriptions" means: the two texts that consoles show beside the name.
DESCRIPTIONS = ("RequestedProcedureDescription", "ScheduledProcedureStepDescription")
FIELD_OF_VALUE = {"statuses": "hidden_statuses"}
KEYWORDS = {"class": "mono", "rows": 3, "spellcheck": "false", "autocomplete": "off"}


def _number(label: Any, most: int, **options: Any) -> forms.IntegerField:
    attrs = {"inputmode": "numeric", "autocomplete": "off"}
    return forms.IntegerField(
        label=label,
        required=False,
        max_value=most,
        widget=forms.TextInput(attrs=attrs),
        error_messages={
            "invalid": gettext_lazy("Type a whole number, or leave it empty for no limit."),
        },
        **options,
    )


class ProfileForm(forms.Form):
    """Everything a profile says; absent fields narrow nothing.

    `ProfileForm(request.POST)`, then `is_valid()`, then `values()`: what saving would make true.
    """

    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=32)
    character_sets = RungsField(label=gettext_lazy("Letters"), required=False)
    days_back = _number(gettext_lazy("Days back"), MOST_DAYS)
    days_ahead = _number(gettext_lazy("Days ahead"), MOST_DAYS)
    row_cap = _number(gettext_lazy("Most rows"), MOST_ROWS)
    description_length = _number(gettext_lazy("Cut descriptions at"), 10_240)
    aliases = forms.CharField(
        label=gettext_lazy("Also answers to these station names"),
        help_text=gettext_lazy("AE titles with commas between; for this device only."),
        required=False,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    hidden_statuses = forms.MultipleChoiceField(
        label=gettext_lazy("Hide these states"),
        choices=[(status, LOOKS["step"][status].label) for status in SHOWN_STATUSES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    is_own_station_only = forms.BooleanField(
        label=gettext_lazy("Only exams booked on this device"), required=False
    )
    is_strict = forms.BooleanField(
        label=gettext_lazy("Forgive nothing that the standard forbids"), required=False
    )
    length_limits = LinesField(
        label=gettext_lazy("Cut other texts"),
        help_text=gettext_lazy("One a line: keyword or VR, then characters, as in “SH 12”."),
        required=False,
        widget=forms.Textarea(attrs=KEYWORDS),
    )
    extra_attributes = LinesField(
        label=gettext_lazy("Send also, unasked"),
        help_text=gettext_lazy(
            "One a line: “Keyword = value”; without a value the exam’s own is sent."
        ),
        required=False,
        widget=forms.Textarea(attrs=KEYWORDS),
    )
    suppressed_attributes = LinesField(
        label=gettext_lazy("Never send"),
        help_text=gettext_lazy("One keyword a line."),
        required=False,
        widget=forms.Textarea(attrs=KEYWORDS),
    )

    def clean_hidden_statuses(self) -> list[str]:
        """Refuse to hide everything: that device would get an empty list for ever."""
        hidden: list[str] = self.cleaned_data["hidden_statuses"]
        if len(hidden) == len(SHOWN_STATUSES):
            raise ValidationError(_("Everything would be hidden. Leave one state to be shown."))
        return hidden

    def clean_length_limits(self) -> list[tuple[str, int]]:
        """Read lines such as `SH 12`."""
        limits = []
        for line in self.cleaned_data["length_limits"]:
            name, _blank, length = line.replace("=", " ").partition(" ")
            try:
                limits.append((name, int(length)))
            except ValueError as error:
                sentence = _("“%(line)s” needs a keyword or VR and a number, as in “SH 12”.")
                raise ValidationError(sentence % {"line": line}) from error
        return limits

    def clean_extra_attributes(self) -> list[tuple[str, str]]:
        """Read lines such as `Manufacturer = X`."""
        split = [line.partition("=") for line in self.cleaned_data["extra_attributes"]]
        return [(keyword.strip(), value.strip()) for keyword, _sign, value in split]

    def clean(self) -> dict[str, Any]:
        """Put each sentence about a value beside its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            for field, sentence in profile_faults(self.values()):
                self.add_error(FIELD_OF_VALUE.get(field, field), sentence)
        return cleaned

    def values(self) -> ProfileValues:
        """Return what saving this would make of the profile."""
        typed = self.cleaned_data
        limits = dict(typed["length_limits"])
        if typed["description_length"] is not None:
            limits |= dict.fromkeys(DESCRIPTIONS, typed["description_length"])
        hidden = typed["hidden_statuses"]
        shown = tuple(status for status in SHOWN_STATUSES if status not in hidden)
        return ProfileValues(
            name=typed["name"] or "default",
            character_sets=tuple(typed["character_sets"]),
            statuses=shown if hidden else (),
            is_own_station_only=typed["is_own_station_only"],
            days_back=typed["days_back"],
            days_ahead=typed["days_ahead"],
            row_cap=typed["row_cap"],
            is_strict=typed["is_strict"],
            length_limits=tuple(limits.items()),
            extra_attributes=tuple(typed["extra_attributes"]),
            suppressed_attributes=tuple(typed["suppressed_attributes"]),
        )

    def aliases_of(self, device: RemoteAE) -> list[str]:
        """Return the station AE titles typed for the device; what it has when none were asked."""
        if "aliases" not in self.data:
            return list(device.aliases)
        return [title.strip() for title in self.cleaned_data["aliases"].split(",") if title.strip()]

    def caller(self, device: RemoteAE) -> Caller:
        """Return the device as its associations would carry it after saving: for a preview."""
        saved = caller_of(device)
        return Caller(
            device_id=saved.device_id,
            facility_id=saved.facility_id,
            ae_title=saved.ae_title,
            aliases=tuple(self.aliases_of(device)),
            profile=self.values(),
        )


def initial_of(values: ProfileValues, aliases: list[str]) -> Mapping[str, Any]:
    """Return what the form shows of a saved profile."""
    limits = dict(values.length_limits)
    lengths = {limits.get(keyword) for keyword in DESCRIPTIONS}
    description_length = lengths.pop() if len(lengths) == 1 else None
    if description_length is not None:
        limits = {name: limits[name] for name in limits if name not in DESCRIPTIONS}
    hidden = set(SHOWN_STATUSES) - set(values.statuses) if values.statuses else set()
    return {
        "name": values.name,
        "character_sets": list(values.character_sets),
        "days_back": values.days_back,
        "days_ahead": values.days_ahead,
        "row_cap": values.row_cap,
        "description_length": description_length,
        "aliases": ", ".join(aliases),
        "hidden_statuses": [status for status in SHOWN_STATUSES if status in hidden],
        "is_own_station_only": values.is_own_station_only,
        "is_strict": values.is_strict,
        "length_limits": [f"{name} {length}" for name, length in limits.items()],
        "extra_attributes": [f"{key} = {value}".rstrip() for key, value in values.extra_attributes],
        "suppressed_attributes": list(values.suppressed_attributes),
    }
