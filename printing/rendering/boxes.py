"""Pixels of the image boxes of a page, one box at a time: what the printer gets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from printing import layout
from printing.rendering import text
from printing.rendering.canvas import fitted, new_canvas, put_centered
from printing.rendering.color import to_shown
from printing.rendering.errors import UnusableImage
from printing.rendering.frames import number_of_frames, open_header, stored_rows
from printing.rendering.grayscale import Window
from printing.rendering.measures import pixel_aspect, pixel_size_mm
from printing.rendering.overlays import overlay_of
from printing.rendering.pictures import picture_shown
from printing.rendering.rows import Picture
from printing.rendering.ruler import draw_ruler
from printing.types import BoxPixels, BoxSpec, PageSpec

Array = np.ndarray[Any, Any]
# Where the film's pixels are not known, small pictures grow so that their text can be read.
LEGIBLE_PIXELS = 1024
# Of a box's nominal size, which a picture in true size may be sure of: films have margins.
SURE_ROOM = 0.9


@dataclass(frozen=True)
class Shown:
    """A picture as its box asks for it, in its own pixels."""

    picture: Picture
    aspect: Fraction  # height of a pixel by its width
    window: Window | None
    pixel_mm: tuple[float, float] | None = None  # height and width of a pixel, if known

    @property
    def size_mm(self) -> tuple[float, float]:
        """Return width and height of the picture in the body."""
        if self.pixel_mm is None:
            raise UnusableImage("Its pixels have no measure, so it has no true size.")
        return (
            self.picture.shape[1] * self.pixel_mm[1],
            self.picture.shape[0] * self.pixel_mm[0],
        )

    @property
    def square_size(self) -> tuple[int, int]:
        """Return the size in square pixels: the coarser direction grows."""
        height, width = self.picture.shape[:2]
        if self.aspect >= 1:
            return width, max(1, round(height * self.aspect))
        return max(1, round(width / self.aspect)), height


def page_boxes(
    page: PageSpec,
    *,
    bits: int,
    film_pixels: tuple[int, int] | None,
    is_plain: bool,
    is_color: bool = False,
) -> Iterator[BoxPixels]:
    """Yield the image boxes of a page, drawn when asked for: one at a time is in memory."""
    for box in page.boxes:
        if is_plain:
            yield _plain(box, bits, is_color)
        elif box.is_true_size:
            yield _in_true_size(box, page, bits, film_pixels, is_color)
        elif film_pixels is None or layout.is_printers_own(page.image_display_format):
            yield packed(box.position, bits, _unscaled(box, page, bits, is_color))
        else:
            size = layout.oriented(film_pixels, page.film_orientation)
            yield packed(box.position, bits, draw_box(box, page, bits, size, is_color=is_color))


def draw_box(
    box: BoxSpec,
    page: PageSpec,
    bits: int,
    film_pixels: tuple[int, int],
    *,
    is_color: bool = False,
    into: Array | None = None,
) -> Array:
    """Draw a box of a film of that many pixels: the picture in its middle, text burned in."""
    density = layout.pixels_per_mm(film_pixels, page.film_size_id, page.film_orientation)
    if into is None:
        rect = box_place(page, box.position, film_pixels)
        into = new_canvas((int(rect.width), int(rect.height)), bits, is_color=is_color)
    shown = show(box, bits, is_color=is_color)
    room = (into.shape[1], into.shape[0])
    if box.is_true_size:
        _require_room(shown, (room[0] / density, room[1] / density))
        size = (
            max(1, min(room[0], round(shown.size_mm[0] * density))),
            max(1, min(room[1], round(shown.size_mm[1] * density))),
        )
    else:
        size = fitted(shown.square_size, room)
    put_centered(into, shown.picture, size, _white(into, bits))
    _mark(into, box, page, shown, density, bits)
    return into


def box_place(page: PageSpec, position: int, film_pixels: tuple[int, int]) -> layout.Rect:
    """Return where a box lies on a film of that many pixels."""
    density = layout.pixels_per_mm(film_pixels, page.film_size_id, page.film_orientation)
    rects = layout.box_pixels(
        page.image_display_format, film_pixels, layout.GAP_MM * density, page.drawn_as
    )
    return _one_of(rects, page, position)


def show(box: BoxSpec, bits: int, *, is_color: bool = False) -> Shown:
    """Return the picture of a box: windowed, overlaid, inverted, then turned, then flipped."""
    if box.is_dicom:
        shown = _dicom_shown(box, bits, is_color)
    else:
        picture, window = picture_shown(box.path, window=box.window, bits=bits, is_color=is_color)
        shown = Shown(picture, Fraction(1), window)
    picture, aspect, pixel_mm = shown.picture, shown.aspect, shown.pixel_mm
    if box.rotation in (90, 270):
        aspect = 1 / aspect
        pixel_mm = (pixel_mm[1], pixel_mm[0]) if pixel_mm else None
    picture = replace(
        picture.turned(box.rotation), is_inverted=box.is_inverted, is_flipped=box.is_flipped
    )
    return Shown(picture, aspect, shown.window, pixel_mm)


def packed(
    position: int,
    bits: int,
    drawn: Array,
    pixel_aspect_ratio: tuple[int, int] = (1, 1),
    requested_image_size: float | None = None,
) -> BoxPixels:
    """Return drawn pixels as they go out."""
    is_color = drawn.ndim == 3
    ready = drawn if drawn.dtype == np.uint8 else drawn.astype("<u2", copy=False)
    return BoxPixels(
        position=position,
        rows=drawn.shape[0],
        columns=drawn.shape[1],
        bits=8 if is_color else bits,
        pixels=np.ascontiguousarray(ready).data.cast("B"),
        pixel_aspect_ratio=pixel_aspect_ratio,
        is_color=is_color,
        requested_image_size=requested_image_size,
    )


def _dicom_shown(box: BoxSpec, bits: int, is_color: bool) -> Shown:
    header = open_header(box.path)
    if not 1 <= box.frame <= number_of_frames(header):
        raise UnusableImage(f"The image has no frame {box.frame}.")
    stored = stored_rows(box.path, header, box.frame)
    picture, window = to_shown(
        stored, header.ds, box.frame, window=box.window, bits=bits, is_color=is_color
    )
    picture = replace(picture, cover=overlay_of(header.ds, box.frame, stored))
    aspect = pixel_aspect(header.ds, box.frame)
    return Shown(picture, aspect, window, pixel_size_mm(header.ds, box.frame))


def _plain(box: BoxSpec, bits: int, is_color: bool) -> BoxPixels:
    """Windowed pixels as they are; the printer is told when they are not square."""
    shown = show(box, bits, is_color=is_color)
    ratio = (shown.aspect.numerator, shown.aspect.denominator)
    width_mm = shown.size_mm[0] if box.is_true_size else None
    return packed(box.position, bits, _in_color(shown.picture[:], is_color), ratio, width_mm)


def _in_color(drawn: Array, is_color: bool) -> Array:
    """Return gray as RGB for a film in colour."""
    return np.repeat(drawn[..., None], 3, axis=2) if is_color and drawn.ndim == 2 else drawn


def _unscaled(box: BoxSpec, page: PageSpec, bits: int, is_color: bool) -> Array:
    """Return the picture in square pixels of its own size; the printer magnifies it."""
    shown = show(box, bits, is_color=is_color)
    width, height = shown.square_size
    if page.has_text:
        factor = max(1, -(-LEGIBLE_PIXELS // max(width, height)))
        width, height = width * factor, height * factor
    canvas = new_canvas((width, height), bits, is_color=is_color)
    put_centered(canvas, shown.picture, (width, height), _white(canvas, bits))
    rect = _rect_mm(page, box.position)
    _mark(canvas, box, page, shown, max(width / rect.width, height / rect.height), bits)
    return canvas


def _in_true_size(
    box: BoxSpec, page: PageSpec, bits: int, film_pixels: tuple[int, int] | None, is_color: bool
) -> BoxPixels:
    """Return a canvas that the printer is told the width of; the picture has its size on it.

    The canvas is larger than a small picture, so that there is room for its text. It is never
    finer than the film, for then the printer would leave pixels out.
    """
    shown = show(box, bits, is_color=is_color)
    rect = _rect_mm(page, box.position)
    _require_room(shown, (rect.width, rect.height))
    (width_mm, height_mm), pixel_mm = shown.size_mm, shown.pixel_mm or (1.0, 1.0)
    sheet = (max(width_mm, rect.width * SURE_ROOM), max(height_mm, rect.height * SURE_ROOM))
    density = max(1 / min(pixel_mm), LEGIBLE_PIXELS / max(sheet))
    if film_pixels is not None:
        film_mm = layout.film_size_mm(page.film_size_id, "PORTRAIT")
        density = min(density, film_pixels[0] / film_mm[0], film_pixels[1] / film_mm[1])
    columns, rows = (max(1, round(side * density)) for side in sheet)
    density = columns / sheet[0]
    canvas = new_canvas((columns, rows), bits, is_color=is_color)
    size = (
        max(1, min(columns, round(width_mm * density))),
        max(1, min(rows, round(height_mm * density))),
    )
    put_centered(canvas, shown.picture, size, _white(canvas, bits))
    _mark(canvas, box, page, shown, density, bits)
    return packed(box.position, bits, canvas, requested_image_size=round(sheet[0], 3))


def _require_room(shown: Shown, room_mm: tuple[float, float]) -> None:
    """Refuse a picture that is larger than its box: a part of it would be missing."""
    width, height = shown.size_mm
    if width > room_mm[0] * 1.002 or height > room_mm[1] * 1.002:
        raise UnusableImage(
            f"In true size it is {width:.0f} × {height:.0f} mm, "
            f"its box is {room_mm[0]:.0f} × {room_mm[1]:.0f} mm."
        )


def _rect_mm(page: PageSpec, position: int) -> layout.Rect:
    film_mm = layout.film_size_mm(page.film_size_id, page.film_orientation)
    rects = layout.box_rects(page.image_display_format, *film_mm, layout.GAP_MM, page.drawn_as)
    return _one_of(rects, page, position)


def _one_of(rects: list[layout.Rect], page: PageSpec, position: int) -> layout.Rect:
    if not 1 <= position <= len(rects):
        raise UnusableImage(f"The layout {page.image_display_format} has no box {position}.")
    return rects[position - 1]


def _white(drawn: Array, bits: int) -> int:
    """Return the brightest value of a picture or canvas."""
    return 255 if drawn.ndim == 3 else (1 << bits) - 1


def _mark(
    canvas: Array, box: BoxSpec, page: PageSpec, shown: Shown, density: float, bits: int
) -> None:
    """Burn in who it is (top), which picture through which window (bottom), and a ruler."""
    size, white = text.text_pixels(canvas.shape[1] / density, density), _white(canvas, bits)
    if page.has_text:
        name = text.displayed_name(box.text.patient_name)
        window = shown.window
        seen = f"C {window.center:g} W {window.width:g}" if window else ""
        text.burn_in(
            canvas,
            top=[[part for part in (name, *box.text.patient) if part], box.text.study],
            bottom=[box.text.image, [seen] if seen else []],
            face=text.cjk_face(box.text.patient_name + "".join(box.text.study)),
            size=size,
            white=white,
        )
    if box.is_true_size:
        draw_ruler(canvas, density, text_size=size, white=white)
