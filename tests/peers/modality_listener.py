"""A modality that waits for the answer to its commitment request, and may take it badly."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

from tests.peers.ports import free_port

HANG, ABORT = "hang", "abort"  # instead of a status
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


@dataclass
class Reported:
    """One N-EVENT-REPORT as it came."""

    calling: str
    event_type: int
    syntax: str
    raw: bytes
    information: Dataset
    roles: dict[str, tuple[bool, bool]]  # as the sender proposed them: (SCU, SCP)

    @property
    def committed(self) -> list[str]:
        return [str(one.ReferencedSOPInstanceUID) for one in self._items("ReferencedSOPSequence")]

    @property
    def failed(self) -> dict[str, int]:
        return {
            str(one.ReferencedSOPInstanceUID): int(one.FailureReason)
            for one in self._items("FailedSOPSequence")
        }

    def _items(self, keyword: str) -> Any:
        return self.information.get(keyword) or []


@dataclass
class ModalityListener:
    """Its port, what it was told, and how it answers: statuses in turn, the last one for good."""

    port: int
    answers: list[int | str] = field(default_factory=lambda: [0x0000])
    reports: list[Reported] = field(default_factory=list)
    resume: threading.Event = field(default_factory=threading.Event)
    has_report: threading.Event = field(default_factory=threading.Event)

    def on_report(self, event: evt.Event) -> tuple[int, None]:
        proposed = event.assoc.requestor.role_selection
        self.reports.append(
            Reported(
                calling=event.assoc.requestor.ae_title,
                event_type=int(event.event_type),
                syntax=str(event.context.transfer_syntax),
                raw=event.request.EventInformation.getvalue(),
                information=event.event_information,
                roles={
                    str(uid): (bool(one.scu_role), bool(one.scp_role))
                    for uid, one in proposed.items()
                },
            )
        )
        self.has_report.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == HANG:
            self.resume.wait(60)
            return 0x0110, None
        if answer == ABORT:
            event.assoc.abort()
            return 0x0110, None
        return int(answer), None


@contextmanager
def modality_listener(
    ae_title: str = "CT1",
    *,
    port: int | None = None,
    answers: list[int | str] | None = None,
    roles: tuple[bool | None, bool | None] = (True, True),
    syntaxes: tuple[str, ...] = (EXPLICIT, IMPLICIT),
    is_strict: bool = False,
) -> Iterator[ModalityListener]:
    """Listen for reports; `roles` as pynetdicom sets them on the context (SCU, SCP).

    `is_strict` accepts only calls by its own AE title.
    """
    told = ModalityListener(port or free_port(), answers or [0x0000])
    ae = AE(ae_title=ae_title)
    ae.require_called_aet = is_strict
    ae.add_supported_context(
        StorageCommitmentPushModel, list(syntaxes), scu_role=roles[0], scp_role=roles[1]
    )
    ae.add_supported_context(Verification)
    server = ae.start_server(
        ("127.0.0.1", told.port),
        block=False,
        evt_handlers=[(evt.EVT_N_EVENT_REPORT, told.on_report)],
    )
    try:
        yield told
    finally:
        told.resume.set()
        server.shutdown()


def ask_commitment(
    port: int,
    transaction_uid: str,
    references: list[tuple[str, str]],
    *,
    calling: str = "CT1",
    called: str = "PORTAL",
    syntax: str = EXPLICIT,
    **changes: Any,
) -> Dataset:
    """Send a modality's own N-ACTION and release at once; `changes` are keyword -> value.

    Returns the status dataset; empty when the association was aborted.
    """
    information = Dataset()
    information.TransactionUID = transaction_uid
    items = []
    for sop_class, sop_instance in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
        items.append(item)
    information.ReferencedSOPSequence = items
    action_type = changes.pop("action_type", 1)
    instance = changes.pop("instance", StorageCommitmentPushModelInstance)
    for keyword, value in changes.items():
        setattr(information, keyword, value)
    ae = AE(ae_title=calling)
    ae.add_requested_context(StorageCommitmentPushModel, syntax)
    assoc = ae.associate("127.0.0.1", port, ae_title=called)
    assert assoc.is_established
    try:
        status, _ = assoc.send_n_action(
            information, action_type, StorageCommitmentPushModel, instance
        )
        return status
    finally:
        assoc.release()
