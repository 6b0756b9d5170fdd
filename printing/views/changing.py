"""Changes of a film from its page: who was slower hears so, and nothing typed is lost."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.errors import InvalidInput, StaleVersion
from printing.models import Film
from printing.selectors import films as film_selectors
from printing.views.asking import found, is_fragment
from printing.views.composer import film_page
from printing.views.film_values import Focus
from printing.views.warnings import Warn

Change = Callable[[HttpRequest, Film, Focus], HttpResponse]


def changing(change: Change) -> Callable[[HttpRequest, int], HttpResponse]:
    """Make a view of a change: find the film, and turn its refusals into the film page."""

    @require_http_methods(["GET", "POST"])
    @wraps(change)
    def view(request: HttpRequest, film_id: int) -> HttpResponse:
        film = film_seen(request, film_id)
        focus = Focus.read(request.POST)
        if request.method == "GET":  # a reload after an answer that was a page
            return redirect("printing:film", film_id=film_id)
        try:
            return change(request, film, focus)
        except StaleVersion as error:
            return _stale(request, film, focus, error)
        except InvalidInput as error:
            notice = Warn("bad", "alert-circle", _("Not changed."), str(error))
            return film_answer(request, film, focus, notices=[notice], status=422)

    return view


def film_seen(request: HttpRequest, film_id: int) -> Film:
    """Return a film that this person may see."""
    films = film_selectors.films(visible_to=request.user)
    return found(films, film_id, _("There is no such film in your facility."))


def done(request: HttpRequest, film: Film, focus: Focus, sentence: str = "") -> HttpResponse:
    """Go back to the film; with script a sentence comes as a toast, else on top of the page."""
    if sentence and is_fragment(request):
        return film_answer(request, film, focus, toast=sentence)
    if sentence:
        messages.success(request, sentence)
    return redirect(focus.address(film.pk))


def film_answer(
    request: HttpRequest, film: Film, focus: Focus, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """Answer with the film page as it is now."""
    page = film_page(request, film, focus)
    forms = ("layout_form", "print_form", "fill_form", "uploads", "notices")
    for name in forms:
        if name in extra:
            setattr(page, name, extra.pop(name))
    answer = render(request, "printing/film.html", {"page": page} | extra, status=status)
    if is_fragment(request) and "v" not in request.GET:
        answer["HX-Replace-Url"] = page.focus.address(film.pk)
    return answer


def _stale(request: HttpRequest, film: Film, focus: Focus, error: StaleVersion) -> HttpResponse:
    """Say that somebody was faster, with the film as it is now (ui.md 6)."""
    if is_fragment(request):
        context = {"tone": "warn", "icon_name": "users", "message": str(error)}
        answer = render(request, "portal/_alert.html", context, status=409)
        answer["HX-Trigger"] = "film-stale"
        return answer
    notice = Warn("warn", "users", _("Nothing was saved."), str(error))
    return film_answer(request, film, focus, notices=[notice], status=409)
