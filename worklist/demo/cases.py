"""What scanners reported and fits no exam, or not exactly one: a case of each kind."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pydicom.dataset import Dataset

from portal.models import RemoteAE
from portal.selectors import caller_of
from portal.types import Actor
from worklist.demo import archive, scanners
from worklist.demo.clock import Clock
from worklist.demo.scanners import Exam
from worklist.dicom.simulator import entries, performed
from worklist.dicom.simulator.images import uid_from
from worklist.models import ScheduledProcedureStep
from worklist.services.overdue import overdue_cases_open

Status = ScheduledProcedureStep.Status
HALF_AN_HOUR = timedelta(minutes=30)
TAKES = timedelta(minutes=6)
A_MINUTE = timedelta(minutes=1)
WRONG_ENTRY = "110514"  # PS3.16 CID 9300


def open_one_of_each(
    facility_id: int, steps: list[ScheduledProcedureStep], day: date, clock: Clock, by: Actor
) -> None:
    """Report each of them, half an hour ago; an exam that was never ended is overdue besides."""
    devices = {
        device.ae_title: device for device in RemoteAE.objects.filter(facility_id=facility_id)
    }
    today = [
        step
        for step in ScheduledProcedureStep.objects.filter(pk__in=[step.pk for step in steps])
        .select_related("station", "entry", "requested_procedure__service_request__patient")
        .order_by("pk")
        if step.start_date == day
    ]
    seed = f"{day}"
    for exam in (
        _unscheduled(devices["CT2"], seed),
        _no_match(devices["CR1"], seed),
        _wrong_patient(devices["MR1"], today),
    ):
        _perform(exam, clock, by)
    clock(None)
    clock(timezone.now() - HALF_AN_HOUR)
    _several(devices["US1"], today, seed)
    _orphan(devices["CR1"], seed)
    _wrong_entry(devices["CT1"], today, clock)
    clock(None)
    overdue_cases_open(older_than=timedelta(seconds=settings.MPPS_OVERDUE_S))


def _unscheduled(scanner: RemoteAE, seed: str) -> Exam:
    entry = entries.unscheduled(uid_from("demo", "unscheduled", seed), "CT", 1)
    return Exam(scanner, entry, (1, 7))


def _no_match(scanner: RemoteAE, seed: str) -> Exam:
    """An order of another department's system, typed in from paper."""
    ds = entries.unscheduled(uid_from("demo", "no-match", seed), "CR", 2).dataset
    ds.AccessionNumber, ds.RequestedProcedureID = "X-0815", "X-0815-1"
    return Exam(scanner, entries.entry_of(ds), (2,))


def _wrong_patient(scanner: RemoteAE, today: list[ScheduledProcedureStep]) -> Exam:
    entry = scanners.entry_for(_first(today, scanner, Status.ARRIVED))
    return Exam(scanner, entries.wrong_patient(entry), (5,))


def _wrong_entry(scanner: RemoteAE, today: list[ScheduledProcedureStep], clock: Clock) -> None:
    exam = Exam(scanner, scanners.entry_for(_first(today, scanner, Status.ARRIVED)))
    scanners.begin(exam, timezone.localtime())
    clock(timezone.now() + A_MINUTE)
    scanners.end(exam, timezone.localtime(), reason=WRONG_ENTRY)


def _several(scanner: RemoteAE, today: list[ScheduledProcedureStep], seed: str) -> None:
    """A group of two exams of one patient, named by their studies and nothing else."""
    by_patient = defaultdict(list)
    for step in today:
        if step.status in {Status.SCHEDULED, Status.ARRIVED, Status.READY}:
            by_patient[step.requested_procedure.service_request.patient_id].append(step)
    group = next(found for found in by_patient.values() if len(found) > 1)
    own = next((one for one in group if one.modality == scanner.station.modality), group[0])
    ds = scanners.entry_for(own).dataset
    ds.StudyInstanceUID = uid_from("demo", "several", seed)
    ds.AccessionNumber = ds.RequestedProcedureID = ""
    ds.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = ""
    exam = Exam(scanner, entries.entry_of(ds), (6,))
    report = performed.created(exam.entry, scanner.ae_title, timezone.localtime())
    report.ScheduledStepAttributesSequence[0].ReferencedStudySequence = [
        _study(step.requested_procedure.study_instance_uid) for step in group[:2]
    ]
    scanners.send_create(exam, report)


def _orphan(scanner: RemoteAE, seed: str) -> None:
    """A scanner of the strict kind ends what it never began: refused, and kept."""
    entry = entries.unscheduled(uid_from("demo", "orphan", seed), "CR", 3)
    caller = caller_of(scanner)
    strict = replace(caller, profile=replace(caller.profile, is_strict=True))
    scanners.end_unknown(Exam(scanner, entry, (3,)), timezone.localtime(), strict)


def _perform(exam: Exam, clock: Clock, by: Actor) -> None:
    """Begin and end an exam, half an hour ago; the archive has all of it."""
    clock(None)
    ended = timezone.now() - HALF_AN_HOUR
    clock(ended - TAKES)
    scanners.begin(exam, timezone.localtime())
    clock(ended)
    if settings.SIMULATION:
        scanners.store(exam, timezone.localtime())
    with transaction.atomic():
        scanners.end(exam, timezone.localtime())
        if settings.SIMULATION:
            archive.follow(archive.Course.CONFIRMED, exam, [], ended, clock, by)


def _first(
    today: list[ScheduledProcedureStep], scanner: RemoteAE, status: str
) -> ScheduledProcedureStep:
    return next(
        step
        for step in today
        if step.status == status and step.station and step.station.device_id == scanner.pk
    )


def _study(uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management, retired
    item.ReferencedSOPInstanceUID = uid
    return item
