"""A synthetic department around a day: who and what there is, and what became of its exams."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.models import RemoteAE
from portal.types import Actor
from worklist.demo import archive, cases, department, scanners
from worklist.demo.clock import Clock, demo_clock
from worklist.demo.plans import (
    AROUND,
    MAMMOGRAPHY,
    PATHS,
    PATIENT_UNWELL,
    PERFORMED,
    REASONS,
    TODAY,
    Plan,
    Status,
)
from worklist.models import Patient, ProcedureType, ScheduledProcedureStep, Station
from worklist.services.orders import order_create
from worklist.services.steps import scheduled_step_set_status
from worklist.types import OrderValues

LONG_AGO = timedelta(hours=3)  # by then an exam of the morning is over, however early it is
JUST_NOW = timedelta(minutes=20)
TAKES = timedelta(minutes=12)


def furnish(facility_id: int, day: date, by: Actor) -> None:
    """Make the department; what is there already stays, exams are made once for each day."""
    stations = {row[0]: department.station(facility_id, by, row) for row in department.STATIONS}
    kinds = {row[0]: department.procedure_type(facility_id, row) for row in department.CATALOGUE}
    people = [
        department.patient(facility_id, number, by)
        for number, _ in enumerate(department.PATIENTS, start=1)
    ]
    if settings.SIMULATION:
        archive.archive_for(facility_id, by)
    if _has_exams(facility_id, day):
        return
    with demo_clock() as clock:
        made = [
            (plan, _exam(plan, number, day, stations, kinds, patient, clock, by))
            for number, (plan, patient) in enumerate(_turns(people))
        ]
        for plan, step in made:
            _go(plan, step, clock, by)
        clock(None)
        cases.open_one_of_each(facility_id, [step for _, step in made], day, clock, by)


def _turns(people: list[Patient]) -> list[tuple[Plan, Patient]]:
    """Return who comes when: everybody, nobody twice at one time.

    Seven and eighteen have no common divisor.
    """
    plans = (*TODAY, *AROUND)
    others = iter(people[number * 7 % len(people)] for number in range(len(plans)))
    mammography = iter(people[number] for number in MAMMOGRAPHY)
    return [(plan, next(mammography if plan.station == "MG1" else others)) for plan in plans]


def _exam(
    plan: Plan,
    number: int,
    day: date,
    stations: dict[str, Station],
    kinds: dict[str, ProcedureType],
    patient: Patient,
    clock: Clock,
    by: Actor,
) -> ScheduledProcedureStep:
    """Order an exam, on the afternoon before it."""
    station = stations[plan.station] if plan.station else None
    start_date = day + timedelta(days=plan.day)
    afternoon = timezone.make_aware(datetime.combine(start_date, time(15))) - timedelta(days=1)
    clock(None)
    clock(min(afternoon + timedelta(minutes=number), timezone.now() - 2 * LONG_AGO))
    return order_create(
        facility_id=station.facility_id if station else patient.facility_id,
        order=OrderValues(
            patient_id=patient.pk,
            procedure_type_id=kinds[plan.code].pk,
            station_id=station.pk if station else None,
            start_date=start_date,
            start_time=plan.start,
            referring_physician_name=f"Referrer^{'ABCDE'[number % 5]}",
            reason=("Follow-up", "Pain", "Cough", "Trauma", "")[number % 5],
            priority="STAT" if number % 11 == 3 else "ROUTINE",
        ),
        by=by,
        may_overbook_reason="demonstration",
    )


def _go(plan: Plan, step: ScheduledProcedureStep, clock: Clock, by: Actor) -> None:
    """Take an exam as far as it is: people first, then its scanner, then the archive."""
    begun = _begun(plan, step, clock)
    clock(begun - timedelta(minutes=10))
    for status in PATHS.get(plan.status, ()):
        reason = REASONS.get(Status(status), "")
        scheduled_step_set_status(step_id=step.pk, status=status, by=by, reason=reason)
    if plan.status in PERFORMED and step.station and step.station.device:
        _perform(plan, step, step.station.device, begun, clock, by)


def _begun(plan: Plan, step: ScheduledProcedureStep, clock: Clock) -> datetime:
    """Return when an exam has begun: as booked, unless that is still to come."""
    clock(None)
    now = timezone.now()
    booked = timezone.make_aware(datetime.combine(step.start_date, plan.start or time(8)))
    is_going_on = plan.status == Status.STARTED and plan.day == 0
    return now - JUST_NOW if is_going_on else min(booked, now - LONG_AGO)


def _perform(
    plan: Plan,
    step: ScheduledProcedureStep,
    scanner: RemoteAE,
    begun: datetime,
    clock: Clock,
    by: Actor,
) -> None:
    exam = scanners.Exam(scanner, scanners.entry_for(step), plan.story.counts)
    clock(begun - timedelta(minutes=4))
    scanners.ask(exam, step)
    clock(begun)
    scanners.begin(exam, timezone.localtime())
    if plan.status == Status.STARTED:
        return
    ended = begun + TAKES
    clock(ended)
    gone: list[tuple[str, str]] = []
    if settings.SIMULATION:
        gone = scanners.store(exam, timezone.localtime(), lost=plan.story.lost)
    if plan.story.course == archive.Course.PLANNED:
        clock(None)  # the settle delay has only just begun
    reason = PATIENT_UNWELL if plan.status == Status.DISCONTINUED else ""
    with transaction.atomic():  # a portal that runs must not ask before our archive has answered
        scanners.end(exam, timezone.localtime(), reason=reason)
        if settings.SIMULATION:
            archive.follow(plan.story.course, exam, gone, ended, clock, by)


def _has_exams(facility_id: int, day: date) -> bool:
    return ScheduledProcedureStep.objects.filter(
        facility_id=facility_id,
        start_date=day,
        requested_procedure__service_request__patient__issuer_of_patient_id=department.ISSUER,
        station__name="CT2",
    ).exists()
