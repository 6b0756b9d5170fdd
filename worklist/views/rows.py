"""What a list shows of an exam: one value per row, card or page, ready for its template."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from portal.pulse import clock
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    RequestedProcedure,
    ScheduledProcedureStep,
)
from worklist.selectors.days import DayFacts, day_facts
from worklist.views.verbs import Verb, verbs_for

Status = ScheduledProcedureStep.Status
LATE = timedelta(minutes=10)
CHILD_YEARS = 16
WAITING = (Status.SCHEDULED, Status.ARRIVED, Status.READY)


@dataclass(frozen=True)
class Note:
    """A short remark on a row, in words with an icon."""

    text: str | Promise
    icon: str
    tone: str = ""


@dataclass(frozen=True)
class Sight:
    """Whether devices have been shown the exam."""

    words: str
    title: str
    is_shown: bool
    is_worrying: bool  # the patient is here, the device does not know


@dataclass(frozen=True)
class ExamRow:
    """An exam as lists show it."""

    step: ScheduledProcedureStep
    sight: Sight
    notes: list[Note]
    verbs: list[Verb]
    is_overlapping: bool = False

    @property
    def procedure(self) -> RequestedProcedure:
        """What was asked for."""
        return self.step.requested_procedure

    @property
    def request(self) -> ImagingServiceRequest:
        """The order."""
        return self.procedure.service_request

    @property
    def patient(self) -> Patient:
        """Who is examined."""
        return self.request.patient

    @property
    def title(self) -> str:
        """The exam in words."""
        return self.step.description or self.procedure.description or self.step.modality

    @property
    def where(self) -> str:
        """The device, or the modality any device of which may take it."""
        return place_of(self.step)

    @property
    def priority(self) -> str:
        """The priority in words; an imported one may be anything."""
        words = dict(RequestedProcedure.Priority.choices)
        return str(words.get(self.procedure.priority, self.procedure.priority))

    @property
    def has_time(self) -> bool:
        """Say whether a time of day is known."""
        return self.step.start_time is not None

    @property
    def is_today(self) -> bool:
        """Say whether the date needs no mention."""
        return self.step.start_date == timezone.localdate()

    @property
    def tone(self) -> str:
        """The row's edge: red for a clash, amber when somebody here is kept waiting."""
        if self.is_overlapping:
            return "bad"
        is_here = self.step.status in (Status.ARRIVED, Status.READY)
        return "warn" if is_here and (self.sight.is_worrying or lateness(self.step)) else ""

    @property
    def ends_at(self) -> datetime | None:
        """When it ends, if all goes to plan."""
        return ends_at(self.step)


def exam_rows(
    steps: Iterable[ScheduledProcedureStep], *, visible_to: AbstractBaseUser | AnonymousUser
) -> list[ExamRow]:
    """Return rows for steps with what `scheduled_steps` fetches; one query more for the days."""
    found = list(steps)
    if not found:
        return []
    facts = day_facts(visible_to=visible_to, days={step.start_date for step in found})
    return [_row(step, facts) for step in found]


def exam_row(
    step: ScheduledProcedureStep, *, visible_to: AbstractBaseUser | AnonymousUser
) -> ExamRow:
    """Return the row of one step."""
    return exam_rows([step], visible_to=visible_to)[0]


def place_of(step: ScheduledProcedureStep) -> str:
    """Return where a step is booked, in a person's words."""
    if step.station:
        return step.station.name
    if step.station_ae_titles:
        return step.station_ae_titles.replace("\\", ", ")
    return _("any %(modality)s device") % {"modality": step.modality}


def starts_at(step: ScheduledProcedureStep) -> datetime | None:
    """Return the booked moment, aware."""
    if step.start_time is None:
        return None
    return timezone.make_aware(datetime.combine(step.start_date, step.start_time))


def ends_at(step: ScheduledProcedureStep) -> datetime | None:
    """Return the moment at which the booking ends."""
    start = starts_at(step)
    return start + timedelta(minutes=step.duration_minutes) if start else None


def lateness(step: ScheduledProcedureStep) -> timedelta | None:
    """Return how late a waiting exam of today is, when it is worth saying."""
    start = starts_at(step)
    if start is None or step.status not in WAITING or step.start_date != timezone.localdate():
        return None
    late = timezone.now() - start
    return late if late >= LATE else None


def sight_of(step: ScheduledProcedureStep) -> Sight:
    """Say which device was shown the exam last, and when."""
    sightings = list(step.sightings.all())
    if not sightings:
        is_worrying = step.status in (Status.ARRIVED, Status.READY)
        return Sight(
            _("Not shown yet"), _("No device has been shown this exam."), False, is_worrying
        )
    last = sightings[0]
    words = _("seen by %(device)s %(time)s") % {
        "device": last.device.ae_title,
        "time": clock(last.last_at),
    }
    title = _("Shown to %(device)s first at %(first)s, last at %(last)s.") % {
        "device": last.device.ae_title,
        "first": clock(last.first_at),
        "last": clock(last.last_at),
    }
    return Sight(words, title, True, False)


def _row(step: ScheduledProcedureStep, facts: DayFacts) -> ExamRow:
    is_overlapping = step.pk in facts.overlapping and step.is_open
    return ExamRow(
        step=step,
        sight=sight_of(step),
        notes=list(_notes(step, facts, is_overlapping=is_overlapping)),
        verbs=verbs_for(step),
        is_overlapping=is_overlapping,
    )


def _notes(
    step: ScheduledProcedureStep, facts: DayFacts, *, is_overlapping: bool
) -> Iterable[Note]:
    if step.requested_procedure.priority == RequestedProcedure.Priority.STAT and step.is_open:
        yield Note(_("STAT"), "urgent", "bad")
    if is_overlapping:
        yield Note(_("Overlap"), "alert-triangle", "bad")
    if step.pk in facts.with_namesake:
        yield Note(_("Similar name"), "users", "warn")
    if late := lateness(step):
        minutes = int(late.total_seconds() // 60)
        words = _("%(hours)d h %(minutes)02d late") if minutes >= 60 else _("%(minutes)d min late")
        yield Note(words % {"hours": minutes // 60, "minutes": minutes % 60}, "clock", "warn")
    if step.start_time is None and step.is_open:
        yield Note(_("No time yet"), "clock-exclamation", "warn")
    birth_date = step.requested_procedure.service_request.patient.birth_date
    if birth_date and (step.start_date - birth_date).days < CHILD_YEARS * 365.25:
        yield Note(_("Child"), "mood-kid")
