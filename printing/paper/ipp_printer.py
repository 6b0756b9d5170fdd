"""What printers that speak IPP say about themselves (Get-Printer-Attributes, RFC 8011 4.2.5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from printing.paper.ipp_errors import IppNoMedia, IppNotReady
from printing.paper.ipp_messages import Answer, Attribute, Group, Operation, Tag
from printing.paper.ipp_statuses import reasons_of, require_success
from printing.paper.ipp_wire import ask, queue_at
from printing.paper.papers import Paper, Size, is_loaded, size_of, size_words
from printing.types import PrinterReport

ASK_SECONDS = 20.0
STOPPED = 5  # printer-state (RFC 8011 5.4.11)
PRINTER_ATTRIBUTES = (
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-info",
    "printer-location",
    "printer-firmware-string-version",
    "media-default",
    "media-supported",
    "media-col-ready",
    "copies-supported",
    "color-supported",
    "marker-names",
    "marker-levels",
    "marker-low-levels",
    "marker-high-levels",
)


@dataclass(frozen=True)
class QueueState:
    """What a queue says about itself before it gets a document."""

    report: PrinterReport
    is_accepting: bool
    is_stopped: bool
    is_without_media: bool
    media_default: str = ""
    media_supported: tuple[str, ...] = ()
    trays: tuple[Size, ...] = ()  # paper that is loaded; empty: not told
    most_copies: int = 1  # that it makes of a document by itself

    def require_ready(self) -> None:
        """Raise why no document should go out now, in the printer's own words."""
        says = f" It says: {self.report.status_info}." if self.report.status_info else ""
        if self.is_without_media:
            raise IppNoMedia(f"The printer has no paper.{says}")
        if not self.is_accepting:
            raise IppNotReady(f"The printer's own queue takes no jobs.{says}")
        if self.is_stopped:
            raise IppNotReady(f"The printer's own queue is stopped.{says}")

    def require_loaded(self, paper: Paper) -> None:
        """Raise that the paper is in no tray, where the printer tells what is."""
        if is_loaded(paper, self.trays):
            return
        has = ", ".join(dict.fromkeys(size_words(size) for size in self.trays))
        raise IppNoMedia(
            f"The printer has no paper of {size_words(size_of(paper))} loaded. It has {has}. Load "
            "it, or choose another paper."
        )


def queue_state(uri: str) -> QueueState:
    """Ask a queue how it is and which paper it has (Get-Printer-Attributes)."""
    wanted: Attribute = (Tag.KEYWORD, "requested-attributes", PRINTER_ATTRIBUTES)
    queue = queue_at(uri)
    answer = ask(queue, Operation.GET_PRINTER_ATTRIBUTES, [wanted], seconds=ASK_SECONDS)
    require_success(queue, answer)
    reasons = reasons_of(answer, "printer-state-reasons", Group.PRINTER)
    errors = {reason.removesuffix("-error") for reason in reasons}
    is_stopped = answer.number("printer-state", Group.PRINTER) == STOPPED
    return QueueState(
        report=_report(answer, reasons),
        is_accepting=answer.values("printer-is-accepting-jobs", Group.PRINTER) != [False],
        is_stopped=is_stopped,
        # One empty tray of several (media-empty) stops nothing by itself.
        is_without_media="media-needed" in errors or (is_stopped and "media-empty" in errors),
        media_default=answer.text("media-default", Group.PRINTER),
        media_supported=answer.texts("media-supported", Group.PRINTER),
        trays=_trays(answer),
        most_copies=answer.most("copies-supported", Group.PRINTER) or 1,
    )


def _trays(answer: Answer) -> tuple[Size, ...]:
    """Return the sizes in the trays; none when they are not told of each.

    CUPS tells the same sizes of every queue (ReadyPaperSizes), and no tray that they lie in.
    """
    found = answer.collections("media-col-ready", Group.PRINTER)
    trays = [each for each in found if each.text("media-source")]
    sizes: list[Size] = []
    for tray in trays:
        sides = tray.members("media-size")
        width, height = sides.number("x-dimension"), sides.number("y-dimension")
        if not width or not height or min(width, height) < 0:
            return ()
        sizes.append((width / 100, height / 100))
    return tuple(sizes)


def _report(answer: Answer, reasons: Sequence[str]) -> PrinterReport:
    state = answer.number("printer-state", Group.PRINTER)
    is_accepting = answer.values("printer-is-accepting-jobs", Group.PRINTER) != [False]
    is_failing = state == STOPPED or not is_accepting
    message = answer.text("printer-state-message", Group.PRINTER)
    words = [message.rstrip("."), *(reason for reason in reasons if reason != "paused")]
    if state is None:
        status = ""
    elif is_failing:
        status = "FAILURE"
    else:
        status = "WARNING" if reasons else "NORMAL"
    return PrinterReport(
        status=status,
        status_info=", ".join(word for word in words if word)[:255],
        supplies=tuple(_supplies(answer)),
        details={
            name: answer.text(keyword, Group.PRINTER)[:255]
            for name, keyword in (
                ("model", "printer-make-and-model"),
                ("name", "printer-info"),
                ("location", "printer-location"),
                ("firmware", "printer-firmware-string-version"),
            )
            if answer.text(keyword, Group.PRINTER)
        },
    )


def _supplies(answer: Answer) -> list[dict[str, object]]:
    """Return names and levels of ink or toner, as CUPS and PWG 5100.9 have them."""
    names = answer.texts("marker-names", Group.PRINTER)
    levels = answer.numbers("marker-levels", Group.PRINTER)
    lows = answer.numbers("marker-low-levels", Group.PRINTER)
    found: list[dict[str, object]] = []
    for place, name in enumerate(names[:16]):
        level = levels[place] if place < len(levels) else -2
        low = lows[place] if place < len(lows) else 10
        is_told = 0 <= level <= 100  # -1, -2, -3: not known, or something is left
        says = "" if not is_told or level > low else "empty" if level == 0 else "low"
        found.append({"name": name[:64], "level": level if is_told else None, "says": says})
    return found
