"""Which values Specific Character Set may have (PS3.3 C.12.1.1.2): a rung of a device's ladder."""

# PS3.3 Table C.12-5 and PS3.5 6.1.2.4: these stand alone, without code extension.
ALONE = ("ISO_IR 192", "GB18030", "GBK")
# PS3.3 Tables C.12-2 and C.12-3; ISO_IR 6 is the default repertoire, sent as no value at all.
_NUMBERS = ("6", "100", "101", "109", "110", "144", "127", "126", "138", "148", "203", "13", "166")
PLAIN = tuple(f"ISO_IR {number}" for number in _NUMBERS)
EXTENDED = tuple(f"ISO 2022 IR {number}" for number in _NUMBERS)
# PS3.3 Table C.12-4: never the first value.
MULTI_BYTE = tuple(f"ISO 2022 IR {number}" for number in ("87", "159", "149", "58"))


def unknown_terms(rung: str) -> list[str]:
    """Return what is no defined term in a value such as `\\ISO 2022 IR 87`."""
    known = {"", *ALONE, *PLAIN, *EXTENDED, *MULTI_BYTE}
    return [term for term in rung.split("\\") if term not in known]


def is_combination(rung: str) -> bool:
    """Say whether these defined terms may go together, in this order."""
    first, *others = rung.split("\\")
    if not others:
        return bool(first) and first not in MULTI_BYTE
    has_first = first in ("", *EXTENDED)
    return has_first and all(term in (*EXTENDED, *MULTI_BYTE) for term in others)
