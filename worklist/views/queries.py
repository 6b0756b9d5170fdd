"""Recorded queries: what each device asked, what it was sent, and what it would get now."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.errors import NotFound
from portal.looks import LOOKS
from portal.selectors import devices
from worklist.models import WorklistQuery
from worklist.selectors.queries import (
    SEARCHED_DAYS,
    Outcome,
    QueryFilters,
    queries_narrowed,
    worklist_queries,
)
from worklist.selectors.replaying import question_of, replay
from worklist.selectors.steps import scheduled_steps
from worklist.views.rows import ExamRow, exam_rows
from worklist.wording.queries import QueryRow

PAGE_SIZE = 50
SHOWN_ROWS = 50


@dataclass(frozen=True)
class Asked:
    """The page's filters as its address has them; the free text comes by POST."""

    filters: QueryFilters
    page: int = 1
    unread: tuple[str, ...] = ()

    @property
    def is_default(self) -> bool:
        """Say whether nothing is narrowed."""
        return self.filters == QueryFilters()

    def address(self, **changes: Any) -> str:
        """Return the query string, with changes; without the text, which no address may hold."""
        changed = replace(self, **({"page": 1} | changes))
        filters = changed.filters
        pairs: list[tuple[str, str]] = [("device", title) for title in filters.devices]
        for name, moment in (("since", filters.since), ("until", filters.until)):
            if moment:
                pairs.append((name, f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"))
        if filters.outcome:
            pairs.append(("outcome", filters.outcome))
        if changed.page > 1:
            pairs.append(("page", str(changed.page)))
        return urlencode(pairs)


def queries(request: HttpRequest) -> HttpResponse:
    """List the queries; a POST carries the free text."""
    return render(request, "worklist/queries.html", _context(request))


def query_rows(request: HttpRequest) -> HttpResponse:
    """Answer the list alone: what an open page merges when a device has asked."""
    return render(request, "worklist/_query_list.html", _context(request))


@require_GET
def query(request: HttpRequest, query_id: int) -> HttpResponse:
    """Show one query: every key as sent, what was sent back, and the way to ask it again."""
    found = query_of(request, query_id)
    question = question_of(found)
    keys = question.lines() if question else []
    context: dict[str, Any] = {"row": QueryRow(found), "query": found, "lines": keys}
    if "replay" in request.GET:
        context |= replay_context(request, found)
    return render(request, "worklist/query.html", context)


@require_GET
def query_replay(request: HttpRequest, query_id: int) -> HttpResponse:
    """Answer what the query would bring now; nothing is recorded, nothing counts as shown."""
    found = query_of(request, query_id)
    return render(request, "worklist/_replay.html", replay_context(request, found))


def query_of(request: HttpRequest, query_id: int) -> WorklistQuery:
    """Return the query if it is for this person's eyes."""
    found = worklist_queries(visible_to=request.user).filter(pk=query_id).first()
    if found is None:
        raise NotFound(_("There is no such question in your facility, or it is past keeping."))
    return found


def replay_context(request: HttpRequest, query: WorklistQuery) -> dict[str, Any]:
    """Return what a dry run brings, for its fragment."""
    question = question_of(query)
    context: dict[str, Any] = {"query": query, "replayed_at": timezone.localtime()}
    if question is None:
        return context | {"problem": _("The question was too large to be kept.")}
    replayed = replay(question)
    return context | {
        "replay": replayed,
        "problem": replayed.problem,
        "count": len(replayed.step_ids),
        "cap": question.caller.profile.row_cap,
        "exams": _exams(request, replayed.step_ids[:SHOWN_ROWS]),
        "unlisted": len(replayed.step_ids) - SHOWN_ROWS,
    }


def _exams(request: HttpRequest, step_ids: tuple[int, ...]) -> list[ExamRow]:
    """Return the exams as rows, in the order of the answer."""
    steps = scheduled_steps(visible_to=request.user).in_bulk(step_ids)
    found = [steps[step_id] for step_id in step_ids if step_id in steps]
    return exam_rows(found, visible_to=request.user)


def _context(request: HttpRequest) -> dict[str, Any]:
    asked = _asked(request.GET, request.POST.get("text", ""))
    found = queries_narrowed(worklist_queries(visible_to=request.user), asked.filters)
    first = (asked.page - 1) * PAGE_SIZE
    # One more than is shown tells whether there is another page; nobody counts millions of rows.
    some = list(found[first : first + PAGE_SIZE + 1])
    return {
        "asked": asked,
        "filters": asked.filters,
        "rows": [QueryRow(one) for one in some[:PAGE_SIZE]],
        "devices": devices(visible_to=request.user),
        "outcomes": {outcome.value: LOOKS["query"][outcome.value] for outcome in Outcome},
        "query": asked.address(page=asked.page),
        "newer": asked.address(page=asked.page - 1),
        "older": asked.address(page=asked.page + 1) if len(some) > PAGE_SIZE else "",
        "searched_days": SEARCHED_DAYS,
    }


def _asked(address: QueryDict, text: str) -> Asked:
    """Read the address; what cannot be read is left out and said."""
    unread = []
    moments: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        typed = address.get(name, "")
        moments[name] = _moment(typed)
        if typed and moments[name] is None:
            unread.append(typed)
    outcome, page = address.get("outcome", ""), address.get("page", "1")
    if outcome and outcome not in list(Outcome):
        unread.append(outcome)
        outcome = ""
    filters = QueryFilters(
        devices=tuple(title for title in address.getlist("device") if title),
        since=moments["since"],
        until=moments["until"],
        outcome=Outcome(outcome) if outcome else None,
        text=text.strip(),
    )
    return Asked(
        filters, min(int(page), 10_000) if page.isdecimal() and int(page) else 1, (*unread,)
    )


def _moment(typed: str) -> datetime | None:
    try:
        found = parse_datetime(typed)
    except ValueError:
        return None
    return timezone.make_aware(found) if found and timezone.is_naive(found) else found
