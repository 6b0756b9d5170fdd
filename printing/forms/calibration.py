"""Form of a printer's calibration: a density for each step, and what a person saw."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from printing.selectors.calibration import STEPS
from printing.services.calibration import COMMENT_LENGTH, MAX_DENSITY


class DensityField(forms.FloatField):
    """A density, with a decimal point or a decimal comma, whatever the page's language."""

    def to_python(self, value: Any) -> Any:
        """Return the number, None when empty."""
        return super().to_python(str(value or "").replace(",", "."))


class ReadingForm(forms.Form):
    """What was measured on a test page, by the numbers that stand on its steps."""

    job_id = forms.TypedChoiceField(label=_("Test page"), required=False, coerce=int)
    comment = forms.CharField(
        label=_("What you saw"),
        required=False,
        max_length=COMMENT_LENGTH,
        help_text=_(
            "Can 5 % be told from black and 95 % from white? Are all lines apart, is the frame "
            "whole, and as long as is written on it?"
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, jobs: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(number), label) for number, label in jobs]
        field = self.fields["job_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("None of these")), *choices]
        for step in range(1, STEPS + 1):
            self.fields[f"step{step}"] = DensityField(
                label=str(step),
                required=False,
                min_value=0,
                max_value=MAX_DENSITY,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                error_messages={"invalid": _("A density is a number such as 1.25.")},
            )

    def steps(self) -> list[BoundField]:
        """Return the fields of the steps, in the order of the page."""
        return [self[f"step{step}"] for step in range(1, STEPS + 1)]

    def clean(self) -> dict[str, Any]:
        """Take all steps or none: a curve with holes says nothing."""
        cleaned = super().clean() or {}
        values = [cleaned.get(f"step{step}") for step in range(1, STEPS + 1)]
        empty = [step for step, value in enumerate(values, 1) if value is None]
        if 0 < len(empty) < STEPS and not self.errors:
            self.add_error(f"step{empty[0]}", _("Write all steps, or none."))
        cleaned["densities"] = [] if empty else values[::-1]  # kept with the darkest last
        return cleaned
