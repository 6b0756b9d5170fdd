"""What pages show of cases to reconcile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import NotFound
from portal.looks import Look, look_of
from portal.pulse import stamp
from portal.selectors import actor_for, may
from portal.types import Permission
from worklist.forms import DecideForm, ReasonForm
from worklist.models import ReconcileCase, ReconcileKind, ScheduledProcedureStep
from worklist.selectors import candidates as matching
from worklist.selectors.candidates import Candidate
from worklist.selectors.cases import can_undo, cases, linked_references, solved_today_count
from worklist.selectors.comparing import compare
from worklist.selectors.reported import ordered_of, reported_of
from worklist.selectors.steps import scheduled_steps
from worklist.services.cases import UNLINKED
from worklist.types.reconcile import Ordered, Reported
from worklist.views.decisions import Choice, choices
from worklist.wording.case_headline import Headline, headline, person, reasons_text
from worklist.wording.case_kinds import case_look
from worklist.wording.reconcile import booked_text, compare_rows, moment_text, when_text

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

State = ReconcileCase.State


@dataclass(frozen=True)
class CaseRow:
    """A case as the lists show it."""

    case: ReconcileCase

    @property
    def look(self) -> Look:
        """Its kind in words, icon and colour."""
        return case_look(self.case)

    @property
    def who(self) -> str:
        """The patient as the scanner wrote the name; else what is missing."""
        if self.case.performed is None:
            return _("no start message")
        return self.case.performed.patient_name or _("no name sent")

    @property
    def when(self) -> str:
        """When it was done, by the device's clock; else when we were told."""
        performed = self.case.performed
        if performed is None or performed.start_date is None or performed.start_time is None:
            return stamp(self.case.opened_at)
        return moment_text(performed.start_date, performed.start_time)

    @property
    def images(self) -> int | None:
        """How many images it made, where that was reported."""
        return self.case.performed.image_count if self.case.performed else None

    @property
    def decision_look(self) -> Look:
        """What was decided; what settled by itself is no decision of a person's."""
        if self.case.state == State.SOLVED and not self.case.decided_by:
            return look_of("decision", "itself")
        return look_of("decision", self.case.decision)

    @property
    def can_undo(self) -> bool:
        """Say whether the decision may be taken back."""
        return can_undo(self.case)

    @property
    def orders(self) -> str:
        """The accession numbers that it is linked to now."""
        numbers = [
            one.step.requested_procedure.service_request.accession_number
            for one in linked_references(self.case)
            if one.step
        ]
        return ", ".join(dict.fromkeys(numbers))


@dataclass(frozen=True)
class Suggestion:
    """An order to compare with, as its button shows it."""

    step: ScheduledProcedureStep
    label: str
    reasons: str
    is_chosen: bool


def list_context(
    waiting: list[ReconcileCase],
    *,
    visible_to: "AbstractBaseUser | AnonymousUser | None" = None,
    solved: list[ReconcileCase] | None = None,
) -> dict[str, Any]:
    """Return what the lists show; `solved` counts itself."""
    count = len(solved) if solved is not None else 0
    if solved is None and visible_to is not None:
        count = solved_today_count(visible_to=visible_to)
    return {
        "rows": [CaseRow(case) for case in waiting],
        "solved_rows": [CaseRow(case) for case in solved or []],
        "solved_count": count,
    }


def case_of(request: HttpRequest, case_id: int) -> ReconcileCase:
    """Return the case if it is for this person's eyes."""
    found = cases(visible_to=request.user).filter(pk=case_id).first()
    if found is None:
        raise NotFound(_("There is no such case in your facility."))
    return found


def case_context(
    request: HttpRequest,
    case: ReconcileCase,
    *,
    waiting: list[ReconcileCase] | None = None,
    form: DecideForm | None = None,
    step_id: int | None = None,
) -> dict[str, Any]:
    """Return what a case's page shows: verdict, comparison, suggestions, choices."""
    reported = reported_of(case)
    found = matching.candidates(case, reported, visible_to=request.user)
    step = _chosen(request, case, found, step_id)
    ordered = ordered_of(step) if step else None
    lines = compare(reported, ordered or Ordered())
    offered = _offered(request, case, reported, step)
    probable = matching.probable(_not_by_mistake(case, found))
    return {
        "case": case,
        "row": CaseRow(case),
        "current_id": case.pk,
        "reported": reported,
        "when": when_text(case, reported),
        "headline": _headline(case, reported, found, probable),
        "suggestions": _suggestions(found, step),
        "step": step,
        "ordered": ordered,
        "booked": booked_text(ordered) if ordered else "",
        "lines": compare_rows(lines, reported=reported, ordered=ordered or Ordered()),
        "choices": offered,
        "can_link": any(choice.name == "link" for choice in offered),
        "default": _default(case, offered, probable, step),
        "form": form,
        "undo_form": ReasonForm(None, is_required=True),
        "is_open": case.state == State.OPEN,
    } | _neighbours(case, waiting or [])


