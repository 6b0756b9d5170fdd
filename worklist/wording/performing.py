"""What devices performed, in words: their reports over MPPS, as entries of an exam's timeline."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.looks import look_of
from portal.names import group_text
from portal.pulse import clock, stamp
from portal.types import Stage, TimelineEntry
from worklist.models import (
    PerformedProcedureStep,
    ReconcileCase,
    ScheduledProcedureStep,
)
from worklist.selectors.story import Story
from worklist.wording.doses import dose_words
from worklist.wording.parts import Part, decisions, is_accepted, message_link, page_link, parts
from worklist.wording.performed import flags_told
from worklist.wording.reconcile import span

Status = ScheduledProcedureStep.Status
Ended = PerformedProcedureStep.Status
# Two clocks that differ by more than this are told apart on the page.
CLOCKS_DIFFER = timedelta(minutes=2)
SERIES_SHOWN = 12


def entries(story: Story) -> Iterator[TimelineEntry]:
    """Tell what devices reported, and what people decided about it."""
    for part in parts(story):
        yield _begun(part)
        yield from _progress(part)
        yield from _refused(part)
        if part.performed.is_final:
            yield _ended(part)
        yield from decisions(part)


def stages(story: Story) -> Iterator[Stage]:
    """Say whether the exam has begun and ended, by the step's own state."""
    step, mine = story.step, [one for one in parts(story) if one.reference]
    has_begun = step.status in (Status.STARTED, Status.COMPLETED, Status.DISCONTINUED)
    if step.status in (Status.CANCELED, Status.NO_SHOW):
        return
    begun = min((one.performed.created_at for one in mine), default=None)
    begun = begun or _set_at(story, Status.STARTED)
    tone = "live" if step.status == Status.STARTED else "ok"
    note = stamp(begun) if begun and has_begun else ""
    if mine and has_begun:
        note = f"{note}, MPPS"
    yield Stage("started", _("In progress"), "activity", 40, note, tone if has_begun else "")
    is_over = has_begun and step.status != Status.STARTED
    look = look_of("step", step.status if is_over else Status.COMPLETED)
    ended = max((one.performed.ended_at for one in mine if one.performed.ended_at), default=None)
    ended = ended or _set_at(story, step.status)
    note = stamp(ended) if ended and is_over else ""
    yield Stage("ended", str(look.label), look.icon, 50, note, look.tone if is_over else "")


def counts_words(performed: PerformedProcedureStep) -> str:
    """Return how many series and images a performed step made."""
    series = len(performed.series.all())
    if not performed.image_count:
        return _("No images")
    return ", ".join(
        (
            ngettext("%(n)d series", "%(n)d series", series) % {"n": series},
            ngettext("%(n)d image", "%(n)d images", performed.image_count)
            % {"n": performed.image_count},
        )
    )


def clock_remark(device: str, at: datetime, day: date | None, told: time | None) -> tuple[str, ...]:
    """Return the device's own time where it is not ours; a message may also have come late."""
    if day is None or told is None:
        return ()
    own = timezone.make_aware(datetime.combine(day, told))
    difference = own - at
    if abs(difference) <= CLOCKS_DIFFER:
        return ()
    minutes = round(abs(difference).total_seconds() / 60)
    values = {"device": device, "time": clock(own), "span": span(minutes)}
    if difference > timedelta(0):
        sentence = _("%(device)s says %(time)s: its clock is %(span)s ahead.")
    else:
        sentence = _("%(device)s says %(time)s: %(span)s before we were told.")
    return (sentence % values,)


def _begun(part: Part) -> TimelineEntry:
    performed, first = part.performed, next(iter(part.accepted), None)
    at = first.at if first else performed.created_at
    title = _("In progress on %(device)s") % {"device": part.device}
    if part.of > 1:
        title = _("In progress on %(device)s, part %(n)d of %(m)d") % {
            "device": part.device,
            "n": part.number,
            "m": part.of,
        }
    is_mine = part.reference is not None
    if part.is_wrong_entry:
        title = _("Begun on %(device)s by mistake") % {"device": part.device}
    elif not is_mine:
        title = _("%(device)s reports another exam in this study") % {"device": part.device}
    own = clock_remark(part.device, at, performed.start_date, performed.start_time)
    return TimelineEntry(
        at,
        title,
        _("MPPS %(uid)s from %(device)s%(operator)s.")
        % {
            "uid": short_uid(performed.sop_instance_uid),
            "device": part.device,
            "operator": _operators(performed),
        },
        tone="live" if is_mine else "warn",
        icon="activity",
        kind="performed",
        remarks=(*_odd(part), *own),
        links=(*message_link(first), *page_link(performed)),
    )


