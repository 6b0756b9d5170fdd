"""The exam page's first sentence: shown to the device, in progress, safe in the archive?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.looks import look_of
from portal.models import RemoteAE
from portal.pulse import clock
from worklist.models import ScheduledProcedureStep
from worklist.selectors.clearance import Clearance
from worklist.selectors.explaining import explain
from worklist.selectors.performing import images_reported, performed_last, performed_now
from worklist.selectors.queries import last_query
from worklist.views.rows import place_of
from worklist.wording.clearance import clearance_told
from worklist.wording.explanations import told
from worklist.wording.story import why_address

Status = ScheduledProcedureStep.Status


@dataclass(frozen=True)
class Verdict:
    """A sentence a person can act on, and the evidence behind it."""

    tone: str
    icon: str
    sentence: str
    detail: str = ""
    why: str = ""  # where the evidence is: the page on this exam and that device


def verdict_of(
    step: ScheduledProcedureStep,
    *,
    devices: Sequence[RemoteAE],
    judged: Callable[[], Clearance],
) -> Verdict:
    """Answer the page's question first (ui.md 1.1); `devices` are those that the exam is for."""
    if step.status in (Status.COMPLETED, Status.DISCONTINUED):
        return _over(step, judged())
    if not step.is_open:
        return _called_off(step)
    if step.status == Status.STARTED:
        return _in_progress(step)
    sightings = list(step.sightings.all())
    if not sightings:
        return _not_shown(step, devices)
    last = sightings[0]
    sentence = _("Shown to %(device)s at %(first)s, last at %(last)s.") % {
        "device": last.device.ae_title,
        "first": clock(last.first_at),
        "last": clock(last.last_at),
    }
    if last.first_at == last.last_at:
        sentence = _("Shown to %(device)s at %(first)s.") % {
            "device": last.device.ae_title,
            "first": clock(last.first_at),
        }
    if step.updated_at > last.last_at:
        detail = _(
            "It was changed at %(time)s, after that: the device gets the change when it asks again."
        ) % {"time": clock(step.updated_at)}
        return Verdict("info", "eye", sentence, detail, why_address(step, last.device))
    return Verdict("ok", "eye-check", sentence, why=why_address(step, last.device))


def _in_progress(step: ScheduledProcedureStep) -> Verdict:
    """Say what is happening since when, by the devices' own reports."""
    performed = performed_now(step)
    ended = None if performed else performed_last(step)
    if ended is not None:
        sentence = _("Set back to in progress. %(device)s has reported that it ended.")
        return Verdict(
            "live",
            "activity",
            sentence % {"device": ended.device.ae_title},
            _("It ends when a device reports so, or when somebody marks it as completed."),
        )
    if not performed:
        return Verdict(
            "live",
            "activity",
            _("Marked as in progress. No device has reported that it began."),
            _("It ends when a device reports so, or when somebody marks it as completed."),
        )
    sentence = " ".join(
        _("In progress on %(device)s since %(time)s.")
        % {"device": one.device.ae_title, "time": clock(one.created_at)}
        for one in performed
    )
    return Verdict("live", "activity", sentence, _so_far(step))


def _so_far(step: ScheduledProcedureStep) -> str:
    count = images_reported(step)
    if not count:
        return _("No image has been reported so far.")
    words = ngettext("%(n)d image reported so far.", "%(n)d images reported so far.", count)
    return words % {"n": count}


def _over(step: ScheduledProcedureStep, judged: Clearance) -> Verdict:
    """Say whether the images are safe: the department's question once the exam is done."""
    found = clearance_told(judged)
    reason = _("Reason: %(reason)s") % {"reason": step.status_reason} if step.status_reason else ""
    detail = " ".join(filter(None, (found.detail, reason)))
    return Verdict(found.tone, found.icon, found.sentence, detail)


def _called_off(step: ScheduledProcedureStep) -> Verdict:
    look = look_of("step", step.status)
    sentence = _("%(status)s. Devices are not shown this exam any more.") % {"status": look.label}
    detail = _("Reason: %(reason)s") % {"reason": step.status_reason} if step.status_reason else ""
    return Verdict(look.tone, look.icon, sentence, detail)


def _not_shown(step: ScheduledProcedureStep, devices: Sequence[RemoteAE]) -> Verdict:
    if not devices:
        sentence = _("Not shown to any device yet: no device on the allow-list is %(place)s.")
        return Verdict(
            "warn",
            "eye-off",
            sentence % {"place": place_of(step)},
            _("An administrator adds it under Devices; until then its questions are refused."),
        )
    asked = [one for one in devices if one.last_asked_at]
    if not asked:
        sentence = _("Not shown to any device yet: %(device)s has never asked for its worklist.")
        sentence %= {"device": devices[0].ae_title}
        return Verdict("warn", "eye-off", sentence, why=why_address(step, devices[0]))
    last = max(asked, key=lambda one: (one.last_asked_at, one.ae_title))
    return _left_out(step, last)


def _left_out(step: ScheduledProcedureStep, device: RemoteAE) -> Verdict:
    """Say why the device that asked last was not shown the exam."""
    asked_at, why = device.last_asked_at, why_address(step, device)
    values = {"device": device.ae_title, "time": clock(asked_at) if asked_at else ""}
    if asked_at and asked_at < step.updated_at:
        sentence = _("Not shown to any device yet: %(device)s has not asked since %(time)s.")
        return Verdict("neutral", "eye-off", sentence % values, why=why)
    query = last_query(device_id=device.pk)
    if query is not None:
        found = told(explain(step=step, device=device, query=query))
        return Verdict("warn", "eye-off", found.sentence, found.detail, why)
    sentence = _("Not shown: %(device)s asked at %(time)s, but not for exams like this one.")
    detail = _("Look at the date, modality and station that the device asks for.")
    return Verdict("warn", "eye-off", sentence % values, detail, why)
