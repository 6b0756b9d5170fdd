"""Pages of the shared ground: start, health."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from portal import selectors
from portal.context import menu_count
from portal.health import service_cards
from portal.types import Role

START_PAGES = {
    Role.SCHEDULER: "worklist:board",
    Role.TECHNOLOGIST: "worklist:worklist",
    Role.OPERATOR: "printing:queue",
    Role.ADMINISTRATOR: "worklist:board",
    Role.AUDITOR: "worklist:worklist",
}


def start(request: HttpRequest) -> HttpResponse:
    """Go to the person's start page, by role."""
    membership = selectors.membership_of(request.user)
    if membership is None:
        return render(request, "portal/no_membership.html", status=403)
    return redirect(reverse(START_PAGES[Role(membership.role)]))


def menu_number(request: HttpRequest, url_name: str) -> HttpResponse:
    """Answer the number beside a place of the menu: how much waits there."""
    count = menu_count(url_name, visible_to=request.user)
    if count is None:
        raise Http404
    return render(request, "portal/_menu_count.html", {"count": count})


def health(request: HttpRequest) -> HttpResponse:
    """Show which processes live and what is wrong, with what to do."""
    return render(request, "portal/health.html", _health())


def health_now(request: HttpRequest) -> HttpResponse:
    """Answer the page's middle, which looks again by itself."""
    return render(request, "portal/_health.html", _health())


def _health() -> dict[str, Any]:
    cards = service_cards(readiness())
    return {
        "cards": cards,
        "faults": [card for card in cards if not card.is_working],
        "processes": selectors.processes(),
        "late_before": timezone.now() - selectors.HEARTBEAT_LATE,
        "now": timezone.now(),
    }


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Say which parts are ready; 503 when one is not."""
    parts = readiness()
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def readiness() -> dict[str, bool]:
    """Look at the database, its migrations, the channel layer, listener and worker."""
    parts = dict.fromkeys(("database", "migrations", "channel_layer", "listener", "worker"), False)
    try:
        alive = set(selectors.processes_alive().values_list("kind", flat=True))
        executor = MigrationExecutor(connection)
        parts["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return parts
    parts["database"] = True
    parts["channel_layer"] = bool(settings.CHANNEL_LAYERS) and "web" in alive
    parts["listener"] = "scp" in alive
    parts["worker"] = "worker" in alive
    return parts