def _headline(
    case: ReconcileCase,
    reported: Reported,
    found: list[Candidate],
    probable: Candidate | None,
) -> Headline:
    return headline(
        case,
        reported=reported,
        found=found,
        probable=probable,
        ordered=ordered_of(probable.step) if probable else None,
        open_minutes=_open_minutes(case),
    )


def version_of(values: Mapping[str, Any]) -> int | None:
    """Return the version that a page was shown with."""
    version = values.get("version", "")
    return int(version) if str(version).isdecimal() else None


def _chosen(
    request: HttpRequest, case: ReconcileCase, found: list[Candidate], step_id: int | None
) -> ScheduledProcedureStep | None:
    """Return the exam to compare with: asked for, linked already, or the best suggestion."""
    wanted = step_id or request.POST.get("step") or request.GET.get("order", "")
    if str(wanted).isdecimal():
        steps = scheduled_steps(visible_to=request.user).filter(facility_id=case.facility_id)
        step = steps.filter(pk=int(wanted)).first()
        if step is not None:
            return step
    linked = [one.step for one in linked_references(case) if one.step]
    others = [one.step for one in _not_by_mistake(case, found) if one.step not in linked]
    others = others or [one.step for one in found if one.step not in linked]
    if case.kind in UNLINKED and case.state == State.OPEN and others:
        return others[0]
    return linked[0] if linked else (others[0] if others else None)


def _not_by_mistake(case: ReconcileCase, found: list[Candidate]) -> list[Candidate]:
    """Return the suggestions without exams of which the device itself says that it was not them."""
    if case.kind != ReconcileKind.WRONG_ENTRY:
        return found
    return [one for one in found if one.step.pk not in case.detail.get("steps", [])]


def _suggestions(found: list[Candidate], step: ScheduledProcedureStep | None) -> list[Suggestion]:
    """Return the orders to choose from; one that was looked for comes with them."""
    shown = [_suggestion(one.step, reasons_text(one), step) for one in found]
    if step is not None and step.pk not in {one.step.pk for one in found}:
        shown.append(_suggestion(step, "", step))
    return shown


def _suggestion(
    step: ScheduledProcedureStep, reasons: str, chosen: ScheduledProcedureStep | None
) -> Suggestion:
    procedure = step.requested_procedure
    ordered = ordered_of(step)
    exam = ordered.descriptions[0] if ordered.descriptions else step.modality
    label = _("%(accession)s · %(person)s, %(exam)s") % {
        "accession": procedure.service_request.accession_number,
        "person": person(ordered.patient_name).split(",")[0],
        "exam": exam,
    }
    return Suggestion(step, label, reasons, chosen is not None and chosen.pk == step.pk)


def _offered(
    request: HttpRequest,
    case: ReconcileCase,
    reported: Reported,
    step: ScheduledProcedureStep | None,
) -> list[Choice]:
    by = actor_for(request.user)
    if case.state != State.OPEN or not may(by, case.facility_id, Permission.STEP_WRITE):
        return []
    may_order = may(by, case.facility_id, Permission.ORDER_WRITE)
    return choices(case, reported=reported, chosen=step, may_order=may_order)


def _default(
    case: ReconcileCase,
    offered: list[Choice],
    probable: Candidate | None,
    step: ScheduledProcedureStep | None,
) -> str:
    """Return what is chosen beforehand: only what most probably is right."""
    names = [choice.name for choice in offered]
    is_probable = probable is not None and step is not None and probable.step.pk == step.pk
    if case.kind != ReconcileKind.OVERDUE and is_probable and "link" in names:
        return "link"
    return ""


def _open_minutes(case: ReconcileCase) -> int:
    since = case.performed.created_at if case.performed else case.opened_at
    return int((timezone.now() - since) / timedelta(minutes=1))


def _neighbours(case: ReconcileCase, waiting: list[ReconcileCase]) -> dict[str, Any]:
    """Return the cases before and after this one, for the keys J and K."""
    keys = [one.pk for one in waiting]
    if case.pk not in keys:
        return {"next_id": keys[0] if keys else None, "previous_id": None}
    at = keys.index(case.pk)
    return {
        "next_id": keys[at + 1] if at + 1 < len(keys) else None,
        "previous_id": keys[at - 1] if at else None,
    }
