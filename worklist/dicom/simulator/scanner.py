"""A simulated scanner: asks for its worklist, reports what it does, stores images."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_role, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from portal.dicom import status
from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import DicomError
from worklist.dicom.simulator.entries import Entry, entry_of, identifier

LIMITS = Limits(connect=3, associate=5, message=20, idle=30)
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
WARNINGS = {0x0001, status.ATTRIBUTE_LIST_ERROR, 0x0116}
LISTED = 60  # a console's list is no longer


@dataclass(frozen=True)
class Said:
    """A message and its answer: no status means that none came, and `words` say why."""

    verb: str
    status: int | None
    words: str = ""
    count: int = 0

    @property
    def is_ok(self) -> bool:
        """Say whether it was answered with success."""
        return self.status == status.SUCCESS

    @property
    def is_taken(self) -> bool:
        """Say whether it was taken, perhaps with a warning (PS3.7 Annex C.4)."""
        return self.is_ok or self.status in WARNINGS


def query(peer: Peer, ae_title: str, day: date) -> tuple[Said, list[Entry]]:
    """Ask for the scanner's exams of a day (PS3.4 Annex K)."""
    found: list[Entry] = []

    def talk(assoc: Any) -> Said:
        model = ModalityWorklistInformationFind
        for answer, ds in assoc.send_c_find(identifier(ae_title, day), model):
            if ds is None or len(found) >= LISTED:
                code = _code(assoc, answer, "C-FIND")
                is_cut = code in {status.PENDING, 0xFF01}
                return Said("C-FIND", 0 if is_cut else code, _comment(answer), len(found))
            found.append(entry_of(ds))
        return Said("C-FIND", None)

    said = _talk(peer, "C-FIND", [build_context(ModalityWorklistInformationFind, SYNTAXES)], talk)
    return said, sorted(found, key=lambda entry: (not entry.clock, entry.start_time, entry.sps_id))


def start(peer: Peer, uid: str, ds: Dataset) -> Said:
    """Report that an exam has begun: N-CREATE (PS3.4 F.7.2.1)."""

    def talk(assoc: Any) -> Said:
        answer, _ = assoc.send_n_create(ds, ModalityPerformedProcedureStep, uid)
        return Said("N-CREATE", _code(assoc, answer, "N-CREATE"), _comment(answer))

    return _talk(peer, "N-CREATE", [build_context(ModalityPerformedProcedureStep, SYNTAXES)], talk)


def change(peer: Peer, uid: str, ds: Dataset) -> Said:
    """Report how an exam has ended: N-SET (PS3.4 F.7.2.2)."""

    def talk(assoc: Any) -> Said:
        answer, _ = assoc.send_n_set(ds, ModalityPerformedProcedureStep, uid)
        return Said("N-SET", _code(assoc, answer, "N-SET"), _comment(answer))

    return _talk(peer, "N-SET", [build_context(ModalityPerformedProcedureStep, SYNTAXES)], talk)


def store(peer: Peer, made: Iterable[Dataset]) -> Said:
    """Send images to the archive; the first that it does not take ends it (PS3.4 Annex B)."""
    waiting = list(made)
    classes = dict.fromkeys(str(ds.SOPClassUID) for ds in waiting)
    contexts = [build_context(uid, ExplicitVRLittleEndian) for uid in classes]

    def talk(assoc: Any) -> Said:
        code = status.SUCCESS
        for sent, ds in enumerate(waiting):
            answer = assoc.send_c_store(ds)
            code = _code(assoc, answer, "C-STORE")
            if code != status.SUCCESS:
                return Said("C-STORE", code, _comment(answer), sent)
        return Said("C-STORE", code, "", len(waiting))

    return _talk(peer, "C-STORE", contexts, talk)


def commit(peer: Peer, transaction_uid: str, references: Iterable[tuple[str, str]]) -> Said:
    """Ask the archive, or who passes it on, for commitment: N-ACTION (PS3.4 J.3.2)."""
    ds = Dataset()
    ds.TransactionUID = transaction_uid
    ds.ReferencedSOPSequence = [_reference(*pair) for pair in references]

    def talk(assoc: Any) -> Said:
        answer, _ = assoc.send_n_action(
            ds, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        code = _code(assoc, answer, "N-ACTION")
        return Said("N-ACTION", code, _comment(answer), len(ds.ReferencedSOPSequence))

    contexts = [build_context(StorageCommitmentPushModel, SYNTAXES)]
    roles = [build_role(StorageCommitmentPushModel, scu_role=True, scp_role=True)]
    handlers = [(evt.EVT_N_EVENT_REPORT, lambda event: (status.SUCCESS, None))]
    return _talk(peer, "N-ACTION", contexts, talk, roles=roles, handlers=handlers)


def _talk(
    peer: Peer, verb: str, contexts: list[Any], talk: Callable[[Any], Said], **more: Any
) -> Said:
    """Associate and say it; what goes wrong is said in words."""
    try:
        with associate(peer, contexts, limits=LIMITS, **more) as assoc:
            return talk(assoc)
    except DicomError as error:
        return Said(verb, None, str(error))
    except ValueError:  # of pynetdicom: the peer took the association, but not this service
        return Said(verb, None, f"{peer.called_ae_title} does not offer this service.")


def _code(assoc: Any, answer: Any, verb: str) -> int:
    return require_answer(assoc, answer, verb, LIMITS.message)


def _comment(answer: Any) -> str:
    return str(answer.get("ErrorComment", "") or "")


def _reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item
