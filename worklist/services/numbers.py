"""Identifiers that the portal makes: from the facility's counter, at most 16 characters (VR SH)."""

import uuid
from dataclasses import dataclass

from django.utils import timezone

from portal.models import Facility
from worklist.models import ImagingServiceRequest


@dataclass(frozen=True)
class Numbers:
    """The identifiers of a new order with one procedure and one step."""

    accession_number: str
    requested_procedure_id: str
    sps_id: str
    study_instance_uid: str


def numbers_take(*, facility_id: int) -> Numbers:
    """Take the next numbers of a facility; its row is locked until the transaction ends.

    Accession numbers carry the facility, since two facilities may send to one archive.
    """
    facility = Facility.objects.select_for_update().get(pk=facility_id)
    year = timezone.localdate().year % 100
    while True:
        facility.last_number += 1
        accession = f"{year:02d}{facility.pk:02d}{facility.last_number:08d}"
        # An imported order may have this number: never give it twice.
        if not ImagingServiceRequest.objects.filter(
            facility_id=facility_id, accession_number=accession
        ).exists():
            break
    facility.save(update_fields=["last_number"])
    return Numbers(
        accession_number=accession,
        requested_procedure_id=f"RP{facility.last_number:08d}",
        sps_id=f"SPS{facility.last_number:08d}",
        study_instance_uid=f"2.25.{uuid.uuid4().int}",
    )
