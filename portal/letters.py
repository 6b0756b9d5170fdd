"""What people call a character set: the rungs of a device's ladder."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Specific Character Set as sent -> words; offered on the page in this order.
LETTERS: dict[str, Promise] = {
    "ISO_IR 192": gettext_lazy("Every script (UTF-8)"),
    "\\ISO 2022 IR 87": gettext_lazy("Japanese"),
    "ISO 2022 IR 13\\ISO 2022 IR 87": gettext_lazy("Japanese with half-width kana"),
    "ISO_IR 13": gettext_lazy("Half-width kana"),
    "\\ISO 2022 IR 149": gettext_lazy("Korean"),
    "GB18030": gettext_lazy("Chinese (GB18030)"),
    "GBK": gettext_lazy("Chinese (GBK)"),
    "\\ISO 2022 IR 58": gettext_lazy("Chinese (GB 2312)"),
    "ISO_IR 100": gettext_lazy("Latin-1"),
    "ISO_IR 101": gettext_lazy("Latin-2"),
    "ISO_IR 109": gettext_lazy("Latin-3"),
    "ISO_IR 110": gettext_lazy("Latin-4"),
    "ISO_IR 148": gettext_lazy("Latin-5"),
    "ISO_IR 203": gettext_lazy("Latin-9"),
    "ISO_IR 144": gettext_lazy("Cyrillic"),
    "ISO_IR 126": gettext_lazy("Greek"),
    "ISO_IR 127": gettext_lazy("Arabic"),
    "ISO_IR 138": gettext_lazy("Hebrew"),
    "ISO_IR 166": gettext_lazy("Thai"),
    "ISO_IR 6": gettext_lazy("Plain letters"),
}


def letters_of(rung: str) -> str:
    """Return what people call one rung; one that we do not offer is shown as it is sent."""
    return str(LETTERS.get(rung, rung))


def ladder_of(rungs: Sequence[str]) -> str:
    """Return a ladder in words: the best letters first."""
    if not rungs:
        return _("Latin-1, else UTF-8")
    first, *others = [letters_of(rung) for rung in rungs]
    for other in others:
        first = _("%(first)s, then %(next)s") % {"first": first, "next": other}
    return first


def choices_with(rung: str) -> list[tuple[str, str]]:
    """Return what a rung may be: what we offer, and what it is already."""
    offered = [(value, str(words)) for value, words in LETTERS.items()]
    return offered if not rung or rung in LETTERS else [(rung, rung), *offered]
