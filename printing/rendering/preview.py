"""The whole film as one picture for the browser, by the same code as the printed boxes."""

from io import BytesIO

from PIL import Image

from printing import layout
from printing.rendering.boxes import box_place, draw_box
from printing.rendering.calibration import draw_pattern
from printing.rendering.canvas import new_canvas
from printing.rendering.errors import naming
from printing.types import PageSpec

MAX_WIDTH = 4096


def page_preview(spec: PageSpec, width: int, *, is_color: bool = True) -> bytes:
    """Return a PNG of the film, that many pixels wide; in gray for a printer without colour."""
    width = max(16, min(width, MAX_WIDTH))
    width_mm, height_mm = layout.film_size_mm(spec.film_size_id, spec.film_orientation)
    size = (width, round(width * height_mm / width_mm))
    film = new_canvas(size, 8, is_color=is_color)
    if spec.pattern:
        draw_pattern(film, spec, 8)
    for box in spec.boxes:
        with naming(box.position):
            rect = box_place(spec, box.position, size)
            place = film[int(rect.top) : int(rect.bottom), int(rect.left) : int(rect.right)]
            draw_box(box, spec, 8, size, is_color=is_color, into=place)
    if is_color and (film == film[..., :1]).all():
        film = film[..., 0]  # no colour in it: a third of the bytes
    png = BytesIO()
    Image.fromarray(film).save(png, "PNG", compress_level=1)
    return png.getvalue()
