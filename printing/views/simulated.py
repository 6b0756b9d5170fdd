"""The simulated printers' tray: its pages as pictures; development only, and it says so."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from printing.forms import size_label
from printing.views import simulated_faults
from printing.views.asking import is_fragment

PAGE_NAME = re.compile(r"page-(\d{4,})\.png")
SHOWN = 60


@dataclass(frozen=True)
class SimulatedPage:
    """One page that a simulated printer wrote, and what it said of it."""

    number: int
    facts: dict[str, Any]
    at: datetime | None

    @property
    def says(self) -> str:
        """Say what the printer was asked for."""
        facts = self.facts
        if not facts:
            return ""
        images = int(facts.get("images", 0))
        pictures = ngettext("%(n)s picture", "%(n)s pictures", images) % {"n": images}
        size = size_label(str(facts.get("film_size_id", "")))
        depth = (
            _("colour") if facts.get("is_color") else _("%(n)s bit") % {"n": facts.get("bits", 8)}
        )
        asked = facts.get("session") or {}
        copies = int(asked.get("NumberOfCopies") or 1)
        many = ngettext("%(n)s copy", "%(n)s copies", copies) % {"n": copies} if copies > 1 else ""
        parts = (
            facts.get("printer"),
            size,
            facts.get("image_display_format"),
            pictures,
            depth,
            many,
            asked.get("MediumType"),
        )
        return " · ".join(str(part) for part in parts if part)


@require_GET
def simulated(request: HttpRequest) -> HttpResponse:
    """Show the tray, newest page first; `?page=` shows one large."""
    _require_development()
    pages = tray()
    asked = request.GET.get("page", "")
    large = next((page for page in pages if str(page.number) == asked), None)
    context = {"pages": pages[:SHOWN], "hidden": max(len(pages) - SHOWN, 0), "large": large}
    if is_fragment(request):
        return render(request, "printing/_tray.html", context)
    context |= {"printers": simulated_faults.printers(), **simulated_faults.choices()}
    return render(request, "printing/simulated.html", context)


@require_GET
def simulated_page(request: HttpRequest, number: int) -> HttpResponse:
    """Send one page's picture."""
    _require_development()
    try:
        content = (_directory() / f"page-{number:04d}.png").read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    answer = HttpResponse(content, content_type="image/png")
    answer["Cache-Control"] = "private, no-cache"
    return answer


def tray() -> list[SimulatedPage]:
    """Read what lies in the tray; a page whose facts are not written yet shows without them."""
    names = (PAGE_NAME.fullmatch(path.name) for path in _directory().glob("page-*.png"))
    numbers = sorted((int(name[1]) for name in names if name), reverse=True)
    return [_page(number) for number in numbers]


def _page(number: int) -> SimulatedPage:
    try:
        facts = json.loads((_directory() / f"page-{number:04d}.json").read_text())
    except (OSError, ValueError):
        facts = {}
    at = parse_datetime(str(facts.get("at", "")))
    return SimulatedPage(number, facts, at)


def _directory() -> Path:
    return Path(settings.SIMULATED_PRINTER_DIR)


def _require_development() -> None:
    if not settings.DEVELOPMENT:
        raise Http404
