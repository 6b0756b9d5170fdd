"""An exam's course in words: who ordered, moved, arrived; which devices were shown it."""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.dates import parse_date
from portal.looks import look_of
from portal.models import AuditEvent, RemoteAE
from portal.pulse import clock, stamp
from portal.types import Link, Stage, TimelineEntry
from worklist.models import ScheduledProcedureStep, StepSighting
from worklist.selectors.story import Story

Status = ScheduledProcedureStep.Status
PERFORMED = (Status.STARTED, Status.COMPLETED, Status.DISCONTINUED)
# What is told by its own rows is told again only under "everything".
_OWN_ROWS = ("performed step", "case", "commitment")


def why_address(step: ScheduledProcedureStep, device: RemoteAE) -> str:
    """Return where it is told why this device is, or is not, shown this exam."""
    return f"{reverse('worklist:why', args=[device.pk])}?exam={step.pk}"


def entries(story: Story) -> Iterator[TimelineEntry]:
    """Tell what people and devices did with the order, and who was shown it."""
    if not any(event.target == "order" or event.action == "import" for event in story.audits):
        yield _ordered(story)
    for event in story.audits:
        yield _told(event, story)
    for sighting in story.step.sightings.all():
        yield from _shown(sighting, story)


def stages(story: Story) -> Iterator[Stage]:
    """Say whether it was ordered, shown, and whether the patient is there."""
    request = story.step.requested_procedure.service_request
    note = stamp(request.created_at)
    if request.created_by:
        note = _("%(time)s by %(name)s") % {"time": note, "name": request.created_by}
    yield Stage("ordered", _("Ordered"), "file-check", 10, note, "ok")
    seen = list(story.step.sightings.all())
    if seen:
        first = min(seen, key=lambda one: one.first_at)
        label = _("Shown to %(device)s") % {"device": first.device.ae_title}
        yield Stage("shown", label, "eye-check", 20, stamp(first.first_at), "ok")
    elif story.step.is_open:
        yield Stage("shown", _("Shown to a device"), "eye-off", 20)
    arrived = next((one for one in story.audits if _sets(one, Status.ARRIVED)), None)
    waits = story.step.status in (Status.SCHEDULED, Status.ARRIVED, Status.READY)
    if arrived and story.step.status != Status.SCHEDULED:
        yield Stage("arrived", _("Arrived"), "door-enter", 30, stamp(arrived.at), "ok")
    elif waits:
        yield Stage("arrived", _("Arrived"), "door-enter", 30)
    yield from _ended_early(story)


def said_by(event: AuditEvent) -> str:
    """Say who, and why when a reason was given."""
    sentences = {
        "user": _("By %(name)s."),
        "device": _("Reported by %(name)s."),
        "command": _("By the command “%(name)s” on the host."),
    }
    sentence = sentences.get(event.actor_kind, "%(name)s.") % {"name": event.actor}
    reason = event.detail.get("reason") or event.detail.get("overbooked")
    return f"{sentence} “{reason}”" if reason else sentence


def _sets(event: AuditEvent, status: str) -> bool:
    return event.action == "status" and event.detail.get("status") == status


def _ended_early(story: Story) -> Iterator[Stage]:
    """Say that the exam was called off, by whom and when."""
    if story.step.status in (Status.CANCELED, Status.NO_SHOW):
        look = look_of("step", story.step.status)
        found = [one for one in story.audits if _sets(one, story.step.status)]
        note = stamp(found[-1].at) if found else story.step.status_reason
        yield Stage("over", str(look.label), look.icon, 40, note, look.tone)


def _ordered(story: Story) -> TimelineEntry:
    """Tell of an order without an audit row: a batch that was imported has but one."""
    request = story.step.requested_procedure.service_request
    by = _("By %(name)s.") % {"name": request.created_by} if request.created_by else ""
    return TimelineEntry(request.created_at, _("Ordered"), by, icon="file-check", kind="ordered")


