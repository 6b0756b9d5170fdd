"""Associations of a probe: film sessions and boxes are made and deleted; none can be printed.

There is no N-ACTION in this module, so no film comes out (PS3.4 H.4.2.2.4).
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import (
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PresentationLUT,
)

from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import Aborted, DicomError, NetworkError

DUPLICATE = 0x0111
PLAIN = "STANDARD\\1,1"
REFERENCED_LUT = "ReferencedPresentationLUTSequence"
SIDE = 64  # pixels of the picture that is tried
MOST_ABORTS = 3
SHAPES = {8: (8, 8, 7), 12: (16, 12, 11)}  # bits allocated, stored, high (PS3.3 C.13.5)


class OutOfTime(Exception):  # not an error: the probe ends with what it has
    """The time for a probe is over."""


@dataclass(frozen=True)
class Answer:
    """What a printer made of a request: the status, the object's UID, its attributes."""

    code: int
    uid: str = ""
    ds: Dataset = field(default_factory=Dataset)

    @property
    def is_made(self) -> bool:
        """Say whether the object exists: success, or a warning."""
        return self.code in (0x0000, 0x0001, 0x0107, 0x0116) or 0xB000 <= self.code <= 0xBFFF

    def has_taken(self, keyword: str, value: Any) -> bool:
        """Say whether the printer uses the attribute, with this value if there is one."""
        if not self.is_made or self.code in (0x0107, 0x0116):
            return False
        returned = self.ds.get(keyword)
        return value is None or returned is None or str(returned) in ("", str(value))


