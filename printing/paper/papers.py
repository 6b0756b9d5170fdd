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
_SIZED = re.compile(r"\w[\w.-]*_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)")


@dataclass(frozen=True)
class Paper:
    """Paper as layouts and as printers call it; an empty medium leaves it to the printer."""

    film_size_id: str
    media: str = ""


def paper_for(spec: PageSpec, supported: Sequence[str], default: str) -> Paper:
    """Return the paper of the film's own size where the printer has it, else what it has."""
    own = MEDIA.get(spec.film_size_id, "")
    if own and (own in supported or not supported):
        return Paper(spec.film_size_id, own)
    return paper_named(default) or Paper("A4")


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
