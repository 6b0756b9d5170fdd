"""The exam page's first sentence: has the device been shown this exam, and if not, why not."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils.translation import gettext as _

from portal.looks import look_of
from portal.pulse import clock
from worklist.models import ScheduledProcedureStep
from worklist.selectors.devices import devices_for
from worklist.views.rows import place_of


@dataclass(frozen=True)
class Verdict:
    """A sentence a person can act on, and the evidence behind it."""

    tone: str
    icon: str
    sentence: str
    detail: str = ""


def verdict_of(
    step: ScheduledProcedureStep, *, visible_to: AbstractBaseUser | AnonymousUser
) -> Verdict:
    """Answer the page's question first (ui.md 1.1)."""
    if not step.is_open:
        return _over(step)
    sightings = list(step.sightings.all())
    if not sightings:
        return _not_shown(step, visible_to)
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
        return Verdict("info", "eye", sentence, detail)
    return Verdict("ok", "eye-check", sentence)


def _over(step: ScheduledProcedureStep) -> Verdict:
    look = look_of("step", step.status)
    sentence = _("%(status)s. Devices are not shown this exam any more.") % {"status": look.label}
    detail = _("Reason: %(reason)s") % {"reason": step.status_reason} if step.status_reason else ""
    return Verdict(look.tone, look.icon, sentence, detail)


def _not_shown(
    step: ScheduledProcedureStep, visible_to: AbstractBaseUser | AnonymousUser
) -> Verdict:
    devices = devices_for(step=step, visible_to=visible_to)
    if not devices:
        sentence = _("Not shown to any device yet: no device on the allow-list is %(place)s.")
        return Verdict(
            "warn",
            "eye-off",
            sentence % {"place": place_of(step)},
            _("An administrator adds it under Devices; until then its questions are refused."),
        )
    asked = [(one.last_asked_at, one.ae_title) for one in devices if one.last_asked_at]
    if not asked:
        sentence = _("Not shown to any device yet: %(device)s has never asked for its worklist.")
        return Verdict("warn", "eye-off", sentence % {"device": devices[0].ae_title})
    asked_at, ae_title = max(asked)
    values = {"device": ae_title, "time": clock(asked_at)}
    if asked_at < step.updated_at:
        sentence = _("Not shown to any device yet: %(device)s has not asked since %(time)s.")
        return Verdict("neutral", "eye-off", sentence % values)
    sentence = _("Not shown: %(device)s asked at %(time)s, but not for exams like this one.")
    return Verdict(
        "warn",
        "eye-off",
        sentence % values,
        _("Look at the date, modality and station that the device asks for."),
    )
