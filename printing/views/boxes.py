"""What a person does with boxes: put, empty, window, turn; to one box, a series or the film."""

from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.errors import InvalidInput
from portal.selectors import actor_for
from printing import layout
from printing.forms import WindowForm
from printing.models import Film, ImageBox
from printing.selectors.films import box_values
from printing.services import film_boxes as box_services
from printing.types import BoxValues
from printing.views.asking import version_of
from printing.views.changing import changing, done
from printing.views.film_values import Focus
from printing.views.series import studies

Turn = Callable[[BoxValues], BoxValues]
# As seen: a picture is turned first and flipped then, so a flipped one turns the other way.
TURNS: dict[str, Turn] = {
    "rotate": lambda box: replace(
        box, rotation=(box.rotation + (270 if box.is_flipped else 90)) % 360
    ),
    "flip": lambda box: replace(box, is_flipped=not box.is_flipped),
    "flip-vertical": lambda box: replace(
        box, is_flipped=not box.is_flipped, rotation=(box.rotation + 180) % 360
    ),
    "invert": lambda box: replace(box, is_inverted=not box.is_inverted),
    "true-size": lambda box: replace(box, is_true_size=not box.is_true_size),
    "as-it-was": lambda box: BoxValues(box.position, box.image_id, box.frame),
}


@changing
def film_boxes(request: HttpRequest, film: Film, focus: Focus) -> HttpResponse:
    """Change boxes as the pressed button says, and come back to the film."""
    if "picture" in request.POST:
        return _put(request, film, focus, request.POST["picture"])
    verb = request.POST.get("do", "window")
    if verb == "empty":
        return _changed(request, film, focus, cleared=[box.position for box in _meant(film, focus)])
    if verb in ("next", "previous"):
        box = _chosen(film, focus)
        return _changed(request, film, focus, boxes=[_beside(film, box, verb == "next")])
    turn = TURNS.get(verb) or _windowed(request)
    boxes = [turn(box_values(box)) for box in _meant(film, focus)]
    return _changed(request, film, focus, boxes=boxes)


def _put(request: HttpRequest, film: Film, focus: Focus, picture: str) -> HttpResponse:
    """Put a picture into the chosen box and choose the next free one."""
    image, _colon, frame = picture.partition(":")
    if not (image.isdecimal() and frame.isdecimal()):
        raise InvalidInput(_("Choose a picture of the list."), "picture")
    count = layout.box_count(film.image_display_format)
    position = focus.box if 1 <= focus.box <= count else 1
    values = BoxValues(position, int(image), int(frame))
    taken = {box.position for box in film.image_boxes.all()} | {position}
    free = [n for n in range(1, count + 1) if n not in taken]
    following = next((n for n in free if n > position), free[0] if free else position)
    return _changed(request, film, replace(focus, box=following), boxes=[values])


def _windowed(request: HttpRequest) -> Turn:
    """Return the change to the window that was typed or chosen by name."""
    form = WindowForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("Center and width of a window are numbers."), "window_center")
    center, width = form.chosen()
    return lambda box: replace(box, window_center=center, window_width=width)


def _meant(film: Film, focus: Focus) -> list[ImageBox]:
    """Return the boxes that the change is for: one, those of its series, or all of the film."""
    boxes = list(film.image_boxes.all())
    if focus.scope == "film":
        return boxes
    chosen = _chosen(film, focus)
    if focus.scope != "series":
        return [chosen]
    series = chosen.image.series_instance_uid
    return [box for box in boxes if box.image.series_instance_uid == series]


def _chosen(film: Film, focus: Focus) -> ImageBox:
    chosen = next((box for box in film.image_boxes.all() if box.position == focus.box), None)
    if chosen is None:
        raise InvalidInput(_("Choose a box with a picture first."), "box")
    return chosen


def _beside(film: Film, box: ImageBox, is_next: bool) -> BoxValues:
    """Return the box with the next or previous picture of its series, seen the same way."""
    first = film.first_film or film
    listed = studies({box.image, *first.images.all()}, [film])
    every = [series.pictures for study in listed for series in study.series]
    pictures = next(pictures for pictures in every if (box.image_id, box.frame) in pictures)
    place = pictures.index((box.image_id, box.frame)) + (1 if is_next else -1)
    if not 0 <= place < len(pictures):
        raise InvalidInput(_("The series ends here."), "do")
    image, frame = pictures[place]
    return replace(box_values(box), image_id=image, frame=frame)


def _changed(
    request: HttpRequest,
    film: Film,
    focus: Focus,
    *,
    boxes: list[BoxValues] | None = None,
    cleared: list[int] | None = None,
) -> HttpResponse:
    changed = box_services.boxes_change(
        film_id=film.pk,
        version=version_of(request),
        boxes=boxes or [],
        cleared=cleared or [],
        by=actor_for(request.user),
    )
    return done(request, changed, focus)
