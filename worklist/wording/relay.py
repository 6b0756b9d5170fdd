"""Relayed commitments in words: what the scanner asked and was told, beside what archives say."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.looks import Look, look_of
from portal.pulse import clock
from worklist.dicom.commitment import ALL_COMMITTED
from worklist.models import CommitmentRequest, RelayedCommitment
from worklist.selectors.relays import (
    ArchiveCounts,
    archive_counts,
    failure_reasons,
    last_troubles,
    told_failures,
)
from worklist.wording.commitment import reason_told

State = RelayedCommitment.State
Key = tuple[int, int]


@dataclass(frozen=True)
class ArchiveLine:
    """What one archive says: a sentence, and what is wrong with the rest."""

    ae_title: str
    sentence: str
    tone: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class RelayRow:
    """A relayed commitment as lists and the exam page show it."""

    relay: RelayedCommitment
    look: Look
    asked: str
    told: str
    archives: tuple[ArchiveLine, ...]
    differs: str = ""  # where archives say more by now than the scanner was told

    @property
    def can_retell(self) -> bool:
        """Say whether a person may have the result told now."""
        has_failed = self.relay.state == State.READY and self.relay.attempts > 0
        return has_failed or self.relay.state == State.UNDELIVERED


def relay_rows(relays: Iterable[RelayedCommitment]) -> list[RelayRow]:
    """Return the rows of relayed commitments; four queries however many there are."""
    shown = list(relays)
    ids = [one.pk for one in shown]
    counts, failures = archive_counts(ids), told_failures(ids)
    reasons, troubles = failure_reasons(ids), last_troubles(ids)
    rows = []
    for relay in shown:
        of_archives = counts.get(relay.pk, [])
        total = max((one.expected for one in of_archives), default=0)
        told_well = total - failures.get(relay.pk, 0)
        rows.append(
            RelayRow(
                relay=relay,
                look=look_of("relay", _look(relay)),
                asked=_asked(relay, total),
                told=_told(relay, total, told_well, of_archives),
                archives=tuple(_line(one, relay, reasons, troubles) for one in of_archives),
                differs=_differs(relay, told_well, of_archives),
            )
        )
    return rows


def _look(relay: RelayedCommitment) -> str:
    if relay.state == State.DELIVERED and relay.event_type != ALL_COMMITTED:
        return "delivered-failures"
    if relay.state == State.READY and relay.attempts and relay.sentence:
        return "again"
    return relay.state


def _asked(relay: RelayedCommitment, total: int) -> str:
    words = ngettext("Asked for %(n)d image at %(at)s.", "Asked for %(n)d images at %(at)s.", total)
    return words % {"n": total, "at": clock(relay.at)}


def _told(
    relay: RelayedCommitment, total: int, told_well: int, archives: list[ArchiveCounts]
) -> str:
    result = _result(total, told_well)
    if relay.state == State.DELIVERED and relay.delivered_at:
        return _("Told at %(at)s: %(result)s.") % {
            "at": clock(relay.delivered_at),
            "result": result,
        }
    if relay.state == State.UNDELIVERED:
        words = ngettext(
            "Could not be told (%(n)d attempt): %(result)s. %(why)s",
            "Could not be told (%(n)d attempts): %(result)s. %(why)s",
            relay.attempts,
        )
        return words % {"n": relay.attempts, "result": result, "why": relay.sentence}
    if relay.state == State.READY:
        return _not_told_yet(relay, result)
    titles = ", ".join(one.ae_title for one in archives if one.committed + one.failed < total)
    if relay.state == State.RECEIVED:
        return _("Not told yet: %(archives)s is asked next.") % {"archives": titles}
    return _("Not told yet: waiting for %(archives)s.") % {"archives": titles}


def _not_told_yet(relay: RelayedCommitment, result: str) -> str:
    if not relay.attempts or not relay.sentence:
        return _("Is being told: %(result)s.") % {"result": result}
    values = {
        "result": result,
        "why": relay.sentence,
        "at": clock(relay.next_attempt_at) if relay.next_attempt_at else "",
        "n": relay.attempts,
        "of": len(settings.RELAY_RETRY_S) + 1,
    }
    return (
        _("Not told yet: %(result)s. %(why)s Next try at %(at)s (%(n)d of %(of)d failed).") % values
    )


def _result(total: int, told_well: int) -> str:
    if told_well == total:
        return ngettext("the image is confirmed", "all %(n)d images are confirmed", total) % {
            "n": total
        }
    return _("%(k)d of %(n)d images are confirmed, %(bad)d not") % {
        "k": told_well,
        "n": total,
        "bad": total - told_well,
    }


def _line(
    counts: ArchiveCounts,
    relay: RelayedCommitment,
    reasons: dict[Key, list[Key]],
    troubles: dict[Key, CommitmentRequest],
) -> ArchiveLine:
    key = (relay.pk, counts.archive_id)
    values = {"k": counts.committed, "n": counts.expected}
    sentence = _("confirmed %(k)d of %(n)d") % values
    if not counts.asked and not counts.committed:
        sentence = _("not asked yet")
    waiting = counts.expected - counts.committed - counts.failed
    details = [_reason(relay, reason, n) for reason, n in reasons.get(key, [])]
    trouble = troubles.get(key)
    if waiting and trouble is not None:
        details.append(_trouble(trouble))
    tone = "bad" if counts.failed else "warn" if waiting and trouble else ""
    is_whole = counts.committed == counts.expected
    return ArchiveLine(counts.ae_title, sentence, "ok" if is_whole else tone, tuple(details))


def _reason(relay: RelayedCommitment, reason: int, count: int) -> str:
    told = reason_told(reason, device=relay.device.ae_title)
    return f"{count} × {told.says} ({told.code}). {told.advice}"


def _trouble(request: CommitmentRequest) -> str:
    if request.state == CommitmentRequest.State.UNANSWERED:
        words = _("No answer to the question of %(at)s (attempt %(n)d).")
        return words % {"at": clock(request.created_at), "n": request.attempt}
    return request.sentence


def _differs(relay: RelayedCommitment, told_well: int, archives: list[ArchiveCounts]) -> str:
    """Say where an archive has confirmed since more than the scanner was told."""
    if relay.state != State.DELIVERED or not archives:
        return ""
    best = max(archives, key=lambda one: one.committed)
    if best.committed <= told_well:
        return ""
    return _("%(archive)s has confirmed more since: %(device)s has to ask again to know it.") % {
        "archive": best.ae_title,
        "device": relay.device.ae_title,
    }
