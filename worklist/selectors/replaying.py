"""A device's question asked again as a dry run: nothing is recorded, no exam counts as shown."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from django.utils import timezone

from portal.dicom.errors import InvalidDataset
from portal.models import RemoteAE
from portal.selectors import caller_of
from portal.types import Caller, ProfileValues
from worklist.dicom import mwl
from worklist.dicom.items import Syntax
from worklist.dicom.listing import Line, lines, universal_identifier
from worklist.dicom.questions import identifier_of
from worklist.dicom.syntaxes import inflated, syntax_of
from worklist.models import WorklistQuery
from worklist.selectors.entries import entries_matching
from worklist.selectors.queries import last_query

EXPLICIT_VR = "1.2.840.10008.1.2.1"
# Rows beyond are not counted: a page says "more than".
MOST_ROWS = 1000


@dataclass(frozen=True)
class Question:
    """What a device asked, ready to be matched; `query` is none for the universal one."""

    caller: Caller
    raw: bytes  # the identifier as it came
    transfer_syntax: str
    query: WorklistQuery | None = None

    @property
    def asked_at(self) -> datetime | None:
        """When the device asked it; none: it never did."""
        return self.query.at if self.query else None

    def identifier(self) -> mwl.Identifier:
        """Return what it says, read as the listener reads it; raise InvalidDataset."""
        query = self.query
        return identifier_of(
            self.raw,
            self.transfer_syntax,
            self.caller.profile,
            timezone.get_current_timezone(),
            bool(query and query.is_fuzzy),
            bool(query and query.has_timezone),
        )

    def lines(self) -> list[Line]:
        """Return its elements for the eye; none where it is no dataset."""
        try:
            return lines(inflated(self.raw, self.transfer_syntax, mwl.MAX_BYTES), self.syntax)
        except InvalidDataset:
            return []

    @property
    def syntax(self) -> Syntax:
        """How its transfer syntax encodes elements: answers come in the same."""
        return syntax_of(self.transfer_syntax)

    def under(self, profile: ProfileValues) -> "Question":
        """Return the same question from the device as if it had another profile."""
        return replace(self, caller=replace(self.caller, profile=profile))


@dataclass(frozen=True)
class Replay:
    """What a question brings now: the exams in order, up to `MOST_ROWS`."""

    step_ids: tuple[int, ...] = ()
    is_capped: bool = False  # the profile's row cap leaves some out: answered A700
    has_more: bool = False  # than are listed here
    problem: str = ""  # why it cannot be asked again, or is refused (A900)


def question_of(query: WorklistQuery) -> Question | None:
    """Return a recorded query as a question; none when its identifier was not kept."""
    if query.identifier is None:
        return None
    device = caller_of(query.device)
    return Question(device, bytes(query.identifier), query.transfer_syntax, query)


def universal_question(device: RemoteAE) -> Question:
    """Return the question for everything, as this device would ask it."""
    return Question(caller_of(device), universal_identifier(), EXPLICIT_VR)


def usual_question(device: RemoteAE) -> Question:
    """Return the device's last real question; the universal one when it never asked."""
    query = last_query(device_id=device.pk)
    return (question_of(query) if query else None) or universal_question(device)


def replay(question: Question) -> Replay:
    """Match a question against the worklist as it is now."""
    try:
        keys = question.identifier().keys
    except InvalidDataset as error:
        return Replay(problem=str(error))
    found = entries_matching(caller=question.caller, keys=keys, today=timezone.localdate())
    step_ids = tuple(row.step_id for row in islice(found.rows, MOST_ROWS + 1))
    has_more = len(step_ids) > MOST_ROWS
    return Replay(step_ids[:MOST_ROWS], found.is_capped, has_more)
