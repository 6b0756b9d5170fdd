"""Forms that ask something before a print job is changed."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from printing.models import PrintJob, PrintPriority, RejectReason

Label = str | Promise
Target = tuple[str, str]  # `printer-3` or `pool-1`, and its name
CANCEL_REASONS: dict[str, Label] = {
    "wrong-patient": _("Wrong patient"),
    "wrong-images": _("Wrong pictures or layout"),
    "not-needed": _("Not needed any more"),
    "printed-elsewhere": _("Printed elsewhere"),
    "twice": _("Asked for twice"),
    "other": _("Something else"),
}
_CHOOSE = [("", _("Choose…"))]


class CancelForm(forms.Form):
    """Why a job is cancelled."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[*_CHOOSE, *CANCEL_REASONS.items()],
        error_messages={"required": _("Choose a reason. It stays in the job’s history.")},
    )
    comment = forms.CharField(label=_("In words"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for words where the reason says nothing."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("reason") == "other" and not values.get("comment"):
            self.add_error("comment", _("Say in a few words why."))
        return values

    def words(self) -> str:
        """Return the reason as the history keeps it."""
        reason, comment = self.cleaned_data["reason"], self.cleaned_data["comment"]
        if reason == "other":
            return str(comment)
        return ": ".join(filter(None, (str(CANCEL_REASONS[reason]), comment)))


class MoveForm(forms.Form):
    """Where a job goes instead."""

    target = forms.ChoiceField(
        label=_("To"),
        error_messages={"required": _("Choose where it goes."), "invalid_choice": _("Choose one.")},
    )

    def __init__(
        self, *args: Any, printers: list[Target], pools: list[Target], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["target"]
        assert isinstance(field, forms.ChoiceField)
        groups = [(_("Printers"), printers), (_("Pools of printers"), pools)]
        field.choices = [*_CHOOSE, *((title, rows) for title, rows in groups if rows)]

    def chosen(self) -> dict[str, int]:
        """Return the target as the service takes it."""
        kind, key = str(self.cleaned_data["target"]).split("-")
        return {f"{kind}_id": int(key)}


class HoldUntilForm(forms.Form):
    """Until when a job waits."""

    SHORT: tuple[tuple[str, Label], ...] = (
        ("", _("Until somebody releases it")),
        ("30", _("Half an hour")),
        ("60", _("One hour")),
        ("240", _("Four hours")),
        ("at", _("Until this time:")),
    )
    how_long = forms.ChoiceField(
        label=_("How long"), choices=SHORT, required=False, widget=forms.RadioSelect
    )
    until = forms.DateTimeField(
        label=_("Day and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"invalid": _("Write a day and a time, for example 2026-11-23 18:30.")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the time where one is meant, and refuse one that is over."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("until") and not values.get("how_long"):
            values["how_long"] = "at"  # written, but its button not pressed
        if values.get("how_long") != "at" or "until" in self.errors:
            return values
        if not values.get("until"):
            self.add_error("until", _("Write until when the job waits."))
        elif values["until"] <= timezone.now():
            self.add_error("until", _("That time is over already."))
        return values

    def chosen(self) -> datetime | None:
        """Return when the job is released; none: by a person."""
        how_long = self.cleaned_data["how_long"]
        if how_long == "at":
            until: datetime = self.cleaned_data["until"]
            return until
        return timezone.now() + timedelta(minutes=int(how_long)) if how_long else None


class PlaceForm(forms.Form):
    """When a job's turn comes: its priority, and before which other job."""

    print_priority = forms.ChoiceField(
        label=_("Priority"), choices=PrintPriority.choices, widget=forms.RadioSelect
    )
    before = forms.TypedChoiceField(
        label=_("Place"), required=False, coerce=int, empty_value=None, choices=()
    )

    def __init__(self, *args: Any, others: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["before"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("As it is")), *others]


class ReprintForm(forms.Form):
    """What of an ended job is printed again, where, and why."""

    reason = forms.ChoiceField(
        label=_("Why again"),
        choices=[*_CHOOSE, *RejectReason.choices],
        error_messages={"required": _("Choose why. Reject analysis counts it.")},
    )
    comment = forms.CharField(label=_("In words"), max_length=255, required=False)
    how = forms.ChoiceField(
        label=_("How"),
        choices=[("exact", ""), ("anew", "")],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how."), "invalid_choice": _("Choose how.")},
    )
    pages = forms.TypedMultipleChoiceField(
        label=_("Films"),
        coerce=int,
        error_messages={"required": _("Choose at least one film.")},
        widget=forms.CheckboxSelectMultiple,
    )
    number_of_copies = forms.IntegerField(
        label=_("Copies"),
        min_value=1,
        max_value=99,
        widget=forms.NumberInput(attrs={"class": "num"}),
    )
    printer = forms.ChoiceField(label=_("Printer"))
    medium_type = forms.ChoiceField(label=_("Medium"), required=False)

    def __init__(
        self,
        *args: Any,
        job: PrintJob,
        numbers: list[int],
        printers: list[Target],
        media: list[tuple[str, Label]],
        **kwargs: Any,
    ) -> None:
        initial = {"how": "anew", "pages": numbers, "number_of_copies": job.number_of_copies}
        initial |= {"printer": str(job.printer_id), "medium_type": job.medium_type}
        kwargs["initial"] = initial | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        offered: dict[str, list[Any]] = {
            "pages": [(number, number) for number in numbers],
            "printer": list(printers),
            "medium_type": list(media),
        }
        for name, choices in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
