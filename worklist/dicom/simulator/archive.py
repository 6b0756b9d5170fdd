"""A simulated archive: stores, lists and commits images, as faulty as its switches say."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from portal.dicom import status
from portal.dicom.association import Peer
from portal.dicom.listening import ListenerConfig, listening
from worklist.dicom.simulator import listing, sending
from worklist.dicom.simulator.faults import Reaction, faults_of
from worklist.dicom.simulator.images import SOP_CLASSES
from worklist.dicom.simulator.journal import Journal
from worklist.dicom.simulator.sending import Asked, Judged
from worklist.dicom.simulator.shelf import Held, Shelf
from worklist.dicom.simulator.timetable import Timetable

AE_TITLE = "SIMARCHIVE"
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
SERVICES = [
    Verification,
    StudyRootQueryRetrieveInformationModelFind,
    StorageCommitmentPushModel,
]
QUIET_SECONDS = 1.0  # without a new image a study is taken to be complete
ANSWER_SECONDS = 0.1
MOST_ASKED = 20_000


@contextmanager
def simulated_archive(
    address: tuple[str, int],
    directory: Path,
    *,
    portal: tuple[str, int],
    portal_ae_title: str,
    ae_title: str = AE_TITLE,
) -> Iterator[Any]:
    """Run the simulated archive until the block ends.

    `portal` is where its reports go, whoever asked; notices go there under `portal_ae_title`.
    """
    timetable = Timetable()
    archive = Archive(directory, timetable, Peer(*portal, portal_ae_title, ae_title))
    config = ListenerConfig(
        is_stock=True,
        ae_title=ae_title,
        address=address,
        contexts=[build_context(uid, SYNTAXES) for uid in (*SOP_CLASSES, *SERVICES)],
        handlers=[
            (evt.EVT_C_ECHO, lambda event: status.SUCCESS),
            (evt.EVT_C_STORE, archive.on_store),
            (evt.EVT_C_FIND, archive.on_find),
            (evt.EVT_N_ACTION, archive.on_action),
            (evt.EVT_RELEASED, archive.on_gone),
            (evt.EVT_ABORTED, archive.on_gone),
            (evt.EVT_CONN_CLOSE, archive.on_gone),
        ],
    )
    timetable.start()
    try:
        with listening(config) as server:
            yield server
    finally:
        timetable.stop()


@dataclass
class Received:
    """What one association has brought, for one line of the journal."""

    study: str
    kept: int = 0
    lost: int = 0


class Archive:
    """The handlers; everything that must outlive an association lies in the directory."""

    def __init__(self, directory: Path, timetable: Timetable, portal: Peer) -> None:
        self._directory, self._timetable, self._portal = directory, timetable, portal
        self._shelf, self._journal = Shelf(directory), Journal(directory)
        self._received: dict[tuple[Any, str], Received] = {}
        self._lock = threading.Lock()

    def on_store(self, event: evt.Event) -> int:
        """Keep an image, or lose it and say nothing (PS3.4 Annex B)."""
        ds = event.dataset
        uids = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
        held = Held(*(str(ds.get(keyword, "")) for keyword in uids))
        if not held.is_sound:
            return 0xC000  # PS3.4 Table B.2-1: cannot understand
        faults = faults_of(self._directory)
        is_kept = self._shelf.put(held, event.encoded_dataset(), lose=faults.lost)
        study = held.study_instance_uid
        with self._lock:
            received = self._received.setdefault((event.assoc, study), Received(study))
            received.kept += is_kept
            received.lost += not is_kept
        if faults.has_notices:
            self._timetable.put(("notice", study), QUIET_SECONDS, lambda: self._notify(study))
        return status.SUCCESS

    def on_gone(self, event: evt.Event) -> None:
        """Note what an association that has ended brought."""
        with self._lock:
            mine = [key for key in self._received if key[0] is event.assoc]
            ended = [self._received.pop(key) for key in mine]
        for one in ended:
            sender = event.assoc.requestor.ae_title.strip()
            self._journal.write(
                "stored", sender, study=one.study, status=0, count=one.kept, other=one.lost
            )

    def on_find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        """List studies, series or images."""
        called = event.assoc.acceptor.ae_title.strip()
        try:
            for answer in listing.matches(self._shelf, event.identifier, called):
                if event.is_cancelled:
                    yield status.CANCEL, None
                    return
                yield status.PENDING, answer
        except listing.BadIdentifier:
            yield status.IDENTIFIER_DOES_NOT_MATCH, None

    def on_action(self, event: evt.Event) -> tuple[int, None]:
        """Take a request for commitment, and have its report sent (PS3.4 J.3.2)."""
        asker = event.assoc.requestor.ae_title.strip()
        faults = faults_of(self._directory)
        asked = _asked(event)
        answer = asked if isinstance(asked, int) else status.SUCCESS
        if faults.reaction == Reaction.REFUSES:
            answer = status.RESOURCE_LIMITATION
        if faults.reaction == Reaction.ABORTS:
            self._journal.write("action", asker, status=None)
            event.assoc.abort()
            return status.PROCESSING_FAILURE, None
        count = 0 if isinstance(asked, int) else len(asked.references)
        self._journal.write("action", asker, status=answer, count=count)
        if answer == status.SUCCESS and not isinstance(asked, int):
            self._plan(asked, asker, event.assoc)
        return answer, None

    def _plan(self, asked: Asked, asker: str, assoc: Any) -> None:
        faults = faults_of(self._directory)
        if faults.reaction == Reaction.SILENT:
            return
        peer = Peer(self._portal.host, self._portal.port, asker, self._portal.calling_ae_title)

        def report() -> None:
            judged = self._judge(asked)
            is_told = faults.is_same_association and sending.report_on(assoc, judged)
            for _ in range(2 if faults.reaction == Reaction.TWICE else 1):
                answer, note = (0, "") if is_told else sending.report(peer, judged)
                is_told = False
                self._journal.write(
                    "report",
                    asker,
                    status=answer,
                    count=len(judged.committed),
                    other=len(judged.failed),
                    note=note,
                )

        # On the same association not before our answer to the request has gone out.
        wait = max(faults.late_s, ANSWER_SECONDS if faults.is_same_association else 0)
        self._timetable.put(("report", asked.transaction_uid), wait, report)

    def _judge(self, asked: Asked) -> Judged:
        """Look for each image; what is here under another class is in conflict."""
        reason = faults_of(self._directory).reason
        judged = Judged(asked.transaction_uid)
        for sop_class, sop_instance in asked.references:
            found = self._shelf.class_of(sop_instance)
            why = reason or (status.NO_SUCH_SOP_INSTANCE if not found else 0)
            if not why and found != sop_class:
                why = status.CLASS_INSTANCE_CONFLICT
            if why:
                judged.failed.append((sop_class, sop_instance, why))
            else:
                judged.committed.append((sop_class, sop_instance))
        return judged

    def _notify(self, study: str) -> None:
        held = self._shelf.held(study)
        if held:
            answer, note = sending.notify(self._portal, study, held)
            called = self._portal.called_ae_title
            self._journal.write(
                "notice", called, study=study, status=answer, count=len(held), note=note
            )


def _asked(event: evt.Event) -> Asked | int:
    """Read a request; what is wrong with it is a status."""
    if str(event.request.RequestedSOPInstanceUID) != StorageCommitmentPushModelInstance:
        return status.NO_SUCH_SOP_INSTANCE
    if event.action_type != 1:
        return status.NO_SUCH_ACTION_TYPE
    ds = event.action_information
    items = ds.get("ReferencedSOPSequence") or []
    references = [
        (str(item.get("ReferencedSOPClassUID", "")), str(item.get("ReferencedSOPInstanceUID", "")))
        for item in items
    ]
    transaction = str(ds.get("TransactionUID", ""))
    is_whole = all(all(pair) for pair in references) and UID(transaction).is_valid
    if not transaction or not references or not is_whole:
        return status.INVALID_ARGUMENT_VALUE
    if len(references) > MOST_ASKED or max(Counter(references).values()) > 1:
        return status.INVALID_ARGUMENT_VALUE
    return Asked(transaction, references)
