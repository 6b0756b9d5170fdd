"""A test pattern after SMPTE RP 133: steps, near-black and near-white, line pairs, a frame."""

from typing import Any

import numpy as np

from printing import layout
from printing.rendering import text
from printing.types import PageSpec

Array = np.ndarray[Any, Any]
PATTERN = "smpte"
STEPS = 18
STEP_COLUMNS = 6
GRAY = 0.5  # around everything
FAINT = 0.05  # what must still be told from black and from white
MARGIN = 0.04  # of the shorter side: the frame's distance from the edge
LINE_WIDTHS = (1, 2, 3)  # pixels of a line; a pair is a white and a black one


def step_levels() -> tuple[float, ...]:
    """Return the steps' driving levels, 0 to 1, in the order of their numbers."""
    return tuple(step / (STEPS - 1) for step in range(STEPS))


def draw_pattern(canvas: Array, spec: PageSpec, bits: int) -> None:
    """Draw the pattern over a whole film, in place."""
    white = 255 if canvas.ndim == 3 else (1 << bits) - 1
    canvas[:] = round(GRAY * white)
    frame = _frame(canvas, white)
    size = max(text.MIN_TEXT_PIXELS, min(canvas.shape[:2]) // 60)
    _steps(canvas, frame, white, size)
    _faint(canvas, frame, white, size)
    for across in (0.1, 0.5, 0.9):
        for down in (0.12, 0.88):
            _line_pairs(canvas, _part(frame, across, down, 0.12, 0.07), white)
    _write_title(canvas, spec, frame, white, size)


def _frame(canvas: Array, white: int) -> layout.Rect:
    """Draw a frame and its middle lines: a film that is cut off or bent shows there."""
    rows, columns = canvas.shape[:2]
    margin = round(min(rows, columns) * MARGIN)
    thick = max(1, min(rows, columns) // 1000)
    frame = layout.Rect(margin, margin, columns - margin, rows - margin)
    for x in (margin, columns // 2, columns - margin - thick):
        canvas[margin : rows - margin, x : x + thick] = white
    for y in (margin, rows // 2, rows - margin - thick):
        canvas[y : y + thick, margin : columns - margin] = white
    return frame


def _part(frame: layout.Rect, across: float, down: float, width: float, height: float) -> Any:
    """Return slices of a rectangle around a point of the frame, all in parts of the frame."""
    left = frame.left + (across - width / 2) * frame.width
    top = frame.top + (down - height / 2) * frame.height
    return (
        slice(max(0, round(top)), round(top + height * frame.height)),
        slice(max(0, round(left)), round(left + width * frame.width)),
    )


def _steps(canvas: Array, frame: layout.Rect, white: int, size: int) -> None:
    """Draw the steps from black to white, each with its number and level."""
    lines = STEPS // STEP_COLUMNS
    for step, level in enumerate(step_levels()):
        line, column = divmod(step, STEP_COLUMNS)
        across = 0.5 + (column - (STEP_COLUMNS - 1) / 2) * 0.14
        down = 0.5 + (line - (lines - 1) / 2) * 0.15
        place = _part(frame, across, down, 0.14, 0.15)
        canvas[place] = round(level * white)
        corner = (place[1].start + size // 2, place[0].start + size // 2)
        text.write_at(canvas, f"{step + 1}: {level:.0%}", corner, size=size, white=white)


def _faint(canvas: Array, frame: layout.Rect, white: int, size: int) -> None:
    """Draw 5 % in black and 95 % in white: both must be seen."""
    for across, around, inside in ((0.3, 0.0, FAINT), (0.7, 1.0, 1 - FAINT)):
        canvas[_part(frame, across, 0.83, 0.16, 0.08)] = round(around * white)
        place = _part(frame, across, 0.83, 0.06, 0.04)
        canvas[place] = round(inside * white)
        corner = (place[1].start, place[0].stop + size // 4)
        text.write_at(canvas, f"{inside:.0%}", corner, size=size, white=white)


def _line_pairs(canvas: Array, place: Any, white: int) -> None:
    """Draw lines of one, two and three pixels, standing and lying."""
    area = canvas[place]
    third, half = area.shape[1] // len(LINE_WIDTHS), area.shape[0] // 2
    for number, width in enumerate(LINE_WIDTHS):
        columns = slice(number * third, (number + 1) * third)
        standing, lying = area[:half, columns], area[half:, columns]
        across = np.arange(standing.shape[1]) // width % 2 == 0
        down = np.arange(lying.shape[0]) // width % 2 == 0
        standing[:] = _bars(across, white, canvas.ndim)[None]
        lying[:] = _bars(down, white, canvas.ndim)[:, None]


def _bars(is_white: Array, white: int, depth: int) -> Array:
    levels = np.where(is_white, white, 0)
    return levels[:, None] if depth == 3 else levels


def _write_title(canvas: Array, spec: PageSpec, frame: layout.Rect, white: int, size: int) -> None:
    """Write printer and date, and what the frame would measure if it filled the film."""
    density = layout.pixels_per_mm(
        (canvas.shape[1], canvas.shape[0]), spec.film_size_id, spec.film_orientation
    )
    sides = f"{frame.width / density:.0f} × {frame.height / density:.0f} mm"
    text.burn_in(
        canvas[_part(frame, 0.5, 0.21, 0.8, 0.09)],
        top=[
            [spec.title],
            [f"{spec.film_size_id} · {canvas.shape[1]} × {canvas.shape[0]} px"],
            [f"Frame {sides}"],
        ],
        bottom=[],
        face=text.cjk_face(spec.title),
        size=size,
        white=white,
    )
