"""The printers above the queue: state, own words, supplies, what prints and who waits."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from portal.looks import Look
from portal.selectors import actor_for
from printing.forms import medium_label, size_label, sizes_of
from printing.models import JobState, Printer, PrintJob
from printing.selectors import console
from printing.selectors import jobs as job_selectors
from printing.selectors import printers as printer_selectors
from printing.services import printer_queue
from printing.views.asking import found, is_fragment
from printing.views.looks import printer_look
from printing.views.rows import JobRow, Viewer, job_rows

LOW_PER_CENT = 15


@dataclass(frozen=True)
class Supply:
    """Film, paper or ink, as the printer counts it."""

    name: str
    says: str
    level: int | None

    @property
    def is_low(self) -> bool:
        """Say whether somebody should fetch more soon."""
        return self.level is not None and self.level <= LOW_PER_CENT


@dataclass(frozen=True)
class PrinterCard:
    """A printer above the queue: its state in words, and who waits for it."""

    printer: Printer
    look: Look
    waiting: int
    current: JobRow | None
    media_jobs: tuple[int, ...] = ()
    movable: tuple[int, ...] = ()  # what could be moved to another printer

    @property
    def needs_person(self) -> bool:
        """Say whether nothing leaves this printer's queue before somebody does something."""
        is_stopped = self.printer.state == Printer.State.STOPPED
        return not self.printer.is_enabled or is_stopped or bool(self.media_jobs)

    @property
    def size(self) -> str:
        """Return the usual film size as people say it."""
        return size_label(self.printer.film_size_id)

    @property
    def sizes(self) -> list[str]:
        """Return the film sizes that the model takes."""
        return [label for _term, label in sizes_of(self.printer.model)]

    @property
    def medium(self) -> str | Promise:
        """Return the usual medium as people say it."""
        return medium_label(self.printer.medium_type)

    @property
    def supplies(self) -> list[Supply]:
        """Return the supplies that the printer told of."""
        return [_supply(each) for each in self.printer.supplies if isinstance(each, dict)]

    @property
    def own_words(self) -> str:
        """Return what the printer says of itself, unchanged, unless all is well."""
        words = (self.printer.status, self.printer.status_info)
        said = " ".join(word for word in words if word and word != "NORMAL")
        return "" if said in self.printer.state_message else said

    @property
    def done_per_cent(self) -> int:
        """Return how much of the job in hand is out."""
        if self.current is None or not self.current.films:
            return 0
        return 100 * self.current.accepted // self.current.films


@require_POST
def printer_loaded(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Say that somebody loaded film or paper: what waits for it goes out now."""
    printers = printer_selectors.printers(visible_to=request.user)
    seen = found(printers, printer_id, _("There is no such printer in your facility."))
    printer_queue.printer_media_loaded(printer_id=seen.pk, by=actor_for(request.user))
    sentence = _("%(printer)s is loaded; what waits for it is sent now.") % {"printer": seen.name}
    if is_fragment(request):
        answer = render(request, "portal/_toast.html", {"message": sentence})
        answer["HX-Trigger"] = f"printers, printer-{seen.pk}"
        return answer
    messages.success(request, sentence)
    return redirect("printing:queue")


@require_POST
def printers_all(request: HttpRequest, verb: str) -> HttpResponse:
    """Pause all printers at once, or start all that are paused."""
    is_start = verb == "start"
    seen = printer_selectors.printers(visible_to=request.user)
    count = 0
    for printer in seen.exclude(is_enabled=is_start):
        printer_queue.printer_enable(
            printer_id=printer.pk, is_enabled=is_start, by=actor_for(request.user)
        )
        count += 1
    sentence = (
        ngettext("%(n)d printer is started.", "%(n)d printers are started.", count)
        if is_start
        else ngettext("%(n)d printer is paused.", "%(n)d printers are paused.", count)
    )
    messages.success(request, sentence % {"n": count})
    return redirect("printing:queue")


def printer_cards(viewer: Viewer) -> list[PrinterCard]:
    """Read the printers with what waits and what prints, whatever their number."""
    return cards_of(printer_selectors.printers(visible_to=viewer), viewer)


def cards_of(printers: Iterable[Printer], viewer: Viewer) -> list[PrinterCard]:
    """Read what the cards of these printers need."""
    jobs = job_selectors.print_jobs(visible_to=viewer)
    running = job_rows(jobs.filter(state=JobState.PROCESSING), visible_to=viewer)
    current = {row.job.printer_id: row for row in reversed(running) if _is_talking(row.job)}
    waiting = console.waiting_by_printer(visible_to=viewer)
    return [_card(p, waiting.get(p.pk, console.Waiting()), current.get(p.pk)) for p in printers]


def _card(printer: Printer, waiting: console.Waiting, current: JobRow | None) -> PrinterCard:
    return PrinterCard(
        printer=printer,
        look=printer_look(printer, len(waiting.media_ids)),
        waiting=int(getattr(printer, "waiting", 0)),
        current=current,
        media_jobs=waiting.media_ids,
        movable=waiting.job_ids,
    )


def _is_talking(job: PrintJob) -> bool:
    """Say whether films go out now; those in the printer's own queue hold nobody up."""
    return "queued-in-device" not in job.state_reasons


def _supply(each: dict[str, object]) -> Supply:
    level = each.get("level")
    return Supply(
        name=str(each.get("name", "")),
        says=str(each.get("says", "")),
        level=level if isinstance(level, int) else None,
    )
