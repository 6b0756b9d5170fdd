"""A watcher that remembers, and pages to print, for the tests of the Print SCU."""

from portal.dicom.association import Limits, Peer
from printing.dicom import scu
from printing.dicom.film import PageToPrint, SessionValues
from printing.types import BoxPixels

LIMITS = Limits(connect=5, associate=5, message=5, idle=None)


class Notes:
    """A watcher that remembers."""

    def __init__(self, stop_before: int = 0) -> None:
        self.lines, self.sent, self.accepted = [], [], []
        self._stop_before = stop_before

    def may_go(self, page_number: int, film_box_uid: str) -> bool:
        if page_number == self._stop_before:
            return False
        self.sent.append(page_number)
        return True

    @property
    def watcher(self) -> scu.Watcher:
        return scu.Watcher(self.lines.append, self.may_go, self.accepted.append)

    @property
    def texts(self) -> str:
        return "\n".join(line.text for line in self.lines)


def boxes(count: int = 1, bits: int = 8, side: int = 16):
    size = side * side * (1 if bits == 8 else 2)
    return lambda: (BoxPixels(n, side, side, bits, bytes(size)) for n in range(1, count + 1))


def page(number: int = 1, *, layout: str = r"STANDARD\1,1", size: str = "14INX17IN", **kw):
    return PageToPrint(number, layout, size, "PORTRAIT", boxes(**kw))


def print_to(
    port: int, *pages: PageToPrint, notes: Notes | None = None, session=None, **kw
) -> bool:
    return scu.print_pages(
        Peer("127.0.0.1", port, "FILM", "PORTAL"),
        session or SessionValues(),
        pages,
        limits=kw.pop("limits", LIMITS),
        action_timeout=kw.pop("action_timeout", 5),
        watcher=(notes or Notes()).watcher,
    )
