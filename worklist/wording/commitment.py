"""Storage commitment in words: why an archive did not take an image, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.pulse import clock
from worklist.models import CommittedInstance, InstanceState, StudyCommitment
from worklist.selectors.clearance_evidence import SeriesName

NO_SUCH_INSTANCE = 0x0112
CLOSED = (StudyCommitment.State.COMMITTED, StudyCommitment.State.LOSS_ACCEPTED)
SHOWN = 5  # image numbers in a sentence; the others are counted

# Failure Reason (0008,1197), PS3.3 C.14.1.1: what the archive says, what helps.
REASONS: dict[int, tuple[str | Promise, str | Promise]] = {
    0x0110: (
        gettext_lazy("The archive could not process it"),
        gettext_lazy("Ask again; if it fails again, call the archive team."),
    ),
    NO_SUCH_INSTANCE: (
        gettext_lazy("The archive does not have it"),
        gettext_lazy("Technologist: send it again from %(device)s, then ask again."),
    ),
    0x0119: (
        gettext_lazy("The archive has it as another kind of image"),
        gettext_lazy("Archive team: compare the image; then send it again from %(device)s."),
    ),
    0x0122: (
        gettext_lazy("The archive does not keep images of this kind"),
        gettext_lazy("Archive team: let the archive take this SOP class, or choose another one."),
    ),
    0x0131: (
        gettext_lazy("The archive had been asked under this number before"),
        gettext_lazy("Ask again: it gets a new number."),
    ),
    0x0213: (
        gettext_lazy("The archive has no room or time for it"),
        gettext_lazy("Archive team: make room. Then ask again."),
    ),
}
UNKNOWN = (
    gettext_lazy("The archive gives a reason that the standard does not know"),
    gettext_lazy("Call the archive team with this number."),
)
STATES: dict[str, str | Promise] = {
    InstanceState.EXPECTED: gettext_lazy("Not asked yet"),
    InstanceState.REQUESTED: gettext_lazy("Asked, no answer yet"),
    InstanceState.COMMITTED: gettext_lazy("The archive keeps it"),
    InstanceState.UNANSWERED: gettext_lazy("Asked, and not answered in time"),
}


@dataclass(frozen=True)
class ReasonTold:
    """A failure reason for people: what the archive says, the number, what helps."""

    says: str
    code: str
    advice: str


@dataclass(frozen=True)
class InstanceRow:
    """An image as lists show it."""

    instance: CommittedInstance
    series: SeriesName | None
    says: str
    code: str
    advice: str

    @property
    def label(self) -> str:
        """Its number as the scanner named it; the end of its UID where it named none."""
        if self.instance.number:
            return str(self.instance.number)
        return f"…{self.instance.sop_instance_uid[-8:]}"


def reason_told(reason: int | None, *, device: str = "") -> ReasonTold:
    """Return a failure reason in words."""
    if reason is None:
        return ReasonTold(_("The archive gives no reason"), "", _("Call the archive team."))
    says, advice = REASONS.get(reason, UNKNOWN)
    values = {"device": device or _("the scanner")}
    return ReasonTold(str(says), f"{reason:04X}H", str(advice) % values)


def instance_rows(
    instances: Iterable[CommittedInstance], series: dict[str, SeriesName], *, device: str
) -> list[InstanceRow]:
    """Return images with what the archive says of each, and what to do."""
    rows = []
    for one in instances:
        told = ReasonTold(str(STATES.get(one.state, one.state)), "", "")
        if one.state == InstanceState.FAILED:
            told = reason_told(one.reason, device=device)
        name = series.get(one.series_instance_uid)
        rows.append(InstanceRow(one, name, told.says, told.code, told.advice))
    return rows


def series_label(name: SeriesName | None, uid: str) -> str:
    """Return what a person calls a series."""
    if name is None:
        return _("Series …%(end)s") % {"end": uid[-8:]} if uid else _("Series not known")
    if not name.description:
        return _("Series %(number)d") % {"number": name.number}
    return f"{name.number} · {name.description}"


def which(failed: Iterable[CommittedInstance], count: int, series: dict[str, SeriesName]) -> str:
    """Name the first failed images, by series, and count the others."""
    shown = list(failed)[:SHOWN]
    groups: dict[str, list[str]] = {}
    for one in shown:
        label = str(one.number) if one.number else f"…{one.sop_instance_uid[-8:]}"
        groups.setdefault(one.series_instance_uid, []).append(label)
    words = "; ".join(
        _("series %(series)s: %(images)s")
        % {"series": _short(series.get(uid), uid), "images": ", ".join(labels)}
        for uid, labels in groups.items()
    )
    if count > len(shown):
        more = _("and %(n)d more") % {"n": count - len(shown)}
        return f"{words} {more}".strip()
    return words


def _short(name: SeriesName | None, uid: str) -> str:
    return str(name.number) if name else f"…{uid[-8:]}"


def timer_words(commitment: StudyCommitment) -> str:
    """Say what happens next with a study at an archive, and what went wrong last."""
    parts = []
    is_closed = commitment.state in CLOSED
    if commitment.sentence and not is_closed:
        parts.append(commitment.sentence)
    if commitment.state == StudyCommitment.State.LOSS_ACCEPTED:
        said = {"by": commitment.loss_accepted_by, "reason": commitment.loss_reason}
        parts.append(_("%(by)s: “%(reason)s”") % said)
    elif commitment.next_ask_at and not commitment.archive.is_enabled and not is_closed:
        parts.append(switched_off(commitment))
    elif commitment.next_ask_at and not is_closed:
        parts.append(_next_time(commitment, commitment.next_ask_at))
    elif commitment.state == StudyCommitment.State.WAITING and commitment.last_asked_at:
        time = {"time": clock(commitment.last_asked_at)}
        parts.append(_("Asked at %(time)s.") % time)
    elif not is_closed:
        parts.append(_("Not asked again by itself."))
    return " ".join(parts)


def switched_off(commitment: StudyCommitment) -> str:
    """Say that an archive is asked nothing while it is switched off here."""
    sentence = _("%(archive)s is switched off under Devices: it is not asked until it is on again.")
    return sentence % {"archive": commitment.archive.ae_title}


def _next_time(commitment: StudyCommitment, at: datetime) -> str:
    if at <= timezone.now():
        return _("It is asked as soon as the archive has room for it.")
    sentence = _("It is asked at %(time)s.")
    if commitment.attempts or commitment.first_asked_at:
        sentence = _("It is asked again at %(time)s.")
    return sentence % {"time": clock(at)}
