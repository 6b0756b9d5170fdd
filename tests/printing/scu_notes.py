"""A watcher that remembers, and pages to print, for the tests of the Print SCU."""

import numpy as np
from pydicom.dataset import Dataset

from portal.dicom.association import Limits, Peer
from printing.dicom import attributes
from printing.dicom.request import PageToPrint, PrintRequest, Watcher
from printing.dicom.scu import print_pages
from printing.types import BoxPixels, Capabilities, Fallback, LineKind, UsedFallback
from tests.peers.sim_printer import Rule, sim_printer

LIMITS = Limits(idle=None)


class Notes:
    """A watcher that remembers; page IDs are page numbers."""

    def __init__(self, stop_before: int = 0) -> None:
        self.lines, self.sent, self.accepted = [], [], []
        self.answers, self.jobs, self.reports, self.fallbacks = {}, [], [], []
        self.on_heard = lambda status: True
        self.is_stopping, self.is_others_waiting = (lambda: False), (lambda: False)
        self._stop_before = stop_before

    def may_go(self, page_id: int, film_box_uid: str) -> bool:
        if page_id == self._stop_before:
            return False
        self.sent.append(page_id)
        return True

    def was_accepted(self, page_id, answer) -> None:
        self.accepted.append(page_id)
        self.answers[page_id] = answer

    @property
    def watcher(self) -> Watcher:
        return Watcher(
            self.lines.append,
            lambda page_id, film_box_uid: self.may_go(page_id, film_box_uid),
            self.was_accepted,
            on_print_job=self.jobs.append,
            on_heard=lambda status: self.on_heard(status),
            on_report=self.reports.append,
            on_fallback=self.fallbacks.append,
            is_stopping=lambda: self.is_stopping(),
            is_others_waiting=lambda: self.is_others_waiting(),
        )

    @property
    def texts(self) -> str:
        return "\n".join(line.text for line in self.lines)


def pixels(position: int = 1, *, bits: int = 8, side: int = 16, is_color: bool = False, **values):
    """Return a picture with a ramp."""
    samples = 3 if is_color else 1
    dtype = np.uint8 if bits == 8 or is_color else np.dtype("<u2")
    ramp = np.arange(side * side * samples) % (1 << (8 if is_color else bits))
    raw = ramp.astype(dtype).tobytes()
    return BoxPixels(position, side, side, bits, raw, is_color=is_color, **values)


def boxes(count: int = 1, side: int = 16, **values):
    """Return what draws the pictures of a page, in the bits that it is asked for."""

    def drawn(bits: int, is_color: bool):
        return (
            pixels(n, bits=bits, side=side, is_color=is_color, **values)
            for n in range(1, count + 1)
        )

    return drawn


PAGE = {"copy", "copies", "annotations", "is_true_size"}


def page(
    number: int = 1,
    *,
    layout: str = r"STANDARD\1,1",
    size: str = "14INX17IN",
    orientation: str = "PORTRAIT",
    draw=None,
    **values,
) -> PageToPrint:
    """Return a page; what is none of its values goes to its boxes."""
    own = {name: values.pop(name) for name in PAGE & values.keys()}
    return PageToPrint(number, number, layout, size, orientation, draw or boxes(**values), **own)


def print_to(
    port: int, *pages: PageToPrint, notes: Notes | None = None, request=None, peer=None, **kw
) -> tuple[UsedFallback, ...]:
    return print_pages(
        peer or Peer("127.0.0.1", port, "FILM", "PORTAL"),
        request or PrintRequest(),
        pages,
        limits=kw.pop("limits", LIMITS),
        action_timeout=kw.pop("action_timeout", 60),
        watcher=(notes or Notes()).watcher,
        **kw,
    )


EVERY = frozenset(Fallback)


def request(*, fallbacks: frozenset[Fallback] = frozenset(), **values) -> PrintRequest:
    """Return what a printer is asked for whose model knows every attribute."""
    known = dict.fromkeys(attributes.OPTIONAL, ())
    capabilities = {"attributes": known, **values.pop("capabilities", {})}
    return PrintRequest(Capabilities(**capabilities), fallbacks=fallbacks, **values)


def used(notes: Notes) -> list[tuple[Fallback, str]]:
    """Return what was announced; the service writes its line (outcomes.fallback_used)."""
    assert not [line for line in notes.lines if line.kind == LineKind.FALLBACK]
    assert all(one.says for one in notes.fallbacks)
    return [(one.rule, one.keyword) for one in notes.fallbacks]


def values_of(ds: Dataset) -> dict:
    """Return what a dataset says, its sequences left out."""
    return {e.keyword: e.value for e in ds if e.VR != "SQ"}


def print_with(rule: Rule, *pages, notes=None, request=None, **printer):
    """Print on a printer that answers by a rule; return it."""
    with sim_printer(rules=[rule], **printer) as peer:
        print_to(peer.port, *(pages or (page(),)), notes=notes, request=request)
    return peer
