"""What is wrong with a device's questions, in sentences."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.pulse import clock
from worklist.selectors.device_flags import DeviceFlag, FlagKind
from worklist.wording.queries import status_words


@dataclass(frozen=True)
class FlagWords:
    """A flag for the eye: a few words for the row, a sentence, and where to look."""

    flag: DeviceFlag
    label: str
    sentence: str
    tone: str
    icon: str
    address: str


def flag_words(flag: DeviceFlag) -> FlagWords:
    """Put a flag into words."""
    label, sentence = _WORDS[flag.kind](flag)
    tone = "bad" if flag.kind in (FlagKind.GETS_NOTHING, FlagKind.REFUSED) else "warn"
    icon = {
        FlagKind.GETS_NOTHING: "eye-off",
        FlagKind.REFUSED: "alert-octagon",
        FlagKind.HIDES_EXAMS: "eye-off",
        FlagKind.CAPPED: "alert-triangle",
        FlagKind.FOREIGN_STATION: "ban",
    }[flag.kind]
    return FlagWords(flag, label, sentence, tone, icon, _address(flag))


def _address(flag: DeviceFlag) -> str:
    if flag.step_id is None:
        return reverse("worklist:query", args=[flag.query.pk])
    why = reverse("worklist:why", args=[flag.device.pk])
    return f"{why}?exam={flag.step_id}&query={flag.query.pk}"


def _gets_nothing(flag: DeviceFlag) -> tuple[str, str]:
    sentence = _(
        "%(device)s has asked %(n)d times since %(time)s and got nothing, "
        "although exams are booked for it today."
    )
    since = clock(flag.since) if flag.since else ""
    values = {"device": flag.device.ae_title, "n": flag.count, "time": since}
    return _("gets nothing"), sentence % values


def _refused(flag: DeviceFlag) -> tuple[str, str]:
    sentence = _("%(device)s asked at %(time)s and was refused: %(comment)s")
    values = {
        "device": flag.device.ae_title,
        "time": clock(flag.query.at),
        "comment": flag.query.comment or status_words(flag.query.status),
    }
    return _("refused"), sentence % values


def _hides_exams(flag: DeviceFlag) -> tuple[str, str]:
    sentence = ngettext(
        "%(device)s leaves out %(n)d exam that is booked for it today: its filter hides it.",
        "%(device)s leaves out %(n)d exams that are booked for it today: its filter hides them.",
        flag.count,
    )
    label = ngettext("filter hides %(n)d exam", "filter hides %(n)d exams", flag.count)
    values = {"device": flag.device.ae_title, "n": flag.count}
    return label % values, sentence % values


def _capped(flag: DeviceFlag) -> tuple[str, str]:
    sentence = _(
        "%(device)s asked at %(time)s for more than its profile sends: the list was cut at %(n)d."
    )
    values = {"device": flag.device.ae_title, "time": clock(flag.query.at), "n": flag.count}
    return _("list cut"), sentence % values


def _foreign_station(flag: DeviceFlag) -> tuple[str, str]:
    sentence = _(
        "%(device)s asked at %(time)s for station %(station)s, which is not its own: "
        "the answer was empty."
    )
    station = flag.query.keys.get("ScheduledStationAETitle", "")
    values = {"device": flag.device.ae_title, "time": clock(flag.query.at), "station": station}
    return _("asks for others"), sentence % values


_WORDS = {
    FlagKind.GETS_NOTHING: _gets_nothing,
    FlagKind.REFUSED: _refused,
    FlagKind.HIDES_EXAMS: _hides_exams,
    FlagKind.CAPPED: _capped,
    FlagKind.FOREIGN_STATION: _foreign_station,
}
