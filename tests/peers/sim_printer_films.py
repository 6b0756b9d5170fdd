"""Film sessions, film boxes and their pictures at the film printer of the tests (PS3.4 H.4)."""

from dataclasses import dataclass, field, replace
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom import sop_class as sop

from tests.peers.sim_printer_rules import Refused
from tests.peers.sim_printer_values import (
    CHOICES,
    FILM,
    KNOWN,
    SESSION,
    SimImage,
    box_count,
    image_of,
)


@dataclass(frozen=True)
class SimPage:
    """One film that was printed, as many times as `copies` says."""

    sender: str
    session: Dataset
    film: Dataset
    images: dict[int, SimImage]  # by Image Box Position
    texts: dict[int, str]  # by Annotation Position
    copies: int
    job_uid: str = ""
    lut: Dataset | None = None


@dataclass
class Film:
    """A film box that is being filled."""

    uid: str
    ds: Dataset
    box_class: str
    boxes: dict[str, SimImage | None]
    texts: dict[str, tuple[int, str] | None]
    is_printed: bool = False


@dataclass
class Session:
    """The film session of an association."""

    uid: str
    ds: Dataset
    films: list[Film] = field(default_factory=list)


class Films:
    """What the open associations have made."""

    def __init__(self, printer: Any) -> None:
        self._printer = printer
        self._sessions: dict[Any, Session] = {}
        self._luts: dict[Any, dict[str, Dataset]] = {}

    def forget(self, assoc: Any) -> None:
        """Delete what belonged to an association."""
        self._sessions.pop(assoc, None)
        self._luts.pop(assoc, None)

    def create(self, event: evt.Event) -> tuple[int, Dataset]:
        """N-CREATE of a film session, a film box or a presentation LUT."""
        given = event.request.AffectedSOPInstanceUID
        if given and self._printer.uids == "refused":
            raise Refused(0x0117)
        uid = str(given) if given and self._printer.uids == "taken" else str(generate_uid())
        makers = {
            sop.BasicFilmSession: self._session_made,
            sop.BasicFilmBox: self._film_made,
            sop.PresentationLUT: self._lut_made,
        }
        make = makers.get(event.request.AffectedSOPClassUID)
        if make is None:
            raise Refused(0x0118)
        code, made = make(event, uid)
        answer = Dataset()
        answer.update(made)
        for keyword, value in self._printer.granted.items():
            if keyword in answer:
                setattr(answer, keyword, value)
        if uid != given:  # pynetdicom moves it to the response
            answer.AffectedSOPInstanceUID, event.request.AffectedSOPInstanceUID = uid, None
        return code, answer

    def change(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """N-SET of an image box or an annotation box of the newest film box."""
        class_uid = event.request.RequestedSOPClassUID
        uid = str(event.request.RequestedSOPInstanceUID)
        films = self._session(event.assoc).films
        if not films or class_uid in {sop.BasicFilmSession, sop.BasicFilmBox}:
            raise Refused(0x0112 if not films else 0x0118)
        film, ds = films[-1], event.modification_list
        if class_uid == sop.BasicAnnotationBox and uid in film.texts:
            film.texts[uid] = (int(ds.AnnotationPosition), str(ds.get("TextString", "")))
            return 0, None
        if uid not in film.boxes or class_uid != film.box_class:
            raise Refused(0x0119 if any(uid in old.boxes for old in films) else 0x0112)
        code, _ = self._checked("ImageBox", ds, {})
        film.boxes[uid] = self._image(ds, len(film.boxes), is_color=film.box_class != GRAY_BOX)
        return code, None

    def delete(self, event: evt.Event) -> tuple[int, None]:
        """N-DELETE."""
        class_uid = event.request.RequestedSOPClassUID
        uid = str(event.request.RequestedSOPInstanceUID)
        session = self._session(event.assoc) if class_uid != sop.PresentationLUT else None
        if session is None:
            if self._luts.get(event.assoc, {}).pop(uid, None) is None:
                raise Refused(0x0112)
        elif class_uid == sop.BasicFilmSession and session.uid == uid:
            del self._sessions[event.assoc]
        elif session.films and session.films[-1].uid == uid:
            session.films.pop()  # only the last created one (PS3.4 H.4.2.2.3)
        else:
            raise Refused(0x0112)
        return 0, None

    def printed(self, event: evt.Event) -> list[SimPage]:
        """N-ACTION: return the films that come out."""
        if event.action_type != 1:
            raise Refused(0x0123)
        session = self._session(event.assoc)
        uid = str(event.request.RequestedSOPInstanceUID)
        is_session = event.request.RequestedSOPClassUID == sop.BasicFilmSession
        films = session.films if is_session else [f for f in session.films if f.uid == uid]
        if not films:
            raise Refused(0xC600 if is_session else 0x0112)
        if not any(image for film in films for image in film.boxes.values()):
            raise Refused(0xB602 if is_session else 0xB603)
        for film in films:
            film.is_printed = True
        return [self._page(event.assoc, session, film) for film in films]

    def _page(self, assoc: Any, session: Session, film: Film) -> SimPage:
        images = {int(i.ds.ImageBoxPosition): i for i in film.boxes.values() if i is not None}
        owner = film.ds if self._printer.lut_place == "film-box" else session.ds
        references = owner.get("ReferencedPresentationLUTSequence") or []
        luts = [self._luts[assoc][str(item.ReferencedSOPInstanceUID)] for item in references]
        session_ds, film_ds = Dataset(), Dataset()
        session_ds.update(session.ds)
        film_ds.update(film.ds)
        return SimPage(
            sender=assoc.requestor.ae_title.strip(),
            session=session_ds,
            film=film_ds,
            images=images,
            texts=dict(text for text in film.texts.values() if text is not None),
            copies=int(session.ds.NumberOfCopies),
            lut=luts[0] if luts else None,
        )

    def _session(self, assoc: Any) -> Session:
        if assoc not in self._sessions:
            raise Refused(0x0117)
        return self._sessions[assoc]

    def _session_made(self, event: evt.Event, uid: str) -> tuple[int, Dataset]:
        if event.assoc in self._sessions:
            raise Refused(0x0111)
        code, full = self._checked("BasicFilmSession", event.attribute_list, SESSION)
        if int(full.NumberOfCopies) > self._printer.max_copies:
            if not self._printer.is_lenient:
                raise Refused(0x0106)
            code, full.NumberOfCopies = 0x0116, self._printer.max_copies
        self._sessions[event.assoc] = Session(uid, full)
        return (0xB600 if full.get("MemoryAllocation") else code), full

    def _lut_made(self, event: evt.Event, uid: str) -> tuple[int, Dataset]:
        ds = event.attribute_list
        if ("PresentationLUTShape" in ds) == ("PresentationLUTSequence" in ds):
            raise Refused(0x0120)
        self._luts.setdefault(event.assoc, {})[uid] = ds
        return 0, ds

    def _film_made(self, event: evt.Event, uid: str) -> tuple[int, Dataset]:
        session, ds = self._session(event.assoc), event.attribute_list
        if not ds.get("ImageDisplayFormat") or not ds.get("ReferencedFilmSessionSequence"):
            raise Refused(0x0120)
        if ds.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID != session.uid:
            raise Refused(0x0106)
        if self._printer.is_one_box and session.films and not session.films[-1].is_printed:
            raise Refused(0xC616)
        code, full = self._checked("BasicFilmBox", ds, FILM)
        is_color = event.context.abstract_syntax == sop.BasicColorPrintManagementMeta
        box_class = sop.BasicColorImageBox if is_color else sop.BasicGrayscaleImageBox
        boxes = [str(generate_uid()) for _ in range(box_count(full.ImageDisplayFormat))]
        full.ReferencedImageBoxSequence = [_reference(box_class, box) for box in boxes]
        texts: list[str] = []
        negotiated = {context.abstract_syntax for context in event.assoc.accepted_contexts}
        if sop.BasicAnnotationBox in negotiated and full.get("AnnotationDisplayFormatID"):
            texts = [str(generate_uid()) for _ in range(6)]
            full.ReferencedBasicAnnotationBoxSequence = [
                _reference(sop.BasicAnnotationBox, text) for text in texts
            ]
        film = Film(uid, full, box_class, dict.fromkeys(boxes), dict.fromkeys(texts))
        session.films.append(film)
        return code, full

    def _checked(self, kind: str, ds: Dataset, defaults: dict[str, Any]) -> tuple[int, Dataset]:
        """Refuse what it does not know or take, or go on with its own values (PS3.4 H.2.4)."""
        known = KNOWN[kind] - self._printer.refused
        place = {"film-box": "BasicFilmBox", "film-session": "BasicFilmSession"}
        if place.get(self._printer.lut_place) == kind:
            known = known | {"ReferencedPresentationLUTSequence"}
        code, full = 0, Dataset()
        full.update(ds)
        for element in ds:
            takes = self._printer.takes.get(element.keyword) or CHOICES.get(element.keyword)
            wrong = 0x0105 if element.keyword not in known else 0
            if not wrong and takes and element.value and str(element.value) not in takes:
                wrong = 0x0106
            if wrong and not self._printer.is_lenient:
                raise Refused(wrong)
            if wrong:
                code = 0x0107 if wrong == 0x0105 else 0x0116
                del full[element.tag]
        for keyword, value in defaults.items():
            if not full.get(keyword) and keyword not in self._printer.refused:
                setattr(full, keyword, value)
        return code, full

    def _image(self, ds: Dataset, boxes: int, *, is_color: bool) -> SimImage | None:
        """Take a picture as PS3.3 C.13.5 allows it, or refuse it."""
        items = ds.get("BasicColorImageSequence" if is_color else "BasicGrayscaleImageSequence")
        if "ImageBoxPosition" not in ds or items is None:
            raise Refused(0x0120)
        if not 1 <= ds.ImageBoxPosition <= boxes:
            raise Refused(0x0106)
        if not items:
            return None  # an empty sequence erases the picture
        image = image_of(ds, items[0], is_color=is_color, bits=self._printer.bits)
        if self._printer.is_keeping_pixels:
            return image
        return replace(image, pixels=image.pixels[:0].copy())


GRAY_BOX = sop.BasicGrayscaleImageBox


def _reference(class_uid: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = class_uid, uid
    return item
