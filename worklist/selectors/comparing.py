"""What a scanner reported beside what was ordered, line by line; no database in here."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time

from worklist import folding
from worklist.types.reconcile import Field, Line, Ordered, Reported, Verdict

ON_TIME = 15  # minutes around a booking that are no news
_WORDS = re.compile(r"[^\w]+")


def compare(reported: Reported, ordered: Ordered) -> tuple[Line, ...]:
    """Return a line for every fact that tells one exam from another."""
    return (
        Line(Field.NAME, compare_names(reported.patient_name, ordered.patient_name)),
        Line(Field.BIRTH_DATE, compare_values(reported.birth_date, ordered.birth_date)),
        Line(Field.SEX, compare_values(reported.sex, ordered.sex)),
        Line(Field.PATIENT_ID, compare_ids([reported.patient_id], ordered.patient_id)),
        Line(Field.ISSUER, compare_ids([reported.issuer], ordered.issuer)),
        Line(Field.ACCESSION, compare_ids(reported.accessions, ordered.accession)),
        Line(Field.PROCEDURE, compare_procedures(reported, ordered)),
        Line(Field.MODALITY, compare_values(reported.modality, ordered.modality)),
        Line(Field.DEVICE, compare_devices(reported, ordered)),
        compare_times(reported, ordered),
        Line(Field.STUDY, compare_ids(reported.studies, ordered.study)),
    )


def compare_names(reported: str, ordered: str) -> Verdict:
    """Compare two PN values; a group that only one of them has says nothing."""
    if not _plain(reported):
        return Verdict.NOT_SENT if _plain(ordered) else Verdict.NEITHER
    if not _plain(ordered):
        return Verdict.NOT_ORDERED
    if reported.rstrip("=^") == ordered.rstrip("=^"):
        return Verdict.SAME
    pairs = zip(_groups(reported), _groups(ordered), strict=True)
    verdicts = [_compare_groups(one, other) for one, other in pairs if one and other]
    return min(verdicts, key=_NAME_ORDER.index, default=Verdict.PARTLY)


# The best group speaks: a Latin spelling may differ where the ideographs are the same.
_NAME_ORDER = [
    Verdict.SAME,
    Verdict.SPACES,
    Verdict.SPELLING,
    Verdict.ORDER,
    Verdict.PARTLY,
    Verdict.DIFFERS,
]


def _compare_groups(reported: str, ordered: str) -> Verdict:
    if reported.rstrip("^ ") == ordered.rstrip("^ "):
        return Verdict.SAME
    one, other = _name_words(reported), _name_words(ordered)
    if one == other:
        return Verdict.SPELLING
    if "".join(one) == "".join(other):
        return Verdict.SPACES if _bare(reported) == _bare(ordered) else Verdict.SPELLING
    if sorted(one) == sorted(other):
        return Verdict.ORDER
    if set(one) <= set(other) or set(other) <= set(one):
        return Verdict.PARTLY
    return Verdict.DIFFERS


def compare_ids(reported: Iterable[str], ordered: str) -> Verdict:
    """Compare an identifier; of several reported ones the one that fits best speaks."""
    sent = [value.strip() for value in reported if value.strip()]
    if not sent:
        return Verdict.NOT_SENT if ordered else Verdict.NEITHER
    if not ordered:
        return Verdict.NOT_ORDERED
    if ordered.strip() in sent:
        return Verdict.SAME
    if folding.fold_id(ordered) in {folding.fold_id(value) for value in sent}:
        return Verdict.SPACES
    return Verdict.DIFFERS


def compare_values(reported: str | date | None, ordered: str | date | None) -> Verdict:
    """Compare what is the same or not."""
    if not reported:
        return Verdict.NOT_SENT if ordered else Verdict.NEITHER
    if not ordered:
        return Verdict.NOT_ORDERED
    return Verdict.SAME if reported == ordered else Verdict.DIFFERS


def compare_procedures(reported: Reported, ordered: Ordered) -> Verdict:
    """Compare by code first, then by words; a protocol in other words is no contradiction."""
    told = [text for text in (reported.description, *reported.protocols) if text]
    if reported.code_value and reported.code_value in ordered.code_values:
        folded = {folding.fold(text) for text in ordered.descriptions}
        is_same = any(folding.fold(text) in folded for text in told)
        return Verdict.SAME if is_same or not told else Verdict.PROTOCOL
    if not told:
        return Verdict.NOT_SENT
    if not any(ordered.descriptions):
        return Verdict.NOT_ORDERED
    folded = {folding.fold(text) for text in ordered.descriptions}
    if any(text in ordered.descriptions for text in told):
        return Verdict.SAME
    if any(folding.fold(text) in folded for text in told):
        return Verdict.SPELLING
    asked = {word for text in ordered.descriptions for word in _words(text)}
    return (
        Verdict.PARTLY
        if asked & {word for text in told for word in _words(text)}
        else (Verdict.DIFFERS)
    )


def compare_devices(reported: Reported, ordered: Ordered) -> Verdict:
    """Compare the station; an exam for any device of its modality fits every one."""
    if not ordered.station_ae_titles:
        return Verdict.SAME if reported.modality == ordered.modality else Verdict.NOT_ORDERED
    told = {reported.station_ae_title, reported.device} - {""}
    if not told:
        return Verdict.NOT_SENT
    return Verdict.SAME if told & {*ordered.station_ae_titles, ordered.station} else Verdict.DIFFERS


def compare_times(reported: Reported, ordered: Ordered) -> Line:
    """Compare when it was done with when it was booked, in minutes."""
    if reported.start_date is None:
        return Line(Field.TIME, Verdict.NOT_SENT)
    if ordered.start_date is None:
        return Line(Field.TIME, Verdict.NOT_ORDERED)
    if reported.start_time is None or ordered.start_time is None:
        days = (reported.start_date - ordered.start_date).days
        return _apart(days * 24 * 60)
    done = _moment(reported.start_date, reported.start_time)
    booked = _moment(ordered.start_date, ordered.start_time)
    return _apart(int((done - booked).total_seconds() // 60))


def _apart(minutes: int) -> Line:
    if abs(minutes) <= ON_TIME:
        return Line(Field.TIME, Verdict.SAME, abs(minutes))
    return Line(Field.TIME, Verdict.LATER if minutes > 0 else Verdict.EARLIER, abs(minutes))


def _moment(day: date, at: time) -> datetime:
    """Return a device's own moment, without a zone, as both sides are."""
    return datetime.combine(day, at.replace(tzinfo=None))


def _groups(name: str) -> list[str]:
    return [*name.split("="), "", ""][:3]


def _plain(name: str) -> str:
    return name.replace("^", "").replace("=", "").strip()


def _bare(group: str) -> str:
    return group.replace("^", "").replace(" ", "")


def _name_words(group: str) -> list[str]:
    """Return the words of a name, folded, apostrophes and hyphens left out."""
    return [
        "".join(character for character in word if character.isalnum())
        for part in folding.fold_group(group).split("^")
        for word in part.replace("-", " ").split()
    ]


def _words(text: str) -> set[str]:
    """Return the words that carry meaning."""
    return {word for word in _WORDS.split(folding.fold(text)) if len(word) > 2}
