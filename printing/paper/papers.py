"""Which paper a film goes on: Film Size ID and IPP's media names (PWG 5101.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from printing import layout
from printing.types import PageSpec

# Film Size ID -> the name that IPP has for such paper.
MEDIA = {
    "A4": "iso_a4_210x297mm",
    "A3": "iso_a3_297x420mm",
    "8_5INX11IN": "na_letter_8.5x11in",
    "11INX17IN": "na_ledger_11x17in",
    "8INX10IN": "na_govt-letter_8x10in",
    "11INX14IN": "na_edp_11x14in",
}
SAME_MM = 2.0  # trays are measured by hand
Size = tuple[float, float]  # width and height in millimetres
_SIZED = re.compile(r"\w[\w.-]*_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)")


@dataclass(frozen=True)
class Paper:
    """Paper as layouts and as printers call it; an empty medium leaves it to the printer."""

    film_size_id: str
    media: str = ""


def paper_for(
    spec: PageSpec, supported: Sequence[str], default: str, trays: Sequence[Size] = ()
) -> Paper:
    """Return the paper of the film's own size where the printer has it, else what it has.

    That is its default, or where only other paper is loaded, the largest of that.
    """
    own = MEDIA.get(spec.film_size_id, "")
    if own and (own in supported or not supported):
        return Paper(spec.film_size_id, own)
    wanted = paper_named(default) or Paper("A4")
    if is_loaded(wanted, trays):
        return wanted
    named = (paper_named(name) for name in supported)
    others = [paper for paper in named if paper and is_loaded(paper, trays)]
    return max(others, key=_area, default=wanted)


def is_loaded(paper: Paper, trays: Sequence[Size]) -> bool:
    """Say whether a tray has the paper, either way round; where no tray is told of, it may."""
    wanted = sorted(size_of(paper))
    return not trays or any(
        all(abs(side - has) <= SAME_MM for side, has in zip(wanted, sorted(tray), strict=True))
        for tray in trays
    )


def size_of(paper: Paper) -> Size:
    """Return width and height of a paper."""
    return layout.film_size_mm(paper.film_size_id, "PORTRAIT")


def size_words(size: Size) -> str:
    """Name a size for people."""
    return f"{size[0]:.0f} × {size[1]:.0f} mm"


def _area(paper: Paper) -> float:
    width, height = size_of(paper)
    return width * height


def paper_named(media: str) -> Paper | None:
    """Read a media name; none when its size is not in it."""
    for film_size_id, name in MEDIA.items():
        if name == media:
            return Paper(film_size_id, media)
    match = _SIZED.fullmatch(media)
    if match is None:
        return None
    factor = 0.1 if match[3] == "mm" else layout.MM_PER_INCH / 10
    sides = [f"{float(match[place]) * factor:.2f}CM".replace(".", "_") for place in (1, 2)]
    return Paper("X".join(sides), media)
