"""Rounds of asking an archive about a study: begun, broken off, ended; the timer of the next.

A round is the instances whose `asked_at` was emptied, in requests of at most the archive's size.
Callers hold the lock of the study's row.
"""

from datetime import datetime

from worklist.models import ArchivePolicy, CommitmentRequest, StudyCommitment
from worklist.selectors.commitment_timing import (
    is_round_broken,
    next_round_at,
    queue,
    round_number,
    unsettled,
)


def round_begin(commitment: StudyCommitment) -> int:
    """Begin a round unless one is under way; return its number, which only ever grows.

    In memory for the row, which the caller saves. `attempts` is the place in the archive's plan.
    A round that was broken off is not continued: its parts are asked again in the new one. Before
    the plan's first round the instances wait already that somebody chose for it.
    """
    number = round_number(commitment)
    is_broken = is_round_broken(commitment, number)
    if commitment.attempts and not is_broken and queue(commitment).exists():
        return max(number, 1)
    if commitment.attempts:
        unsettled(commitment).update(asked_at=None)
    commitment.attempts += 1
    return number + 1


def rounds_anew(commitment: StudyCommitment, now: datetime) -> None:
    """Begin the archive's plan anew, for new instances; in memory for the row.

    What is not confirmed is asked with them; a round that runs goes on, they join it.
    """
    is_running = commitment.next_ask_at is not None and commitment.next_ask_at <= now
    if commitment.attempts and is_running:
        commitment.attempts = 1
        return
    commitment.attempts = 0
    unsettled(commitment).filter(asked_at__isnull=False).update(asked_at=None)


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
