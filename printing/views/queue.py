"""The print queue: printers, tabs, rows; each part refetches itself when it goes stale."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.looks import Look
from printing.forms import medium_label, size_label, sizes_of
from printing.models import Printer, PrintJob
from printing.models.job import JobState
from printing.selectors import jobs as job_selectors
from printing.selectors import printers as printer_selectors
from printing.views.asking import found, whole
from printing.views.looks import printer_look
from printing.views.rows import JobRow, Viewer, job_rows

PAGE_SIZE = 50
TABS: dict[str, str | Promise] = {
    "active": gettext_lazy("Active"),
    "needs": gettext_lazy("Needs you"),
    "done": gettext_lazy("Done today"),
    "all": gettext_lazy("All"),
}


@dataclass(frozen=True)
class PrinterCard:
    """A printer above the queue: its state in words, and who waits for it."""

    printer: Printer
    look: Look
    waiting: int
    current: JobRow | None

    @property
    def needs_person(self) -> bool:
        """Say whether nothing leaves this printer's queue before somebody does something."""
        return not self.printer.is_enabled or self.printer.state == Printer.State.STOPPED

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


@dataclass(frozen=True)
class Tab:
    """A view of the queue and how many jobs it holds now."""

    name: str
    label: str | Promise
    count: int
    is_current: bool


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Show the queue; the view, the printer and the page stand in the address."""
    name = tab_name(request)
    jobs = in_tab(_jobs(request), name)
    page = Paginator(jobs, PAGE_SIZE).get_page(request.GET.get("page"))
    cards = printer_cards(request.user)
    chosen = next((card.printer for card in cards if card.printer.pk == _printer(request)), None)
    context = _view_of(request) | {
        "tabs": tabs(request.user, name),
        "page": page,
        "rows": job_rows(page.object_list, visible_to=request.user),
        "cards": cards,
        "printer_name": chosen.name if chosen else "",
        "has_simulated": settings.DEVELOPMENT,
    }
    return render(request, "printing/queue.html", context)


@require_GET
def new_rows(request: HttpRequest) -> HttpResponse:
    """Return the rows that came into this view since it was drawn, and the next asking place."""
    seen = whole(request.GET.get("after")) or 0
    jobs = in_tab(_jobs(request).filter(pk__gt=seen), tab_name(request))[:PAGE_SIZE]
    rows = job_rows(jobs, visible_to=request.user)
    context = _view_of(request) | {"rows": rows, "is_new": True}
    return render(request, "printing/_new_rows.html", context)


@require_GET
def queue_tabs(request: HttpRequest) -> HttpResponse:
    """Return the tabs with their counts of now."""
    context = _view_of(request) | {"tabs": tabs(request.user, tab_name(request))}
    return render(request, "printing/_tabs.html", context)


@require_GET
def cards(request: HttpRequest) -> HttpResponse:
    """Return the printers' cards."""
    return render(request, "printing/_cards.html", {"cards": printer_cards(request.user)})


@require_GET
def job_row(request: HttpRequest, job_id: int) -> HttpResponse:
    """Return one row; a row asks for itself when its job changed."""
    jobs = job_selectors.print_jobs(visible_to=request.user)
    job = found(jobs, job_id, _("There is no such print job in your facility."))
    row = job_rows([job], visible_to=request.user)[0]
    return render(request, "printing/_job_row.html", {"row": row})


def tab_name(request: HttpRequest) -> str:
    """Return the view that the address asks for, or the active jobs."""
    name = request.GET.get("state", "")
    return name if name in TABS else "active"


def tabs(viewer: Viewer, current: str) -> list[Tab]:
    """Count every view in one query."""
    counts = {name: Count("pk", filter=rule) for name, rule in _rules().items()}
    counted = job_selectors.print_jobs(visible_to=viewer).order_by().aggregate(**counts)
    return [Tab(name, label, counted[name], name == current) for name, label in TABS.items()]


def in_tab(jobs: QuerySet[PrintJob], name: str) -> QuerySet[PrintJob]:
    """Narrow and order: active jobs as they will leave, those that need a person first."""
    jobs = jobs.filter(_rules()[name])
    if name not in ("active", "needs"):
        return jobs.order_by("-pk")
    states = [JobState.PROCESSING_STOPPED, JobState.ABORTED, JobState.PROCESSING]
    order = [When(state=state, then=Value(rank)) for rank, state in enumerate(states)]
    rank = Case(*order, default=Value(len(states)), output_field=IntegerField())
    return jobs.order_by(rank, "pk")


def printer_cards(viewer: Viewer) -> list[PrinterCard]:
    """Read the printers with what waits and what prints, whatever their number."""
    printers = list(printer_selectors.printers(visible_to=viewer))
    jobs = job_selectors.print_jobs(visible_to=viewer)
    running = job_rows(jobs.filter(state=JobState.PROCESSING), visible_to=viewer)
    current = {row.job.printer_id: row for row in running}
    return [
        PrinterCard(p, printer_look(p), int(getattr(p, "waiting", 0)), current.get(p.pk))
        for p in printers
    ]


def _view_of(request: HttpRequest) -> dict[str, Any]:
    """Return which view of the queue the address asks for, for addresses of its parts."""
    name = tab_name(request)
    said = {"state": name, "printer": _printer(request)}
    return {
        "tab": name,
        "printer": said["printer"],
        "tabs_query": "?" + urlencode({key: value for key, value in said.items() if value}),
        "newest": _newest(request),
        "newest_first": name in ("done", "all"),
    }


def _rules() -> dict[str, Q]:
    midnight = make_aware(datetime.combine(localdate(), time.min))
    ended_today = Q(ended_at__gte=midnight)
    final = [JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED]
    failed_today = Q(state=JobState.ABORTED) & ended_today
    needs = Q(state=JobState.PROCESSING_STOPPED) | failed_today
    return {
        "active": Q(state__in=PrintJob.ACTIVE) | failed_today,
        "needs": needs,
        "done": Q(state__in=final) & ended_today,
        "all": Q(),
    }


def _jobs(request: HttpRequest) -> QuerySet[PrintJob]:
    jobs = job_selectors.print_jobs(visible_to=request.user)
    printer = _printer(request)
    return jobs.filter(printer_id=printer) if printer else jobs


def _printer(request: HttpRequest) -> int | None:
    return whole(request.GET.get("printer"))


def _newest(request: HttpRequest) -> int:
    newest = _jobs(request).order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0
