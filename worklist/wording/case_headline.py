"""What a case comes down to, in one sentence that a person can act on."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.looks import look_of
from portal.names import group_text
from worklist.models import ReconcileCase, ReconcileKind
from worklist.selectors.candidates import Candidate
from worklist.selectors.cases import linked_references
from worklist.types.reconcile import Field, Line, Ordered, Reported, Verdict
from worklist.wording.case_kinds import called_off_text, is_called_off
from worklist.wording.reconcile import SPOKEN, TOLD_FIRST, booked_text, listed, span, when_text


@dataclass(frozen=True)
class Headline:
    """The sentence on top, what supports it, and how it looks."""

    tone: str
    icon: str
    sentence: str
    detail: str = ""


def headline(
    case: ReconcileCase,
    *,
    reported: Reported,
    found: list[Candidate],
    probable: Candidate | None,
    ordered: Ordered | None,
    open_minutes: int = 0,
) -> Headline:
    """Say what most probably happened, or that it is not known."""
    device = reported.device
    if case.kind == ReconcileKind.OVERDUE:
        return Headline(
            "warn",
            "clock-exclamation",
            _("%(device)s has not said for %(time)s that this exam ended.")
            % {"device": device, "time": span(open_minutes)},
            _("Look at the console, then end it here for the device, or decide whose it is."),
        )
    if case.kind == ReconcileKind.ORPHAN and case.performed is None:
        return _refused(case, device)
    if case.kind == ReconcileKind.WRONG_PATIENT:
        return _other_patient(case, device)
    if is_called_off(case) and linked_references(case):
        return Headline(
            "warn",
            "ban",
            called_off_text(case),
            _("It is linked and follows the device. Unlink it if another exam was done."),
        )
    if probable is not None and ordered is not None:
        return _probably(case, reported, found, probable, ordered)
    return _unclear(case, reported, found)


def _refused(case: ReconcileCase, device: str) -> Headline:
    """Say why a message was refused: nobody knew its beginning, or a person was faster."""
    if case.detail.get("reason") == "closed-otherwise":
        sentence = _("%(device)s says %(wanted)s, but a person had ended this exam as %(status)s.")
        words = {name: look_of("step", case.detail[name]).label for name in ("wanted", "status")}
        words |= {"device": device}
        detail = _(
            "The message was refused and is kept. Find out which is true, then close the case."
        )
        return Headline("warn", "link-off", sentence % words, detail)
    return Headline(
        "warn",
        "link-off",
        _never_began(device),
        _(
            "The message was refused and is kept. Find out whose exam it was and link it: the "
            "portal takes the message then. Or close the case."
        ),
    )


def _never_began(device: str) -> str:
    sentence = _("%(device)s sent the end of an exam whose beginning it never sent.")
    return sentence % {"device": device}


def _other_patient(case: ReconcileCase, device: str) -> Headline:
    """Say which patient differs, and whether an exam is linked all the same."""
    sentence = _("%(device)s names another patient than the order that it was given.")
    if case.detail.get("reason") == "changed-by-set":
        sentence = _("%(device)s named another patient after it had begun.")
    detail = _("Nothing is linked and the order waits. Find out who lay on the table.")
    if linked_references(case):
        detail = _("An exam is linked all the same. Find out who lay on the table.")
    return Headline("bad", "user-question", sentence % {"device": device}, detail)


def _probably(
    case: ReconcileCase,
    reported: Reported,
    found: list[Candidate],
    probable: Candidate,
    ordered: Ordered,
) -> Headline:
    names = {
        "person": person(ordered.patient_name),
        "exam": ordered.descriptions[0] if ordered.descriptions else ordered.modality,
        "device": reported.device,
        "done": when_text(case, reported),
        "booked": booked_text(ordered),
    }
    is_off = _line(probable, Field.TIME).verdict in (Verdict.EARLIER, Verdict.LATER)
    sentence = (
        _(
            "Probably %(person)s, %(exam)s: done on %(device)s at %(done)s although booked "
            "for %(booked)s."
        )
        if is_off
        else _("Probably %(person)s, %(exam)s, booked for %(booked)s: done on %(device)s.")
    )
    return Headline("warn", "user-search", sentence % names, fitting_text(probable, found))


def _unclear(case: ReconcileCase, reported: Reported, found: list[Candidate]) -> Headline:
    if case.kind == ReconcileKind.WRONG_ENTRY:
        return Headline(
            "warn",
            "hand-stop",
            _("%(device)s stopped: the wrong entry was chosen from the list.")
            % {"device": reported.device},
            _("The exam is on the list again. Decide whose the images are, if there are any."),
        )
    if not found and case.kind == ReconcileKind.ORPHAN:
        detail = _("The end was kept, and its beginning may still come. Look for the order below.")
        return Headline("warn", "link-off", _never_began(reported.device), detail)
    if not found:
        return Headline(
            "warn",
            "zoom-exclamation",
            _("No order fits what %(device)s reported.") % {"device": reported.device},
            _("Look for the order below the comparison, or decide without one."),
        )
    sentence = ngettext(
        "%(n)d order may be the one; not everything fits.",
        "%(n)d orders may be the one; choose after comparing.",
        len(found),
    )
    return Headline("warn", "user-search", sentence % {"n": len(found)}, reasons_text(found[0]))


def fitting_text(one: Candidate, found: list[Candidate]) -> str:
    """Say what fits, and whether it fits anybody else."""
    told = reasons_of(one)
    if not told:
        return ""
    words = listed(str(SPOKEN[field]) for field in told)
    rivals = [other for other in found if other is not one and set(told) <= set(other.fitting)]
    if rivals:
        return _("What fits: %(what)s. Other orders fit as well.") % {"what": words}
    return _("What fits: %(what)s. No other order fits all of that.") % {"what": words}


def reasons_text(one: Candidate) -> str:
    """Say what speaks for an order and what against it, as a suggestion shows it."""
    fits = listed(str(SPOKEN[field]) for field in reasons_of(one))
    against = listed(
        str(SPOKEN[field]) for field in TOLD_FIRST if field in one.clashing and field != Field.STUDY
    )
    if fits and against:
        return _("Fits: %(fits)s. Differs: %(against)s.") % {"fits": fits, "against": against}
    if against:
        return _("Differs: %(against)s.") % {"against": against}
    return _("Fits: %(fits)s.") % {"fits": fits} if fits else ""


def reasons_of(one: Candidate) -> list[Field]:
    """Return what speaks for an order, the strongest first."""
    return [field for field in TOLD_FIRST if field in one.fitting]


def person(name: str) -> str:
    """Return how a person is called in a sentence."""
    groups = [group_text(group) for group in name.split("=") if group]
    return groups[0] if groups else _("somebody without a name")


def _line(one: Candidate, field: Field) -> Line:
    return next(line for line in one.lines if line.field is field)
