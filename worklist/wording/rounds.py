"""Rounds of asking an archive, in words: however many transactions, one entry asked, one answered.

A study of 20,000 images is asked for in 40 transactions; a person wants to know of one.
"""

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.looks import look_of
from portal.pulse import clock
from portal.types import Link, TimelineEntry
from worklist.models import CommitmentReport, CommitmentRequest, StudyCommitment
from worklist.types.commitment import ReportVerdict

State = CommitmentRequest.State
TAKEN = frozenset(
    {
        ReportVerdict.MATCHED,
        ReportVerdict.LATE,
        ReportVerdict.DUPLICATE,
        ReportVerdict.TYPE_DIFFERS,
        ReportVerdict.PROBE,
    }
)
VERDICTS = {
    ReportVerdict.CONTRADICTS: _("it contradicts an earlier answer"),
    ReportVerdict.WRONG_SENDER: _("another archive was asked"),
    ReportVerdict.WRONG_SET: _("it is not about the images that were asked for"),
    ReportVerdict.UNREADABLE: _("it cannot be read"),
    ReportVerdict.UNKNOWN_TRANSACTION: _("nobody asked for it"),
}
LINKED = 3  # raw messages of a round that are linked; its page of the archive has them all


def round_entries(
    commitment: StudyCommitment,
    requests: Sequence[CommitmentRequest],
    reports: Sequence[CommitmentReport],
) -> Iterator[TimelineEntry]:
    """Tell each round of asking, under "everything"."""
    rounds: dict[int, list[CommitmentRequest]] = {}
    for one in requests:
        rounds.setdefault(one.attempt, []).append(one)
    for number, asked in sorted(rounds.items()):
        yield _asked(commitment, number, asked)
        ids = {one.pk for one in asked}
        answers = [one for one in reports if one.request_id in ids and one.verdict in TAKEN]
        if answers:
            yield _answered(commitment, number, asked, answers)


def reports_not_taken(
    commitment: StudyCommitment, reports: Sequence[CommitmentReport]
) -> Iterator[TimelineEntry]:
    """Tell of answers that changed nothing, one entry for each way of being wrong."""
    wrong: dict[str, list[CommitmentReport]] = {}
    for one in reports:
        if one.verdict not in TAKEN:
            wrong.setdefault(one.verdict, []).append(one)
    for verdict, found in wrong.items():
        title = ngettext(
            "An answer about %(archive)s was not taken: %(why)s",
            "%(n)d answers about %(archive)s were not taken: %(why)s",
            len(found),
        )
        yield TimelineEntry(
            found[-1].at,
            title
            % {
                "archive": commitment.archive.ae_title,
                "n": len(found),
                "why": VERDICTS.get(ReportVerdict(verdict), verdict),
            },
            found[-1].sentence,
            tone="bad",
            icon="alert-triangle",
            kind="commitment",
            links=(_report_link(found[-1]),),
            rank=2,
        )


def asked_times(requests: Sequence[CommitmentRequest]) -> str:
    """Say when an archive was asked: each round once."""
    rounds: dict[int, CommitmentRequest] = {}
    for one in requests:
        rounds.setdefault(one.attempt, one)
    times = [clock(one.created_at) for one in rounds.values()]
    if not times:
        return ""
    if len(times) == 1:
        return _("Asked at %(time)s.") % {"time": times[0]}
    return _("Asked %(n)d times, at %(first)s first and at %(last)s last.") % {
        "n": len(times),
        "first": times[0],
        "last": times[-1],
    }


def _asked(
    commitment: StudyCommitment, number: int, asked: Sequence[CommitmentRequest]
) -> TimelineEntry:
    count = sum(one.asked_count for one in asked)
    title = ngettext(
        "%(archive)s asked about %(n)d image, round %(round)d",
        "%(archive)s asked about %(n)d images, round %(round)d",
        count,
    )
    worst = next((one for one in asked if one.state not in (State.ANSWERED, State.WAITING)), None)
    sentences = dict.fromkeys(one.sentence for one in asked if one.sentence)
    words = [_for_whom(asked[0]), _transactions(asked), *sentences]
    if any(one.is_uncertain for one in asked):
        words.append(_("A process of ours stopped while it talked: perhaps asked, perhaps not."))
    look = look_of("commitment-request", worst.state) if worst else None
    return TimelineEntry(
        asked[0].created_at,
        title % {"archive": commitment.archive.ae_title, "n": count, "round": number},
        " ".join(filter(None, words)),
        tone=look.tone if look else "info",
        icon=look.icon if look else "send",
        kind="commitment",
        is_main=False,
        links=tuple(
            Link(
                reverse("worklist:commitment-request", args=[one.pk]),
                _("Request %(n)d") % {"n": place} if len(asked) > 1 else _("Request"),
            )
            for place, one in enumerate(asked[:LINKED], start=1)
        ),
    )


def _answered(
    commitment: StudyCommitment,
    number: int,
    asked: Sequence[CommitmentRequest],
    answers: Sequence[CommitmentReport],
) -> TimelineEntry:
    failed = sum(one.failed_count for one in asked)
    title = _("%(archive)s answered round %(round)d: %(n)d confirmed, %(failed)d failed")
    late = [one for one in answers if one.verdict == ReportVerdict.LATE]
    words = [ngettext("%(n)d answer.", "%(n)d answers.", len(answers)) % {"n": len(answers)}]
    if late:
        words.append(_("Late: after the deadline."))
    words += dict.fromkeys(one.sentence for one in answers if one.sentence)
    return TimelineEntry(
        answers[-1].at,
        title
        % {
            "archive": commitment.archive.ae_title,
            "round": number,
            "n": sum(one.committed_count for one in asked),
            "failed": failed,
        },
        " ".join(words),
        tone="bad" if failed else "ok",
        icon="shield-x" if failed else "shield-check",
        kind="commitment",
        is_main=False,
        links=tuple(map(_report_link, answers[:LINKED])),
    )


def _report_link(report: CommitmentReport) -> Link:
    return Link(reverse("worklist:commitment-report", args=[report.pk]), _("Answer"))


def _for_whom(request: CommitmentRequest) -> str:
    sentences = {
        "mpps": _("Because the device had ended."),
        "ian": _("Because the archive had announced all images."),
        "": "",
    }
    found = sentences.get(request.asked_for)
    return _("Asked by %(name)s.") % {"name": request.asked_for} if found is None else found


def _transactions(asked: Sequence[CommitmentRequest]) -> str:
    if len(asked) == 1:
        return ""
    waiting = sum(one.state in CommitmentRequest.OPEN for one in asked)
    words = ngettext("%(n)d transaction", "%(n)d transactions", len(asked)) % {"n": len(asked)}
    if waiting:
        words = _("%(transactions)s, %(n)d without an answer yet") % {
            "transactions": words,
            "n": waiting,
        }
    return f"{words}."
