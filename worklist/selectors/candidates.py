"""Which scheduled exams a reported one may have been: a score, and the lines that made it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from worklist.models import ReconcileCase, ScheduledProcedureStep
from worklist.selectors.comparing import compare
from worklist.selectors.reported import ordered_of
from worklist.selectors.steps import scheduled_steps
from worklist.types.reconcile import Field, Line, Reported, Verdict

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Person = AbstractBaseUser | AnonymousUser

DAYS_AROUND = timedelta(days=2)
LOOKED_AT = 1000  # exams of those days and of that patient
SHOWN = 5
LEAST = 30  # less is no suggestion
PROBABLE = 75
CLEAR_LEAD = 20  # before the second best, to be called the probable one

# What a line is worth: when it fits, when it half fits, when it says the opposite.
WEIGHTS: dict[Field, tuple[int, int, int]] = {
    Field.PATIENT_ID: (40, 0, -35),
    Field.ISSUER: (4, 0, -30),
    Field.NAME: (20, 8, -25),
    Field.BIRTH_DATE: (20, 0, -30),
    Field.SEX: (4, 0, -20),
    Field.ACCESSION: (40, 0, -20),
    Field.STUDY: (40, 0, 0),
    Field.PROCEDURE: (14, 5, -6),
    Field.MODALITY: (8, 0, -60),
    Field.DEVICE: (8, 0, -4),
}
# Minutes from the booking, and what that is worth.
NEARNESS = ((30, 12), (120, 9), (12 * 60, 6), (36 * 60, 0))
FAR = -8
IDENTITY = frozenset({Field.PATIENT_ID, Field.NAME, Field.BIRTH_DATE})
UNSAID = frozenset({Verdict.NOT_SENT, Verdict.NOT_ORDERED, Verdict.NEITHER})
NUMBERS = frozenset({Field.ACCESSION, Field.STUDY})
Status = ScheduledProcedureStep.Status
STATUS_WORTH = {
    Status.COMPLETED: -15,
    Status.DISCONTINUED: -8,
    Status.CANCELED: -6,
    Status.NO_SHOW: -2,
}


@dataclass(frozen=True)
class Candidate:
    """An exam that may have been the one, and why."""

    step: ScheduledProcedureStep
    score: int
    lines: tuple[Line, ...]

    @property
    def fitting(self) -> list[Field]:
        """The lines that speak for it."""
        return [line.field for line in self.lines if line.fits and line.field in WEIGHTS]

    @property
    def clashing(self) -> list[Field]:
        """The lines that speak against it."""
        return [line.field for line in self.lines if line.clashes]

    @property
    def is_same_patient(self) -> bool:
        """Say whether an identifier and nothing else about the person speaks against it."""
        return not (IDENTITY | {Field.SEX, Field.ISSUER}).intersection(self.clashing)


def candidates(case: ReconcileCase, reported: Reported, *, visible_to: "Person") -> list[Candidate]:
    """Return the exams of the case's facility that fit best, the best first."""
    steps = _steps_near(case, reported, visible_to)
    return best((candidate(reported, step) for step in steps), named=_named(case))


def candidate(reported: Reported, step: ScheduledProcedureStep) -> Candidate:
    """Compare with one exam."""
    lines = compare(reported, ordered_of(step))
    return Candidate(step, score_of(lines, step.status), lines)


def best(found: Iterable[Candidate], *, named: frozenset[int] = frozenset()) -> list[Candidate]:
    """Return those worth showing, the best first; what the message itself named always is."""
    worth = [
        one for one in found if one.step.pk in named or (one.score >= LEAST and has_evidence(one))
    ]
    return sorted(worth, key=lambda one: (-one.score, one.step.pk))[:SHOWN]


def has_evidence(one: Candidate) -> bool:
    """Say whether more than room and hour speaks for an exam, where a patient was named."""
    by_name = {line.field: line.verdict for line in one.lines}
    names_nobody = all(by_name[name] in UNSAID for name in IDENTITY)
    if names_nobody and not NUMBERS.intersection(one.fitting):
        return by_name[Field.DEVICE] is Verdict.SAME
    return bool((IDENTITY | NUMBERS).intersection(one.fitting))


def probable(found: list[Candidate]) -> Candidate | None:
    """Return the one that it most probably was; none when that is not clear."""
    if not found or found[0].score < PROBABLE or not found[0].is_same_patient:
        return None
    if len(found) > 1 and found[0].score - found[1].score < CLEAR_LEAD:
        return None
    return found[0]


def score_of(lines: Iterable[Line], status: str) -> int:
    """Add up what every line is worth."""
    return sum(_worth(line) for line in lines) + STATUS_WORTH.get(Status(status), 0)


def _worth(line: Line) -> int:
    if line.field is Field.TIME:
        return _nearness(line)
    fits, half, clashes = WEIGHTS[line.field]
    if line.verdict is Verdict.DIFFERS:
        return clashes
    if line.fits:
        return fits
    return half if line.verdict in (Verdict.PARTLY, Verdict.ORDER) else 0


def _nearness(line: Line) -> int:
    if line.verdict in UNSAID:
        return 0
    return next((worth for most, worth in NEARNESS if line.minutes <= most), FAR)


def _steps_near(
    case: ReconcileCase, reported: Reported, visible_to: "Person"
) -> QuerySet[ScheduledProcedureStep]:
    """Return the exams of those days, and those that share an identifier at any time."""
    day = reported.start_date or _day_told(case, reported)
    wanted = Q(start_date__range=(day - DAYS_AROUND, day + DAYS_AROUND))
    if reported.modality:
        wanted &= Q(modality=reported.modality)
    if reported.patient_id:
        patient = "requested_procedure__service_request__patient__patient_id"
        wanted |= Q(**{patient: reported.patient_id})
    if numbers := [one for one in reported.accessions if one]:
        wanted |= Q(requested_procedure__service_request__accession_number__in=numbers)
    if studies := [one for one in reported.studies if one]:
        wanted |= Q(requested_procedure__study_instance_uid__in=studies)
    if named := _named(case):
        wanted |= Q(pk__in=named)
    steps = scheduled_steps(visible_to=visible_to).prefetch_related(None)
    return steps.filter(wanted, facility_id=case.facility_id)[:LOOKED_AT]


def _named(case: ReconcileCase) -> frozenset[int]:
    """Return the exams that the message meant, one too many or of another patient."""
    return frozenset(pk for pk in case.detail.get("steps", []) if isinstance(pk, int))


def _day_told(case: ReconcileCase, reported: Reported) -> date:
    return timezone.localdate(reported.told_at or case.opened_at)
