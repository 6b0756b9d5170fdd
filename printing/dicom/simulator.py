"""Simulated film printers: Print SCPs whose films can be looked at (PS3.4 Annex H).

For newcomers without a printer and for tests; no witness of the protocol, since they stand on the
same library as our SCU (dcmprscp is one). What is wrong with them is set on their page.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterConfigurationRetrieval,
    PrinterInstance,
    PrintJob,
    Verification,
)

from portal.dicom.listening import ListenerConfig, listening
from portal.dicom.server import PortalServer, reject
from portal.dicom.services import Refusal
from printing import layout
from printing.dicom.simulator_answers import (
    Answer,
    answering,
    break_off,
    made_place,
)
from printing.dicom.simulator_faults import (
    REJECTIONS,
    Loss,
    Place,
    PrinterFaults,
    Rejection,
    faults_of,
)
from printing.dicom.simulator_jobs import PrintJobs
from printing.dicom.simulator_pages import PageFolder, SimulatedFilm
from printing.dicom.simulator_reports import on_established
from printing.dicom.simulator_sessions import Box, Failure, Session, new_box, put_image, put_text
from printing.dicom.simulator_words import (
    asked_for,
    configuration,
    lut_of,
    named,
    session_words,
    status_words,
)

GRAY_TITLE, COLOR_TITLE = "SIMFILM", "SIMCOLOR"
META = BasicGrayscalePrintManagementMeta
MORE = (
    BasicColorPrintManagementMeta,
    PrintJob,
    BasicAnnotationBox,
    PresentationLUT,
    PrinterConfigurationRetrieval,
)


@contextmanager
def simulated_printer(
    address: tuple[str, int], directory: Path, ae_title: str = GRAY_TITLE, *, has_more: bool = False
) -> Iterator[PortalServer]:
    """Run a simulated printer until the block ends; its films appear in the directory.

    With `has_more` it prints colour, annotations and look-up tables and tells of its print jobs.
    """
    printer = FilmSimulator(directory, ae_title)
    syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    config = ListenerConfig(
        is_stock=True,
        ae_title=ae_title,
        address=address,
        contexts=[
            build_context(Verification),
            *(build_context(uid, syntaxes) for uid in (META, *(MORE if has_more else ()))),
        ],
        handlers=[
            (evt.EVT_REQUESTED, printer.on_requested),
            (evt.EVT_ESTABLISHED, on_established),
            (evt.EVT_C_ECHO, lambda event: 0x0000),
            (evt.EVT_N_GET, printer.on_get),
            (evt.EVT_N_CREATE, printer.on_create),
            (evt.EVT_N_SET, printer.on_set),
            (evt.EVT_N_ACTION, printer.on_action),
            (evt.EVT_N_DELETE, printer.on_delete),
            (evt.EVT_RELEASED, printer.on_gone),
            (evt.EVT_ABORTED, printer.on_gone),
            (evt.EVT_CONN_CLOSE, printer.on_gone),
        ],
    )
    with listening(config) as server:
        try:
            yield server
        finally:
            printer.stop()


# The second one of a development machine, which can do everything.
simulated_color_printer = partial(simulated_printer, ae_title=COLOR_TITLE, has_more=True)


class FilmSimulator:
    """The handlers of a simulated printer, and the sessions of its open associations."""

    def __init__(self, directory: Path, ae_title: str = GRAY_TITLE) -> None:
        self._directory, self._ae_title = directory, ae_title
        self._pages, self._jobs = PageFolder(directory), PrintJobs()
        self._sessions: dict[Any, Session] = {}
        self._luts: dict[Any, dict[str, Dataset]] = {}
        self._lock = threading.Lock()
        self._is_ending = threading.Event()

    @property
    def faults(self) -> PrinterFaults:
        """Return what is wrong with it now."""
        return faults_of(self._directory, self._ae_title)

    def stop(self) -> None:
        """End what still goes on."""
        self._is_ending.set()
        self._jobs.stop()

    def on_requested(self, event: evt.Event) -> None:
        """Reject an association where a fault says so."""
        if self.faults.rejection == Rejection.NONE:
            return
        refusal = Refusal()
        values = REJECTIONS[Rejection(self.faults.rejection)]
        refusal.result, refusal.source, refusal.reason = values
        reject(event.assoc, refusal)

    @answering(lambda event: Place.NOWHERE)
    def on_get(self, event: evt.Event) -> Answer:
        """Tell the printer's status, its configuration, or how far a print job is."""
        sop_class = event.request.RequestedSOPClassUID
        uid = str(event.request.RequestedSOPInstanceUID)
        ds: Dataset | None = None
        if sop_class == Printer and uid == PrinterInstance:
            ds = status_words(self._ae_title, self.faults)
        elif sop_class == PrinterConfigurationRetrieval:
            ds = configuration()
        elif sop_class == PrintJob:
            ds = self._jobs.get(uid)
        if ds is None:
            raise Failure(0x0112)
        return 0x0000, asked_for(ds, event)

    @answering(made_place)
    def on_create(self, event: evt.Event) -> Answer:
        """Make a film session, a film box or a presentation LUT."""
        sop_class = event.request.AffectedSOPClassUID
        uid = event.request.AffectedSOPInstanceUID or generate_uid(prefix=None)
        ds = event.attribute_list
        if sop_class == BasicFilmSession:
            with self._lock:
                if event.assoc in self._sessions:
                    raise Failure(0x0111)
                self._sessions[event.assoc] = Session(str(uid), ds)
            return 0x0000, named(ds, uid)
        if sop_class == PresentationLUT:
            if ("PresentationLUTShape" in ds) == ("PresentationLUTSequence" in ds):
                raise Failure(0x0120)
            with self._lock:
                self._luts.setdefault(event.assoc, {})[str(uid)] = ds
            return 0x0000, named(ds, uid)
        if sop_class == BasicFilmBox:
            return self._new_box(event, str(uid))
        raise Failure(0x0118)

    @answering(lambda event: Place.IMAGE)
    def on_set(self, event: evt.Event) -> Answer:
        """Put a picture or a text into a box of the newest film box."""
        sop_class = str(event.request.RequestedSOPClassUID)
        uid = str(event.request.RequestedSOPInstanceUID)
        boxes = list(self._session(event).boxes.values())
        known = {str(BasicAnnotationBox), *(box.image_class for box in boxes)}
        if boxes and sop_class not in known:
            raise Failure(0x0118)
        if not boxes or uid not in (*boxes[-1].image_uids, *boxes[-1].text_uids):
            raise Failure(0x0112)
        put = put_text if uid in boxes[-1].text_uids else put_image
        put(boxes[-1], event.modification_list)
        return 0x0000, None

    @answering(lambda event: Place.PRINT)
    def on_action(self, event: evt.Event) -> Answer:
        """Print a film box."""
        if event.request.RequestedSOPClassUID != BasicFilmBox or event.action_type != 1:
            raise Failure(0x0123)
        session, faults = self._session(event), self.faults
        box = session.boxes.get(str(event.request.RequestedSOPInstanceUID))
        if box is None:
            raise Failure(0x0112)
        if not box.images:
            raise Failure(0xB603)
        self._is_ending.wait(faults.late_s)
        if faults.loss == Loss.BEFORE:
            return break_off(event.assoc)
        self._pages.put(self._film(event, session, box))
        box.is_printed = True
        if faults.loss == Loss.AFTER:
            return break_off(event.assoc)
        return 0x0000, self._jobs.begin(event, session.ds, self._ae_title, faults)

    def on_delete(self, event: evt.Event) -> int:
        """Delete a film box, the session or a presentation LUT."""
        uid = str(event.request.RequestedSOPInstanceUID)
        with self._lock:
            if self._luts.get(event.assoc, {}).pop(uid, None) is not None:
                return 0x0000
            session = self._sessions.get(event.assoc)
            if session is None:
                return 0x0112
            if session.uid == uid:
                del self._sessions[event.assoc]
                return 0x0000
        return 0x0000 if session.boxes.pop(uid, None) else 0x0112

    def on_gone(self, event: evt.Event) -> None:
        """Forget what belonged to an association."""
        with self._lock:
            self._sessions.pop(event.assoc, None)
            self._luts.pop(event.assoc, None)

    def _session(self, event: evt.Event) -> Session:
        with self._lock:
            session = self._sessions.get(event.assoc)
        if session is None:
            raise Failure(0x0117)
        return session

    def _new_box(self, event: evt.Event, uid: str) -> Answer:
        session = self._session(event)
        negotiated = {context.abstract_syntax for context in event.assoc.accepted_contexts}
        box, made = new_box(
            event.attribute_list,
            is_color=event.context.abstract_syntax == BasicColorPrintManagementMeta,
            has_texts=BasicAnnotationBox in negotiated,
        )
        session.boxes[uid] = box
        instead = self.faults.film_size_id
        if instead and instead != str(box.ds.get("FilmSizeID", "")):
            made.FilmSizeID = box.ds.FilmSizeID = instead
            return 0x0116, named(made, uid)
        return 0x0000, named(made, uid)

    def _film(self, event: evt.Event, session: Session, box: Box) -> SimulatedFilm:
        with self._lock:
            luts = dict(self._luts.get(event.assoc, {}))
        return SimulatedFilm(
            image_display_format=str(box.ds.ImageDisplayFormat),
            film_size_id=str(box.ds.get("FilmSizeID") or layout.DEFAULT_FILM_SIZE_ID),
            film_orientation=str(box.ds.get("FilmOrientation") or "PORTRAIT"),
            images=dict(box.images),
            sender=event.assoc.requestor.ae_title.strip(),
            printer=self._ae_title,
            drawn_as=box.drawn_as,
            texts=tuple(text for _, text in sorted(box.texts.items()) if text),
            lut=lut_of(box.ds, luts),
            session=session_words(session.ds),
        )