def _told(event: AuditEvent, story: Story) -> TimelineEntry:
    """Put an audit row into words; an unknown action keeps its own name."""
    tell = _other if event.target in _OWN_ROWS else _TELLERS.get(event.action, _other)
    title, tone, icon = tell(event)
    is_main = event.target not in _OWN_ROWS
    if event.action == "status" and event.detail.get("status") in PERFORMED:
        # The performed step, told by its messages, says the same and more.
        is_main = event.detail.get("performed") not in {one.pk for one in story.performed}
    return TimelineEntry(
        event.at,
        title,
        said_by(event),
        tone=tone,
        icon=icon,
        kind="ordered" if event.target == "order" else event.action,
        is_main=is_main,
        rank=2 if _goes_back(event) else 0,  # after what it follows from
    )


def _goes_back(event: AuditEvent) -> bool:
    """Say whether the exam went back to where it was before a device began it."""
    is_following = event.action == "status" and "performed" in event.detail
    return is_following and event.detail.get("status") not in PERFORMED


def _shown(sighting: StepSighting, story: Story) -> Iterator[TimelineEntry]:
    device = sighting.device
    last = ""
    if sighting.last_at != sighting.first_at:
        last = _("Last shown at %(time)s.") % {"time": clock(sighting.last_at)}
    why = Link(why_address(story.step, device), _("Key by key"))
    yield TimelineEntry(
        sighting.first_at,
        _("Shown to %(device)s") % {"device": device.ae_title},
        last,
        tone="info",
        icon="eye",
        kind="shown",
        links=(*_asked(sighting, sighting.first_at, _("Its question"), story), why),
    )
    if last:
        yield TimelineEntry(
            sighting.last_at,
            _("Shown to %(device)s, the last time so far") % {"device": device.ae_title},
            icon="eye",
            kind="shown",
            is_main=False,
            links=_asked(sighting, sighting.last_at, _("Its question"), story),
        )


def _asked(sighting: StepSighting, at: Any, words: str, story: Story) -> tuple[Link, ...]:
    """Return the link to the recorded question; none when it is past keeping."""
    query_id = story.queries.get((sighting.device_id, at))
    return (Link(reverse("worklist:query", args=[query_id]), words),) if query_id else ()


def _status(event: AuditEvent) -> tuple[str, str, str]:
    look = look_of("step", event.detail.get("status", ""))
    if _goes_back(event):
        return _("Back to “%(status)s”") % {"status": look.label}, "neutral", "arrow-back-up"
    return str(look.label), look.tone, look.icon


def _undo(event: AuditEvent) -> tuple[str, str, str]:
    look = look_of("step", event.detail.get("status", ""))
    title = _("Taken back to “%(status)s”") % {"status": look.label}
    return title, "neutral", "arrow-back-up"


def _move(event: AuditEvent) -> tuple[str, str, str]:
    before = event.detail.get("before", {})
    title = _("Moved from %(before)s to %(after)s") % {
        "before": _when(before),
        "after": _when(event.detail),
    }
    if _when(before) == _when(event.detail):
        title = _("Moved to another device, %(after)s") % {"after": _when(event.detail)}
    return title, "neutral", "arrows-move"


def _create(event: AuditEvent) -> tuple[str, str, str]:
    return _("Ordered"), "neutral", "file-check"


def _import(event: AuditEvent) -> tuple[str, str, str]:
    return _("Imported"), "neutral", "file-import"


def _other(event: AuditEvent) -> tuple[str, str, str]:
    titles = {
        "update": _("Changed"),
        "ask": _("Archive asked at a person's wish"),
        "accept loss": _("Loss accepted"),
        "take loss back": _("Accepted loss taken back"),
        "link": _("Linked to an exam"),
        "unlink": _("Unlinked from an exam"),
        "new-order": _("Given an order of its own"),
        "wrong-patient": _("Said to be of another patient"),
        "close": _("Closed by a person"),
        "end": _("Ended for the device"),
        "later": _("Put off"),
        "undo": _("Decision taken back"),
    }
    words = event.action.replace("-", " ").replace("_", " ").capitalize()
    return titles.get(event.action, words), "neutral", "pencil"


def _when(detail: dict[str, Any]) -> str:
    """Return a booked time from an audit row: the time, with its day."""
    day, time = detail.get("date", ""), detail.get("time", "None")
    try:
        words = f"{parse_date(day):%d %b}"
    except ValueError:
        words = day
    return words if time == "None" else f"{words} {time[:5]}"


_TELLERS: dict[str, Callable[[AuditEvent], tuple[str, str, str]]] = {
    "status": _status,
    "undo": _undo,
    "move": _move,
    "create": _create,
    "import": _import,
}
