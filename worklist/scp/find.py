"""Modality Worklist SCP (PS3.4 Annex K): match, answer, record; for either DICOM stack."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, connections
from django.utils import timezone
from pynetdicom.sop_class import ModalityWorklistInformationFind

from portal.dicom import status
from portal.dicom.errors import InvalidDataset
from portal.dicom.services import Find, FindAnswer, FindRequest
from portal.reading import read_again
from portal.recorder import recorder
from portal.types import Caller
from worklist.dicom import mwl
from worklist.dicom.answer_cache import Answer, AnswerCache, Answers
from worklist.dicom.match_keys import digest_of
from worklist.dicom.questions import identifier_of
from worklist.selectors.askers import asker_of
from worklist.selectors.entries import Matches, encoded_of, entries_matching, is_foreign_station
from worklist.selectors.queries import CAPPED
from worklist.services.queries import QueryRecord, worklist_queries_record
from worklist.types import EntryRow

logger = logging.getLogger(__name__)

NO_DATABASE = "The worklist is not available now."
FAILED = "The query could not be answered."
UNABLE_TO_PROCESS = 0xC001  # PS3.4 Table K.4-1: Cxxx
BATCH = 100  # entries whose answers are made together

cache = AnswerCache()


class Unavailable(Exception):
    """We cannot give the whole answer now; its text is what the device is told."""


@dataclass
class Course:
    """How far a query got, for its record."""

    at: datetime = field(default_factory=timezone.now)
    started: float = field(default_factory=time.perf_counter)
    identifier: mwl.Identifier | None = None
    is_foreign_station: bool = False
    step_ids: list[int] = field(default_factory=list)  # in the order of the answers
    matched: int = 0
    character_sets: set[str] = field(default_factory=set)
    comment: str = ""


def find(caller: Caller, request: FindRequest) -> Iterator[FindAnswer]:
    """Answer a query; what has gone out is recorded when it has ended, however it ended."""
    course = Course()
    try:
        yield from _answers(caller, request, course)
    except InvalidDataset as error:
        course.comment = str(error)
        yield FindAnswer(
            status.IDENTIFIER_DOES_NOT_MATCH, comment=course.comment, tags=tuple(error.tags)
        )
    except (Unavailable, DatabaseError) as error:
        if isinstance(error, DatabaseError):
            logger.exception("no answer to %s: no database", caller.ae_title)
            connections.close_all()
        course.comment = str(error) if isinstance(error, Unavailable) else NO_DATABASE
        yield FindAnswer(status.OUT_OF_RESOURCES, comment=course.comment)
    except Exception:
        logger.exception("the query of %s failed", caller.ae_title)
        course.comment = FAILED
        yield FindAnswer(UNABLE_TO_PROCESS, comment=FAILED)
    finally:
        _record(caller, request, course)


def _answers(caller: Caller, request: FindRequest, course: Course) -> Iterator[FindAnswer]:
    """Yield a pending answer for each match, then the final one."""
    identifier = identifier_of(
        request.identifier,
        request.transfer_syntax,
        caller.profile,
        timezone.get_current_timezone(),
        request.is_fuzzy,
        request.has_timezone,
    )
    course.identifier = identifier
    now = timezone.localtime()
    course.is_foreign_station = is_foreign_station(caller, identifier.keys)
    asker = asker_of(caller, has_timezone=request.has_timezone)
    answers = cache.answers(identifier.shape, identifier.wanted, asker, request.transfer_syntax)
    pending = (
        status.PENDING_UNSUPPORTED_OPTIONAL_KEYS if identifier.has_unsupported else status.PENDING
    )
    found = entries_matching(caller=caller, keys=identifier.keys, today=now.date())
    for page in _pages(found):
        course.matched += len(page)
        for start in range(0, len(page), BATCH):
            for step_id, answer in _made(page[start : start + BATCH], answers):
                if request.delivery.is_cancelled:
                    return
                course.step_ids.append(step_id)
                course.character_sets.add(answer.character_set)
                yield FindAnswer(pending, answer.identifier)
    if found.is_capped:
        raise Unavailable(CAPPED)  # 0000 would say that every match was sent
    yield FindAnswer()


def _pages(found: Matches) -> Iterator[list[EntryRow]]:
    """Yield the matching rows; before the first of them a dead connection is replaced."""

    def begin() -> tuple[list[EntryRow], Iterator[list[EntryRow]]]:
        pages = found.pages()
        return next(pages, []), pages

    first, rest = read_again(begin)
    yield first
    yield from rest


def _made(rows: list[EntryRow], answers: Answers) -> list[tuple[int, Answer]]:
    """Return the rows' answers; entries that are not remembered are read in one statement."""
    known = [(row.step_id, answers.get(row.digest)) for row in rows]
    missing = [step_id for step_id, answer in known if answer is None]
    if not missing:
        return known  # type: ignore[return-value]
    encoded = encoded_of(missing)
    # An entry may be newer than its row, or gone.
    return [
        (step_id, answer or answers.make(digest_of(encoded[step_id]), encoded[step_id]))
        for step_id, answer in known
        if answer is not None or step_id in encoded
    ]


def _record(caller: Caller, request: FindRequest, course: Course) -> None:
    """Have the query recorded; the answers were true whether or not that works."""
    delivery, identifier = request.delivery, course.identifier
    record = QueryRecord(
        facility_id=caller.facility_id,
        device_id=caller.device_id,
        at=course.at,
        address=request.address,
        keys=identifier.sent if identifier else {},
        identifier=request.identifier,
        transfer_syntax=request.transfer_syntax,
        is_fuzzy=request.is_fuzzy,
        has_timezone=request.has_timezone,
        character_set=identifier.character_set if identifier else "",
        answer_character_sets=tuple(sorted(course.character_sets)),
        matched=course.matched,
        step_ids=tuple(course.step_ids[: delivery.sent]),
        has_unsupported=bool(identifier and identifier.has_unsupported),
        is_foreign_station=course.is_foreign_station,
        status=status.SUCCESS if delivery.final is None else delivery.final,
        comment=course.comment if delivery.final is not None else DEVICE_ENDED,
        milliseconds=round((time.perf_counter() - course.started) * 1000),
    )
    recorder.note(worklist_queries_record, record)
    logger.info(
        "%s asked: %d of %d sent, %04XH, %d ms",
        caller.ae_title,
        delivery.sent,
        record.matched,
        record.status,
        record.milliseconds,
    )


DEVICE_ENDED = "The device ended the association."
SOP_CLASSES = [ModalityWorklistInformationFind]
FINDS: dict[str, Find] = {str(ModalityWorklistInformationFind): find}
HANDLERS: list[object] = []
