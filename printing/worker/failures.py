"""What an error of a talk means for its job."""

import logging

from django.db import DatabaseError, connections

from portal.dicom.errors import DicomError, NetworkRetriable, Rejected
from printing.dicom.statuses import (
    Busy,
    MediaNeeded,
    NotAdmitted,
    OutcomeUnknown,
    PrinterNotReady,
    Refused,
    SessionFault,
    Substituted,
)
from printing.rendering.errors import UnusableImage
from printing.types import ClaimedPage, Outcome, TalkResult
from printing.worker.drawing import NoSpace
from printing.worker.recording import Recorder

logger = logging.getLogger(__name__)

# This edge's table from errors of a talk to what they mean for the job.
OUTCOMES: dict[type[Exception], Outcome] = {
    UnusableImage: Outcome.UNUSABLE,
    NoSpace: Outcome.NO_SPACE,
    OutcomeUnknown: Outcome.UNKNOWN,
    Substituted: Outcome.SUBSTITUTED,
    MediaNeeded: Outcome.NO_MEDIA,
    PrinterNotReady: Outcome.NOT_READY,
    Busy: Outcome.NOT_READY,
    Refused: Outcome.REFUSED,
    SessionFault: Outcome.SESSION_FAULT,
    NotAdmitted: Outcome.NOT_ADMITTED,
    NetworkRetriable: Outcome.NOT_REACHED,
    DicomError: Outcome.NOT_REACHED,
    OSError: Outcome.NOT_REACHED,  # TLS: certificates that cannot be read, a broken handshake
    DatabaseError: Outcome.GIVEN_BACK,  # away before an N-ACTION: nothing went out
}
DATABASE_AWAY = "The database was away before a page could go out. Nothing was lost; it goes on."
OUR_FAULT = "The portal itself failed over this job; its log has the details for support."


def result_of(error: Exception, recorder: Recorder, page: ClaimedPage | None = None) -> TalkResult:
    """Say how a talk ended; the printer has what it accepted, whatever came after."""
    if recorder.is_all_accepted:
        return TalkResult(Outcome.ACCEPTED, f"All films were accepted. {error}")
    known = [OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES]
    sentence = str(error)
    is_open = recorder.open_page_id is not None
    if not known:
        logger.error("job %s", recorder.job_id, exc_info=error)
        known, sentence = [Outcome.UNKNOWN if is_open else Outcome.NOT_READY], OUR_FAULT
    outcome = known[0]
    if isinstance(error, Rejected):
        outcome = Outcome.NOT_REACHED if error.is_transient else Outcome.NOT_ADMITTED
    if outcome == Outcome.UNUSABLE and page is not None:
        sentence = f"Page {page.number} cannot be drawn: {sentence}"
    if isinstance(error, DatabaseError):
        connections.close_all()
        outcome = Outcome.UNKNOWN if is_open else outcome
        sentence = DATABASE_AWAY
    return TalkResult(
        outcome,
        sentence,
        page_number=page.number if page else None,
        page_id=page.page_id if page else None,
    )
