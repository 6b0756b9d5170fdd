"""Print jobs on the association that made them: by reports, or by asking (PS3.4 H.4.5)."""

import time
from collections.abc import Sequence

from portal.dicom.errors import NetworkError
from printing.dicom.print_job import OVER, status_of
from printing.dicom.talk import Talk
from printing.types import LineKind, PrintJobStatus

WAIT_SECONDS = 0.5  # how soon somebody else's need for the device is noticed


def follow(talk: Talk, uids: Sequence[str], *, follow_s: float, poll_s: float) -> None:
    """Stay until every print job is over, nothing has been heard for long or we have to go."""
    watcher, known = talk.watcher, dict.fromkeys(uids, "")
    now = time.monotonic()
    give_up_at, ask_at = now + follow_s, now + poll_s
    try:
        while _tell(talk, known, talk.job_news()) and talk.is_open:
            if watcher.is_stopping() or watcher.is_others_waiting():
                talk.line("The films are followed later: the device is needed.", kind=LineKind.NOTE)
                return
            now = time.monotonic()
            if talk.take_reports(wait=max(0.01, min(WAIT_SECONDS, ask_at - now))):
                give_up_at = now + follow_s
            elif now >= ask_at:
                answers = [
                    status_of(talk, uid) for uid, state in known.items() if state not in OVER
                ]
                news = [a for a in answers if a and a.execution_status != known[a.print_job_uid]]
                _tell(talk, known, news)
                ask_at = time.monotonic() + poll_s
                give_up_at = ask_at + follow_s if news else give_up_at
            elif now >= give_up_at:
                return
    except NetworkError as error:  # the films are accepted: asked again later
        talk.line(str(error), kind=LineKind.WARNING)


def tell_rest(talk: Talk) -> None:
    """Tell what the printer reported of its print jobs and nobody was told, however this ends.

    We answered those reports: a printer that was told so may forget the job, and what became of
    its films with it (PS3.4 H.4.5.2.1.2).
    """
    talk.close()
    talk.take_reports()
    for status in talk.job_news():
        talk.watcher.on_print_job(status)


def _tell(talk: Talk, known: dict[str, str], news: Sequence[PrintJobStatus]) -> bool:
    """Tell what is new; say whether a print job is not over yet."""
    for status in news:
        talk.watcher.on_print_job(status)
        if status.print_job_uid in known:
            known[status.print_job_uid] = status.execution_status
    return any(state not in OVER for state in known.values())
