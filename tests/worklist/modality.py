"""A modality that asks for its worklist: our own SCU, for what no polite tool would send."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import ModalityWorklistInformationFind

from portal.dicom.association import Limits, Peer, associate


@dataclass
class Asked:
    """What a query brought: answers with their statuses, and the final status."""

    answers: list[Dataset] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    final: Dataset = field(default_factory=Dataset)

    @property
    def status(self) -> int:
        return int(self.final.Status)


@contextmanager
def modality(port: int, aet: str = "CT1", aec: str = "PORTAL", syntax: Any = None) -> Iterator[Any]:
    """An association of a modality with our listener."""
    ae = AE(ae_title=aet)
    ae.add_requested_context(ModalityWorklistInformationFind, syntax)
    peer = Peer("127.0.0.1", port, aec, aet)
    with associate(peer, ae.requested_contexts, limits=Limits()) as assoc:
        yield assoc


def ask(assoc: Any, ds: Dataset, cancel_after: int | None = None) -> Asked:
    """Send a query; with `cancel_after` a C-CANCEL follows that many answers."""
    asked = Asked()
    for status, answer in assoc.send_c_find(ds, ModalityWorklistInformationFind, msg_id=7):
        if answer is None:
            asked.final = status
            break
        asked.answers.append(answer)
        asked.pending.append(int(status.Status))
        if cancel_after == len(asked.answers):
            context = assoc.accepted_contexts[0].context_id
            assoc.send_c_cancel(7, context)
    return asked


def find(port: int, aet: str = "CT1", *, syntax: Any = None, **keys: Any) -> Asked:
    """Ask once in an association of its own; `keys` as `identifier` takes them."""
    with modality(port, aet, syntax=syntax) as assoc:
        return ask(assoc, identifier(**keys))


STEP = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepStatus",
    "ScheduledStationName",
    "ScheduledProcedureStepLocation",
)
REQUEST = (
    "AccessionNumber",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
    "ReferringPhysicianName",
)


def identifier(charset: str = "", **keys: Any) -> Dataset:
    """A usual identifier; every attribute is asked for, `keys` restrict."""
    ds = Dataset()
    step = Dataset()
    with disable_value_validation():  # keys that break a rule are made on purpose
        if charset:
            ds.SpecificCharacterSet = charset
        for keyword in STEP:
            setattr(step, keyword, keys.pop(keyword, ""))
        for keyword in REQUEST:
            setattr(ds, keyword, keys.pop(keyword, ""))
        ds.ScheduledProcedureStepSequence = [step]
        for keyword, value in keys.items():
            setattr(ds, keyword, value)
    return ds
