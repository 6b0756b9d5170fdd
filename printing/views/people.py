"""Whose picture it is: what an image says of its patient, ready for the identity block."""

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from printing.models import SourceImage
from printing.selectors.films import patient_key

SEX: dict[str, str | Promise] = {"M": _("Male"), "F": _("Female"), "O": _("Other")}


@dataclass(frozen=True)
class Person:
    """One patient as pages show it; `key` tells two patients apart and is never shown."""

    key: tuple[str, str]
    alphabetic: str
    ideographic: str
    phonetic: str
    birth_date: date | None
    sex: str | Promise
    patient_id: str

    @property
    def is_known(self) -> bool:
        """Say whether the image names its patient at all."""
        return any(self.key)


def person_of(image: SourceImage) -> Person:
    """Read the patient of an image."""
    alphabetic, ideographic, phonetic = [*image.patient_name.split("="), "", ""][:3]
    return Person(
        key=patient_key(image),
        alphabetic=alphabetic,
        ideographic=ideographic,
        phonetic=phonetic,
        birth_date=image.patient_birth_date,
        sex=SEX.get(image.patient_sex, image.patient_sex),
        patient_id=image.patient_id,
    )
