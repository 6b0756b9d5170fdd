"""Orders: imaging service requests and the procedures they ask for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility
from worklist.models.patient import Patient


class ImagingServiceRequest(models.Model):
    """An order (PS3.3 C.4.12): one accession number."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="service_requests")
    accession_number = models.CharField(max_length=64)
    referring_physician_name = models.CharField(max_length=324, blank=True)
    requesting_physician_name = models.CharField(max_length=324, blank=True)
    requesting_service = models.CharField(max_length=64, blank=True)
    admission_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "accession_number"], name="service_request_unique"
            )
        ]

    def __str__(self) -> str:
        return self.accession_number


class RequestedProcedurePriority(models.TextChoices):
    """(0040,1003), PS3.3 C.4.11: defined terms."""

    STAT = "STAT", _("STAT")
    HIGH = "HIGH", _("High")
    ROUTINE = "ROUTINE", _("Routine")
    MEDIUM = "MEDIUM", _("Medium")
    LOW = "LOW", _("Low")


class RequestedProcedure(models.Model):
    """What an order asks for (PS3.3 C.4.11): one Study Instance UID, kept when rescheduled."""

    Priority = RequestedProcedurePriority

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    service_request = models.ForeignKey(
        ImagingServiceRequest, on_delete=models.PROTECT, related_name="requested_procedures"
    )
    requested_procedure_id = models.CharField(max_length=64)
    study_instance_uid = models.CharField(max_length=64)
    description = models.CharField(max_length=64, blank=True)
    code_value = models.CharField(max_length=16, blank=True)
    coding_scheme_designator = models.CharField(max_length=16, blank=True)
    code_meaning = models.CharField(max_length=64, blank=True)
    priority = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=64, blank=True)
    # Of an imported entry: everything outside the SPS item, explicit VR little endian, UTF-8.
    imported = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("requested procedure")
        verbose_name_plural = _("requested procedures")
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "study_instance_uid"], name="requested_procedure_unique"
            )
        ]

    def __str__(self) -> str:
        return self.requested_procedure_id
