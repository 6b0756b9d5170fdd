"""What a new job is about: exam, unit, modality, patient, colour; for accounts and filters."""

from collections.abc import Callable, Collection, Iterable
from typing import TypedDict

from django.conf import settings
from django.utils.module_loading import import_string

from printing.models import Printer, PrinterColor, SourceImage
from printing.selectors.printers import capabilities

UNIT_LENGTH, MODALITY_LENGTH = 64, 16
PALETTE = "PALETTE COLOR"


class JobFacts(TypedDict):
    """Fields of a print job that follow from its pictures and its printer."""

    study_instance_uid: str
    accession_number: str
    requesting_unit: str
    modality: str
    patient_id: str
    is_color: bool


def job_facts(
    images: Collection[SourceImage],
    *,
    printer: Printer,
    study_instance_uid: str = "",
    accession_number: str = "",
) -> JobFacts:
    """Return what a job of these images is about; a film's own exam is known better than theirs.

    What its pictures do not agree on stays empty; several modalities are all named.
    """
    study = study_instance_uid or common(image.study_instance_uid for image in images)
    accession = accession_number or common(image.accession_number for image in images)
    exams = {(image.study_instance_uid, image.accession_number) for image in images}
    if study_instance_uid:
        exams = {(study, accession)}
    return JobFacts(
        study_instance_uid=study,
        accession_number=accession,
        requesting_unit=_unit(printer.facility_id, exams),
        modality=_modality(images),
        patient_id=common(image.patient_id for image in images),
        is_color=is_color_job(images, printer),
    )


def is_color_job(images: Iterable[SourceImage], printer: Printer) -> bool:
    """Say whether a job goes out in colour: by the printer's rule, and by its pictures."""
    if printer.color == PrinterColor.ALWAYS:
        return True
    if printer.color == PrinterColor.NEVER or not capabilities(printer).has_color:
        return False
    return any(
        image.samples_per_pixel >= 3 or image.photometric_interpretation == PALETTE
        for image in images
    )


def common(values: Iterable[str]) -> str:
    """Return the value that all share, else nothing."""
    found = set(values)
    return found.pop() if len(found) == 1 else ""


def _unit(facility_id: int, exams: Iterable[tuple[str, str]]) -> str:
    """Return the unit that asked for all of the exams; empty when several did, or nobody knows."""
    find: Callable[[int, str, str], str] = import_string(settings.UNIT_OF_STUDY)
    return common(find(facility_id, *exam).strip()[:UNIT_LENGTH] for exam in sorted(exams))


def _modality(images: Iterable[SourceImage]) -> str:
    named = "/".join(sorted({image.modality for image in images if image.modality}))
    return named if len(named) <= MODALITY_LENGTH else ""
