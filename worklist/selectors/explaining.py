"""Why an exam is, or is not, on a device's worklist: the listener's own verdict, key by key."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice

from django.utils import timezone

from portal.dicom.errors import InvalidDataset
from portal.models import Knock, RemoteAE
from portal.types import KnockReason
from worklist.dicom import mwl
from worklist.dicom.answers import answer_bytes
from worklist.dicom.items import read
from worklist.dicom.listing import Line, lines
from worklist.models import ScheduledProcedureStep, WorklistEntry, WorklistQuery
from worklist.selectors.aliases import AliasOffer, alias_offer
from worklist.selectors.askers import asker_of
from worklist.selectors.entries import entries_matching, is_foreign_station, verdicts
from worklist.selectors.key_verdicts import KeyVerdict, Result, key_verdicts, row_cap
from worklist.selectors.replaying import MOST_ROWS, Question, question_of, universal_question


class Cause(StrEnum):
    """What decides, the most important first."""

    NOT_OPEN = "not-open"
    SWITCHED_OFF = "switched-off"  # the device may not associate
    NOT_KEPT = "not-kept"  # the question was too large for its record
    REFUSED = "refused"  # the question makes no sense (A900)
    FOREIGN_STATION = "foreign-station"
    STATUSES = "statuses"
    OWN_STATION = "own-station"
    DATE_WINDOW = "date-window"
    KEY = "key"  # one key alone
    KEYS = "keys"
    ROW_CAP = "row-cap"
    SHOWN = "shown"  # and it was
    ASKED_BEFORE = "asked-before"  # the exam came, or changed, after the question
    WOULD_SHOW = "would-show"


HIDING_POLICIES = (Cause.STATUSES, Cause.OWN_STATION, Cause.DATE_WINDOW)


@dataclass(frozen=True)
class ReceivedBytes:
    """What the device would get for this exam, as it goes on the wire."""

    lines: tuple[Line, ...]
    character_set: str  # (0008,0005); empty: ASCII
    size: int


@dataclass(frozen=True)
class Explanation:
    """One exam, one device, one question: what comes of it, and which rule decides."""

    step: ScheduledProcedureStep
    device: RemoteAE
    query: WorklistQuery | None  # none: the device never asked
    is_shown: bool
    cause: Cause
    verdicts: tuple[KeyVerdict, ...] = ()
    position: int | None = None  # in the answer, from 1; none: not in it, or beyond MOST_ROWS
    problem: str = ""
    received: ReceivedBytes | None = None
    alias: AliasOffer | None = None
    seen_first: datetime | None = None
    seen_last: datetime | None = None
    knock: Knock | None = None  # the device was turned away after its last question

    @property
    def excluding(self) -> tuple[KeyVerdict, ...]:
        """The keys and rules that hide the exam."""
        return tuple(one for one in self.verdicts if one.result == Result.EXCLUDES)

    @property
    def is_stale(self) -> bool:
        """Say whether the exam changed after the question."""
        return self.query is not None and self.step.updated_at > self.query.at


def explain(
    *, step: ScheduledProcedureStep, device: RemoteAE, query: WorklistQuery | None
) -> Explanation:
    """Return why the device's question brings the exam or not, as things are now."""
    question = question_of(query) if query else universal_question(device)
    sighting = step.sightings.filter(device=device).first()
    about = Explanation(
        step=step,
        device=device,
        query=query,
        is_shown=False,
        cause=Cause.NOT_OPEN if not step.is_open else Cause.NOT_KEPT,
        seen_first=sighting.first_at if sighting else None,
        seen_last=sighting.last_at if sighting else None,
        knock=_turned_away(device),
    )
    entry = WorklistEntry.objects.filter(step=step).first()
    if question is None or entry is None:
        return about
    try:
        identifier = question.identifier()
    except InvalidDataset as error:
        cause = Cause.NOT_OPEN if not step.is_open else Cause.REFUSED
        return replace(about, cause=cause, problem=str(error))
    return _judged(about, question, identifier, bytes(entry.encoded))


def _turned_away(device: RemoteAE) -> Knock | None:
    """Return how the device was last turned away, if it has not got through since."""
    knocks = Knock.objects.filter(
        facility_id=device.facility_id,
        calling_ae_title=device.ae_title,
        reason__in=(KnockReason.ADDRESS, KnockReason.CERTIFICATE),
    )
    if device.last_heard_at:
        knocks = knocks.filter(last_at__gt=device.last_heard_at)
    return knocks.order_by("-last_at").first()


def _judged(
    about: Explanation, question: Question, identifier: mwl.Identifier, encoded: bytes
) -> Explanation:
    """Return the explanation with the listener's verdicts, the row and the bytes."""
    caller, today = question.caller, timezone.localdate()
    judged = verdicts(caller=caller, keys=identifier.keys, today=today, step_id=about.step.pk)
    exam = read(encoded)
    rows = key_verdicts(about.step, identifier=identifier, judged=judged, exam=exam)
    is_foreign = is_foreign_station(caller, identifier.keys)
    hides = is_foreign or any(one.result == Result.EXCLUDES for one in rows)
    position = None if hides else _position(question, identifier, about.step.pk)
    rows = (*rows, row_cap(caller, position, hides=hides))
    explanation = replace(
        about,
        verdicts=rows,
        position=position,
        received=_received(question, identifier, encoded),
    )
    cause = _cause(explanation, is_foreign=is_foreign)
    is_shown = cause in (Cause.SHOWN, Cause.ASKED_BEFORE, Cause.WOULD_SHOW)
    alias = None
    if cause == Cause.KEY:
        alias = alias_offer(question, identifier, step_id=about.step.pk)
    return replace(explanation, cause=cause, is_shown=is_shown, alias=alias)


def _cause(about: Explanation, *, is_foreign: bool) -> Cause:
    """Return what decides: what no question can change first, then rules, then keys."""
    if not about.step.is_open:
        return Cause.NOT_OPEN
    if not about.device.is_enabled:
        return Cause.SWITCHED_OFF
    if is_foreign:
        return Cause.FOREIGN_STATION
    excluding = [one.name for one in about.excluding]  # a key, or a rule as the causes call it
    for policy in HIDING_POLICIES:
        if policy.value in excluding:
            return policy
    if Cause.ROW_CAP in excluding:
        return Cause.ROW_CAP
    if excluding:
        return Cause.KEY if len(excluding) == 1 else Cause.KEYS
    if about.query and about.seen_last and about.seen_last >= about.query.at:
        return Cause.SHOWN
    return Cause.ASKED_BEFORE if about.is_stale else Cause.WOULD_SHOW


def _position(question: Question, identifier: mwl.Identifier, step_id: int) -> int | None:
    """Return which row of the answer the exam is, were there no row cap."""
    free = question.under(replace(question.caller.profile, row_cap=None)).caller
    found = entries_matching(caller=free, keys=identifier.keys, today=timezone.localdate())
    for number, row in enumerate(islice(found.rows, MOST_ROWS), start=1):
        if row.step_id == step_id:
            return number
    return None


def _received(
    question: Question, identifier: mwl.Identifier, encoded: bytes
) -> ReceivedBytes | None:
    query = question.query
    asker = asker_of(question.caller, has_timezone=bool(query and query.has_timezone))
    raw, character_set = answer_bytes(encoded, identifier.wanted, asker, question.syntax)
    return ReceivedBytes(tuple(lines(raw, question.syntax)), character_set, len(raw))
