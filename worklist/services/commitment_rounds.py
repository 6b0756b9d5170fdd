"""Rounds of asking an archive about a study: begun, broken off, ended; the timer of the next.

A round is the instances whose `asked_at` was emptied, in requests of at most the archive's size.
Callers hold the lock of the study's row.
"""

from datetime import datetime

from worklist.models import ArchivePolicy, CommitmentRequest, StudyCommitment
from worklist.selectors.commitment_timing import next_round_at, queue, unsettled

BROKEN = (CommitmentRequest.State.REFUSED, CommitmentRequest.State.NOT_SENT)


def round_begin(commitment: StudyCommitment) -> None:
    """Begin a round unless one is under way; in memory for the row, which the caller saves.

    A round that was broken off is not continued: its parts are asked again in the new one.
    """
    of_round = commitment.requests.filter(attempt=commitment.attempts)
    is_broken = of_round.filter(state__in=BROKEN).exists()
    if commitment.attempts and not is_broken and queue(commitment).exists():
        return
    commitment.attempts += 1
    unsettled(commitment).update(asked_at=None)


def round_break(
    commitment: StudyCommitment, rule: ArchivePolicy, now: datetime, sentence: str
) -> None:
    """Note that the archive could not be asked, and when is tried again."""
    commitment.sentence = sentence
    commitment.next_ask_at = next_round_at(commitment, rule, now)
    commitment.save(update_fields=["sentence", "next_ask_at"])


def round_end(commitment: StudyCommitment, rule: ArchivePolicy, now: datetime) -> None:
    """Set the timer after an answer, or after none came: when all is settled, none is left.

    What a person has given up for lost is asked again only when a person asks.
    """
    if commitment.loss_accepted_at is None and unsettled(commitment).exists():
        is_open = commitment.requests.filter(state__in=CommitmentRequest.OPEN).exists()
        if commitment.next_ask_at is not None or is_open:
            return
        commitment.next_ask_at = next_round_at(commitment, rule, now)
    elif not queue(commitment).exists():
        commitment.next_ask_at = None
    commitment.save(update_fields=["next_ask_at"])
