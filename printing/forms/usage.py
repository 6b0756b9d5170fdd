"""Forms of the pages about used film: what is counted, and how much a unit may use."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from portal.fields import WrittenDateField
from printing.forms.film import Label
from printing.models import PrintQuota
from printing.selectors.usage import FEW, UsageFilter
from printing.services.quotas import MAX_FILMS, UNIT_LENGTH

ANY = ""
VALUE = "="  # before a chosen value, so that “not known” is a value too
LONGEST = timedelta(days=3660)


class UsageForm(forms.Form):
    """Which films are counted; patients are asked for apart, since addresses name none."""

    since = WrittenDateField(label=_("From"), required=False)
    until = WrittenDateField(label=_("To"), required=False)
    kind = forms.ChoiceField(
        label=_("Film or paper"),
        required=False,
        choices=[(ANY, _("Both")), ("film", _("Film")), ("paper", _("Paper"))],
    )
    printer_name = forms.ChoiceField(label=_("Printer"), required=False)
    film_size_id = forms.ChoiceField(label=_("Size"), required=False)
    medium_type = forms.ChoiceField(label=_("Medium"), required=False)
    requesting_unit = forms.ChoiceField(label=_("Unit"), required=False)
    modality = forms.ChoiceField(label=_("Modality"), required=False)
    created_by_name = forms.ChoiceField(label=_("Person"), required=False)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.offer({name: [(str(data.get(name, ""))[len(VALUE) :], "")] for name in FEW})

    def offer(self, values: Mapping[str, Sequence[tuple[str, Label]]]) -> None:
        """Take what can be chosen; before that, what was chosen is taken as it is."""
        for name in FEW:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            offered = [(f"{VALUE}{value}", label) for value, label in values[name]]
            field.choices = [(ANY, _("All")), *offered]

    def clean(self) -> dict[str, Any]:
        """Refuse a period that runs backwards, or is too long to be drawn."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        today = localdate()
        if until and until > today:
            until = cleaned["until"] = today
        if since and since > today:
            self.add_error("since", _("This day is still to come."))
        elif since and until and since > until:
            self.add_error("until", _("This is before the first day."))
        elif since and (until or today) - since > LONGEST:
            self.add_error("since", _("Choose ten years or less."))
        return cleaned

    def usage_filter(self, patient_id: str | None = None) -> UsageFilter:
        """Return what was chosen, as values; of a valid form."""
        chosen = self.cleaned_data
        kind = chosen["kind"]
        return UsageFilter(
            since=chosen["since"],
            until=chosen["until"],
            is_paper=None if kind == ANY else kind == "paper",
            patient_id=patient_id,
            **{name: chosen[name][len(VALUE) :] if chosen[name] else None for name in FEW},
        )


class QuotaForm(forms.Form):
    """How much film a unit may use, and what happens past it."""

    requesting_unit = forms.CharField(
        label=_("Unit"),
        required=False,
        max_length=UNIT_LENGTH,
        help_text=_("As orders name it. Empty: all units together."),
        widget=forms.TextInput(attrs={"list": "units", "autocomplete": "off"}),
    )
    films = forms.IntegerField(
        label=_("Films"),
        min_value=0,
        max_value=MAX_FILMS,
        error_messages={"required": _("Write how many films.")},
    )
    period = forms.ChoiceField(
        label=_("Counted for"), choices=PrintQuota.Period.choices, initial=PrintQuota.Period.MONTH
    )
    action = forms.ChoiceField(
        label=_("Past it"),
        choices=[
            (PrintQuota.Action.WARN, _("Warn, and print")),
            (PrintQuota.Action.STOP, _("Take no more jobs")),
        ],
        initial=PrintQuota.Action.WARN,
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
