"""Values as their VR and the device may take them: printable, cut at characters (PS3.5 6.2)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from pydicom.datadict import tag_for_keyword

from worklist.dicom.items import ASCII, TEXT, Element, Item

# Characters of one value; PN counts per component group.
MAX_LENGTH = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64, "UI": 64, "ST": 1024, "LT": 10240}
UNLIMITED = 1 << 31
SINGLE_VALUED = frozenset({"ST", "LT", "UT", "UR"})
# What a device's profile may cut shorter; a number or a UID would become another one.
_CUT_BY_PROFILE = frozenset("AE CS SH LO PN ST LT UC UT".split())  # noqa: SIM905
# PS3.5 6.1.3: of the control characters only the ends of lines, and those in free text only.
_CONTROLS = bytes([*range(0x20), 0x7F])
_CONTROLS_OF = dict.fromkeys(TEXT | ASCII, _CONTROLS)
_CONTROLS_OF |= dict.fromkeys(("ST", "LT", "UT"), _CONTROLS.translate(None, b"\t\n\f\r"))
_HIGH_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")
_ZERO_WIDTH_JOINER = "\u200d"
# Go with the letter before: Hangul vowels and finals, half-width kana voicing, skin tones.
_FOLLOWERS = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb\uff9e\uff9f\U0001f3fb-\U0001f3ff\u200d]")


class Limits(NamedTuple):
    """The most characters by VR, and by tag where the device wants fewer."""

    by_vr: dict[str, int]
    by_tag: dict[int, int]

    def of(self, tag: int, vr: str) -> int:
        """Return the most characters of an element's value."""
        limit = self.by_vr.get(vr, UNLIMITED)
        if tag in self.by_tag and vr in _CUT_BY_PROFILE:
            return min(limit, self.by_tag[tag])
        return limit


@lru_cache(maxsize=256)
def limits_of(wanted: tuple[tuple[str, int], ...]) -> Limits:
    """Return the VRs' limits, lowered to a profile's for a keyword or a VR."""
    limits = Limits(dict(MAX_LENGTH), {})
    for name, length in wanted:
        shortest = max(length, 1)
        if name in _CUT_BY_PROFILE:
            limits.by_vr[name] = min(shortest, MAX_LENGTH.get(name, shortest))
        elif (tag := tag_for_keyword(name)) is not None:
            limits.by_tag[tag] = shortest
    return limits


def within_limits(item: Mapping[int, Element], limits: Limits) -> Item:
    """Return the dataset with every text printable and cut, nested ones too."""
    found: Item = {}
    for tag, element in item.items():
        vr, value = element
        if isinstance(value, tuple):
            found[tag] = Element(vr, tuple(within_limits(inner, limits) for inner in value))
            continue
        if (controls := _CONTROLS_OF.get(vr)) is None:
            found[tag] = element
            continue
        printable = value.translate(None, controls)
        if b"\xc2" in printable:
            printable = _HIGH_CONTROLS.sub(b"", printable)
        limit = limits.of(tag, vr)
        if len(printable) > limit:  # bytes: never fewer than characters
            printable = cut_value(vr, printable.decode(), limit).encode()
        found[tag] = element if printable == value else Element(vr, printable)
    return found


def cut_value(vr: str, value: str, limit: int) -> str:
    """Return a value, or several, with each cut; a name group by group."""
    if vr in SINGLE_VALUED:
        return cut(value, limit)
    singles = value.split("\\")
    if vr == "PN":
        names = ("=".join(_cut_group(group, limit) for group in one.split("=")) for one in singles)
        return "\\".join(names)
    trailing = " ." if vr == "UI" else " "
    return "\\".join(
        one if len(one) <= limit else cut(one, limit).rstrip(trailing) for one in singles
    )


def cut(text: str, limit: int) -> str:
    """Return the start of a text, without half of a character that takes several codes."""
    if len(text) <= limit:
        return text
    end = limit
    while end and (is_follower(text[end]) or text[end - 1] == _ZERO_WIDTH_JOINER):
        end -= 1
    return text[:end] or text[:limit]


def clusters(text: Iterable[str]) -> Iterator[str]:
    """Yield the characters as people see them: each letter with its marks."""
    cluster = ""
    for char in text:
        joins = is_follower(char) or cluster.endswith(_ZERO_WIDTH_JOINER)
        if cluster and (not joins or cluster in "\\^="):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def is_follower(char: str) -> bool:
    """Say whether a code belongs to the character before it: a mark, a selector, a jamo."""
    if char < "\u0300":
        return False
    if unicodedata.category(char)[0] == "M":
        return True
    return _FOLLOWERS.match(char) is not None


def _cut_group(group: str, limit: int) -> str:
    """Return a component group cut, with no delimiter left over at its end."""
    if len(group) <= limit:
        return group
    return cut(group, limit).rstrip("^ ") or cut(group.strip("^ "), limit)
