"""The form of a pool of printers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from printing.models import Printer, PrintPool


class PoolForm(forms.Form):
    """A name, how the printer is chosen, and the printers in the order they are asked."""

    name = forms.CharField(
        label=_("Name"), max_length=64, help_text=_("As people choose it on the film page.")
    )
    strategy = forms.ChoiceField(
        label=_("Which printer is asked first"),
        choices=PrintPool.Strategy.choices,
        widget=forms.RadioSelect,
    )
    is_accepting = forms.BooleanField(label=_("Lets new jobs in"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, printers: list[Printer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.printers = printers
        places = [("", _("not in the pool")), *((n, str(n)) for n in range(1, len(printers) + 1))]
        for printer in printers:
            self.fields[f"place-{printer.pk}"] = forms.TypedChoiceField(
                label=printer.name, choices=places, required=False, coerce=int, empty_value=None
            )

    def places(self) -> list[Any]:
        """Return the fields of the printers."""
        return [self[f"place-{printer.pk}"] for printer in self.printers]

    def clean(self) -> dict[str, Any]:
        """Ask for a printer at least, and for one printer at each place."""
        values: dict[str, Any] = super().clean() or {}
        taken: dict[int, str] = {}
        for printer in self.printers:
            place = values.get(f"place-{printer.pk}")
            if place is None:
                continue
            if place in taken:
                sentence = _("%(other)s has this place already.") % {"other": taken[place]}
                self.add_error(f"place-{printer.pk}", sentence)
            taken.setdefault(place, printer.name)
        if not taken:
            self.add_error(None, _("Choose at least one printer."))
        return values

    def chosen(self) -> list[int]:
        """Return the printers in the order they are asked."""
        placed = [(self.cleaned_data[f"place-{p.pk}"], p.pk) for p in self.printers]
        return [pk for _place, pk in sorted((n, pk) for n, pk in placed if n is not None)]
