"""Our simulated printer with faults on demand: any status, silence, events, FAILURE.

No independent witness of the protocol (dcmprscp is one); what dcmprscp never says is played here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    BasicFilmSession,
    BasicGrayscalePrintManagementMeta,
    Printer,
    PrinterInstance,
)

from portal.dicom.listening import ListenerConfig, listening
from portal.dicom.server import reject
from portal.dicom.services import Refusal
from printing.dicom.simulator import FilmSimulator

VERBS = {
    "N-GET": (evt.EVT_N_GET, "on_get"),
    "N-CREATE": (evt.EVT_N_CREATE, "on_create"),
    "N-SET": (evt.EVT_N_SET, "on_set"),
    "N-ACTION": (evt.EVT_N_ACTION, "on_action"),
    "N-DELETE": (evt.EVT_N_DELETE, "on_delete"),
}


@dataclass
class FaultyPrinter:
    """What it does wrong; rules are by verb and count: `{("N-SET", 2): 0x0110}`."""

    port: int = 0
    rules: dict[tuple[str, int], int | str] = field(default_factory=dict)
    comment: str = ""
    granted: dict[str, Any] = field(default_factory=dict)  # values it changes at N-CREATE
    status: dict[str, str] = field(default_factory=dict)  # of the printer
    rejection: int | None = None  # reason of an A-ASSOCIATE-RJ
    event_before: tuple[str, int] | None = None  # sends an event report in that request
    associations: int = 0
    most_at_once: int = 0
    requests: list[str] = field(default_factory=list)


@contextmanager
def faulty_printer(directory: Path, **faults: Any) -> Iterator[FaultyPrinter]:
    """Run a printer with faults on a free port; rules may change while it runs."""
    printer = FaultyPrinter(**faults)
    handlers = _Handlers(printer, FilmSimulator(directory))
    config = ListenerConfig(
        is_stock=True,
        ae_title="FILM",
        address=("127.0.0.1", 0),
        contexts=[build_context(BasicGrayscalePrintManagementMeta)],
        handlers=[
            (evt.EVT_REQUESTED, handlers.on_requested),
            *((event, partial(handlers.answer, verb)) for verb, (event, _) in VERBS.items()),
            (evt.EVT_RELEASED, handlers.on_gone),
            (evt.EVT_ABORTED, handlers.on_gone),
            (evt.EVT_CONN_CLOSE, handlers.on_gone),
        ],
    )
    with listening(config) as server:
        printer.port = server.server_address[1]
        yield printer


class _Handlers:
    """The simulator's handlers, with the faults in front of them."""

    def __init__(self, printer: FaultyPrinter, simulator: FilmSimulator) -> None:
        self._printer, self._simulator = printer, simulator
        self._counts: dict[Any, dict[str, int]] = {}
        self._lock = threading.Lock()
        self._open: set[Any] = set()

    def on_requested(self, event: evt.Event) -> None:
        """Count the association, or reject it."""
        printer = self._printer
        if printer.rejection is not None:
            refusal = Refusal()
            refusal.reason = printer.rejection
            reject(event.assoc, refusal)
            return
        with self._lock:
            printer.associations += 1
            self._open.add(event.assoc)
            printer.most_at_once = max(printer.most_at_once, len(self._open))

    def on_gone(self, event: evt.Event) -> None:
        """Forget the association."""
        with self._lock:
            self._open.discard(event.assoc)
        self._simulator.on_gone(event)

    def answer(self, verb: str, event: evt.Event) -> Any:
        """Answer a request as the rules say, else as the simulator does."""
        printer = self._printer
        with self._lock:
            seen = self._counts.setdefault(event.assoc, {})
            seen[verb] = seen.get(verb, 0) + 1
            printer.requests.append(verb)
        if printer.event_before == (verb, seen[verb]):
            _report(event.assoc)
        fault = printer.rules.get((verb, seen[verb]), printer.rules.get((verb, 0)))
        if fault == "abort":
            event.assoc.abort()
            return _status(0x0110, ""), None
        if isinstance(fault, int) and not (fault in {0x0107, 0x0116} or fault >> 8 == 0xB6):
            failed = _status(fault, printer.comment)
            return failed if verb == "N-DELETE" else (failed, None)
        answered = getattr(self._simulator, VERBS[verb][1])(event)
        if verb == "N-DELETE" and event.request.RequestedSOPClassUID == BasicFilmSession:
            # The SCU may associate again as soon as it has this answer and released.
            with self._lock:
                self._open.discard(event.assoc)
        return _changed(verb, answered, fault, printer)


def _changed(verb: str, answered: Any, fault: Any, printer: FaultyPrinter) -> Any:
    """Answer what was done with a warning, and with values of the printer's own."""
    if verb == "N-DELETE":
        return answered
    code, ds = answered
    if verb == "N-GET" and ds is not None:
        for keyword, value in printer.status.items():
            setattr(ds, keyword, value)
    if verb == "N-CREATE" and ds is not None:
        for keyword, value in printer.granted.items():
            if keyword in ds:
                setattr(ds, keyword, value)
    return (fault if isinstance(fault, int) and code == 0 else code), ds


def _status(code: int, comment: str) -> Dataset:
    ds = Dataset()
    ds.Status = code
    if comment:
        ds.ErrorComment = comment
    return ds


def _report(assoc: Any) -> None:
    """Send a printer event between a request and its answer (printing.md §2.5)."""
    ds = Dataset()
    ds.PrinterName, ds.PrinterStatusInfo = "FILM", "SUPPLY LOW"
    assoc.send_n_event_report(
        ds, 2, Printer, PrinterInstance, meta_uid=BasicGrayscalePrintManagementMeta
    )
