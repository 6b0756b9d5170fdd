"""Patients."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility


class PatientSex(models.TextChoices):
    """(0010,0040), PS3.3 C.2.3; empty when unknown."""

    MALE = "M", _("Male")
    FEMALE = "F", _("Female")
    OTHER = "O", _("Other")


class Patient(models.Model):
    """A patient as one issuer knows them (PS3.3 C.2.2); each name group in PN form, `^` between."""

    Sex = PatientSex

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    patient_id = models.CharField(max_length=64)
    issuer_of_patient_id = models.CharField(max_length=64, blank=True)
    name_alphabetic = models.CharField(max_length=324, blank=True)
    name_ideographic = models.CharField(max_length=324, blank=True)
    name_phonetic = models.CharField(max_length=324, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=1, choices=PatientSex, blank=True)
    search_key = models.TextField(editable=False)  # folded names and ID (worklist/folding.py)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "patient_id", "issuer_of_patient_id"], name="patient_unique"
            ),
            models.CheckConstraint(
                name="patient_sex_known", condition=models.Q(sex__in=["", *PatientSex.values])
            ),
        ]

    def __str__(self) -> str:
        return f"patient {self.pk}"

    @property
    def person_name(self) -> str:
        """The PN value: groups joined by `=`, trailing empty ones left out (PS3.5 6.2.1)."""
        groups = (self.name_alphabetic, self.name_ideographic, self.name_phonetic)
        return "=".join(groups).rstrip("=")
