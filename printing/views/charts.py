"""Charts as SVG, drawn on the server: bars over time, lines over steps; read without colour.

Coordinates are texts, so that no language writes them with a comma. Beside each chart stands a
table with the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 14, 34
INNER = 30  # of lines: room for half a label at either end
MARKS = ("circle", "square", "diamond", "triangle")  # told apart without colour
MOST_LABELS, MOST_SHORT_LABELS = 8, 18
SCALES = (1, 2, 4, 6, 8, 10)  # where a scale of densities may end


@dataclass(frozen=True)
class Label:
    """A text of an axis."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Bar:
    """One bar: all of it, and the part at its foot that is marked."""

    x: str
    width: str
    y: str
    height: str
    part_y: str
    part_height: str
    title: str


@dataclass(frozen=True)
class Point:
    """One value of a line."""

    x: str
    y: str
    left: str  # corners of its mark
    top: str
    diamond: str
    triangle: str


@dataclass(frozen=True)
class Line:
    """Values joined by a line: of its own dash and mark."""

    label: str
    points: str
    marks: Sequence[Point]
    mark: str
    number: int


@dataclass(frozen=True)
class Chart:
    """What the template draws."""

    width: int
    height: int
    left: int
    right: int
    grid: Sequence[Label]
    ticks: Sequence[Label]
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = ()


def bar_chart(values: Sequence[tuple[str, int, int, str]]) -> Chart:
    """Draw bars: label, all, the marked part, and the words for who points at it."""
    top = round_top(max([total for _, total, _, _ in values], default=0))
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    bars = []
    for place, (_, total, part, title) in enumerate(values):
        y, part_y = _height(total, top), _height(part, top)
        bars.append(
            Bar(
                x=_text(LEFT + place * slot + slot * 0.12),
                width=_text(slot * 0.76),
                y=_text(y),
                height=_text(HEIGHT - BOTTOM - y),
                part_y=_text(part_y),
                part_height=_text(HEIGHT - BOTTOM - part_y),
                title=title,
            )
        )
    every = ceil(len(values) / MOST_LABELS)
    ticks = [
        Label(_text(LEFT + (place + 0.5) * slot), str(HEIGHT - 7), label)
        for place, (label, *_) in enumerate(values)
        if place % every == 0
    ]
    return Chart(WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, _grid(top), ticks, bars=bars)


def line_chart(names: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> Chart:
    """Draw lines over the same steps."""
    highest = max((value for _, values in series for value in values), default=0)
    top = next((end for end in SCALES if highest <= end), ceil(highest))
    span = (WIDTH - LEFT - RIGHT - 2 * INNER) / max(1, len(names) - 1)
    lines = []
    for number, (label, values) in enumerate(series):
        marks = [
            _point(LEFT + INNER + place * span, _height(value, top))
            for place, value in enumerate(values)
        ]
        joined = " ".join(f"{point.x},{point.y}" for point in marks)
        lines.append(Line(label, joined, marks, MARKS[number % len(MARKS)], number))
    is_short = max(map(len, names), default=0) <= 2
    every = ceil(len(names) / (MOST_SHORT_LABELS if is_short else MOST_LABELS))
    ticks = [
        Label(_text(LEFT + INNER + place * span), str(HEIGHT - 7), name)
        for place, name in enumerate(names)
        if place % every == 0
    ]
    return Chart(WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, _grid(top), ticks, lines=lines)


def round_top(value: int) -> int:
    """Return where a scale ends: the next of 1, 2, 4, 5, 10 … whose quarters are whole."""
    if value <= 4:
        return 4
    power = int(10 ** int(log10(value)))
    for times in (1, 2, 4, 6, 8, 10):
        if value <= times * power and times * power % 4 == 0:
            return times * power
    return power * 20


def _grid(top: float) -> list[Label]:
    quarters = [top * part / 4 for part in range(5)]
    return [Label(str(LEFT - 6), _text(_height(v, top)), f"{v:g}") for v in quarters]


def _height(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _point(x: float, y: float) -> Point:
    return Point(
        x=_text(x),
        y=_text(y),
        left=_text(x - 3.5),
        top=_text(y - 3.5),
        diamond=f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}",
        triangle=f"{x:.1f},{y - 5:.1f} {x + 4.5:.1f},{y + 3.5:.1f} {x - 4.5:.1f},{y + 3.5:.1f}",
    )


def _text(number: float) -> str:
    return f"{number:.1f}"
