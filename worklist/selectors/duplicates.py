"""Patients that a new one is probably the same as."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from worklist import folding
from worklist.models import Patient
from worklist.selectors.patients import patients
from worklist.types import PatientValues

SHOWN = 5


def likely_duplicates(
    *, visible_to: AbstractBaseUser | AnonymousUser, values: PatientValues
) -> list[Patient]:
    """Return patients of this ID, or of this birth date and sex with a name like this."""
    everybody = patients(visible_to=visible_to)
    found = (
        list(everybody.filter(patient_id=values.patient_id)[:SHOWN]) if values.patient_id else []
    )
    if values.birth_date is not None:
        same_birth = everybody.filter(birth_date=values.birth_date)
        if values.sex:
            same_birth = same_birth.filter(sex__in=["", values.sex])
        known = {patient.pk for patient in found}
        found += [
            patient
            for patient in same_birth[:200]
            if patient.pk not in known and is_alike(values, patient)
        ]
    return found[:SHOWN]


def is_alike(values: PatientValues, patient: Patient) -> bool:
    """Say whether every word of the shorter name occurs in the longer, in any one group."""
    pairs = (
        (values.name_alphabetic, patient.name_alphabetic),
        (values.name_ideographic, patient.name_ideographic),
        (values.name_phonetic, patient.name_phonetic),
    )
    return any(_contains(_words(one), _words(other)) for one, other in pairs)


def _words(group: str) -> set[str]:
    return {word for part in folding.fold_group(group).split("^") for word in part.split()}


def _contains(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and (one <= other or other <= one)
