"""The print queue: printers, tabs, filters, rows; each part refetches itself when it goes stale."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.selectors import actor_for
from printing.models import PrintJob
from printing.selectors import console
from printing.selectors import jobs as job_selectors
from printing.views.asking import found, is_fragment, whole
from printing.views.cards import PrinterCard, printer_cards
from printing.views.filters import TABS, Filters, filtered, filters_of, in_tab, rules
from printing.views.questions import question_of
from printing.views.rows import Viewer, job_rows
from printing.views.verbs import buttons

PAGE_SIZE = 50
MOST_SHOWN = 500  # rows of an open page; SQLite takes so many in a question


@dataclass(frozen=True)
class Tab:
    """A view of the queue and how many jobs it holds now."""

    name: str
    label: str | Promise
    count: int
    address: str
    is_current: bool


@dataclass(frozen=True)
class Choice:
    """A value of a filter that has jobs."""

    value: str
    label: str
    is_chosen: bool


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """Show the queue; its filters stand in the address, text comes by POST."""
    filters = filters_of(request.GET, request.POST.get("text", ""))
    if is_fragment(request):
        return render(request, "printing/_queue_list.html", _list(request, filters))
    cards = printer_cards(request.user)
    films, wasted = console.films_today(visible_to=request.user)
    context = _list(request, filters) | {
        "tabs": tabs(request.user, filters),
        "needing": console.needing_ids(visible_to=request.user),
        "cards": cards,
        "choices": _choices(request.user, filters, cards),
        "films_today": films,
        "wasted_today": wasted,
        "is_called": request.COOKIES.get("print-call") == "on",
        "has_running": any(card.printer.is_enabled for card in cards),
        "has_paused": any(not card.printer.is_enabled for card in cards),
        "mine_url": filters.address(person=request.user.pk),
        "has_simulated": settings.DEVELOPMENT,
    }
    context["chosen_words"] = [
        choice.label for rows in context["choices"].values() for choice in rows if choice.is_chosen
    ]
    return render(request, "printing/queue.html", context)


@require_GET
def new_rows(request: HttpRequest) -> HttpResponse:
    """Return the rows that came into this view since it was drawn, and the next asking place.

    A job comes into a view when it is new, and also when something happened to it: it failed, say.
    """
    filters = filters_of(request.GET)
    seen = console.Mark(whole(request.GET.get("after")) or 0, whole(request.GET.get("line")) or 0)
    jobs = _jobs(request, filters)
    mark = console.mark(jobs)
    came = jobs.filter(console.changed_since(seen)).exclude(pk__in=_shown(request))
    context = {
        "filters": filters,
        "mark": mark,
        "rows": job_rows(in_tab(came, filters.tab)[:PAGE_SIZE], visible_to=request.user),
        "is_new": True,
    }
    return render(request, "printing/_new_rows.html", context)


@require_GET
def came(request: HttpRequest) -> HttpResponse:
    """Say how many jobs belong on this page of the queue by now and have no row on it."""
    filters = filters_of(request.GET)
    jobs = in_tab(filtered(console.jobs_of(request.user), filters), filters.tab)
    first = (filters.page - 1) * PAGE_SIZE
    here = set(jobs.values_list("pk", flat=True)[first : first + PAGE_SIZE])
    context = {
        "here": filters.address(page=filters.page),
        "came": len(here.difference(_shown(request))),
    }
    return render(request, "printing/_came.html", context)


@require_GET
def queue_tabs(request: HttpRequest) -> HttpResponse:
    """Return the tabs with their counts of now, and which jobs call for a person."""
    filters = filters_of(request.GET)
    context = {
        "filters": filters,
        "tabs": tabs(request.user, filters),
        "needing": console.needing_ids(visible_to=request.user),
    }
    return render(request, "printing/_tabs.html", context)


@require_GET
def cards(request: HttpRequest) -> HttpResponse:
    """Return the printers' cards."""
    return render(request, "printing/_cards.html", {"cards": printer_cards(request.user)})


@require_GET
def job_row(request: HttpRequest, job_id: int) -> HttpResponse:
    """Return one row; a row asks for itself when its job changed.

    One that fits its view no longer stays where it is, struck out (ui.md §6).
    """
    filters = filters_of(request.GET)
    jobs = job_selectors.print_jobs(visible_to=request.user)
    job = found(jobs, job_id, _("There is no such print job in your facility."))
    row = job_rows([job], visible_to=request.user)[0]
    fits = in_tab(filtered(jobs.filter(pk=job_id), filters), filters.tab).exists()
    context = {"row": row, "filters": filters, "is_gone": not fits}
    return render(request, "printing/_job_row.html", context)


@require_GET
def job_menu(request: HttpRequest, job_id: int) -> HttpResponse:
    """Return what may be done with a job, when its row's menu is opened."""
    jobs = job_selectors.print_jobs(visible_to=request.user)
    job = found(jobs, job_id, _("There is no such print job in your facility."))
    is_asked = question_of(job, list(job.pages.all())) is not None
    offered = buttons(job, actor_for(request.user), is_asked=is_asked)
    context = {"job": job, "buttons": offered, "is_asked": is_asked}
    return render(request, "printing/_job_menu.html", context)


def tabs(viewer: Viewer, filters: Filters) -> list[Tab]:
    """Count every view in one query."""
    counts = {name: Count("pk", filter=rule) for name, rule in rules().items()}
    counted = filtered(console.jobs_of(viewer), filters).aggregate(**counts)
    return [
        Tab(name, label, counted[name], filters.address(tab=name), name == filters.tab)
        for name, label in TABS.items()
    ]


def _list(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    jobs = _jobs(request, filters)
    page = Paginator(in_tab(jobs, filters.tab), PAGE_SIZE).get_page(filters.page)
    return {
        "filters": filters,
        "page": page,
        "here": filters.address(page=page.number),
        "newer": filters.address(page=page.number - 1) if page.has_previous() else "",
        "older": filters.address(page=page.number + 1) if page.has_next() else "",
        "rows": job_rows(page.object_list, visible_to=request.user),
        "mark": console.mark(jobs),
    }


def _shown(request: HttpRequest) -> list[int]:
    """Return which jobs have a row on the page that asks."""
    keys = map(whole, request.GET.get("shown", "").split(","))
    return [key for key in keys if key is not None][:MOST_SHOWN]


def _jobs(request: HttpRequest, filters: Filters) -> QuerySet[PrintJob]:
    return filtered(job_selectors.print_jobs(visible_to=request.user), filters)


def _choices(viewer: Viewer, filters: Filters, cards: list[PrinterCard]) -> dict[str, Any]:
    """Return what the filters offer: only what would find something."""
    printers = [(card.printer.pk, card.printer.name) for card in cards]
    pools = list(console.pools(visible_to=viewer).values_list("pk", "name"))
    terms = [(term, term) for term in console.modalities(visible_to=viewer)]
    return {
        "printer": _chosen(printers, filters.printer),
        "pool": _chosen(pools, filters.pool),
        "by": _chosen(console.askers(visible_to=viewer), filters.person),
        "modality": _chosen(terms, filters.modality),
    }


def _chosen(values: Iterable[tuple[int | str, str]], chosen: int | str | None) -> list[Choice]:
    return [Choice(str(value), str(label), value == chosen) for value, label in values]
