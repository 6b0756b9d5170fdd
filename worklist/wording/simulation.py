"""The simulated department in words: what was sent, what was answered, what the archive does."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from worklist.dicom.simulator.faults import REASONS, Faults, Reaction
from worklist.dicom.simulator.journal import Line
from worklist.dicom.simulator.scanner import Said

FLAVOURS: dict[str, str | Promise] = {
    "listed": gettext_lazy("as listed"),
    "wrong-patient": gettext_lazy("with a wrong patient ID"),
    "no-mpps": gettext_lazy("without MPPS: images only"),
}
DISCONTINUED: dict[str, str | Promise] = {
    "110513": gettext_lazy("No reason given"),
    "110501": gettext_lazy("Equipment failure"),
    "110505": gettext_lazy("Patient refused to continue"),
    "110515": gettext_lazy("Patient’s condition"),
    "110514": gettext_lazy("Wrong worklist entry chosen"),
}
REACTIONS: dict[str, str | Promise] = {
    Reaction.REPORTS: gettext_lazy("reports, as it should"),
    Reaction.SILENT: gettext_lazy("accepts and never reports"),
    Reaction.REFUSES: gettext_lazy("refuses the request"),
    Reaction.ABORTS: gettext_lazy("breaks the association off"),
    Reaction.TWICE: gettext_lazy("reports twice"),
}
REASON_LABELS: dict[int, str | Promise] = {
    0: gettext_lazy("the truth"),
    0x0110: gettext_lazy("nothing kept: processing failure"),
    0x0112: gettext_lazy("nothing kept: no such image"),
    0x0119: gettext_lazy("nothing kept: class conflict"),
    0x0213: gettext_lazy("nothing kept: no room"),
    0xC001: gettext_lazy("nothing kept: a reason of its own"),
}
SERVICES: dict[str, str] = {
    "stored": "C-STORE",
    "action": "N-ACTION",
    "report": "N-EVENT-REPORT",
    "told": "N-EVENT-REPORT",
    "notice": "N-CREATE",
}


@dataclass(frozen=True)
class Told:
    """One message for the list: who said what to whom, what was answered, in words and hex."""

    at: datetime
    sender: str
    receiver: str
    verb: str
    words: str
    answer: str  # the status as the standard writes it; empty: no answer
    tone: str
    study: str = ""


def said_told(at: datetime, sender: str, receiver: str, said: Said) -> Told:
    """Return a console's message in words."""
    words = _said_words(said, receiver) if said.is_taken else _trouble(said)
    tone = "ok" if said.is_ok else "warn" if said.is_taken else "bad"
    return Told(at, sender, receiver, said.verb, words, _hex(said.status), tone)


def line_told(line: Line, archive: str) -> Told:
    """Return a line of the archive's journal, or of a scanner's own port, in words."""
    is_sent = line.kind in {"report", "notice"}
    is_scanner = line.kind == "told"
    sender, receiver = (archive, line.peer) if is_sent or is_scanner else (line.peer, archive)
    is_well = line.status == 0 and not line.other
    tone = "ok" if is_well else "bad" if line.status else "warn"
    return Told(
        datetime.fromisoformat(line.at),
        _("the portal") if is_scanner else sender,
        receiver,
        SERVICES.get(line.kind, line.kind),
        _line_words(line),
        _hex(line.status),
        tone,
        line.study,
    )


def _hex(status: int | None) -> str:
    return "" if status is None else f"{status:04X}H"


def _said_words(said: Said, receiver: str) -> str:
    count = said.count
    if said.verb == "C-FIND":
        return ngettext("%(n)s exam listed", "%(n)s exams listed", count) % {"n": count}
    if said.verb == "C-STORE":
        words = ngettext("%(n)s image sent, all accepted", "%(n)s images sent, all accepted", count)
        return words % {"n": count}
    if said.verb == "N-ACTION":
        words = ngettext(
            "commitment asked for %(n)s image", "commitment asked for %(n)s images", count
        )
        return words % {"n": count}
    begun, ended = _("the exam has begun"), _("the exam has ended")
    return begun if said.verb == "N-CREATE" else ended


def _trouble(said: Said) -> str:
    if said.status is None:
        return said.words or _("no answer")
    return _("refused: %(why)s") % {"why": said.words or _("no comment was sent")}


def _line_words(line: Line) -> str:
    numbers = {"n": line.count, "m": line.other, "all": line.count + line.other}
    if line.kind == "stored":
        kept = ngettext("%(n)s image kept", "%(n)s images kept", line.count) % numbers
        return f"{kept}, {_('%(m)s lost') % numbers}" if line.other else kept
    if line.kind == "action":
        asked = ngettext("asks for %(n)s image", "asks for %(n)s images", line.count) % numbers
        if line.status is None:
            return _("broken off by the archive")
        return asked if line.status == 0 else f"{asked}, {_('refused by the archive')}"
    if line.kind in {"report", "told"}:
        words = _("%(n)s of %(all)s confirmed") % numbers
        return words if line.status is not None else f"{words}; {line.note or _('no answer')}"
    words = ngettext(
        "says that %(n)s image is there", "says that %(n)s images are there", line.count
    )
    return words % numbers if line.status is not None else f"{words % numbers}; {line.note}"


def faults_words(faults: Faults) -> list[str]:
    """Return what is wrong with the archive, one sentence each; none: nothing is."""
    words = []
    if faults.lost:
        words.append(
            ngettext(
                "Of each exam it loses %(n)s image.",
                "Of each exam it loses %(n)s images.",
                faults.lost,
            )
            % {"n": faults.lost}
        )
    if faults.reaction != Reaction.REPORTS:
        label = REACTIONS.get(faults.reaction, faults.reaction)
        words.append(_("Asked for commitment, it %(does)s.") % {"does": label})
    if faults.late_s:
        words.append(_("It reports %(n)s s late.") % {"n": f"{faults.late_s:g}"})
    if faults.reason:
        words.append(_("It reports: %(what)s.") % {"what": REASON_LABELS[faults.reason]})
    if faults.is_same_association:
        words.append(_("It reports on the association of the request."))
    return words


REASON_CHOICES = [(code, REASON_LABELS[code], _hex(code) if code else "") for code in (0, *REASONS)]