def _ended(part: Part) -> TimelineEntry:
    performed = part.performed
    look = look_of("step", performed.status)
    at = performed.ended_at or performed.updated_at
    title = str(look.label)
    if part.of > 1:
        title = _("%(state)s: part %(n)d of %(m)d") % {
            "state": look.label,
            "n": part.number,
            "m": part.of,
        }
    is_other = part.reference is None and not part.is_wrong_entry
    if is_other:
        title = _("The other exam: %(state)s") % {"state": look.label}
    if performed.discontinuation_meaning:
        title = f"{title}: {performed.discontinuation_meaning}"
    words = [counts_words(performed), *dose_words(performed.dose)]
    sets = [one for one in part.accepted if one.kind == "N-SET"] or part.accepted
    series = list(performed.series.all())
    return TimelineEntry(
        at,
        title,
        f"{', '.join(words)}.",
        tone="neutral" if is_other else look.tone,
        icon=look.icon,
        kind="performed",
        remarks=_end_remarks(part, at),
        links=() if performed.closed_by else message_link(sets[-1] if sets else None),
        rank=1,
        template="worklist/_timeline_series.html" if series else "",
        more={
            "performed": performed,
            "series": sorted(series, key=lambda one: one.number)[:SERIES_SHOWN],
            "others": max(len(series) - SERIES_SHOWN, 0),
        },
    )


def _end_remarks(part: Part, at: datetime) -> tuple[str, ...]:
    performed = part.performed
    if performed.closed_by:
        sentence = _("Ended by %(name)s, since %(device)s did not.")
        return (sentence % {"name": performed.closed_by, "device": part.device},)
    return clock_remark(part.device, at, performed.end_date, performed.end_time)


def _odd(part: Part) -> Iterator[str]:
    """Say what was wrong with the report and let pass, and what it is tied to."""
    performed, ordered = part.performed, part.step.requested_procedure.study_instance_uid
    if part.is_wrong_entry:
        yield _(
            "%(device)s had chosen the wrong worklist entry: this exam is still to be done."
        ) % {"device": part.device}
    elif part.reference is None:
        waits = any(one.state == ReconcileCase.State.OPEN for one in performed.cases.all())
        decides = _("It is not linked to this exam: a person has to decide.")
        yield decides if waits else _("It is not linked to this exam.")
    elif performed.study_instance_uid and performed.study_instance_uid != ordered:
        yield _("Its images are in another study than ordered: %(uid)s.") % {
            "uid": performed.study_instance_uid
        }
    others = [
        one.step.requested_procedure.service_request.accession_number
        for one in performed.references.all()
        if one.step and one.step_id != part.step.pk
    ]
    if others:
        yield _("Performed together with %(others)s.") % {"others": ", ".join(others)}
    for flag in flags_told(performed.flags):
        yield f"{flag.sentence} {flag.detail}".strip()


def _progress(part: Part) -> Iterator[TimelineEntry]:
    """Roll up what a device reported on the way."""
    sets = [one for one in part.accepted if one.kind == "N-SET"]
    if part.performed.is_final and not part.performed.closed_by:
        sets = sets[:-1]
    if sets:
        yield TimelineEntry(
            sets[-1].at,
            ngettext(
                "%(device)s reported progress once",
                "%(device)s reported progress %(n)d times",
                len(sets),
            )
            % {"device": part.device, "n": len(sets)},
            icon="activity",
            kind="performed",
            is_main=False,
            links=message_link(sets[-1]),
        )


def _refused(part: Part) -> Iterator[TimelineEntry]:
    for one in part.messages:
        if not is_accepted(one.status):
            yield TimelineEntry(
                one.at,
                _("%(kind)s of %(device)s refused with %(status)s")
                % {"kind": one.kind, "device": part.device, "status": f"{one.status:04X}H"},
                one.comment,
                tone="warn",
                icon="ban",
                kind="performed",
                is_main=False,
                links=message_link(one),
            )


def _operators(performed: PerformedProcedureStep) -> str:
    names = [one.operators_name for one in performed.series.all() if one.operators_name]
    who = list(dict.fromkeys(group_text(name.split("=")[0]) for name in names))
    return _(", operator %(names)s") % {"names": "; ".join(who)} if who else ""


def short_uid(uid: str) -> str:
    """Return a UID's two ends, which is what people compare."""
    return uid if len(uid) <= 24 else f"{uid[:12].rstrip('.')}…{uid[-8:]}"


def _set_at(story: Story, status: str) -> datetime | None:
    """Return when a person, or a device, last set the step to a state."""
    found = [
        event.at
        for event in story.audits
        if event.target == "exam" and event.detail.get("status") == status
    ]
    return found[-1] if found else None
