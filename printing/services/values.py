"""Rules for values that go to a printer as they are, shared by the services of printing."""

import re

from portal.errors import InvalidInput
from printing import layout
from printing.models import FilmOrientation, PrintPriority, SourceImage
from printing.services.true_size import require_true_size
from printing.types import BoxValues, PageValues

_CODE_STRING = re.compile(r"[A-Z0-9_ ]{0,16}")  # VR CS, PS3.5 6.2
ROTATIONS = (0, 90, 180, 270)
MAX_COPIES = 99


def require_code_string(value: str, field: str) -> None:
    """Refuse what the VR CS does not allow; which terms a printer knows is its own to say."""
    if not _CODE_STRING.fullmatch(value):
        raise InvalidInput(
            f"“{value}” cannot be sent to a printer: at most 16 capital letters, digits, spaces "
            "and underscores.",
            field,
        )


def require_layout(image_display_format: str, film_size_id: str, film_orientation: str) -> int:
    """Refuse a layout that cannot be drawn; return how many boxes it has."""
    require_code_string(film_size_id, "film_size_id")
    if film_orientation not in FilmOrientation.values:
        raise InvalidInput("A film is PORTRAIT or LANDSCAPE.", "film_orientation")
    try:
        return layout.box_count(image_display_format)
    except layout.InvalidDisplayFormat as error:
        raise InvalidInput(str(error), "image_display_format") from error


def require_page(page: PageValues, images: dict[int, SourceImage]) -> None:
    """Refuse a page without pictures, or with one that has no box, no image or no such frame."""
    count = require_layout(page.image_display_format, page.film_size_id, page.film_orientation)
    if not page.image_boxes:
        raise InvalidInput("There is no picture on the film.", "image_boxes")
    positions = [box.position for box in page.image_boxes]
    if len(set(positions)) != len(positions):
        raise InvalidInput("Two pictures are in the same box.", "image_boxes")
    for box in page.image_boxes:
        require_box(box, count, images.get(box.image_id))
    require_true_size(
        page.image_boxes,
        images,
        image_display_format=page.image_display_format,
        film_size_id=page.film_size_id,
        film_orientation=page.film_orientation,
    )


def require_box(box: BoxValues, count: int, image: SourceImage | None) -> None:
    """Refuse a picture that does not fit its box, its file or what can be shown."""
    if image is None:
        raise InvalidInput(f"There is no image {box.image_id}.", "image_id")
    if not 1 <= box.position <= count:
        raise InvalidInput(f"There is no box {box.position}: the film has {count}.", "position")
    if not 1 <= box.frame <= image.number_of_frames:
        raise InvalidInput(
            f"There is no frame {box.frame}: the image has {image.number_of_frames}.", "frame"
        )
    if box.rotation not in ROTATIONS:
        raise InvalidInput("A picture turns by 0, 90, 180 or 270 degrees.", "rotation")
    if (box.window_center is None) != (box.window_width is None):
        raise InvalidInput("A window needs both center and width.", "window_width")
    if box.window_width is not None and not 0 < box.window_width < 1e9:
        raise InvalidInput("The width of a window is more than 0.", "window_width")
    if box.window_center is not None and not -1e9 < box.window_center < 1e9:
        raise InvalidInput(
            "The center of a window is a number of the image's scale.", "window_center"
        )


def require_job_values(number_of_copies: int, print_priority: str) -> None:
    """Refuse copies and priorities that no printer has."""
    if not 1 <= number_of_copies <= MAX_COPIES:
        raise InvalidInput(f"Copies go from 1 to {MAX_COPIES}.", "number_of_copies")
    if print_priority not in PrintPriority.values:
        raise InvalidInput("A priority is HIGH, MED or LOW.", "print_priority")
