"""A film printer with everything that dcmprscp lacks, and any fault (printing.md §4.2).

Colour, annotation boxes, print jobs with reports, presentation LUTs, printer configuration. It
stands on pynetdicom, so it is no witness of the protocol: what dcmprscp can check, it checks.

    with sim_printer(bits=(8,)) as printer:
        printer.rules.append(Rule("N-ACTION", nth=2, status=0xC602))
        ...
        assert printer.printed == 3  # films that came out, copies counted
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom import sop_class as sop

from portal.dicom.server import PortalServer, reject
from portal.dicom.services import Refusal
from printing.dicom.simulator_reports import on_established
from tests.peers.ports import free_port
from tests.peers.sim_printer_films import Films, SimPage
from tests.peers.sim_printer_jobs import Jobs
from tests.peers.sim_printer_rules import (
    Refused,
    Rule,
    answer_of,
    matching,
)
from tests.peers.sim_printer_words import configuration, printer_words

__all__ = ["Rule", "SimPage", "SimPrinter", "sim_printer"]

CONTEXTS = {
    "gray": sop.BasicGrayscalePrintManagementMeta,
    "color": sop.BasicColorPrintManagementMeta,
    "job": sop.PrintJob,
    "annotation": sop.BasicAnnotationBox,
    "lut": sop.PresentationLUT,
    "config": sop.PrinterConfigurationRetrieval,
}
NAMES = {
    getattr(sop, name): name
    for name in (
        "BasicFilmSession",
        "BasicFilmBox",
        "BasicGrayscaleImageBox",
        "BasicColorImageBox",
        "BasicAnnotationBox",
        "PrintJob",
        "Printer",
        "PresentationLUT",
        "PrinterConfigurationRetrieval",
    )
}
MEDIA = frozenset({"PAPER", "BLUE FILM", "CLEAR FILM"})
SIZES = frozenset({"8INX10IN", "10INX12IN", "11INX14IN", "14INX14IN", "14INX17IN", "A4", "A3"})


@dataclass
class SimPrinter:
    """A printer of this kind; what it does can be changed while it runs."""

    ae_title: str = "SIMPRINT"
    port: int = 0
    without: frozenset[str] = frozenset()  # of CONTEXTS, and "explicit"
    is_checking_ae_title: bool = False
    tls: ssl.SSLContext | None = None
    # What it takes.
    bits: tuple[int, ...] = (8, 12)
    takes: dict[str, frozenset[str]] = field(
        default_factory=lambda: {"MediumType": MEDIA, "FilmSizeID": SIZES}
    )
    refused: frozenset[str] = frozenset()  # keywords it does not know: 0105
    is_lenient: bool = False  # 0107 and 0116 in the place of 0105 and 0106
    granted: dict[str, Any] = field(default_factory=dict)  # values it uses whatever was asked
    is_one_box: bool = False  # C616 for a film box while one is not printed
    uids: str = "taken"  # ours: taken, refused (0117) or replaced by its own
    lut_place: str = "film-box"  # or film-session
    max_copies: int = 99
    # What it says.
    status: dict[str, str] = field(default_factory=dict)  # PrinterStatus, PrinterStatusInfo …
    rejection: tuple[int, int, int] | None = None  # result, source, reason
    rules: list[Rule] = field(default_factory=list)
    # Asked for each request when no rule fits: by name and its number in the association.
    chance: Callable[[str, int], Rule | None] = lambda name, nth: None
    job_steps: tuple[tuple[str, str, float], ...] = (
        ("PENDING", "QUEUED", 0.05),
        ("PRINTING", "NORMAL", 0.05),
        ("DONE", "NORMAL", 0),
    )
    # Asked for each print job: its steps, or none for `job_steps`.
    job_chance: Callable[[], tuple[tuple[str, str, float], ...] | None] = lambda: None
    has_job_events: bool = True
    is_forgetting_jobs: bool = False  # once their end was reported: N-GET answers 0112
    job_tag: int = 0x21000500  # some send (2120,0070) (printing.md §2.5)
    printer_events: tuple[tuple[int, str, float], ...] = ()  # that long after each print
    # What happened.
    is_keeping_pixels: bool = True  # off for large films
    pages: list[SimPage] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # "N-SET BasicGrayscaleImageBox 0000"
    datasets: list[tuple[str, Dataset]] = field(default_factory=list)  # of N-CREATE and N-SET
    reported: list[tuple[str, int, str]] = field(default_factory=list)  # class, type, answer
    associations: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        """Take a port and stand still."""
        self.port = self.port or free_port()
        self.lock = threading.RLock()
        self.films, self.jobs = Films(self), Jobs(self)
        self._open: set[Any] = set()
        self._threads: set[Any] = set()  # associations whose end is not seen yet
        self._counts: dict[Any, dict[str, int]] = {}
        self._thawed = threading.Event()
        self._thawed.set()
        self._server: PortalServer | None = None

    @property
    def printed(self) -> int:
        """Return how many films came out: copies counted, those of failed print jobs not."""
        with self.lock:
            return sum(page.copies for page in self.pages if not self.jobs.has_failed(page.job_uid))

    def start(self) -> None:
        """Listen; the port stays when it is stopped and started again."""
        ae = AE(self.ae_title)
        ae.require_called_aet = self.is_checking_ae_title
        ae.dimse_timeout = ae.network_timeout = None
        ae.add_supported_context(sop.Verification)
        syntaxes = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]
        for name, uid in CONTEXTS.items():
            if name not in self.without:
                ae.add_supported_context(uid, syntaxes[: 1 if "explicit" in self.without else 2])
        server = ae.make_server(
            ("127.0.0.1", self.port),
            ssl_context=self.tls,
            evt_handlers=self._handlers(),
            server_class=PortalServer,
        )
        ae._servers.append(server)  # shutdown() of pynetdicom 3.0.4 takes it off this list
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self._server = server

    def stop(self) -> None:
        """Switch it off at once: what is open is aborted, its port refuses."""
        self.thaw()
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        for assoc in list(server.active_associations):
            assoc.abort()
        self.jobs.wait()

    @property
    def is_idle(self) -> bool:
        """Say whether nothing more can come out: every association has ended, and its requests."""
        with self.lock:
            self._threads = {assoc for assoc in self._threads if assoc.is_alive()}
            return not self._threads

    def freeze(self) -> None:
        """Fall silent at the next request, or at an association."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Go on with what came meanwhile."""
        self._thawed.set()

    def _handlers(self) -> list[Any]:
        acts = {
            "N-GET": (evt.EVT_N_GET, self._get),
            "N-CREATE": (evt.EVT_N_CREATE, self.films.create),
            "N-SET": (evt.EVT_N_SET, self.films.change),
            "N-ACTION": (evt.EVT_N_ACTION, self._print),
            "N-DELETE": (evt.EVT_N_DELETE, self.films.delete),
        }
        return [
            (evt.EVT_CONN_OPEN, _no_delay),
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_ESTABLISHED, on_established),
            *((event, self._answer, [verb, act]) for verb, (event, act) in acts.items()),
            (evt.EVT_RELEASED, self._gone),
            (evt.EVT_ABORTED, self._gone),
        ]

    def _requested(self, event: evt.Event) -> None:
        with self.lock:
            self._threads.add(event.assoc)
        self._thawed.wait(60)
        if self.rejection is not None:
            refusal = Refusal()
            refusal.result, refusal.source, refusal.reason = self.rejection
            reject(event.assoc, refusal)
            return
        with self.lock:
            self.associations += 1
            self._open.add(event.assoc)
            self.most_at_once = max(self.most_at_once, len(self._open))

    def _gone(self, event: evt.Event) -> None:
        """The end of an association deletes its session and films (PS3.4 H.4.1.2.1.3)."""
        with self.lock:
            self._open.discard(event.assoc)
            self._counts.pop(event.assoc, None)
        self.films.forget(event.assoc)

    def _answer(self, event: evt.Event, verb: str, act: Callable[..., Any]) -> Any:
        """Carry a request out, as the rules allow."""
        request = event.request
        class_uid = getattr(request, "AffectedSOPClassUID", None) or request.RequestedSOPClassUID
        name = f"{verb} {NAMES.get(class_uid, class_uid)}"
        self._thawed.wait(60)
        rule = self._rule(event.assoc, name)
        code, comment, ds = answer_of(rule, event, act, self)
        with self.lock:
            self.requests.append(f"{name} {code:04X}")
            if verb == "N-CREATE" or (verb == "N-SET" and self.is_keeping_pixels):
                sent = event.attribute_list if verb == "N-CREATE" else event.modification_list
                self.datasets.append((name, sent))
        if name == "N-DELETE BasicFilmSession":
            # Its SCU may associate again as soon as it has this answer and released.
            with self.lock:
                self._open.discard(event.assoc)
        status = Dataset()
        status.Status = code
        if comment:
            status.ErrorComment = comment
        if rule.tags:
            status.AttributeIdentifierList = list(rule.tags)
        return status if verb == "N-DELETE" else (status, ds)

    def _rule(self, assoc: Any, name: str) -> Rule:
        with self.lock:
            counts = self._counts.setdefault(assoc, {})
            verb = name.split()[0]
            for counted in (name, verb):
                counts[counted] = counts.get(counted, 0) + 1
            rule = matching(self.rules, name, counts[name], counts[verb])
        return rule or self.chance(name, counts[name]) or Rule(name)

    def _print(self, event: evt.Event) -> tuple[int, Dataset | None]:
        pages = self.films.printed(event)
        answer = self.jobs.begin(event, pages)
        with self.lock:
            self.pages += pages
        if self.printer_events:
            self.jobs.report_printer(event.assoc, self.printer_events)
        return 0, answer

    def _get(self, event: evt.Event) -> tuple[int, Dataset | None]:
        class_uid = event.request.RequestedSOPClassUID
        uid = event.request.RequestedSOPInstanceUID
        if class_uid == sop.Printer and uid == sop.PrinterInstance:
            full = printer_words(self)
        elif class_uid == sop.PrintJob:
            full = self.jobs.get(uid)
        elif class_uid == sop.PrinterConfigurationRetrieval:
            full = configuration(self)
        else:
            raise Refused(0x0112)
        wanted = event.attribute_identifiers
        if not wanted:
            return 0, full
        part = Dataset()
        part.update({tag: full[tag] for tag in wanted if tag in full})
        return 0, part


@contextmanager
def sim_printer(**values: Any) -> Iterator[SimPrinter]:
    """Run a printer on a free port until the block ends."""
    printer = SimPrinter(**values)
    printer.start()
    try:
        yield printer
    finally:
        printer.stop()


def _no_delay(event: evt.Event) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
