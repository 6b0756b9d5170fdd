"""The film page is read: a film, its set, and everything beside it, once for each request."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.selectors import actor_for, may
from portal.types import Permission
from printing import layout
from printing.forms import FillForm, LayoutForm, PrintForm, WindowForm
from printing.models import Film, ImageBox
from printing.selectors import films as film_selectors
from printing.views.film_target import Target, takes_layout, target_of
from printing.views.film_values import Cell, FilmPage, Focus, Layout
from printing.views.people import Person, person_of
from printing.views.series import Series, Study, shown_pictures, studies
from printing.views.warnings import has_mixed_patients, warnings_of

LAYOUTS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (3, 5), (4, 5))


def film_page(request: HttpRequest, film: Film, focus: Focus) -> FilmPage:
    """Read a film with everything beside it."""
    films = list(film_selectors.film_set(film))
    film = next(each for each in films if each.pk == film.pk)
    images = list(films[0].images.all())
    listed = studies(images, films)
    target = target_of(request.user, focus.printer, film)
    series = _series(listed, focus.series)
    cells = _cells(film, focus.box)
    page = FilmPage(
        film=film,
        films=films,
        focus=focus,
        cells=cells,
        studies=listed,
        series=series,
        pictures=shown_pictures(series, films) if series else [],
        people=_people(film),
        printer=target.printer,
        target=target,
        layouts=_layouts(film, target),
        warnings=warnings_of(films, film, target),
        is_mixed=any(has_mixed_patients(each) for each in films),
        may_write=may(actor_for(request.user), film.facility_id, Permission.FILM_WRITE),
        layout_form=layout_form(film, target),
        print_form=print_form(target, asked=request.GET),
        window_form=_window_form(cells),
        fill_form=FillForm(count=series.count, prefix="fill") if series else None,
    )
    page.focus = replace(
        focus,
        box=page.current.position,
        series=series.key if series else 0,
        printer=target.key,
    )
    return page


def layout_form(film: Film, target: Target, data: Any = None) -> LayoutForm:
    """Return the form of the film's layout, with what was typed when there is something."""
    fields = ("image_display_format", "film_size_id", "film_orientation", "has_text")
    return LayoutForm(
        data,
        initial={name: getattr(film, name) for name in fields},
        takes=target.takes,
        kept_size=film.film_size_id,
    )


def print_form(target: Target, data: Any = None, asked: Any = None) -> PrintForm:
    """Return the form of the print, with what was typed when there is something."""
    kept = {
        name: asked[name]
        for name in ("number_of_copies", "print_priority")
        if asked and name in asked
    }
    return PrintForm(
        data,
        initial={"number_of_copies": 1, "print_priority": "MED"} | kept | {"printer": target.key},
        targets=target.options,
        takes=target.takes,
        usual_medium=target.printer.medium_type if target.printer and not target.pool else "",
    )


def _cells(film: Film, asked: int) -> list[Cell]:
    width, height = layout.film_size_mm(film.film_size_id, film.film_orientation)
    rects = layout.box_rects(film.image_display_format, width, height, layout.GAP_MM)
    boxes = {box.position: box for box in film.image_boxes.all()}
    current = asked if 1 <= asked <= len(rects) else 0
    free = (n for n in range(1, len(rects) + 1) if n not in boxes)
    current = current or next(free, 1)
    cells = []
    for position, rect in enumerate(rects, 1):
        parts = (rect.left / width, rect.top / height, rect.width / width, rect.height / height)
        names = ("x", "y", "w", "h")
        place = ";".join(f"--{n}:{part:.4%}" for n, part in zip(names, parts, strict=True))
        box = boxes.get(position)
        cells.append(Cell(position, place, box, _says(position, box), position == current))
    return cells


def _says(position: int, box: ImageBox | None) -> str:
    """Say what a box holds: which picture, its size, through which window."""
    if box is None:
        return _("Box %(box)s: empty") % {"box": position}
    size = f"{box.image.columns} × {box.image.rows}"
    true_size = _("true size") if box.is_true_size else ""
    parts = (_caption(box), size, _window(box), true_size)
    values = {"box": position, "picture": " · ".join(part for part in parts if part)}
    return _("Box %(box)s: %(picture)s") % values


def _caption(box: ImageBox) -> str:
    image = box.image
    parts = [
        f"Se {image.series_number}" if image.series_number is not None else "",
        f"Im {image.instance_number}" if image.instance_number is not None else "",
        f"Fr {box.frame}/{image.number_of_frames}" if image.number_of_frames > 1 else "",
    ]
    return " ".join(part for part in parts if part) or image.modality


def _window(box: ImageBox) -> str:
    center, width = box.window_center, box.window_width
    if center is None or width is None:
        center, width = box.image.window_center, box.image.window_width
    return "" if center is None or width is None else f"W {width:g} L {center:g}"


def _window_form(cells: list[Cell]) -> WindowForm:
    cell = next(cell for cell in cells if cell.is_current)
    own = cell.own_window
    form = WindowForm(
        initial=dict(zip(("window_center", "window_width"), cell.window, strict=True))
    )
    for name, value in zip(("window_center", "window_width"), own, strict=True):
        form.fields[name].widget.attrs["placeholder"] = value
    return form


def _people(film: Film) -> list[Person]:
    people = {person.key: person for person in (person_of(b.image) for b in film.image_boxes.all())}
    return [person for person in people.values() if person.is_known]


def _series(listed: list[Study], asked: int) -> Series | None:
    every = [series for study in listed for series in study.series]
    named = (series for series in every if any(image.pk == asked for image in series.images))
    return next(named, every[0] if every else None)


def _layouts(film: Film, target: Target) -> list[Layout]:
    found = []
    for columns, rows in LAYOUTS:
        text = f"STANDARD\\{columns},{rows}"
        is_current = text == film.image_display_format
        is_taken = takes_layout(target.takes, text, film.film_orientation)
        found.append(Layout(text, columns, rows, is_current, is_taken))
    return found
