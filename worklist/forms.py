"""Forms of the worklist pages: patients, orders, moves, reasons."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.fields import WrittenDateField, WrittenTimeField
from worklist.models import Patient, PatientSex, RequestedProcedurePriority
from worklist.types import PatientValues

COMPONENTS = ("family", "given", "middle", "name_prefix", "name_suffix")


class ReasonForm(forms.Form):
    """Why a thing is done that cannot simply be undone."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write a reason. It stays in the exam's history.")},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_required


class DecideForm(forms.Form):
    """What a person decides about a case, and why."""

    decision = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": _("Choose what to do.")}
    )
    step = forms.IntegerField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write a reason. It stays in the record.")},
    )
    has_compared = forms.BooleanField(
        label=_("I compared name, birth date and ID with the request form"), required=False
    )

    def __init__(self, *args: Any, decisions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in decisions]

    def clean(self) -> dict[str, Any]:
        """Ask for the comparison before images are given to a person."""
        values = super().clean() or {}
        if values.get("decision") == "link" and not values.get("has_compared"):
            self.add_error("has_compared", _("Compare first, then tick this."))
        return values


class PatientForm(forms.Form):
    """A patient: three name groups in components, ID with issuer, birth date, sex."""

    family = forms.CharField(label=_("Family name"), max_length=64, required=False)
    given = forms.CharField(label=_("Given name"), max_length=64, required=False)
    middle = forms.CharField(label=_("Middle name"), max_length=64, required=False)
    name_prefix = forms.CharField(label=_("Name prefix"), max_length=64, required=False)
    name_suffix = forms.CharField(label=_("Name suffix"), max_length=64, required=False)
    ideographic_family = forms.CharField(
        label=_("Family name, ideographic"), max_length=64, required=False
    )
    ideographic_given = forms.CharField(
        label=_("Given name, ideographic"), max_length=64, required=False
    )
    phonetic_family = forms.CharField(
        label=_("Family name, phonetic"), max_length=64, required=False
    )
    phonetic_given = forms.CharField(label=_("Given name, phonetic"), max_length=64, required=False)
    patient_id = forms.CharField(
        label=_("Patient ID"),
        max_length=64,
        error_messages={"required": _("Write the patient's ID. It is on their card or referral.")},
    )
    issuer_of_patient_id = forms.CharField(
        label=_("Issuer of the ID"), max_length=64, required=False
    )
    birth_date = WrittenDateField(label=_("Birth date"), required=False)
    sex = forms.ChoiceField(
        label=_("Sex"), required=False, choices=[("", _("Not known")), *PatientSex.choices]
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a name in some script: which one, the patient decides."""
        values = super().clean() or {}
        names = [name for name in self.fields if name.endswith(("family", "given"))]
        if not any(values.get(name) for name in names):
            self.add_error("family", _("Write a name, in any script."))
        return values

    @property
    def values(self) -> PatientValues:
        """What was typed, as services take it."""
        typed = self.cleaned_data
        return PatientValues(
            patient_id=typed.get("patient_id", ""),
            issuer_of_patient_id=typed.get("issuer_of_patient_id", ""),
            name_alphabetic=_group(typed, *COMPONENTS),
            name_ideographic=_group(typed, "ideographic_family", "ideographic_given"),
            name_phonetic=_group(typed, "phonetic_family", "phonetic_given"),
            birth_date=typed.get("birth_date"),
            sex=typed.get("sex", ""),
        )


# Fields of the form by the field that a service names.
PATIENT_FIELDS = {
    "name_alphabetic": "family",
    "name_ideographic": "ideographic_family",
    "name_phonetic": "phonetic_family",
}


def patient_initial(patient: Patient) -> dict[str, Any]:
    """Return a stored patient as the form shows it."""
    parts = dict(zip(COMPONENTS, _components(patient.name_alphabetic), strict=True))
    ideographic, phonetic = (
        _components(patient.name_ideographic),
        _components(patient.name_phonetic),
    )
    return parts | {
        "ideographic_family": ideographic[0],
        "ideographic_given": ideographic[1],
        "phonetic_family": phonetic[0],
        "phonetic_given": phonetic[1],
        "patient_id": patient.patient_id,
        "issuer_of_patient_id": patient.issuer_of_patient_id,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
    }


class MoveForm(forms.Form):
    """Another device, day or time for an exam."""

    station = forms.ChoiceField(label=_("Device"), required=False)
    start_date = WrittenDateField(label=_("Day"), error_messages={"required": _("Choose a day.")})
    start_time = WrittenTimeField(
        label=_("Time"), required=False, help_text=_("Leave it empty to schedule later.")
    )
    may_overbook_reason = forms.CharField(
        label=_("Book it all the same, because"), max_length=200, required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["station"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = places


class OrderForm(forms.Form):
    """An exam to book: procedure from the catalogue, device, time, clinical question."""

    procedure_type = forms.ChoiceField(
        label=_("Procedure"),
        error_messages={"required": _("Choose a procedure from the catalogue.")},
    )
    duration_minutes = forms.IntegerField(
        label=_("Duration in minutes"),
        min_value=1,
        max_value=24 * 60,
        required=False,
        error_messages={"invalid": _("Write the duration as a number of minutes.")},
        widget=forms.TextInput(attrs={"class": "num", "inputmode": "numeric"}),
    )
    priority = forms.ChoiceField(
        label=_("Priority"), choices=RequestedProcedurePriority.choices, initial="ROUTINE"
    )
    station = forms.ChoiceField(label=_("Device"), required=False)
    start_date = WrittenDateField(
        label=_("Day"),
        error_messages={"required": _("Choose a day, or one of the free times.")},
        widget=forms.TextInput(attrs={"class": "num", "autocomplete": "off"}),
    )
    start_time = WrittenTimeField(
        label=_("Time"),
        required=False,
        help_text=_("Leave it empty to schedule later."),
        widget=forms.TextInput(
            attrs={"class": "num", "autocomplete": "off", "inputmode": "numeric"}
        ),
    )
    may_overbook_reason = forms.CharField(
        label=_("Book it all the same, because"), max_length=200, required=False
    )
    referring_physician = forms.CharField(
        label=_("Referring physician"),
        max_length=64,
        required=False,
        help_text=_("Family name, given name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("Reason for exam"),
        max_length=64,
        help_text=_("The clinical question; devices show it to the technologist."),
        error_messages={
            "required": _("Write the clinical question. The device shows it to the technologist.")
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: Any,
        procedures: list[tuple[str, Any]],
        places: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("procedure_type", procedures), ("station", places)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


def person_name_from(text: str) -> str:
    """Return `Family, Given` as one PN component group; without a comma it is the family name."""
    family, _comma, given = text.partition(",")
    return f"{family.strip()}^{given.strip()}".rstrip("^")


def _group(typed: dict[str, Any], *names: str) -> str:
    return "^".join((typed.get(name) or "").strip() for name in names).rstrip("^")


def _components(group: str) -> list[str]:
    return [*group.split("^"), "", "", "", "", ""][:5]
