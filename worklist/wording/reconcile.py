"""A case to reconcile in words: what it is about, every line of the comparison, every decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.names import group_text
from portal.pulse import stamp
from worklist.models import PatientSex, ReconcileCase
from worklist.types.reconcile import Field, Line, Ordered, Reported, Verdict

LABELS: dict[Field, str | Promise] = {
    Field.NAME: gettext_lazy("Name"),
    Field.BIRTH_DATE: gettext_lazy("Birth date"),
    Field.SEX: gettext_lazy("Sex"),
    Field.PATIENT_ID: gettext_lazy("Patient ID"),
    Field.ISSUER: gettext_lazy("Issuer"),
    Field.ACCESSION: gettext_lazy("Accession"),
    Field.PROCEDURE: gettext_lazy("Procedure"),
    Field.MODALITY: gettext_lazy("Modality"),
    Field.DEVICE: gettext_lazy("Device"),
    Field.TIME: gettext_lazy("Time"),
    Field.STUDY: gettext_lazy("Study UID"),
}
# Within a sentence: "ID, birth date and sex fit".
SPOKEN: dict[Field, str | Promise] = {
    Field.NAME: gettext_lazy("name"),
    Field.BIRTH_DATE: gettext_lazy("birth date"),
    Field.SEX: gettext_lazy("sex"),
    Field.PATIENT_ID: gettext_lazy("ID"),
    Field.ISSUER: gettext_lazy("issuer"),
    Field.ACCESSION: gettext_lazy("accession number"),
    Field.PROCEDURE: gettext_lazy("protocol"),
    Field.MODALITY: gettext_lazy("modality"),
    Field.DEVICE: gettext_lazy("device"),
    Field.TIME: gettext_lazy("time"),
    Field.STUDY: gettext_lazy("Study UID"),
}
# What decides comes first when the reasons are told.
TOLD_FIRST = (
    Field.PATIENT_ID,
    Field.NAME,
    Field.BIRTH_DATE,
    Field.SEX,
    Field.ACCESSION,
    Field.STUDY,
    Field.PROCEDURE,
    Field.DEVICE,
)
VERDICTS: dict[Verdict, str | Promise] = {
    Verdict.SAME: gettext_lazy("Same"),
    Verdict.SPACES: gettext_lazy("Same, spaces aside"),
    Verdict.SPELLING: gettext_lazy("Case, accents or apostrophe only"),
    Verdict.PARTLY: gettext_lazy("Fits in part"),
    Verdict.ORDER: gettext_lazy("Same names in another order"),
    Verdict.NOT_ORDERED: gettext_lazy("The order does not say"),
    Verdict.NEITHER: gettext_lazy("Neither says"),
    Verdict.DIFFERS: gettext_lazy("Differs"),
}
LATE = 60  # minutes; more stands out
MONO = frozenset({Field.NAME, Field.PATIENT_ID, Field.STUDY})
UID_SHOWN = 16


@dataclass(frozen=True)
class CompareRow:
    """A line of the comparison as the page shows it."""

    label: str
    reported: str
    ordered: str
    verdict: str
    shade: str  # class of the two cells: nothing, diff or bad
    tone: str
    icon: str
    is_mono: bool = False
    reported_whole: str = ""  # where the cell shows a part only
    ordered_whole: str = ""


def compare_rows(
    lines: Iterable[Line], *, reported: Reported, ordered: Ordered
) -> list[CompareRow]:
    """Put a comparison into words."""
    return [_row(line, reported, ordered) for line in lines]


def _row(line: Line, reported: Reported, ordered: Ordered) -> CompareRow:
    shade, tone, icon = _look(line)
    told, asked = reported_text(line.field, reported), ordered_text(line.field, ordered)
    is_uid = line.field is Field.STUDY
    return CompareRow(
        label=str(LABELS[line.field]),
        reported=_end(told) if is_uid else told,
        ordered=_end(asked) if is_uid else asked,
        verdict=verdict_text(line, reported, ordered),
        shade=shade,
        tone=tone,
        icon=icon,
        is_mono=line.field in MONO,
        reported_whole=told if is_uid else "",
        ordered_whole=asked if is_uid else "",
    )


def _look(line: Line) -> tuple[str, str, str]:
    if line.field is Field.STUDY and not line.fits:
        return "diff", "warn", "arrows-diff"
    if line.verdict is Verdict.NEITHER:
        return "", "neutral", "minus"
    if line.verdict is Verdict.DIFFERS:
        return "bad", "bad", "alert-triangle"
    if line.verdict in (Verdict.EARLIER, Verdict.LATER):
        return ("bad", "bad", "alert-triangle") if line.minutes >= LATE else ("", "ok", "check")
    if line.fits and line.verdict is not Verdict.SPELLING:
        return "", "ok", "check"
    return "diff", "warn", "arrows-diff"


def verdict_text(line: Line, reported: Reported, ordered: Ordered) -> str:
    """Say how two values compare."""
    if line.field is Field.STUDY and line.verdict is Verdict.DIFFERS:
        return _("Images keep the one from %(device)s") % {"device": reported.device}
    if line.verdict is Verdict.NOT_SENT:
        if line.field is Field.ACCESSION:
            return _("Not sent: probably typed at the console, not chosen from the list")
        return _("Not sent by %(device)s") % {"device": reported.device}
    if line.verdict is Verdict.PROTOCOL:
        return _("Same protocol, %(code)s") % {"code": reported.code_value}
    if line.field is Field.TIME and line.verdict is Verdict.SAME:
        return _("As booked")
    if line.field is Field.DEVICE and not ordered.station_ae_titles and line.fits:
        return _("Any %(modality)s device was booked") % {"modality": ordered.modality}
    sentences = {
        Verdict.EARLIER: _("%(time)s before it was booked"),
        Verdict.LATER: _("%(time)s after it was booked"),
    }
    if line.verdict in sentences:
        return sentences[line.verdict] % {"time": span(line.minutes)}
    return str(VERDICTS[line.verdict])


def span(minutes: int) -> str:
    """Return a stretch of time: minutes, hours and minutes, days."""
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < 24 * 60 and not minutes % 60:
        return _("%(hours)d h") % {"hours": minutes // 60}
    if minutes < 24 * 60:
        return _("%(hours)d h %(minutes)d min") % {
            "hours": minutes // 60,
            "minutes": minutes % 60,
        }
    days = round(minutes / (24 * 60))
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def reported_text(field: Field, reported: Reported) -> str:
    """Return what the scanner said, as it said it; empty when it did not."""
    texts = {
        Field.NAME: reported.patient_name,
        Field.BIRTH_DATE: day_text(reported.birth_date),
        Field.SEX: sex_text(reported.sex),
        Field.PATIENT_ID: reported.patient_id,
        Field.ISSUER: reported.issuer,
        Field.ACCESSION: ", ".join(reported.accessions),
        Field.PROCEDURE: reported.description or ", ".join(reported.protocols),
        Field.MODALITY: reported.modality,
        Field.DEVICE: reported.station_ae_title or reported.device,
        Field.TIME: done_text(reported),
        Field.STUDY: reported.study_instance_uid,
    }
    return texts[field]


def ordered_text(field: Field, ordered: Ordered) -> str:
    """Return what the order says."""
    names = [group_text(group) for group in ordered.patient_name.split("=")]
    texts = {
        Field.NAME: " · ".join(name for name in names if name),
        Field.BIRTH_DATE: day_text(ordered.birth_date),
        Field.SEX: sex_text(ordered.sex),
        Field.PATIENT_ID: ordered.patient_id,
        Field.ISSUER: ordered.issuer,
        Field.ACCESSION: ordered.accession,
        Field.PROCEDURE: ordered.descriptions[0] if ordered.descriptions else "",
        Field.MODALITY: ordered.modality,
        Field.DEVICE: ordered.station or ", ".join(ordered.station_ae_titles),
        Field.TIME: booked_text(ordered),
        Field.STUDY: ordered.study,
    }
    return texts[field]


def done_text(reported: Reported) -> str:
    """Say when it was done: from, to, and on which day unless that is the day of the case."""
    if reported.start_date is None:
        return ""
    begun = moment_text(reported.start_date, reported.start_time)
    if reported.end_time is None or reported.end_time == reported.start_time:
        return begun
    return f"{begun}–{reported.end_time:%H:%M}"


def booked_text(ordered: Ordered) -> str:
    """Say when it was booked."""
    return moment_text(ordered.start_date, ordered.start_time) if ordered.start_date else ""


def day_text(day: date | None) -> str:
    """Return a day with its month in letters; a year before 1000 too."""
    return date_format(day, "j M Y") if day else ""


def sex_text(sex: str) -> str:
    """Return a sex in words; what is none of ours stays as it was sent."""
    return str(dict(PatientSex.choices).get(sex, sex))


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: "ID, birth date and sex"."""
    told = list(words)
    if len(told) < 2:
        return "".join(told)
    return _("%(several)s and %(last)s") % {"several": ", ".join(told[:-1]), "last": told[-1]}


def when_text(case: ReconcileCase, reported: Reported) -> str:
    """Return when it was done, or else when we were told, for the heads of lists."""
    if reported.start_date is None or reported.start_time is None:
        return stamp(reported.told_at or case.opened_at)
    return moment_text(reported.start_date, reported.start_time)


def moment_text(day: date | None, at: time | None) -> str:
    """Return a device's own moment; the day only when it is not today."""
    if day is None:
        return ""
    is_today = day == timezone.localdate()
    if at is None:
        return day_text(day)
    return f"{at:%H:%M}" if is_today else f"{day_text(day)}, {at:%H:%M}"


def _end(uid: str) -> str:
    """Return the end of a UID: where two of them differ."""
    return uid if len(uid) <= UID_SHOWN else f"…{uid[-UID_SHOWN:]}"
