"""The film page and its forms: layout, fill, print, and films of the set."""

from dataclasses import replace
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from portal.errors import InvalidInput
from portal.selectors import actor_for
from printing.forms import FillForm
from printing.models import Film
from printing.selectors import films as film_selectors
from printing.services import film_boxes as box_services
from printing.services import films as film_services
from printing.services import jobs as job_services
from printing.views.asking import is_fragment, version_of
from printing.views.changing import changing, done, film_answer, film_seen
from printing.views.composer import film_page, layout_form, print_form
from printing.views.film_values import Focus
from printing.views.listing import film_rows
from printing.views.uploads import said_of

PAGE_SIZE = 30


@require_GET
def films(request: HttpRequest) -> HttpResponse:
    """List the films, newest first; films laid out together are one row."""
    shown = film_selectors.films(visible_to=request.user).filter(first_film=None)
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": film_rows(page.object_list)}
    return render(request, "printing/films.html", context)


@require_GET
def film(request: HttpRequest, film_id: int) -> HttpResponse:
    """Show a film; `?v=` asks only whether it changed since that version."""
    seen = film_seen(request, film_id)
    if is_fragment(request) and request.GET.get("v") == str(seen.version):
        return HttpResponse(status=204)
    said = said_of(request, seen)
    return film_answer(request, seen, Focus.read(request.GET), uploads=said)


@changing
def film_layout(request: HttpRequest, film: Film, focus: Focus) -> HttpResponse:
    """Change layout, size, orientation or text of the film and those laid out with it."""
    page = film_page(request, film, focus)
    data = request.POST.copy()
    if data.get("layout"):
        data["image_display_format"] = str(data["layout"])
    form = layout_form(film, page.target, data)
    if not form.is_valid():
        return film_answer(request, film, focus, layout_form=form, status=422)
    try:
        changed = film_services.film_set(
            film_id=film.pk,
            version=version_of(request),
            by=actor_for(request.user),
            **form.cleaned_data,
        )
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return film_answer(request, film, focus, layout_form=form, status=422)
    return done(request, changed, replace(focus, box=0))


@changing
def film_fill(request: HttpRequest, film: Film, focus: Focus) -> HttpResponse:
    """Put every n-th picture of a series onto the film, and onto further ones if need be."""
    page = film_page(request, film, focus)
    if page.series is None:
        raise InvalidInput(_("There is no series to fill the film from. Add images first."))
    form = FillForm(request.POST, count=page.series.count, prefix="fill")
    if not form.is_valid():
        return film_answer(request, film, focus, fill_form=form, status=422)
    pictures = page.series.pictures
    filled = box_services.film_place(
        film_id=film.pk,
        version=version_of(request),
        pictures=[pictures[place] for place in form.chosen()],
        is_replacing=form.cleaned_data["is_replacing"],
        by=actor_for(request.user),
    )
    return done(request, filled, replace(focus, box=0))


@changing
def film_print(request: HttpRequest, film: Film, focus: Focus) -> HttpResponse:
    """Queue the film and those laid out with it as one job."""
    page = film_page(request, film, focus)
    form = print_form(page.target, request.POST)
    if not form.is_valid():
        return film_answer(request, film, focus, print_form=form, status=422)
    values: dict[str, Any] = dict(form.cleaned_data)
    del values["printer"]
    values |= form.chosen()
    try:
        job = job_services.film_print(
            film_id=film.pk,
            medium_type=values.pop("medium_type") or None,
            version=version_of(request),
            by=actor_for(request.user),
            **values,
        )
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return film_answer(request, film, focus, print_form=form, status=422)
    link = format_html('<a href="{}">{}</a>', reverse("printing:job", args=[job.pk]), job.pk)
    count = sum(job.pages.values_list("copies", flat=True))
    sentence = ngettext(
        "Job {job}: {count} film for {printer} is in the queue.",
        "Job {job}: {count} films for {printer} are in the queue.",
        count,
    )
    said = format_html(sentence, job=link, count=count, printer=page.target.name)
    return done(request, film, focus, said)


@changing
def film_add(request: HttpRequest, film: Film, focus: Focus) -> HttpResponse:
    """Add an empty film to the set and go to it."""
    added = box_services.film_add(film_id=film.pk, by=actor_for(request.user))
    return done(request, added, replace(focus, box=0))


@changing
def film_remove(request: HttpRequest, film: Film, focus: Focus) -> HttpResponse:
    """Take the film out of its set; without the last one there is nothing to look at."""
    left = box_services.film_remove(
        film_id=film.pk, version=version_of(request), by=actor_for(request.user)
    )
    if left is None:
        return redirect("printing:films")
    return done(request, left, replace(focus, box=0))
