"""The film page is read: a film, its set, and everything beside it, once for each request."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.selectors import actor_for, may
from portal.types import Permission
from printing import layout
from printing.forms import FillForm, LayoutForm, PrintForm, WindowForm
from printing.models import Film, ImageBox, Printer, PrintJob
from printing.selectors import films as film_selectors
from printing.selectors import printers as printer_selectors
from printing.views.film_values import Cell, FilmPage, Focus, Layout
from printing.views.people import Person, person_of
from printing.views.rows import Viewer
from printing.views.series import Series, Study, shown_pictures, studies
from printing.views.warnings import has_mixed_patients, warnings_of

LAYOUTS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (3, 5), (4, 5))


def film_page(request: HttpRequest, film: Film, focus: Focus) -> FilmPage:
    """Read a film with everything beside it."""
    films = list(film_selectors.film_set(film))
    film = next(each for each in films if each.pk == film.pk)
    images = list(films[0].images.all())
    listed = studies(images, films)
    printers = list(printer_selectors.printers(visible_to=request.user))
    printer = _printer(printers, focus.printer, request.user)
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
        printer=printer,
        printers=printers,
        layouts=_layouts(film, printer),
        warnings=warnings_of(films, film, printer),
        is_mixed=any(has_mixed_patients(each) for each in films),
        may_write=may(actor_for(request.user), film.facility_id, Permission.FILM_WRITE),
        layout_form=layout_form(film, printer),
        print_form=print_form(request.user, printer, asked=request.GET),
        window_form=_window_form(cells),
        fill_form=FillForm(count=series.count, prefix="fill") if series else None,
    )
    page.focus = replace(
        focus,
        box=page.current.position,
        series=series.key if series else 0,
        printer=printer.pk if printer else 0,
    )
    return page


def layout_form(film: Film, printer: Printer | None, data: Any = None) -> LayoutForm:
    """Return the form of the film's layout, with what was typed when there is something."""
    fields = ("image_display_format", "film_size_id", "film_orientation", "has_text")
    return LayoutForm(
        data,
        initial={name: getattr(film, name) for name in fields},
        model=printer.model if printer else None,
        kept_size=film.film_size_id,
    )


def print_form(
    viewer: Viewer, printer: Printer | None, data: Any = None, asked: Any = None
) -> PrintForm:
    """Return the form of the print, with what was typed when there is something."""
    kept = {
        name: asked[name]
        for name in ("number_of_copies", "print_priority")
        if asked and name in asked
    }
    return PrintForm(
        data,
        initial={"number_of_copies": 1, "print_priority": "MED"} | kept | {"printer": printer},
        printers=printer_selectors.printers(visible_to=viewer),
        chosen=printer,
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
    parts = (_caption(box), size, _window(box))
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


def _printer(printers: list[Printer], asked: int, viewer: Viewer) -> Printer | None:
    """Return the printer asked for, or the one this person used last, or the first that works."""
    chosen = next((printer for printer in printers if printer.pk == asked), None)
    if chosen or not printers:
        return chosen
    last = PrintJob.objects.filter(created_by_id=viewer.pk).order_by("-pk")
    used = last.values_list("printer_id", flat=True).first()
    return min(printers, key=lambda p: (p.pk != used, not p.is_accepting, *_stopped(p)))


def _stopped(printer: Printer) -> tuple[bool, bool]:
    return not printer.is_enabled, printer.state == Printer.State.STOPPED


def _layouts(film: Film, printer: Printer | None) -> list[Layout]:
    taken = printer.model.image_display_formats if printer else []
    found = []
    for columns, rows in LAYOUTS:
        text = f"STANDARD\\{columns},{rows}"
        is_current = text == film.image_display_format
        found.append(Layout(text, columns, rows, is_current, not taken or text in taken))
    return found
