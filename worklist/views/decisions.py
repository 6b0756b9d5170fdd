"""What a person may decide about a case: the choices with their consequences, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.types import Actor
from worklist.models import (
    PerformedProcedureStep,
    ReconcileCase,
    ReconcileKind,
    ScheduledProcedureStep,
)
from worklist.selectors.cases import linked_references
from worklist.services.cases import UNLINKED
from worklist.services.reconcile import case_close, case_end, case_link
from worklist.services.reconcile_orders import case_new_order
from worklist.services.reconcile_unlink import case_unlink, case_wrong_patient
from worklist.types.reconcile import Reported

Status = PerformedProcedureStep.Status
COMPLETED, DISCONTINUED = "end-completed", "end-discontinued"


@dataclass(frozen=True)
class Choice:
    """A decision as the form offers it; `act` is what its button says, `done` the answer."""

    name: str
    label: str
    text: str
    act: str
    done: str


def choices(
    case: ReconcileCase,
    *,
    reported: Reported,
    chosen: ScheduledProcedureStep | None,
    may_order: bool,
) -> list[Choice]:
    """Return what may be decided about a case now, the likeliest first."""
    performed = case.performed
    if performed is None:
        if chosen is None or case.detail.get("reason") == "closed-otherwise":
            return [_close()]
        return [_link_refused(chosen), _close()]
    linked = [one.step for one in linked_references(case) if one.step]
    found = _ends(reported) if _asks_for_the_end(case, performed) else []
    if case.kind != ReconcileKind.OVERDUE:  # whose it is, another case asks
        if chosen is not None and chosen.pk not in {step.pk for step in linked}:
            found.append(_link(chosen, performed, reported))
        if may_order and performed.patient_id and not linked:
            found.append(_new_order(performed, reported))
    if linked:
        found.append(_unlink(linked))
    return [*found, _wrong_patient(), _close_linked(linked) if linked else _close()]


def _asks_for_the_end(case: ReconcileCase, performed: PerformedProcedureStep) -> bool:
    return case.kind not in UNLINKED and not performed.is_final


def act(case: ReconcileCase, *, values: dict[str, Any], by: Actor) -> None:
    """Do what was decided."""
    shared = {
        "case_id": case.pk,
        "reason": values["reason"],
        "version": values["version"],
        "by": by,
    }
    _ACTS[values["decision"]](values, shared)


_ACTS: dict[str, Callable[[dict[str, Any], dict[str, Any]], ReconcileCase]] = {
    "link": lambda values, shared: case_link(step_id=values["step"] or 0, **shared),
    "unlink": lambda values, shared: case_unlink(**shared),
    "new-order": lambda values, shared: case_new_order(**shared),
    "wrong-patient": lambda values, shared: case_wrong_patient(**shared),
    "close": lambda values, shared: case_close(**shared),
    COMPLETED: lambda values, shared: case_end(status=Status.COMPLETED, **shared),
    DISCONTINUED: lambda values, shared: case_end(status=Status.DISCONTINUED, **shared),
}


def _link(
    step: ScheduledProcedureStep, performed: PerformedProcedureStep, reported: Reported
) -> Choice:
    accession = step.requested_procedure.service_request.accession_number
    becomes = {
        Status.IN_PROGRESS: _("In progress"),
        Status.COMPLETED: _("Completed"),
        Status.DISCONTINUED: _("Discontinued"),
    }[Status(performed.status)]
    text = _("The order becomes %(state)s.") % {"state": becomes}
    if step.start_time and step.is_open:
        text = _("The order becomes %(state)s, and %(time)s on %(place)s is free again.") % {
            "state": becomes,
            "time": f"{step.start_time:%H:%M}",
            "place": step.station.name if step.station else step.modality,
        }
    count = reported.image_count
    images = _("No image has been reported so far.")
    if count:
        sentence = ngettext(
            "%(n)d image is tracked under it.", "%(n)d images are tracked under it.", count
        )
        images = sentence % {"n": count}
    return Choice(
        "link",
        _("Link to order %(accession)s") % {"accession": accession},
        f"{text} {images}",
        _("Link exam"),
        _("Linked to order %(accession)s.") % {"accession": accession},
    )


def _link_refused(step: ScheduledProcedureStep) -> Choice:
    accession = step.requested_procedure.service_request.accession_number
    return Choice(
        "link",
        _("Link to order %(accession)s") % {"accession": accession},
        _(
            "The portal takes the end that it had refused: the order follows it, and archives are "
            "asked about its images."
        ),
        _("Link exam"),
        _("Linked to order %(accession)s.") % {"accession": accession},
    )


def _ends(reported: Reported) -> list[Choice]:
    device = {"device": reported.device}
    return [
        Choice(
            COMPLETED,
            _("End it as completed"),
            _("The exam is done and %(device)s forgot to say so. This is final.") % device,
            _("End exam"),
            _("Ended as completed."),
        ),
        Choice(
            DISCONTINUED,
            _("End it as discontinued"),
            _("The exam was broken off and %(device)s forgot to say so. This is final.") % device,
            _("End exam"),
            _("Ended as discontinued."),
        ),
    ]


def _unlink(linked: list[ScheduledProcedureStep]) -> Choice:
    return Choice(
        "unlink",
        _("Unlink from order %(accession)s") % {"accession": _accessions(linked)},
        _("The order waits again. What was reported asks here for its own order."),
        _("Unlink exam"),
        _("Unlinked."),
    )


def _new_order(performed: PerformedProcedureStep, reported: Reported) -> Choice:
    return Choice(
        "new-order",
        _("Make a new order from what %(device)s reported") % {"device": reported.device},
        _("For an exam nobody ordered. The patient is %(id)s.") % {"id": performed.patient_id},
        _("Make order"),
        _("The order is made and linked."),
    )


def _wrong_patient() -> Choice:
    return Choice(
        "wrong-patient",
        _("Wrong patient was scanned or chosen"),
        _("Nothing is linked. The archive team and the radiologist get an alert."),
        _("Record wrong patient"),
        _("Recorded. The archive team and the radiologist are told."),
    )


def _close() -> Choice:
    return Choice(
        "close",
        _("Close it, nothing to link"),
        _("For a test, a phantom or a service call. No exam changes."),
        _("Close case"),
        _("Closed."),
    )


def _close_linked(linked: list[ScheduledProcedureStep]) -> Choice:
    return Choice(
        "close",
        _("Close it, it stays linked"),
        _("The exam of order %(accession)s is as it should be. No exam changes.")
        % {"accession": _accessions(linked)},
        _("Close case"),
        _("Closed."),
    )


def _accessions(linked: list[ScheduledProcedureStep]) -> str:
    numbers = (step.requested_procedure.service_request.accession_number for step in linked)
    return ", ".join(dict.fromkeys(numbers))
