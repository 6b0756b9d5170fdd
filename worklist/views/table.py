"""The worklist page: a table whose filters stand in the address."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.looks import LOOKS
from worklist.selectors.catalogue import stations
from worklist.selectors.steps import scheduled_steps
from worklist.views.filters import (
    VIEWS,
    Filters,
    day_words,
    filtered,
    filters_from,
    view_counts,
)
from worklist.views.rows import exam_rows

PAGE_SIZE = 50


def worklist(request: HttpRequest) -> HttpResponse:
    """Show the table; a POST carries the free text, which no address may hold."""
    filters = filters_from(request.GET, request.POST.get("text", ""))
    return render(request, "worklist/worklist.html", _context(request, filters))


def worklist_rows(request: HttpRequest) -> HttpResponse:
    """Answer the table's part alone: what an open page merges when exams changed."""
    filters = filters_from(request.GET, request.POST.get("text", ""))
    return render(request, "worklist/_table_answer.html", _context(request, filters))


def _context(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    steps = scheduled_steps(visible_to=request.user)
    places = list(stations(visible_to=request.user))
    paginator = Paginator(filtered(steps, filters, places), PAGE_SIZE)
    page = paginator.get_page(filters.page)
    counts = view_counts(steps)
    return {
        "filters": filters,
        "page": page,
        "rows": exam_rows(page.object_list, visible_to=request.user),
        "views": [
            {
                "name": view,
                "label": day_words(Filters(view=view)),
                "count": counts[view],
                "is_current": view == filters.view and filters.day is None,
                "address": filters.address(view=view, day=None),
            }
            for view in VIEWS
        ],
        "stations": places,
        "statuses": LOOKS["step"],
        "heading": day_words(filters),
        "query": filters.address(page=filters.page),
        "newer": filters.address(page=page.number - 1) if page.has_previous() else "",
        "older": filters.address(page=page.number + 1) if page.has_next() else "",
        "today": timezone.localdate(),
        "now": timezone.now(),
    }
