"""A Print SCU of a few lines on pynetdicom, for tests that need each request by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom import sop_class as sop

from printing.dicom.simulator_reports import one_message_at_a_time

GRAY = sop.BasicGrayscalePrintManagementMeta
COLOR = sop.BasicColorPrintManagementMeta
MORE = (
    sop.PrintJob,
    sop.BasicAnnotationBox,
    sop.PresentationLUT,
    sop.PrinterConfigurationRetrieval,
)


@dataclass
class Hand:
    """An open association; statuses are returned as numbers, none where no answer came."""

    assoc: Any
    meta: Any
    events: list[tuple[str, int, str]] = field(default_factory=list)
    session_uid: str = ""
    film_uid: str = ""

    def get(self, sop_class: Any, uid: Any, *tags: int) -> tuple[int | None, Dataset | None]:
        """N-GET."""
        meta = self.meta if sop_class == sop.Printer else None
        status, ds = self.assoc.send_n_get(list(tags), sop_class, uid, meta_uid=meta)
        return _code(status), ds

    def session(self, **values: Any) -> int | None:
        """N-CREATE a film session."""
        self.session_uid = generate_uid()
        ds = _dataset(values) if values else None
        return self.create(sop.BasicFilmSession, self.session_uid, ds)[0]

    def film(self, layout: str = r"STANDARD\1,1", **values: Any) -> tuple[int | None, Any]:
        """N-CREATE a film box."""
        self.film_uid = generate_uid()
        session = Dataset()
        session.ReferencedSOPClassUID = sop.BasicFilmSession
        session.ReferencedSOPInstanceUID = self.session_uid
        ds = Dataset()
        ds.ImageDisplayFormat = layout
        ds.FilmSizeID = "8INX10IN"
        ds.ReferencedFilmSessionSequence = [session]
        ds.update(_dataset(values))
        return self.create(sop.BasicFilmBox, self.film_uid, ds)

    def create(self, sop_class: Any, uid: Any, ds: Dataset | None) -> tuple[int | None, Any]:
        """N-CREATE."""
        meta = None if sop_class in MORE else self.meta
        status, made = self.assoc.send_n_create(ds, sop_class, uid, meta_uid=meta)
        return _code(status), made

    def put(self, uid: Any, position: int = 1, *, item: Any = None, **values: Any) -> int | None:
        """N-SET an image box."""
        ds = _dataset({"ImageBoxPosition": position, **values})
        is_color = self.meta == COLOR
        name = "BasicColorImageSequence" if is_color else "BasicGrayscaleImageSequence"
        setattr(ds, name, [picture(is_color=is_color)] if item is None else item)
        sop_class = sop.BasicColorImageBox if is_color else sop.BasicGrayscaleImageBox
        status, _ = self.assoc.send_n_set(ds, sop_class, uid, meta_uid=self.meta)
        return _code(status)

    def write(self, uid: Any, position: int, text: str) -> int | None:
        """N-SET an annotation box."""
        ds = _dataset({"AnnotationPosition": position, "TextString": text})
        return _code(self.assoc.send_n_set(ds, sop.BasicAnnotationBox, uid)[0])

    def act(self, uid: Any = "", kind: int = 1, sop_class: Any = sop.BasicFilmBox) -> Any:
        """N-ACTION; return status and answer."""
        status, answer = self.assoc.send_n_action(
            None, kind, sop_class, uid or self.film_uid, meta_uid=self.meta
        )
        return _code(status), answer

    def delete(self, sop_class: Any, uid: Any) -> int | None:
        """N-DELETE."""
        meta = None if sop_class in MORE else self.meta
        return _code(self.assoc.send_n_delete(sop_class, uid, meta_uid=meta))

    def one_film(self, **values: Any) -> Any:
        """Print one film with one picture; return what the N-ACTION was answered with."""
        self.session(**values)
        _, made = self.film()
        self.put(image_uid(made))
        return self.act()


@contextmanager
def by_hand(port: int, title: str, *, is_color: bool = False, more: Any = MORE) -> Iterator[Hand]:
    """Open an association; its reports are kept."""
    meta = COLOR if is_color else GRAY
    hand = Hand(None, meta)

    def report(event: evt.Event) -> tuple[int, None]:
        words = event.event_information
        name = "PrintJob" if event.request.AffectedSOPClassUID == sop.PrintJob else "Printer"
        info = words.get("ExecutionStatusInfo") or words.get("PrinterStatusInfo")
        hand.events.append((name, event.event_type, str(info)))
        return 0x0000, None

    ae = AE("TEST")
    ae.dimse_timeout = 10
    for uid in (meta, sop.Verification, *more):
        ae.add_requested_context(uid)
    hand.assoc = ae.associate(
        "127.0.0.1", port, ae_title=title, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)]
    )
    if hand.assoc.is_established:
        one_message_at_a_time(hand.assoc)
    yield hand
    if hand.assoc.is_established:
        hand.assoc.release()


def picture(*, is_color: bool = False, side: int = 2, value: int = 255, **values: Any) -> Dataset:
    """Return a square picture of one value."""
    samples = 3 if is_color else 1
    return _dataset(
        {
            "SamplesPerPixel": samples,
            "PhotometricInterpretation": "RGB" if is_color else "MONOCHROME2",
            **({"PlanarConfiguration": 0} if is_color else {}),
            "Rows": side,
            "Columns": side,
            "BitsAllocated": 8,
            "BitsStored": 8,
            "HighBit": 7,
            "PixelRepresentation": 0,
            "PixelData": bytes([value]) * side * side * samples,
            **values,
        }
    )


def image_uid(made: Any, position: int = 1) -> Any:
    """Return the UID of an image box of a film box that was made."""
    return made.ReferencedImageBoxSequence[position - 1].ReferencedSOPInstanceUID


def _dataset(values: dict[str, Any]) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def _code(status: Dataset) -> int | None:
    return status.get("Status")
