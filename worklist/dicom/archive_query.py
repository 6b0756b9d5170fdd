"""What an archive lists of a study: C-FIND, Study Root (PS3.4 C.6.2), down to its instances."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind

from portal.dicom import status
from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import DicomError, StatusFailure, TimedOut
from worklist.dicom.availability import is_uid
from worklist.types.commitment import InstanceReference

LIMITS = Limits(connect=10, associate=30, message=60, idle=120)
SECONDS = 300.0  # for all of it
MOST = 100_000  # instances of a study
MOST_SERIES = 10_000
AFTER_CANCEL = 1000  # answers that may still be under way after a C-CANCEL
PENDING = {status.PENDING, status.PENDING_UNSUPPORTED_OPTIONAL_KEYS}

SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018
STUDY_INSTANCE_UID, SERIES_INSTANCE_UID = 0x0020000D, 0x0020000E
SERIES_RELATED_INSTANCES = 0x00201209  # optional: many archives know it (PS3.4 C.3.4)

Listed = tuple[str, InstanceReference]  # with its Series Instance UID
IsStopped = Callable[[], bool]


class Stopped(DicomError):
    """We were told to stop: nothing is known yet."""


class NotListed(DicomError):
    """What the archive lists is not the whole, or is more than we read."""


@dataclass(frozen=True)
class Reading:
    """How long and how much is read at most, and who may end it before."""

    limits: Limits = LIMITS
    seconds: float = SECONDS
    most: int = MOST
    is_stopped: IsStopped = lambda: False


def instances_at(
    peer: Peer, study_instance_uid: str, reading: Reading | None = None
) -> tuple[Listed, ...]:
    """Return every instance of a study that an archive lists; none when it has no such study.

    Raise NetworkError, StatusFailure, or NotListed where it lists fewer than it says it has: some
    archives cut their answers without a word.
    """
    reading = reading or Reading()
    context = build_context(StudyRootFind, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    with associate(peer, [context], limits=reading.limits) as assoc:
        query = _Query(assoc, peer.called_ae_title, reading)
        found: dict[str, Listed] = {}
        for series_uid, stated in list(_series(query, study_instance_uid)):
            inside = _instances(query, study_instance_uid, series_uid)
            if stated is not None and len(inside) < stated:
                raise NotListed(
                    f"{peer.called_ae_title} says that a series has {stated} images, but lists "
                    f"{len(inside)}: it may have a limit of answers."
                )
            found |= inside
            if len(found) > reading.most:
                raise NotListed(
                    f"{peer.called_ae_title} lists more than {reading.most} images of the study."
                )
    return tuple(found.values())


def _series(query: "_Query", study: str) -> Iterator[tuple[str, int | None]]:
    """Yield the study's series, and how many instances each has where the archive says so."""
    keys = _keys("SERIES", study, SeriesInstanceUID="", NumberOfSeriesRelatedInstances="")
    seen: set[str] = set()
    for answer in query.ask(keys, MOST_SERIES):
        uid = _uid(answer, SERIES_INSTANCE_UID, query.called)
        stated = _value(answer, SERIES_RELATED_INSTANCES)
        if uid not in seen and _is_of(answer, STUDY_INSTANCE_UID, study):
            seen.add(uid)
            yield uid, int(stated) if stated.isascii() and stated.isdecimal() else None


def _instances(query: "_Query", study: str, series: str) -> dict[str, Listed]:
    keys = _keys("IMAGE", study, SeriesInstanceUID=series, SOPInstanceUID="", SOPClassUID="")
    found: dict[str, Listed] = {}
    for answer in query.ask(keys, query.reading.most):
        uid = _uid(answer, SOP_INSTANCE_UID, query.called)
        if _is_of(answer, SERIES_INSTANCE_UID, series):
            sop_class = _value(answer, SOP_CLASS_UID)
            found[uid] = (series, InstanceReference(sop_class if is_uid(sop_class) else "", uid))
    return found


class _Query:
    """C-FINDs on one association, all within one time limit."""

    def __init__(self, assoc: Any, called: str, reading: Reading) -> None:
        self.called, self.reading = called, reading
        self._assoc = assoc
        self._deadline = time.monotonic() + reading.seconds

    def ask(self, keys: Dataset, most: int) -> Iterator[Dataset]:
        """Yield the answers; a C-CANCEL is sent when one is too many, too late, or not wanted."""
        why: DicomError | None = None
        surplus = 0
        for count, (code, answer) in enumerate(self._sent(keys), start=1):
            if code not in PENDING:
                self._require_success(code, is_cancelled=why is not None)
                break
            if why is None and (why := self._obstacle(count, most)):
                self._cancel()
            if why is not None:
                surplus += 1
                if surplus > AFTER_CANCEL:
                    raise why  # the association is aborted: it does not obey
            elif answer is None:
                raise NotListed(f"An answer of {self.called} to C-FIND cannot be read.")
            else:
                yield answer
        if why is not None:
            raise why

    def _sent(self, keys: Dataset) -> Iterator[tuple[int, Dataset | None]]:
        limit = self.reading.limits.message
        for answered, identifier in self._assoc.send_c_find(keys, StudyRootFind, msg_id=1):
            yield require_answer(self._assoc, answered, "C-FIND", limit), identifier

    def _obstacle(self, count: int, most: int) -> DicomError | None:
        if self.reading.is_stopped():
            return Stopped("The portal is stopping.")
        if time.monotonic() > self._deadline:
            seconds = self.reading.seconds
            return TimedOut(f"{self.called} did not list the study within {seconds:g} s.")
        if count > most:
            return NotListed(f"{self.called} gave more than {most} answers to one question.")
        return None

    def _cancel(self) -> None:
        self._assoc.send_c_cancel(1, self._assoc.accepted_contexts[0].context_id)

    def _require_success(self, code: int, *, is_cancelled: bool) -> None:
        if code == status.SUCCESS or is_cancelled:
            return
        raise StatusFailure(f"{self.called} answered C-FIND with {code:04X}H.", code)


def _keys(level: str, study: str, **keys: str) -> Dataset:
    ds = Dataset()
    ds.QueryRetrieveLevel, ds.StudyInstanceUID = level, study
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    return ds


def _value(answer: Dataset, tag: int) -> str:
    """Return a value from its bytes: pydicom would judge it, and it may be anything."""
    if tag not in answer:
        return ""
    value = answer.get_item(tag).value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return str(value or "").strip(" \0")


def _uid(answer: Dataset, tag: int, called: str) -> str:
    value = _value(answer, tag)
    if not is_uid(value):
        raise NotListed(f"An answer of {called} to C-FIND names nothing by a UID.")
    return value


def _is_of(answer: Dataset, tag: int, wanted: str) -> bool:
    """Say whether an answer is to our question: some give back more than was asked for."""
    return _value(answer, tag) in ("", wanted)
