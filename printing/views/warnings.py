"""What a person should know before a film is printed; each warning names its box."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.errors import InvalidInput
from printing import layout
from printing.forms import size_label
from printing.models import Film, ImageBox, Printer
from printing.selectors.films import box_values, patients_on
from printing.services.films import require_true_size_on
from printing.types import Capabilities
from printing.views.film_target import Target, takes_layout
from printing.views.people import person_of

ENLARGED = 4.0  # times: past this a picture looks coarse on film


@dataclass(frozen=True)
class Warn:
    """One notice: a short bold start, a sentence, and how bad it is."""

    tone: str
    icon: str
    title: str
    text: str


def warnings_of(films: Sequence[Film], film: Film, target: Target) -> list[Warn]:
    """Return the warnings for a set of films, worst first, with details of the film shown."""
    printer = target.printer
    found = [*_mixed(films), *_printer(target, film), *_identity(film), *_other_study(film)]
    found += [*_empty(film), *_coarse(film, printer), *_color(film, target), *_true_size(film)]
    return sorted(found, key=lambda warn: ["bad", "warn", "info"].index(warn.tone))


def has_mixed_patients(film: Film) -> bool:
    """Say whether images of two patients stand on one film."""
    return len(patients_on(film)) > 1


def _mixed(films: Sequence[Film]) -> list[Warn]:
    numbers = [str(n) for n, film in enumerate(films, 1) if has_mixed_patients(film)]
    if not numbers:
        return []
    text = ngettext(
        "Film %(films)s shows images of more than one patient. Check every picture.",
        "Films %(films)s show images of more than one patient. Check every picture.",
        len(numbers),
    )
    if len(films) == 1:
        text = _("This film shows images of more than one patient. Check every picture.")
    said = text % {"films": ", ".join(numbers)}
    return [Warn("bad", "users", _("Different patients."), said)]


def _printer(target: Target, film: Film) -> list[Warn]:
    printer = target.printer
    if printer is None:
        text = _("Ask an administrator to add one; the film keeps meanwhile.")
        return [Warn("bad", "printer-off", _("There is no printer yet."), text)]
    found = []
    name = {"printer": printer.name}
    if not printer.is_accepting:
        text = _("%(printer)s takes no new jobs at present. Choose another printer.") % name
        found.append(Warn("bad", "printer-off", _("Cannot print there."), text))
    elif not printer.is_enabled or printer.state == Printer.State.STOPPED:
        text = printer.state_message or _("The job waits in the queue until it is started again.")
        title = _("%(printer)s is stopped.") % name
        found.append(Warn("warn", "printer-off", title, text))
    return found + _not_taken(target, film)


def _not_taken(target: Target, film: Film) -> list[Warn]:
    takes, found = target.takes or Capabilities(), []
    values = {"printer": target.name, "size": size_label(film.film_size_id)}
    if takes.film_size_ids and film.film_size_id not in takes.film_size_ids:
        text = _("%(printer)s does not take %(size)s. Choose another size.") % values
        found.append(Warn("bad", "rectangle-vertical", _("Wrong size."), text))
    if not takes_layout(takes, film.image_display_format, film.film_orientation):
        values["layout"] = film.image_display_format
        text = _("%(printer)s does not name %(layout)s among its layouts and may refuse it.")
        found.append(Warn("warn", "layout-grid", _("Unusual layout."), text % values))
    return found


def _identity(film: Film) -> list[Warn]:
    boxes = list(film.image_boxes.all())
    unnamed = [str(box.position) for box in boxes if not person_of(box.image).is_known]
    found = []
    if unnamed:
        text = ngettext(
            "The image in box %(boxes)s names no patient: it will not say whose it is.",
            "The images in boxes %(boxes)s name no patient: they will not say whose they are.",
            len(unnamed),
        )
        said = text % {"boxes": ", ".join(unnamed)}
        found.append(Warn("warn", "user-off", _("Without a name."), said))
    if boxes and not film.has_text:
        text = _("Nothing on the film will say whose it is: you answer for its identification.")
        found.append(Warn("warn", "id", _("No text."), text))
    return found


def _other_study(film: Film) -> list[Warn]:
    """Name the boxes whose images are not of the exam that the film was begun for."""
    exam = film.study_instance_uid
    studies = {b.position: b.image.study_instance_uid for b in film.image_boxes.all()}
    other = [str(box) for box, study in studies.items() if exam and study and study != exam]
    if not other:
        return []
    text = ngettext(
        "The image in box %(boxes)s is not of the exam that this film is for. "
        "Check that it is the same patient.",
        "The images in boxes %(boxes)s are not of the exam that this film is for. "
        "Check that it is the same patient.",
        len(other),
    )
    return [Warn("warn", "user-question", _("Other study."), text % {"boxes": ", ".join(other)})]


def _empty(film: Film) -> list[Warn]:
    count = layout.box_count(film.image_display_format)
    taken = {box.position for box in film.image_boxes.all()}
    empty = [str(n) for n in range(1, count + 1) if n not in taken]
    if not empty or not taken:
        return []
    text = ngettext("Box %(boxes)s stays black.", "Boxes %(boxes)s stay black.", len(empty))
    said = text % {"boxes": ", ".join(empty)}
    return [Warn("info", "circle-dashed", _("Empty boxes."), said)]


def _coarse(film: Film, printer: Printer | None) -> list[Warn]:
    """Name the box whose picture is enlarged most, when that is much."""
    width, height = layout.film_size_mm(film.film_size_id, film.film_orientation)
    rects = layout.box_rects(film.image_display_format, width, height, layout.GAP_MM)
    pitch = _pixels_per_mm(film, printer)
    worst: tuple[float, ImageBox] | None = None
    for box in film.image_boxes.all():
        if box.position > len(rects) or box.is_true_size:
            continue
        times = _times(box, rects[box.position - 1], pitch)
        if times > ENLARGED and (worst is None or times > worst[0]):
            worst = times, box
    if worst is None:
        return []
    times, box = worst
    title = _("Box %(box)s is small:") % {"box": box.position}
    text = _("%(columns)s × %(rows)s pixels, enlarged %(times)s times.") % {
        "columns": box.image.columns,
        "rows": box.image.rows,
        "times": f"{times:.1f}",
    }
    return [Warn("warn", "zoom-exclamation", title, text)]


def _times(box: ImageBox, rect: layout.Rect, pitch: float) -> float:
    columns, rows = box.image.columns, box.image.rows
    if box.rotation in (90, 270):
        columns, rows = rows, columns
    return min(rect.width * pitch / columns, rect.height * pitch / rows)


def _pixels_per_mm(film: Film, printer: Printer | None) -> float:
    """Return the printer's pixels per millimetre of film; about 4k on 14 inches if not known."""
    pixels = printer.model.film_pixels.get(film.film_size_id) if printer else None
    width, _height = layout.film_size_mm(film.film_size_id, "PORTRAIT")
    return pixels[0] / width if pixels else 4096 / 355.6


def _true_size(film: Film) -> list[Warn]:
    """Name the boxes whose pictures do not fit in true size: they stay black."""
    found = []
    for box in (each for each in film.image_boxes.all() if each.is_true_size):
        try:
            require_true_size_on(film, [box_values(box)])
        except InvalidInput as error:
            found.append(Warn("bad", "zoom-exclamation", _("Not in true size."), str(error)))
    return found


def _color(film: Film, target: Target) -> list[Warn]:
    boxes = [str(b.position) for b in film.image_boxes.all() if b.image.samples_per_pixel > 1]
    if not boxes or target.prints_color:
        return []
    text = ngettext(
        "The image in box %(boxes)s is in colour; film shows it in gray.",
        "The images in boxes %(boxes)s are in colour; film shows them in gray.",
        len(boxes),
    )
    return [Warn("info", "contrast", _("Gray only."), text % {"boxes": ", ".join(boxes)})]
