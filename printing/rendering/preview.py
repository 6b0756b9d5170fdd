"""The whole film as one picture for the browser, by the same code as the printed boxes."""

from io import BytesIO

from PIL import Image

from printing import layout
from printing.rendering.boxes import box_place, draw_box
from printing.rendering.errors import UnusableImage
from printing.types import PageSpec

MAX_WIDTH = 4096


def page_preview(spec: PageSpec, width: int) -> bytes:
    """Return a PNG of the film, that many pixels wide."""
    width = max(16, min(width, MAX_WIDTH))
    width_mm, height_mm = layout.film_size_mm(spec.film_size_id, spec.film_orientation)
    size = (width, round(width * height_mm / width_mm))
    film = Image.new("L", size)
    for box in spec.boxes:
        place = box_place(spec, box.position, size)
        try:
            drawn = draw_box(box, spec, 8, size)
        except UnusableImage as error:
            raise UnusableImage(f"Picture {box.position}: {error}") from error
        film.paste(Image.fromarray(drawn), (int(place.left), int(place.top)))
    png = BytesIO()
    film.save(png, "PNG", compress_level=1)
    return png.getvalue()
