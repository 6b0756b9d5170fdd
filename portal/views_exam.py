"""The exam page: fragments of both apps, placed by address, and the one timeline of all."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.timeline import course
from portal.types import Course

EVERYTHING = "all"


@require_GET
def exam(request: HttpRequest, step_id: int) -> HttpResponse:
    """Show one exam."""
    return render(request, "portal/exam.html", {"step_id": step_id})


@require_GET
def exam_stages(request: HttpRequest, step_id: int) -> HttpResponse:
    """Answer the strip that says how far the exam is."""
    return render(request, "portal/_stages.html", _context(request, step_id))


@require_GET
def exam_timeline(request: HttpRequest, step_id: int) -> HttpResponse:
    """Answer the timeline; refetched alone, the strip above comes with it."""
    is_alone = request.headers.get("HX-Target") == "exam-timeline"
    context = _context(request, step_id) | {"has_stages": is_alone}
    return render(request, "portal/_timeline.html", context)


def _context(request: HttpRequest, step_id: int) -> dict[str, Any]:
    found = _course_of(request, step_id)
    is_whole = request.GET.get("view") == EVERYTHING
    return {
        "step_id": step_id,
        "stages": found.stages,
        "is_whole": is_whole,
        "entries": [entry for entry in found.entries if is_whole or entry.is_main],
        "count": len(found.entries),
    }


def _course_of(request: HttpRequest, step_id: int) -> Course:
    """Return the course, read once for all fragments of one page."""
    held: dict[int, Course] = request.__dict__.setdefault("portal_courses", {})
    if step_id not in held:
        held[step_id] = course(step_id=step_id, visible_to=request.user)
    return held[step_id]
