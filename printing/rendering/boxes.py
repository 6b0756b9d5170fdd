"""Pixels of the image boxes of a page, one box at a time: what the printer gets."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from printing import layout
from printing.rendering import text
from printing.rendering.errors import UnusableImage
from printing.rendering.frames import decode, number_of_frames, open_header
from printing.rendering.grayscale import Window, functional, to_gray
from printing.rendering.pictures import picture_to_gray
from printing.types import BoxPixels, BoxSpec, PageSpec

Array = np.ndarray[Any, Any]
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
MAX_ASPECT = 16
# Where the film's pixels are not known, small pictures grow so that their text can be read.
LEGIBLE_PIXELS = 1024


@dataclass(frozen=True)
class Shown:
    """A picture as its box asks for it, in its own pixels."""

    gray: Array
    aspect: Fraction  # height of a pixel by its width
    window: Window | None


def page_boxes(
    page: PageSpec, *, bits: int, film_pixels: tuple[int, int] | None, is_plain: bool
) -> Iterator[BoxPixels]:
    """Yield the image boxes of a page, drawn when asked for: one at a time is in memory."""
    for box in page.boxes:
        if is_plain:
            yield _plain(box, bits)
        elif film_pixels is None:
            yield _packed(box, bits, _unscaled(box, page, bits))
        else:
            columns, rows = layout.oriented(film_pixels, page.film_orientation)
            yield _packed(box, bits, draw_box(box, page, bits, (columns, rows)))


def draw_box(box: BoxSpec, page: PageSpec, bits: int, film_pixels: tuple[int, int]) -> Array:
    """Return a box of a film of that many pixels: the picture in its middle, text burned in."""
    width_mm, _ = layout.film_size_mm(page.film_size_id, page.film_orientation)
    pixels_per_mm = film_pixels[0] / width_mm
    rect = box_place(page, box.position, film_pixels)
    shown = show(box, bits)
    canvas = _centered(shown, (int(rect.width), int(rect.height)), bits)
    if page.has_text:
        size = text.text_pixels(rect.width / pixels_per_mm, pixels_per_mm)
        _burn_text(canvas, box, shown.window, size, bits)
    return canvas


def box_place(page: PageSpec, position: int, film_pixels: tuple[int, int]) -> layout.Rect:
    """Return where a box lies on a film of that many pixels."""
    width_mm, _ = layout.film_size_mm(page.film_size_id, page.film_orientation)
    gap = layout.GAP_MM * film_pixels[0] / width_mm
    return layout.box_pixels(page.image_display_format, film_pixels, gap)[position - 1]


def show(box: BoxSpec, bits: int) -> Shown:
    """Return the picture of a box: windowed, inverted, then turned, then flipped."""
    if box.is_dicom:
        header = open_header(box.path)
        if not 1 <= box.frame <= number_of_frames(header):
            raise UnusableImage(f"The image has no frame {box.frame}.")
        stored = decode(box.path, header, box.frame)
        gray, window = to_gray(stored, header.ds, box.frame, window=box.window, bits=bits)
        aspect = pixel_aspect(header.ds, box.frame)
    else:
        gray, window = picture_to_gray(box.path, window=box.window, bits=bits)
        aspect = Fraction(1)
    if box.is_inverted:
        np.subtract((1 << bits) - 1, gray, out=gray, casting="unsafe")
    if box.rotation:
        gray = np.rot90(gray, k=-box.rotation // 90)
        aspect = 1 / aspect if box.rotation in (90, 270) else aspect
    if box.is_flipped:
        gray = np.fliplr(gray)
    return Shown(gray, aspect, window)


def pixel_aspect(ds: Dataset, frame: int) -> Fraction:
    """Return height by width of a pixel, from aspect ratio or spacing (PS3.3 C.7.6.3.1.7)."""
    given = ds.get("PixelAspectRatio")
    if not given:
        measures = functional(ds, frame, "PixelMeasuresSequence")
        given = next((measures.get(name) for name in SPACINGS if measures.get(name)), None)
    if not given or len(given) != 2:
        return Fraction(1)
    try:
        vertical, horizontal = (Fraction(str(part)) for part in given)
        aspect = (vertical / horizontal).limit_denominator(1000)
    except (ValueError, ZeroDivisionError):
        return Fraction(1)
    return aspect if Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT else Fraction(1)


def _plain(box: BoxSpec, bits: int) -> BoxPixels:
    """Windowed pixels as they are; the printer is told when they are not square."""
    shown = show(box, bits)
    ratio = (shown.aspect.numerator, shown.aspect.denominator)
    return _packed(box, bits, shown.gray, ratio)


def _packed(
    box: BoxSpec, bits: int, gray: Array, pixel_aspect_ratio: tuple[int, int] = (1, 1)
) -> BoxPixels:
    return BoxPixels(
        position=box.position,
        rows=gray.shape[0],
        columns=gray.shape[1],
        bits=bits,
        pixels=(gray if bits == 8 else gray.astype("<u2", copy=False)).tobytes(),
        pixel_aspect_ratio=pixel_aspect_ratio,
    )


def _unscaled(box: BoxSpec, page: PageSpec, bits: int) -> Array:
    """Return the picture in square pixels of its own size; the printer magnifies it."""
    shown = show(box, bits)
    width, height = _square_size(shown)
    if page.has_text:
        factor = max(1, -(-LEGIBLE_PIXELS // max(width, height)))
        width, height = width * factor, height * factor
    canvas = _centered(shown, (width, height), bits)
    if page.has_text:
        film_mm = layout.film_size_mm(page.film_size_id, page.film_orientation)
        rect = layout.box_rects(page.image_display_format, *film_mm, layout.GAP_MM)[
            box.position - 1
        ]
        pixels_per_mm = max(width / rect.width, height / rect.height)
        _burn_text(canvas, box, shown.window, text.text_pixels(rect.width, pixels_per_mm), bits)
    return canvas


def _square_size(shown: Shown) -> tuple[int, int]:
    """Return the size in square pixels: the coarser direction grows."""
    height, width = shown.gray.shape
    if shown.aspect >= 1:
        return width, max(1, round(height * shown.aspect))
    return max(1, round(width / shown.aspect)), height


def _centered(shown: Shown, room: tuple[int, int], bits: int) -> Array:
    """Return the picture scaled into the room, its proportions kept, on black."""
    width, height = _square_size(shown)
    scale = min(room[0] / width, room[1] / height)
    size = (
        min(room[0], max(1, round(width * scale))),
        min(room[1], max(1, round(height * scale))),
    )
    scaled = _resized(shown.gray, size, bits)
    if size == room:
        return scaled
    canvas = np.zeros((room[1], room[0]), scaled.dtype)
    left, top = (room[0] - size[0]) // 2, (room[1] - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = scaled
    return canvas


def _resized(gray: Array, size: tuple[int, int], bits: int) -> Array:
    """Return the picture in that many columns and rows, as an array of its own."""
    if (gray.shape[1], gray.shape[0]) == size:
        return np.ascontiguousarray(gray)
    picture = Image.fromarray(np.ascontiguousarray(gray))
    scaled = np.array(picture.resize(size, Image.Resampling.BICUBIC))
    return np.asarray(np.minimum(scaled, (1 << bits) - 1, out=scaled))  # bicubic overshoots


def _burn_text(canvas: Array, box: BoxSpec, window: Window | None, size: int, bits: int) -> None:
    """Burn in who it is (top) and which picture through which window (bottom)."""
    name = text.displayed_name(box.text.patient_name)
    seen = (f"C {window.center:g}", f"W {window.width:g}") if window else ()
    text.burn_in(
        canvas,
        top=[[part for part in (name, *box.text.patient) if part], box.text.study],
        bottom=[box.text.image, [" ".join(seen)] if seen else []],
        face=text.cjk_face(box.text.patient_name + "".join(box.text.study)),
        size=size,
        white=(1 << bits) - 1,
    )
