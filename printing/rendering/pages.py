"""A page as one printer gets it, drawn into a page file."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from printing import layout
from printing.rendering.boxes import box_place, draw_box, packed, page_boxes
from printing.rendering.calibration import draw_pattern
from printing.rendering.canvas import canvas_in_file, new_canvas
from printing.rendering.errors import naming
from printing.rendering.page_file import page_write
from printing.types import BoxPixels, Drawing, PageSpec

COMPOSED_FORMAT = r"STANDARD\1,1"
PATTERN_WIDTH = 2048  # where the film's pixels are not known


def page_draw(spec: PageSpec, drawing: Drawing, path: Path) -> None:
    """Draw a page into a file, whole or not at all; raises UnusableImage, OSError (ENOSPC)."""
    page_write(path, drawing, drawn_boxes(spec, drawing, path.parent))


def sent_display_format(spec: PageSpec, drawing: Drawing) -> str:
    """Return the Image Display Format that the printer is asked for with this drawing."""
    is_one = bool(spec.pattern) or is_composed(spec, drawing)
    return COMPOSED_FORMAT if is_one else spec.image_display_format


def is_composed(spec: PageSpec, drawing: Drawing) -> bool:
    """Say whether the page goes out as one picture of the whole film.

    The film's pixels must be known, and slides have mounts that only the printer knows.
    """
    is_own = layout.is_printers_own(spec.image_display_format)
    has_size = drawing.film_pixels is not None
    return drawing.is_composed and has_size and not drawing.is_plain and not is_own


def drawn_boxes(
    spec: PageSpec, drawing: Drawing, folder: Path | None = None
) -> Iterator[BoxPixels]:
    """Yield the boxes as the printer gets them, drawn when asked for: one at a time in memory.

    The folder is for the canvas of a composed film, which is in memory only where it is drawn on.
    Colours are of 8 bits, so gray beside them is as well (PS3.3 C.13.5).
    """
    drawing = replace(drawing, bits=8) if drawing.is_color else drawing
    if spec.pattern:
        yield _pattern(spec, drawing)
    elif is_composed(spec, drawing) and drawing.film_pixels is not None:
        size = layout.oriented(drawing.film_pixels, spec.film_orientation)
        yield _composed(spec, drawing, size, folder)
    else:
        for box in spec.boxes:
            alone = PageSpec(**(vars(spec) | {"boxes": (box,)}))
            with naming(box.position):
                yield from page_boxes(
                    alone,
                    bits=drawing.bits,
                    film_pixels=drawing.film_pixels,
                    is_plain=drawing.is_plain,
                    is_color=drawing.is_color,
                )


def _composed(
    spec: PageSpec, drawing: Drawing, film_pixels: tuple[int, int], folder: Path | None
) -> BoxPixels:
    """Draw each box into its place on one canvas; between the boxes the film is black."""
    canvas, let_go = canvas_in_file(folder, film_pixels, drawing.bits, is_color=drawing.is_color)
    for box in spec.boxes:
        with naming(box.position):
            rect = box_place(spec, box.position, film_pixels)
            place = canvas[int(rect.top) : int(rect.bottom), int(rect.left) : int(rect.right)]
            draw_box(box, spec, drawing.bits, film_pixels, is_color=drawing.is_color, into=place)
        let_go()
    return packed(1, drawing.bits, canvas)


def _pattern(spec: PageSpec, drawing: Drawing) -> BoxPixels:
    """Draw a test pattern over the whole film."""
    width, height = layout.film_size_mm(spec.film_size_id, "PORTRAIT")
    film = drawing.film_pixels or (PATTERN_WIDTH, round(PATTERN_WIDTH * height / width))
    canvas = new_canvas(
        layout.oriented(film, spec.film_orientation), drawing.bits, is_color=drawing.is_color
    )
    draw_pattern(canvas, spec, drawing.bits)
    return packed(1, drawing.bits, canvas)
