"""An archive that answers C-FIND at Study Root from a table, rightly or wrongly on purpose."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom import AE, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind
from pynetdicom.sop_class import Verification

from portal.dicom.association import Peer

Answers = Iterator[tuple[int, Dataset | None]]


@dataclass
class ListingArchive:
    """What it has (study -> series -> instances), how it answers, and what it was asked."""

    studies: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    states_counts: bool = True
    stated: int | None = None  # instead of the true number
    final: int = 0x0000
    change: Callable[[Dataset], None] = lambda answer: None
    before_answer: Callable[[Any], None] = lambda event: None
    asked: list[Dataset] = field(default_factory=list)
    was_cancelled: threading.Event = field(default_factory=threading.Event)
    peer: Peer = field(init=False)

    def find(self, event: Any) -> Answers:
        """Answer by level; a C-CANCEL ends it with FE00."""
        keys = event.identifier
        self.asked.append(keys)
        for answer in self._answers(keys):
            self.before_answer(event)
            if event.is_cancelled:
                self.was_cancelled.set()
                yield 0xFE00, None
                return
            self.change(answer)
            yield 0xFF00, answer
        if self.final:
            yield self.final, None

    def _answers(self, keys: Dataset) -> Iterator[Dataset]:
        series = self.studies.get(keys.StudyInstanceUID, {})
        if keys.QueryRetrieveLevel == "SERIES":
            for uid, instances in series.items():
                number = len(instances) if self.stated is None else self.stated
                counted = {"NumberOfSeriesRelatedInstances": number} if self.states_counts else {}
                yield _made(keys, SeriesInstanceUID=uid, **counted)
            return
        for uid in series.get(keys.SeriesInstanceUID, []):
            yield _made(
                keys,
                SeriesInstanceUID=keys.SeriesInstanceUID,
                SOPInstanceUID=uid,
                SOPClassUID=CTImageStorage,
            )


def _made(keys: Dataset, **values: Any) -> Dataset:
    answer = Dataset()
    answer.QueryRetrieveLevel = keys.QueryRetrieveLevel
    answer.StudyInstanceUID = keys.StudyInstanceUID
    for keyword, value in values.items():
        setattr(answer, keyword, value)
    return answer


@contextmanager
def listing_archive(
    studies: dict[str, dict[str, list[str]]] | None = None, **how: Any
) -> Iterator[ListingArchive]:
    """Listen until the block ends; `peer` says where."""
    archive = ListingArchive(studies or {}, **how)
    ae = AE(ae_title="ARCHIVE")
    ae.add_supported_context(StudyRootFind)
    ae.add_supported_context(Verification)
    handlers = [(evt.EVT_C_FIND, archive.find)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    archive.peer = Peer("127.0.0.1", server.server_address[1], "ARCHIVE", "PORTAL")
    try:
        yield archive
    finally:
        server.shutdown()
