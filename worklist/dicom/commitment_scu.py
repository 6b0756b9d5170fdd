"""Storage Commitment Push Model as SCU (PS3.4 J.3): ask, and take a report that comes at once."""

import threading
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_role, evt
from pynetdicom.association import Association
from pynetdicom.dsutils import decode
from pynetdicom.presentation import build_context

from portal.dicom import status
from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import Aborted, StatusFailure, TimedOut
from portal.dicom.n_events import request_of, status_of
from portal.dicom.n_messages import NAnswer, NRequest
from worklist.dicom.commitment import (
    REQUEST_STORAGE_COMMITMENT,
    STORAGE_COMMITMENT,
    WELL_KNOWN_INSTANCE,
)

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
POLL_SECONDS = 0.1  # how soon we notice that the peer has ended the association


def ask(
    peer: Peer,
    action: bytes,
    *,
    limits: Limits,
    linger_s: float,
    on_report: Callable[[NRequest], NAnswer],
    on_accepted: Callable[[], None] = lambda: None,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Send an N-ACTION; return 0000H, or raise StatusFailure or NetworkError.

    The association is kept for `linger_s` seconds, or until a report has come on it; one may come
    before the answer to the N-ACTION. `on_accepted` is called as soon as that answer is there;
    `is_over` is asked now and then whether there is nothing to wait for any more.
    """
    reports = _Reports(on_report)
    # We are SCU; some archives report on this association only when we propose both roles.
    role = build_role(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
    with associate(
        peer,
        [build_context(STORAGE_COMMITMENT, SYNTAXES)],
        limits=limits,
        handlers=[(evt.EVT_N_EVENT_REPORT, reports.handle)],
        roles=[role],
    ) as assoc:
        try:
            code = _answer(assoc, action, limits)
            on_accepted()
            reports.wait(assoc, linger_s, is_over)
        finally:
            reports.finish(limits.message)
    return code


def _answer(assoc: Association, action: bytes, limits: Limits) -> int:
    information = decode(BytesIO(action), is_implicit_vr=False, is_little_endian=True)
    begun = time.monotonic()
    try:
        answer, _ = assoc.send_n_action(
            information, REQUEST_STORAGE_COMMITMENT, STORAGE_COMMITMENT, WELL_KNOWN_INSTANCE
        )
    except RuntimeError as error:  # pynetdicom: there is no association any more
        raise Aborted("The archive broke the association off before it was asked.") from error
    if "Status" not in answer:
        if time.monotonic() - begun < limits.message:
            raise Aborted("The archive broke the association off instead of answering.")
        raise TimedOut(f"The archive did not answer within {limits.message:g} s.")
    code = require_answer(assoc, answer, "the request", limits.message)
    if code != status.SUCCESS:
        raise _refused(code, str(answer.get("ErrorComment", "") or ""))
    return code


def _refused(code: int, comment: str) -> StatusFailure:
    said = f", “{comment}”" if comment else ""
    return StatusFailure(f"The archive refused the request: {code:04X}H{said}.", code, comment)


class _Reports:
    """Reports on our own association: pynetdicom serves each in a thread of its own."""

    def __init__(self, on_report: Callable[[NRequest], NAnswer]) -> None:
        self._on_report = on_report
        self._threads: list[threading.Thread] = []
        self._is_taken = threading.Event()

    def handle(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """Give a report on; its answer carries no dataset: Orthanc takes no other."""
        self._threads.append(threading.current_thread())
        answer = self._on_report(request_of(event))
        if answer.status == status.SUCCESS:
            self._is_taken.set()
        return status_of(answer), None

    def wait(self, assoc: Any, seconds: float, is_over: Callable[[], bool]) -> None:
        """Wait for a report that is believed; no longer than the peer keeps the association."""
        until = time.monotonic() + seconds
        while assoc.is_established and time.monotonic() < until:
            if self._is_taken.wait(POLL_SECONDS) or is_over():
                return

    def finish(self, seconds: float) -> None:
        """Let answers go out before the association ends: a release would overtake them."""
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(timeout=seconds)
