"""Pictures in true size: their pixels must say how large they are, and fit their boxes."""

from collections.abc import Iterable, Mapping

from portal.errors import InvalidInput
from printing import layout
from printing.models import SourceImage
from printing.rendering.errors import UnusableImage
from printing.rendering.files import read_size_mm
from printing.selectors.films import image_path
from printing.types import BoxValues

TOLERANCE = 1.002  # a pixel more or less


def require_true_size(
    boxes: Iterable[BoxValues],
    images: Mapping[int, SourceImage],
    *,
    image_display_format: str,
    film_size_id: str,
    film_orientation: str,
) -> None:
    """Refuse true size where nobody knows it, or where a part of the picture would be missing."""
    film_mm = layout.film_size_mm(film_size_id, film_orientation)
    rects = layout.box_rects(image_display_format, *film_mm, layout.GAP_MM)
    for box in boxes:
        if box.is_true_size and box.position <= len(rects):
            _require_room(box, _size_mm(box, images[box.image_id]), rects[box.position - 1])


def _size_mm(box: BoxValues, image: SourceImage) -> tuple[float, float]:
    """Return width and height as the picture lies in its box."""
    try:
        size = read_size_mm(image_path(image), box.frame) if image.is_dicom else None
    except (UnusableImage, OSError) as error:
        raise InvalidInput(f"Box {box.position}: {error}", "image_boxes") from error
    if size is None:
        raise InvalidInput(
            f"The picture in box {box.position} does not say how large its pixels are, "
            "so it has no true size.",
            "image_boxes",
        )
    return (size[1], size[0]) if box.rotation in (90, 270) else size


def _require_room(box: BoxValues, size_mm: tuple[float, float], rect: layout.Rect) -> None:
    if size_mm[0] > rect.width * TOLERANCE or size_mm[1] > rect.height * TOLERANCE:
        raise InvalidInput(
            f"In true size the picture in box {box.position} is {size_mm[0]:.0f} × "
            f"{size_mm[1]:.0f} mm, its box is {rect.width:.0f} × {rect.height:.0f} mm. "
            "Choose a layout with fewer boxes, or a larger film.",
            "image_boxes",
        )
