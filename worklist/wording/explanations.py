"""Why an exam is (not) on a device's worklist, in sentences for page, shell and API."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.models import Knock
from portal.pulse import clock
from portal.types import KnockReason
from worklist.selectors.explaining import Cause, Explanation
from worklist.wording.keys import START_DATE, STATION, day_words, state_words
from worklist.wording.queries import label_of


@dataclass(frozen=True)
class Told:
    """An explanation for the eye: one sentence, what else helps, and how it looks."""

    sentence: str
    detail: str
    tone: str
    icon: str


def told(explanation: Explanation) -> Told:
    """Return the explanation in words."""
    looks = {
        Cause.SHOWN: ("ok", "eye-check"),
        Cause.WOULD_SHOW: ("ok", "eye"),
        Cause.ASKED_BEFORE: ("info", "eye"),
        Cause.NOT_OPEN: ("neutral", "eye-off"),
        Cause.NOT_KEPT: ("neutral", "question-mark"),
    }
    tone, icon = looks.get(explanation.cause, ("bad", "eye-off"))
    if explanation.query is None and tone == "ok":
        tone = "warn"
    return Told(sentence_of(explanation), _detail(explanation), tone, icon)


def sentence_of(explanation: Explanation) -> str:
    """Return the one sentence that a person can act on."""
    if explanation.query is None and explanation.is_shown:
        sentence = _(
            "%(device)s has never asked for its worklist. "
            "Asked for everything, it would be shown this exam."
        )
        return sentence % {"device": explanation.device.ae_title}
    if explanation.cause in (Cause.KEY, Cause.KEYS):
        return _keys_sentence(explanation)
    return _SENTENCES[explanation.cause](explanation)


def facts_of(explanation: Explanation) -> list[str]:
    """Return what the allow-list knows and a person should, beside the first sentence."""
    device, query = explanation.device.ae_title, explanation.query
    facts = []
    if query is None and not explanation.is_shown:
        facts.append(_("%(device)s has never asked for its worklist.") % {"device": device})
    if not explanation.device.is_enabled and explanation.cause != Cause.SWITCHED_OFF:
        facts.append(_("%(device)s is switched off: it may not ask.") % {"device": device})
    if explanation.knock:
        facts.append(_turned_away(explanation.knock))
    if explanation.is_stale and explanation.cause != Cause.ASKED_BEFORE:
        sentence = _("This exam was changed at %(time)s, after that question.")
        facts.append(sentence % {"time": clock(explanation.step.updated_at)})
    if explanation.seen_last and explanation.cause != Cause.SHOWN:
        sentence = _("%(device)s was shown this exam at %(first)s, last at %(last)s.")
        first = clock(explanation.seen_first or explanation.seen_last)
        facts.append(
            sentence % {"device": device, "first": first, "last": clock(explanation.seen_last)}
        )
    return facts


def _detail(explanation: Explanation) -> str:
    """Return what follows from the sentence."""
    if explanation.cause == Cause.KEY:
        return _("Everything else fits.")
    if explanation.cause in (Cause.SHOWN, Cause.WOULD_SHOW) and explanation.position:
        sentence = _("As row %(n)d of the answer.")
        return sentence % {"n": explanation.position}
    if explanation.cause == Cause.ROW_CAP:
        return _(
            "The answer ends in a failure (A700H), so that nobody takes it for the whole list."
        )
    policies = (Cause.STATUSES, Cause.OWN_STATION, Cause.DATE_WINDOW, Cause.FOREIGN_STATION)
    if explanation.cause in policies and explanation.device.profile:
        sentence = _("Its device profile “%(profile)s” says so.")
        return sentence % {"profile": explanation.device.profile.name}
    return ""


def _keys_sentence(explanation: Explanation) -> str:
    keys = explanation.excluding
    values = {"device": explanation.device.ae_title, "time": _asked(explanation)}
    if len(keys) > 1:
        labels = ", ".join(label_of(one.name) for one in keys)
        return _("%(device)s asked at %(time)s for other exams. These do not fit: %(keys)s.") % {
            **values,
            "keys": labels,
        }
    (key,) = keys
    values |= {"given": key.given.replace("\\", ", "), "has": key.has.replace("\\", ", ")}
    if key.name == START_DATE:
        sentence = _("%(device)s asked at %(time)s for %(given)s only; this exam is on %(has)s.")
    elif key.name == STATION and key.has:
        sentence = _(
            "%(device)s asked at %(time)s for station “%(given)s”, "
            "but this exam is booked on “%(has)s”."
        )
    elif key.name == STATION:
        sentence = _(
            "%(device)s asked at %(time)s for station “%(given)s”; "
            "this exam is booked on no station."
        )
    elif key.name == "Modality":
        sentence = _("%(device)s asked at %(time)s for modality %(given)s; this exam is %(has)s.")
    elif key.has:
        sentence = _(
            "%(device)s asked at %(time)s for %(label)s “%(given)s”; this exam has “%(has)s”."
        )
    else:
        sentence = _("%(device)s asked at %(time)s for %(label)s “%(given)s”; this exam has none.")
    return sentence % {**values, "label": label_of(key.name)}


def _turned_away(knock: Knock) -> str:
    sentences = {
        KnockReason.ADDRESS: _(
            "%(device)s was turned away at %(time)s: it may not call from %(address)s."
        ),
        KnockReason.CERTIFICATE: _(
            "%(device)s was turned away at %(time)s: it showed another TLS certificate than its "
            "own, or none."
        ),
    }
    values = {"device": knock.calling_ae_title, "time": clock(knock.last_at)}
    return sentences[KnockReason(knock.reason)] % {**values, "address": knock.address}


def _not_open(explanation: Explanation) -> str:
    sentence = _("This exam is over (%(status)s). Devices are not shown it any more.")
    return sentence % {"status": state_words(explanation.step.status)}


def _switched_off(explanation: Explanation) -> str:
    sentence = _("%(device)s is switched off: its questions are refused before they are read.")
    return sentence % {"device": explanation.device.ae_title}


def _not_kept(explanation: Explanation) -> str:
    return _("The question was too large to be kept, so nobody can say.")


def _refused(explanation: Explanation) -> str:
    sentence = _("%(device)s asked at %(time)s for what makes no sense. %(problem)s")
    return sentence % {
        "device": explanation.device.ae_title,
        "time": _asked(explanation),
        "problem": explanation.problem,
    }


def _foreign_station(explanation: Explanation) -> str:
    asked = [one.given for one in explanation.verdicts if one.name == STATION]
    sentence = _(
        "%(device)s asked at %(time)s for station “%(given)s” of others; "
        "it is shown its own exams only, so the answer is empty."
    )
    return sentence % {
        "device": explanation.device.ae_title,
        "time": _asked(explanation),
        "given": ", ".join(asked),
    }


def _statuses(explanation: Explanation) -> str:
    sentence = _("%(device)s is not shown exams that are “%(status)s”, as this one is.")
    status = state_words(explanation.step.status)
    return sentence % {"device": explanation.device.ae_title, "status": status}


def _own_station(explanation: Explanation) -> str:
    (rule,) = (one for one in explanation.verdicts if one.name == Cause.OWN_STATION)
    sentence = _("%(device)s is shown its own exams only; this one is booked on %(place)s.")
    place = rule.has.replace("\\", ", ") or _("no station, for another modality")
    return sentence % {"device": explanation.device.ae_title, "place": place}


def _date_window(explanation: Explanation) -> str:
    (rule,) = (one for one in explanation.verdicts if one.name == Cause.DATE_WINDOW)
    first, _dash, last = rule.given.partition("-")
    values = {
        "device": explanation.device.ae_title,
        "first": day_words(first),
        "last": day_words(last),
        "day": day_words(rule.has),
    }
    if first and last:
        sentence = _(
            "%(device)s is shown exams from %(first)s to %(last)s; this one is on %(day)s."
        )
    elif first:
        sentence = _("%(device)s is shown exams from %(first)s on; this one is on %(day)s.")
    else:
        sentence = _("%(device)s is shown exams up to %(last)s; this one is on %(day)s.")
    return sentence % values


def _row_cap(explanation: Explanation) -> str:
    (rule,) = (one for one in explanation.verdicts if one.name == Cause.ROW_CAP)
    cap = int(rule.given)
    sentence = ngettext(
        "%(device)s is sent %(cap)d row at most; this exam would be row %(row)s.",
        "%(device)s is sent %(cap)d rows at most; this exam would be row %(row)s.",
        cap,
    )
    row = rule.has or _("1000 or later")
    return sentence % {"device": explanation.device.ae_title, "cap": cap, "row": row}


def _shown(explanation: Explanation) -> str:
    sentence = _("%(device)s was shown this exam at %(time)s.")
    last = explanation.seen_last
    return sentence % {
        "device": explanation.device.ae_title,
        "time": clock(last) if last else _asked(explanation),
    }


def _asked_before(explanation: Explanation) -> str:
    sentence = _(
        "%(device)s asked at %(time)s, before this exam was made or changed at %(changed)s: "
        "it gets it when it asks again."
    )
    return sentence % {
        "device": explanation.device.ae_title,
        "time": _asked(explanation),
        "changed": clock(explanation.step.updated_at),
    }


def _would_show(explanation: Explanation) -> str:
    sentence = _("%(device)s would be shown this exam if it asked as at %(time)s again.")
    values = {"device": explanation.device.ae_title, "time": _asked(explanation)}
    return sentence % values


def _asked(explanation: Explanation) -> str:
    return clock(explanation.query.at) if explanation.query else ""


_SENTENCES = {
    Cause.NOT_OPEN: _not_open,
    Cause.SWITCHED_OFF: _switched_off,
    Cause.NOT_KEPT: _not_kept,
    Cause.REFUSED: _refused,
    Cause.FOREIGN_STATION: _foreign_station,
    Cause.STATUSES: _statuses,
    Cause.OWN_STATION: _own_station,
    Cause.DATE_WINDOW: _date_window,
    Cause.ROW_CAP: _row_cap,
    Cause.SHOWN: _shown,
    Cause.ASKED_BEFORE: _asked_before,
    Cause.WOULD_SHOW: _would_show,
}
