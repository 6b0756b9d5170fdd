"""A simulated film printer: a gray Print SCP whose films can be looked at (PS3.4 Annex H).

For newcomers without a printer and for tests; no witness of the protocol, since it stands on the
same library as our SCU (dcmprscp is one).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PrinterInstance,
    Verification,
)

from portal.dicom.listening import ListenerConfig, listening
from portal.dicom.server import PortalServer
from printing import layout
from printing.dicom.simulator_pages import PageFolder, SimulatedFilm, SimulatedImage

SHAPES = {(1, 8, 8, 7, 0): 8, (1, 16, 12, 11, 0): 12}
STATUS = {"PrinterStatus": "NORMAL", "PrinterStatusInfo": "NORMAL", "PrinterName": "SIMFILM"}


class Failure(Exception):
    """The request is answered with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


@dataclass
class Box:
    """A film box and what was put into its image boxes."""

    ds: Dataset
    image_uids: list[str]
    images: dict[int, SimulatedImage] = field(default_factory=dict)


@dataclass
class Session:
    """The film session of an association: it ends with it (PS3.4 H.4.1.2.1.3)."""

    uid: str
    boxes: dict[str, Box] = field(default_factory=dict)


@contextmanager
def simulated_printer(
    address: tuple[str, int], directory: Path, ae_title: str = "SIMFILM"
) -> Iterator[PortalServer]:
    """Run the simulated printer until the block ends; its films appear in the directory."""
    printer = FilmSimulator(directory)
    syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    config = ListenerConfig(
        is_stock=True,
        ae_title=ae_title,
        address=address,
        contexts=[
            build_context(Verification),
            build_context(BasicGrayscalePrintManagementMeta, syntaxes),
        ],
        handlers=[
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
        yield server


Answer = tuple[int, Dataset | None]


def answering(handle: Callable[..., Answer]) -> Callable[..., Answer]:
    """Answer a Failure with its status."""

    @wraps(handle)
    def answer(self: "FilmSimulator", event: evt.Event) -> Answer:
        try:
            return handle(self, event)
        except Failure as failure:
            return failure.status, None

    return answer


class FilmSimulator:
    """The handlers of the simulated printer, and the sessions of its open associations."""

    def __init__(self, directory: Path) -> None:
        self._pages = PageFolder(directory)
        self._sessions: dict[Any, Session] = {}
        self._lock = threading.Lock()

    @answering
    def on_get(self, event: evt.Event) -> Answer:
        """Tell the printer's status."""
        if event.request.RequestedSOPInstanceUID != PrinterInstance:
            raise Failure(0x0112)
        ds = Dataset()
        for keyword, value in STATUS.items():
            setattr(ds, keyword, value)
        return 0x0000, ds

    @answering
    def on_create(self, event: evt.Event) -> Answer:
        """Make a film session or a film box."""
        sop_class = event.request.AffectedSOPClassUID
        uid = event.request.AffectedSOPInstanceUID or generate_uid()
        if sop_class == BasicFilmSession:
            with self._lock:
                if event.assoc in self._sessions:
                    raise Failure(0x0111)
                self._sessions[event.assoc] = Session(str(uid))
            return 0x0000, _named(event.attribute_list, uid)
        if sop_class == BasicFilmBox:
            return 0x0000, _named(self._new_box(event, str(uid)), uid)
        raise Failure(0x0118)

    @answering
    def on_set(self, event: evt.Event) -> Answer:
        """Put a picture into an image box of the newest film box."""
        if event.request.RequestedSOPClassUID != BasicGrayscaleImageBox:
            raise Failure(0x0118)
        ds = event.modification_list
        boxes = list(self._session(event).boxes.values())
        if not boxes or event.request.RequestedSOPInstanceUID not in boxes[-1].image_uids:
            raise Failure(0x0112)
        position = ds.get("ImageBoxPosition")
        if position is None or "BasicGrayscaleImageSequence" not in ds:
            raise Failure(0x0120)
        if not 1 <= position <= len(boxes[-1].image_uids):
            raise Failure(0x0106)
        if ds.BasicGrayscaleImageSequence:
            boxes[-1].images[position] = _image(ds.BasicGrayscaleImageSequence[0])
        else:
            boxes[-1].images.pop(position, None)  # an empty one erases (PS3.4 H.4.3.2.2.1.3)
        return 0x0000, None

    @answering
    def on_action(self, event: evt.Event) -> Answer:
        """Print a film box."""
        if event.request.RequestedSOPClassUID != BasicFilmBox or event.action_type != 1:
            raise Failure(0x0123)
        box = self._session(event).boxes.get(str(event.request.RequestedSOPInstanceUID))
        if box is None:
            raise Failure(0x0112)
        if not box.images:
            raise Failure(0xB603)
        self._pages.put(
            SimulatedFilm(
                image_display_format=box.ds.ImageDisplayFormat,
                film_size_id=str(box.ds.get("FilmSizeID") or layout.DEFAULT_FILM_SIZE_ID),
                film_orientation=str(box.ds.get("FilmOrientation") or "PORTRAIT"),
                images=dict(box.images),
                sender=event.assoc.requestor.ae_title.strip(),
            )
        )
        return 0x0000, None

    def on_delete(self, event: evt.Event) -> int:
        """Delete a film box or the session."""
        uid = str(event.request.RequestedSOPInstanceUID)
        with self._lock:
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

    def _session(self, event: evt.Event) -> Session:
        with self._lock:
            session = self._sessions.get(event.assoc)
        if session is None:
            raise Failure(0x0117)
        return session

    def _new_box(self, event: evt.Event, uid: str) -> Dataset:
        session, ds = self._session(event), event.attribute_list
        if not ds.get("ImageDisplayFormat") or not ds.get("ReferencedFilmSessionSequence"):
            raise Failure(0x0120)
        try:
            count = layout.box_count(ds.ImageDisplayFormat)
        except layout.InvalidDisplayFormat as error:
            raise Failure(0x0106) from error
        box = Box(ds, [str(generate_uid(prefix=None)) for _ in range(count)])
        session.boxes[uid] = box
        made = Dataset()
        made.update(ds)
        made.ReferencedImageBoxSequence = [_reference(image) for image in box.image_uids]
        return made


def _named(ds: Dataset, uid: str) -> Dataset:
    """Return the answer's dataset under a name; pynetdicom moves that into the response."""
    named = Dataset()
    named.update(ds)
    named.AffectedSOPInstanceUID = uid
    return named


def _reference(uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = BasicGrayscaleImageBox
    item.ReferencedSOPInstanceUID = uid
    return item


def _image(item: Dataset) -> SimulatedImage:
    """Take a picture as PS3.3 C.13.5 allows it, or fail."""
    if "PixelData" not in item:
        raise Failure(0x0120)
    shape = (
        item.SamplesPerPixel,
        item.BitsAllocated,
        item.BitsStored,
        item.HighBit,
        item.PixelRepresentation,
    )
    if shape not in SHAPES or len(item.PixelData) < item.Rows * item.Columns * shape[1] // 8:
        raise Failure(0x0106)
    vertical, horizontal = item.get("PixelAspectRatio") or (1, 1)
    return SimulatedImage(
        rows=item.Rows,
        columns=item.Columns,
        bits=SHAPES[shape],
        pixels=item.PixelData,
        is_inverse=item.PhotometricInterpretation == "MONOCHROME1",
        aspect=int(vertical) / int(horizontal),
    )
