"""A ruler beside a picture in true size: who measures it on the film knows whether it is."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from printing.rendering.text import put_ink, write_at

Array = np.ndarray[Any, Any]
LENGTHS_MM = (200, 100, 50, 20, 10)
ROOM = 0.6  # of the canvas's height
TICK_MM, LONG_TICK_MM, LINE_MM = 1.5, 3.0, 0.15
STEP_MM, LONG_STEP_MM = 10, 50


def draw_ruler(canvas: Array, pixels_per_mm: float, *, text_size: int, white: int) -> None:
    """Draw a ruler along the right edge, in place, with its length above it."""
    height, width = canvas.shape[:2]
    fits = (mm for mm in LENGTHS_MM if mm * pixels_per_mm <= height * ROOM)
    length_mm = next(fits, None)
    if length_mm is None:
        return
    thick = max(1, round(pixels_per_mm * LINE_MM))
    room = min(width, round(LONG_TICK_MM * pixels_per_mm) + 4 * thick)
    top = round((height - length_mm * pixels_per_mm) / 2)
    strip = canvas[:, width - room :]
    rim, ink = (Image.new("L", (room, height)) for _ in range(2))
    for x, y, across, down in _bars(room, top, length_mm, pixels_per_mm, thick):
        for mask, border in ((rim, thick), (ink, 0)):
            corners = (x - border, y - border, x + across - 1 + border, y + down - 1 + border)
            ImageDraw.Draw(mask).rectangle(corners, fill=255)
    put_ink(strip, rim, ink, white)
    label = f"{length_mm // 10} cm"
    left = max(0, width - round(len(label) * text_size * 0.7))
    write_at(canvas, label, (left, top - 2 * text_size), size=text_size, white=white)


def _bars(
    room: int, top: int, length_mm: int, pixels_per_mm: float, thick: int
) -> list[tuple[int, int, int, int]]:
    """Return left, top, width and height of the spine and of each tick."""
    right = room - 2 * thick
    bars = [(right, top, thick, round(length_mm * pixels_per_mm) + thick)]
    for mm in range(0, length_mm + 1, STEP_MM):
        tick = LONG_TICK_MM if mm % LONG_STEP_MM == 0 else TICK_MM
        across = max(1, round(tick * pixels_per_mm))
        bars.append((right - across, top + round(mm * pixels_per_mm), across, thick))
    return bars
