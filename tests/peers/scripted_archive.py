"""An archive that reacts to storage commitment requests as a script says, on pynetdicom.

Use:

    with scripted_archive(portal_port) as archive:      # reports go to 127.0.0.1:portal_port
        archive.script(Reaction(), Reaction(status=0x0213))  # one per N-ACTION; the last repeats
        ...                                             # have it asked at archive.port
        archive.wait_asked(1)                           # the requests as they came
        archive.wait_reported(1)                        # statuses that its reports were given

A `Reaction` says how an N-ACTION is answered (`status`, or `aborts`, or `hangs` until the block
ends), what is reported (`report`, made of the request; none: silent), by which `way` (NEW or SAME
association, EARLY: on the same one before the answer to the N-ACTION), after `delay_s` seconds and
how many `times`; `event_type` None is the right one. Reports are made by `committed`, `failed`,
`short`, `longer`, `elsewhere` (another transaction), or any function of your own. `archive.report`
sends one at any time, also under another AE title. `syntaxes` narrows what it speaks (Implicit
only), `roles` what it proposes. Datasets are pydicom's, not of our own codec.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

from tests.peers.commitment_answers import (
    Asked,
    Report,
    committed,
    elsewhere,
    failed,
    longer,
    short,
)
from tests.waiting import wait_until

__all__ = ["Asked", "Report", "committed", "elsewhere", "failed", "longer", "short"]  # also here

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


class Way(Enum):
    """By which association a report goes out."""

    NEW = "new"
    SAME = "same"
    EARLY = "early"


@dataclass(frozen=True)
class Reaction:
    """What happens to one N-ACTION."""

    status: int = 0x0000
    comment: str = ""
    aborts: bool = False
    hangs: bool = False
    report: Callable[[Asked], Report] | None = committed
    way: Way = Way.NEW
    delay_s: float = 0
    times: int = 1
    event_type: int | None = None


@dataclass
class ScriptedArchive:
    """The running archive."""

    portal_port: int
    ae_title: str
    syntaxes: list[Any]
    roles: tuple[bool, bool]  # SCU and SCP as proposed for reports
    tls: Any = None  # for associations that it opens
    port: int = 0
    ae: Any = None  # pynetdicom's, to narrow whom it admits
    asked: list[Asked] = field(default_factory=list)
    reported: list[int | None] = field(default_factory=list)  # None: no status came
    before_answer: Callable[[], None] = lambda: None  # called when an answer is about to go out
    sending: threading.Event = field(default_factory=threading.Event)  # `report_later` has begun
    _script: list[Reaction] = field(default_factory=lambda: [Reaction()])
    _ending: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _answered: dict[Any, threading.Event] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def script(self, *reactions: Reaction) -> None:
        """React like this from now on."""
        with self._lock:
            self._script = list(reactions)

    def wait_asked(self, count: int) -> list[Asked]:
        """Return the requests when there are that many."""
        wait_until(lambda: len(self.asked) >= count)
        return list(self.asked)

    def wait_reported(self, count: int) -> list[int | None]:
        """Return what its reports were answered when there were that many."""
        wait_until(lambda: len(self.reported) >= count)
        return list(self.reported)

    def report(
        self, report: Report, *, event_type: int | None = None, calling: str = "", called: str = ""
    ) -> int | None:
        """Send a report on a new association; return its status."""
        status = self._report(report, event_type, calling or self.ae_title, called or "PORTAL")
        self.reported.append(status)
        return status

    def report_later(self, report: Report) -> threading.Thread:
        """Send a report from a thread; `sending` is set when the association is there."""
        self.sending.clear()
        thread = threading.Thread(target=self.report, args=(report,), daemon=True)
        thread.start()
        return thread

    def end(self) -> None:
        """Let whatever hangs go, and wait for what is on its way."""
        self._ending.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def on_action(self, event: evt.Event) -> tuple[int | Dataset, None]:
        """React to an N-ACTION."""
        ds, assoc = event.action_information, event.assoc
        sequence = ds.get("ReferencedSOPSequence") or []
        asked = Asked(
            str(ds.TransactionUID),
            tuple(
                (str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
                for item in sequence
            ),
            assoc.requestor.ae_title.strip(),
            assoc.acceptor.ae_title.strip(),
            str(event.context.transfer_syntax),
        )
        with self._lock:
            reaction = self._script.pop(0) if len(self._script) > 1 else self._script[0]
            self.asked.append(asked)
        if reaction.aborts:
            assoc.abort()
            return 0x0110, None
        if reaction.report and not reaction.status:
            self._plan(reaction, asked, assoc)
        if reaction.hangs:
            self._ending.wait(60)
        self.before_answer()
        answer = Dataset()
        answer.Status = reaction.status
        if reaction.comment:
            answer.ErrorComment = reaction.comment
        return answer, None

    def on_pdu_sent(self, event: evt.Event) -> None:
        """Note that an N-ACTION has been answered."""
        if event.pdu.pdu_type == 0x04:
            self._answered.setdefault(event.assoc, threading.Event()).set()

    def _plan(self, reaction: Reaction, asked: Asked, assoc: Any) -> None:
        assert reaction.report
        report = reaction.report(asked)
        event_type = reaction.event_type or report.event_type
        target = self._on_new if reaction.way == Way.NEW else self._on_same
        self._answered[assoc] = threading.Event()

        def run() -> None:
            if self._ending.wait(reaction.delay_s):
                return
            if reaction.way == Way.SAME:
                self._answered[assoc].wait(60)
            for _ in range(reaction.times):
                self.reported.append(target(report, event_type, assoc))

        if reaction.way == Way.EARLY:
            run()
            return
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _on_same(self, report: Report, event_type: int, assoc: Any) -> int | None:
        return _send(assoc, report, event_type)

    def _on_new(self, report: Report, event_type: int, assoc: Any) -> int | None:
        calling, called = assoc.acceptor.ae_title.strip(), assoc.requestor.ae_title.strip()
        return self._report(report, event_type, calling, called)

    def _report(
        self, report: Report, event_type: int | None, calling: str, called: str
    ) -> int | None:
        ae = AE(ae_title=calling)
        ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = 60
        ae.add_requested_context(StorageCommitmentPushModel, self.syntaxes)
        scu, scp = self.roles
        role = [build_role(StorageCommitmentPushModel, scu_role=scu, scp_role=scp)]
        assoc = ae.associate(
            "127.0.0.1",
            self.portal_port,
            ae_title=called,
            ext_neg=role if scu or scp else [],
            tls_args=(self.tls, "127.0.0.1") if self.tls else None,
        )
        if not assoc.is_established:
            return None
        self.sending.set()
        try:
            return _send(assoc, report, event_type or report.event_type)
        finally:
            assoc.release()


def _send(assoc: Any, report: Report, event_type: int) -> int | None:
    try:
        answer, _ = assoc.send_n_event_report(
            report.dataset(),
            event_type,
            StorageCommitmentPushModel,
            StorageCommitmentPushModelInstance,
        )
    except (RuntimeError, ValueError):  # the association is gone
        return None
    return int(answer.Status) if "Status" in answer else None


@contextmanager
def scripted_archive(
    portal_port: int,
    *,
    ae_title: str = "ARCHIVE",
    port: int = 0,
    syntaxes: list[Any] | None = None,
    roles: tuple[bool, bool] = (False, True),
    tls_server: Any = None,
    tls_client: Any = None,
) -> Iterator[ScriptedArchive]:
    """Run an archive until the block ends."""
    spoken = syntaxes or SYNTAXES
    archive = ScriptedArchive(portal_port, ae_title, spoken, roles, tls_client)
    ae = AE(ae_title=ae_title)
    ae.dimse_timeout = 60
    ae.add_supported_context(Verification)
    ae.add_supported_context(StorageCommitmentPushModel, spoken, scu_role=True, scp_role=True)
    server = ae.start_server(
        ("127.0.0.1", port),
        block=False,
        ssl_context=tls_server,
        evt_handlers=[
            (evt.EVT_N_ACTION, archive.on_action),
            (evt.EVT_PDU_SENT, archive.on_pdu_sent),
            (evt.EVT_C_ECHO, lambda event: 0x0000),
        ],
    )
    archive.port, archive.ae = server.server_address[1], ae
    try:
        yield archive
    finally:
        archive.end()
        server.shutdown()
