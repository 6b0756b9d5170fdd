"""Print Management SCU: pages to a printer over one association (PS3.4 H.3, H.4)."""

import queue
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    Printer,
    PrinterInstance,
)

from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import Aborted, NetworkError
from printing.dicom import film
from printing.dicom.film import PageToPrint, SessionValues
from printing.dicom.statuses import (
    ATTRIBUTE_REFUSED,
    ATTRIBUTES_CHANGED,
    OutcomeUnknown,
    PrinterNotReady,
    failure,
    in_words,
    is_failure,
)
from printing.types import BoxPixels, LogLine

META = BasicGrayscalePrintManagementMeta
PRINT = 1  # the only action type of a film box (PS3.4 H.4.2.2.4)
PRINTER_STATUS, PRINTER_STATUS_INFO = 0x21100010, 0x21100020
BYTES_PER_SECOND = 500_000  # a slow line: N-SET may take this much longer per megabyte


@dataclass(frozen=True)
class Watcher:
    """Who follows a print: each is called in the thread that prints."""

    on_line: Callable[[LogLine], None]
    # Page number and film box UID; what it records must have committed when it returns. False
    # ends the print before the N-ACTION goes out.
    on_before_action: Callable[[int, str], bool]
    on_accepted: Callable[[int], None]


def print_pages(
    peer: Peer,
    session: SessionValues,
    pages: Iterable[PageToPrint],
    *,
    limits: Limits,
    action_timeout: float,
    watcher: Watcher,
) -> bool:
    """Print pages film box by film box; False when the watcher ended it before the last."""
    events: queue.SimpleQueue[str] = queue.SimpleQueue()
    handlers = [
        (evt.EVT_CONN_OPEN, _limit_sending, [limits.message]),
        (evt.EVT_N_EVENT_REPORT, _on_event, [events]),
    ]
    context = build_context(META, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    with associate(peer, [context], limits=limits, handlers=handlers) as assoc:
        talk = _Talk(assoc, limits, watcher, events)
        talk.require_ready()
        session_uid = talk.create(BasicFilmSession, "Film Session", film.film_session(session))[0]
        for page in pages:
            if not talk.print_page(page, session_uid, action_timeout):
                talk.delete(BasicFilmSession, "Film Session", session_uid)
                return False
        talk.delete(BasicFilmSession, "Film Session", session_uid)
        return True


class _Talk:
    """One association with a printer: each request is timed, logged and judged."""

    def __init__(
        self,
        assoc: Association,
        limits: Limits,
        watcher: Watcher,
        events: "queue.SimpleQueue[str]",
    ) -> None:
        self._assoc, self._limits, self._watcher, self._events = assoc, limits, watcher, events
        self._page_number: int | None = None

    def require_ready(self) -> None:
        """Ask the printer how it is; raise PrinterNotReady on FAILURE (PS3.4 H.4.6)."""
        code, _, ds = self._ask(
            "Printer N-GET",
            lambda: self._assoc.send_n_get(
                [PRINTER_STATUS, PRINTER_STATUS_INFO], Printer, PrinterInstance, meta_uid=META
            ),
        )
        if is_failure(code) or ds is None:
            return  # not every printer tells; printing shows
        state, words = str(ds.get("PrinterStatus", "")), str(ds.get("PrinterStatusInfo", ""))
        if state == "FAILURE":
            raise PrinterNotReady(f"The printer cannot print. It says: {words or state}")
        if state == "WARNING":
            self._line(f"The printer warns: {words or state}")

    def print_page(self, page: PageToPrint, session_uid: str, action_timeout: float) -> bool:
        """Print one film; False when the watcher ended it before the N-ACTION."""
        self._page_number = page.number
        wanted = film.film_box(page, session_uid)
        film_box_uid, granted = self.create(BasicFilmBox, "Film Box", wanted)
        references = (granted.get("ReferencedImageBoxSequence") if granted else None) or []
        for box in page.boxes():
            if box.position > len(references):
                raise failure(
                    0x0106,
                    f"The printer made {len(references)} boxes for {page.image_display_format}, "
                    f"there is none for picture {box.position}.",
                )
            uid = references[box.position - 1].ReferencedSOPInstanceUID
            self._set_image(str(uid), box)
        if not self._watcher.on_before_action(page.number, film_box_uid):
            self.delete(BasicFilmBox, "Film Box", film_box_uid)
            return False
        self._action(film_box_uid, action_timeout)
        self._watcher.on_accepted(page.number)
        self.delete(BasicFilmBox, "Film Box", film_box_uid)
        self._page_number = None
        return True

    def create(self, sop_class: str, name: str, wanted: Dataset) -> tuple[str, Dataset | None]:
        """N-CREATE under an UID of our own; return it and what the printer made of it."""
        uid = str(generate_uid(prefix=None))
        code, status, granted = self._create(sop_class, name, uid, wanted)
        if code in ATTRIBUTES_CHANGED:
            for difference in film.differences(wanted, granted):
                self._line(f"The printer uses {difference}.")
        if not is_failure(code):
            return uid, granted
        sentence = f"The printer refused the {name}: {in_words(code)}."
        if code in ATTRIBUTE_REFUSED:
            culprit = self._culprit(sop_class, name, wanted)
            if culprit:
                sentence = f"The printer refused {culprit} ({code:04X})."
        raise self._failure(code, status, sentence)

    def delete(self, sop_class: str, name: str, uid: str) -> None:
        """N-DELETE; what goes wrong is logged only, since the end of association deletes too."""
        try:
            self._ask(
                f"{name} N-DELETE",
                lambda: self._assoc.send_n_delete(sop_class, uid, meta_uid=META),
            )
        except NetworkError as error:
            self._line(str(error))

    def _create(
        self, sop_class: str, name: str, uid: str, wanted: Dataset
    ) -> tuple[int, Dataset, Dataset | None]:
        # An empty Dataset would announce a dataset and send none: the printer waits forever.
        return self._ask(
            f"{name} N-CREATE",
            lambda: self._assoc.send_n_create(wanted or None, sop_class, uid, meta_uid=META),
        )

    def _culprit(self, sop_class: str, name: str, wanted: Dataset) -> str:
        """Find the attribute that the printer refuses: it takes the object without that one."""
        elements = [e for e in wanted if e.VR != "SQ" and e.keyword != "ImageDisplayFormat"]
        for element in elements:
            uid = str(generate_uid(prefix=None))
            tried = film.without(wanted, element.keyword)
            code, _, _ = self._create(sop_class, name, uid, tried)
            if not is_failure(code):
                self.delete(sop_class, name, uid)
                return f"{element.name} {element.value}"
        if "ImageDisplayFormat" in wanted:
            return f"{wanted['ImageDisplayFormat'].name} {wanted.ImageDisplayFormat}"
        return ""

    def _set_image(self, uid: str, box: BoxPixels) -> None:
        """N-SET one image box; large ones may take longer."""
        limit = self._limits.message + len(box.pixels) / BYTES_PER_SECOND
        size = f"{box.columns} × {box.rows} pixels, {box.bits} bits"
        wanted = film.image_box(box)
        code, status, _ = self._ask(
            f"Image Box {box.position} N-SET ({size})",
            lambda: self._assoc.send_n_set(wanted, BasicGrayscaleImageBox, uid, meta_uid=META),
            limit=limit,
        )
        if is_failure(code):
            sentence = (
                f"The printer refused picture {box.position} of page {self._page_number} "
                f"({size}): {in_words(code)}."
            )
            raise self._failure(code, status, sentence)

    def _action(self, film_box_uid: str, limit: float) -> None:
        """N-ACTION the film box; without an answer nobody knows whether it comes out."""
        if not self._assoc.is_established:
            raise Aborted("The connection was lost before the page was printed.")
        try:
            code, status, _ = self._ask(
                "Film Box N-ACTION (print)",
                lambda: self._assoc.send_n_action(
                    None, PRINT, BasicFilmBox, film_box_uid, meta_uid=META
                ),
                limit=limit,
            )
        except NetworkError as error:
            raise OutcomeUnknown(
                f"The printer did not answer the request to print page {self._page_number} "
                f"within {limit:g} s, or the connection was lost."
            ) from error
        if is_failure(code):
            sentence = f"The printer did not print page {self._page_number}: {in_words(code)}."
            raise self._failure(code, status, sentence)

    def _ask(
        self,
        what: str,
        send: Callable[[], Any],
        *,
        limit: float | None = None,
    ) -> tuple[int, Dataset, Dataset | None]:
        """Send one request under its time limit; return status code, status and dataset."""
        limit = limit or self._limits.message
        self._assoc.dimse_timeout = limit
        began = time.monotonic()
        try:
            answer = send()
        except RuntimeError as error:  # pynetdicom: the association is not established any more
            raise Aborted(f"The connection was lost before {what}.") from error
        status, ds = answer if isinstance(answer, tuple) else (answer, None)
        while not self._events.empty():
            self._line(self._events.get())
        code = require_answer(self._assoc, status, what, limit)
        milliseconds = round((time.monotonic() - began) * 1000)
        words = "" if code == 0 else f": {in_words(code)}"
        self._line(f"{what}{words}", code, milliseconds)
        return code, status, ds

    def _line(self, words: str, status: int | None = None, ms: int | None = None) -> None:
        self._watcher.on_line(LogLine(words, status, ms, self._page_number))

    def _failure(self, code: int, status: Dataset, sentence: str) -> Exception:
        comment = str(status.get("ErrorComment", "") or "")
        return failure(code, sentence, comment=comment)


def _limit_sending(event: evt.Event, seconds: float) -> None:
    """Let a send to a frozen printer fail: pynetdicom would wait in it for ever."""
    tcp = event.assoc.dul.socket.socket
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(seconds), 0))


def _on_event(event: evt.Event, events: "queue.SimpleQueue[str]") -> tuple[int, None]:
    """Take a report of the printer, also between a request and its answer (PS3.4 H.4.6.2.1)."""
    ds = event.event_information
    words = str(ds.get("PrinterStatusInfo", "") or event.event_type)
    events.put(f"The printer reports: {words}")
    return 0x0000, None
