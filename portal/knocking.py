"""Who was turned away, gathered in memory and written down by the recorder.

A flood of refusals costs a dictionary entry each, and a row for each caller and batch, so that
neither the database nor a device that is admitted meanwhile notices.
"""

import logging
import threading
from dataclasses import replace

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from portal.allow_list import plain_address
from portal.dicom.services import Requestor
from portal.recorder import recorder
from portal.services_knocks import knock_record
from portal.types import Knocked, KnockReason

logger = logging.getLogger(__name__)

MOST_WAITING = 500  # callers by title and address, between two writes; more are not noted

_Key = tuple[str, str, str]


class KnockBook:
    """Refusals that wait to be written; any thread may note one."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, Knocked] = {}
        self._lock = threading.Lock()

    def note(self, requestor: Requestor, facility_id: int | None, reason: KnockReason) -> None:
        """Remember one refusal; returns at once."""
        address = plain_address(requestor.address)
        if not address:
            return
        key = (requestor.called_ae_title, requestor.calling_ae_title, address)
        with self._lock:
            is_first = not self._waiting
            known = self._waiting.get(key)
            if known is None and len(self._waiting) >= MOST_WAITING:
                return
            self._waiting[key] = _again(known, requestor, facility_id, address, reason)
        if is_first:
            recorder.note(_write_books, self)

    def write(self) -> None:
        """Write down what waits; while the database does not answer it goes on waiting."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            knock_record(knocks=list(waiting.values()))
        except (OperationalError, InterfaceError):
            self._keep(waiting)
            raise  # the recorder tries again
        except DatabaseError as error:
            logger.warning("%d callers are not noted: %s", len(waiting), type(error).__name__)

    def _keep(self, unwritten: dict[_Key, Knocked]) -> None:
        with self._lock:
            for key, knocked in unwritten.items():
                newer = self._waiting.get(key)
                if newer is not None:
                    times, first_at = knocked.times + newer.times, knocked.first_at
                    self._waiting[key] = replace(newer, times=times, first_at=first_at)
                elif len(self._waiting) < MOST_WAITING:
                    self._waiting[key] = knocked


def _write_books(books: list[KnockBook]) -> None:
    for book in dict.fromkeys(books):
        book.write()


def _again(
    known: Knocked | None,
    requestor: Requestor,
    facility_id: int | None,
    address: str,
    reason: KnockReason,
) -> Knocked:
    now = timezone.now()
    if known is None:
        return Knocked(
            facility_id=facility_id,
            called_ae_title=requestor.called_ae_title,
            calling_ae_title=requestor.calling_ae_title,
            address=address,
            certificate_sha256=requestor.certificate_sha256,
            reason=reason,
            first_at=now,
            last_at=now,
        )
    return replace(
        known,
        facility_id=facility_id,
        certificate_sha256=requestor.certificate_sha256,
        reason=reason,
        last_at=now,
        times=known.times + 1,
    )


BOOK = KnockBook()