class Trials:
    """Tries one thing after the other; opens a new association where the printer ended one."""

    def __init__(self, peer: Peer, meta: str, *, limits: Limits, deadline: float) -> None:
        self._peer, self._meta, self._limits, self._deadline = peer, meta, limits, deadline
        self._assoc: Association | None = None
        self._stack = ExitStack()
        self._aborts = 0
        self._named = ""  # the UID in the last N-CREATE response
        self.has_own_uids = True  # ours are taken
        self.is_implicit_only = False
        self._further: tuple[str, ...] = ()

    def __enter__(self) -> "Trials":
        return self

    def __exit__(self, *error: object) -> None:
        self._close(is_aborted=error[0] is not None)

    def propose(self, *further: str) -> None:
        """Propose these SOP classes beside the meta class from now on.

        A Presentation LUT only where one is used: dcmprscp refuses pictures without one else.
        """
        self._close()
        self._further = further

    def session(self, **attributes: Any) -> Answer:
        """Make a film session, see what came of it, and delete it."""
        return self._tried(lambda: self._with_session(_dataset(attributes), lambda _: None)[0])

    def box(self, **attributes: Any) -> Answer:
        """Make a film box, see what came of it, and delete it with its session."""

        def act() -> Answer:
            return self._with_session(Dataset(), lambda uid: self._box(uid, attributes))[1]

        return self._tried(act)

    def picture(self, bits: int, **attributes: Any) -> Answer:
        """Put a small picture into a box of its own, and delete that."""

        def put(film_box: Answer) -> Answer:
            return self._put(film_box, bits, attributes)

        def act() -> Answer:
            plain = {"ImageDisplayFormat": PLAIN}
            return self._with_session(Dataset(), lambda uid: self._box(uid, plain, put))[1]

        return self._tried(act)

    def lut(self, bits: int, *, in_session: bool) -> Answer:
        """Make a Presentation LUT, refer to it from session or film box, and set a picture."""

        def act() -> Answer:
            shape = Dataset()
            shape.PresentationLUTShape = "IDENTITY"
            lut = self._create(PresentationLUT, shape)
            if not lut.is_made:
                return lut
            reference = {REFERENCED_LUT: [_reference(PresentationLUT, lut.uid)]}
            session = _dataset(reference if in_session else {})
            box = {"ImageDisplayFormat": PLAIN} | ({} if in_session else reference)
            made: list[Answer] = []

            def put(film_box: Answer) -> Answer:
                made.append(film_box)
                return self._put(film_box, bits, {})

            held, answer = self._with_session(session, lambda uid: self._box(uid, box, put))
            self._delete(PresentationLUT, lut.uid)
            holder = held if in_session else next(iter(made), held)
            return answer if holder.has_taken(REFERENCED_LUT, None) else Answer(0x0105)

        return self._tried(act)

    def get(self, sop_class: str, instance: str, tags: list[int]) -> Answer:
        """N-GET something that needs the association's other contexts."""

        def act() -> Answer:
            assoc = self._opened()
            meta = self._meta if sop_class not in self._further else None
            sent = assoc.send_n_get(tags or None, sop_class, instance, meta_uid=meta)
            return self._judged(assoc, sent, "N-GET")

        return self._tried(act)

    def _with_session(
        self, wanted: Dataset, then: Callable[[str], Answer | None]
    ) -> tuple[Answer, Answer]:
        made = self._create(BasicFilmSession, wanted)
        if made.code == DUPLICATE:  # only one in an association, even after N-DELETE
            self._close()
            made = self._create(BasicFilmSession, wanted)
        if not made.is_made:
            return made, made
        inner = then(made.uid) or made
        self._delete(BasicFilmSession, made.uid)
        return made, inner

    def _box(
        self,
        session_uid: str,
        attributes: dict[str, Any],
        then: Callable[[Answer], Answer] | None = None,
    ) -> Answer:
        wanted = _dataset(attributes)
        wanted.ReferencedFilmSessionSequence = [_reference(BasicFilmSession, session_uid)]
        made = self._create(BasicFilmBox, wanted)
        if not made.is_made:
            return made
        inner = then(made) if then else made
        self._delete(BasicFilmBox, made.uid)
        return inner

    def _create(self, sop_class: str, wanted: Dataset) -> Answer:
        assoc = self._opened()
        uid = str(generate_uid(prefix=None)) if self.has_own_uids else None
        meta = self._meta if sop_class != PresentationLUT else None
        self._named = ""
        # An empty Dataset would announce a dataset and send none: the printer waits forever.
        sent = assoc.send_n_create(wanted or None, sop_class, uid, meta_uid=meta)
        answer = self._judged(assoc, sent, "N-CREATE")
        return Answer(answer.code, self._named or uid or "", answer.ds)

    def _put(self, film_box: Answer, bits: int, attributes: dict[str, Any]) -> Answer:
        references = film_box.ds.get("ReferencedImageBoxSequence") or []
        if not references:
            return Answer(0x0112)
        uid = str(references[0].ReferencedSOPInstanceUID)
        assoc, is_color = self._opened(), self._meta == BasicColorPrintManagementMeta
        wanted = _dataset(attributes)
        wanted.ImageBoxPosition = 1
        sequence = "BasicColorImageSequence" if is_color else "BasicGrayscaleImageSequence"
        setattr(wanted, sequence, [_picture(bits, is_color=is_color)])
        box = BasicColorImageBox if is_color else BasicGrayscaleImageBox
        return self._judged(assoc, assoc.send_n_set(wanted, box, uid, meta_uid=self._meta), "N-SET")

    def _delete(self, sop_class: str, uid: str) -> None:
        assoc = self._opened()
        meta = self._meta if sop_class != PresentationLUT else None
        status = assoc.send_n_delete(sop_class, uid, meta_uid=meta)
        code = require_answer(assoc, status, "N-DELETE", self._limits.message)
        if code and sop_class != PresentationLUT:
            self._close()  # the end of the association deletes too (PS3.4 H.4.1.2.1.3)

    def _judged(
        self, assoc: Association, sent: tuple[Dataset, Dataset | None], what: str
    ) -> Answer:
        status, ds = sent
        code = require_answer(assoc, status, what, self._limits.message)
        return Answer(code, ds=ds if ds is not None else Dataset())

    def _tried(self, act: Callable[[], Answer]) -> Answer:
        """Do it; a printer that ends the association over it has refused it."""
        if time.monotonic() > self._deadline:
            raise OutOfTime
        try:
            return act()
        except (NetworkError, RuntimeError) as error:
            was_open, self._aborts = self._assoc is not None, self._aborts + 1
            self._close(is_aborted=True)
            if not was_open or self._aborts > MOST_ABORTS:
                raise error if isinstance(error, DicomError) else Aborted(str(error)) from error
            return Answer(0x0110)

    def _opened(self) -> Association:
        if self._assoc is not None and self._assoc.is_established:
            return self._assoc
        if self._assoc is not None:
            raise Aborted(f"{self._peer.called_ae_title} broke the association off.")
        contexts = [meta_context(self._meta, is_implicit_only=self.is_implicit_only)]
        contexts += [build_context(uid, SYNTAXES) for uid in self._further]
        handlers = [(evt.EVT_DIMSE_RECV, self._note_uid), (evt.EVT_N_EVENT_REPORT, _on_event)]
        opened = associate(self._peer, contexts, limits=self._limits, handlers=handlers)
        self._assoc = self._stack.enter_context(opened)
        return self._assoc

    def _close(self, *, is_aborted: bool = False) -> None:
        assoc, self._assoc = self._assoc, None
        if assoc is not None and is_aborted and assoc.is_established:
            assoc.abort()
        stack, self._stack = self._stack, ExitStack()
        stack.close()

    def _note_uid(self, event: evt.Event) -> None:
        """Note the UID that the printer names: pynetdicom does not give it back."""
        self._named = str(event.message.command_set.get("AffectedSOPInstanceUID", "") or "")


SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


def meta_context(meta: str, *, is_implicit_only: bool) -> PresentationContext:
    """Return the context of a meta SOP class."""
    return build_context(meta, SYNTAXES[1:] if is_implicit_only else SYNTAXES)


def _dataset(attributes: dict[str, Any]) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def _reference(sop_class: str, uid: str) -> Dataset:
    ds = Dataset()
    ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID = sop_class, uid
    return ds


def _picture(bits: int, *, is_color: bool) -> Dataset:
    """Return a small black picture."""
    ds = Dataset()
    ds.SamplesPerPixel = 3 if is_color else 1
    ds.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
    if is_color:
        ds.PlanarConfiguration = 0
    ds.Rows = ds.Columns = SIDE
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = SHAPES[bits]
    ds.PixelRepresentation = 0
    length = SIDE * SIDE * ds.SamplesPerPixel * ds.BitsAllocated // 8
    ds.add_new("PixelData", "OB" if bits == 8 else "OW", bytes(length))
    return ds


def _on_event(event: evt.Event) -> tuple[int, None]:
    """Take a report of the printer; the probe asks by itself."""
    return 0x0000, None
