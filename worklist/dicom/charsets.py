"""Specific Character Sets (PS3.5 6.1, PS3.3 C.12.1.1.2): their names, decoding and encoding.

Own code, since pydicom 3.0.2 splits names at `=` and backslash before it decodes (second bytes of
GB18030, GBK and ISO-IR 87 may look like those) and writes ISO 2022 IR 58 without its escape
sequence.
"""

import re
from functools import lru_cache
from typing import NamedTuple

ASCII = "ISO_IR 6"
LATIN_1 = "ISO_IR 100"
UTF_8 = "ISO_IR 192"
_LINE_ENDS = "\r\n\f\t"


class CharsetError(ValueError):
    """A character set that is not known, or text that is not in it."""


class CodeSet(NamedTuple):
    """One set of characters: where ISO 2022 puts it, by which escape sequence, and its codec."""

    register: int  # 0: G0, bytes below 0x80; 1: G1, bytes above
    width: int
    escape: bytes
    codec: str

    @property
    def is_high(self) -> bool:
        """Say whether the codec's bytes are above 0x7F: in G1, and in all sets of two bytes."""
        return self.register == 1 or self.width == 2


_ASCII = CodeSet(0, 1, b"\x1b(B", "ascii")
# PS3.3 Tables C.12-3 and C.12-4, by registration number.
_CODE_SETS: dict[str, tuple[CodeSet, ...]] = {
    "6": (_ASCII,),
    "13": (CodeSet(0, 1, b"\x1b(J", "ascii"), CodeSet(1, 1, b"\x1b)I", "shift_jis")),
    "87": (CodeSet(0, 2, b"\x1b$B", "euc_jp"),),
    "159": (CodeSet(0, 2, b"\x1b$(D", "jis212"),),
    "149": (CodeSet(1, 2, b"\x1b$)C", "euc_kr"),),
    "58": (CodeSet(1, 2, b"\x1b$)A", "gb2312"),),
}
_LATIN = {"100": ("-A", 1), "101": ("-B", 2), "109": ("-C", 3), "110": ("-D", 4), "144": ("-L", 5)}
_LATIN |= {"127": ("-G", 6), "126": ("-F", 7), "138": ("-H", 8), "148": ("-M", 9)}
_LATIN |= {"203": ("-b", 15), "166": ("-T", 11)}
for _number, (_final, _part) in _LATIN.items():
    _codec = f"iso8859_{_part}"
    _CODE_SETS[_number] = (_ASCII, CodeSet(1, 1, b"\x1b" + _final.encode(), _codec))
_BY_ESCAPE = {code_set.escape: code_set for sets in _CODE_SETS.values() for code_set in sets}
# PS3.5 6.1.2.4: these stand alone, without code extension.
_ALONE = {UTF_8: "utf_8", "GB18030": "gb18030", "GBK": "gbk"}


# How the names are written by mistake, letters and digits only; parts of ISO 8859 by their number.
_BY_MISTAKE = {"UTF8": UTF_8, "ASCII": ASCII, "USASCII": ASCII, "GB2312": "ISO 2022 IR 58"}
_BY_MISTAKE |= {f"ISO8859{part}": f"ISO_IR {number}" for number, (_, part) in _LATIN.items()}
_BY_MISTAKE |= {"LATIN1": LATIN_1, "GB180302000": "GB18030", "CP936": "GBK"}
_SPELLING = re.compile(r"(ISO2022)?(?:ISO)?IR0*(\d{1,3})")


@lru_cache(maxsize=256)
def terms_of(value: str, *, is_strict: bool = False) -> tuple[str, ...]:
    """Return the terms of a Specific Character Set; raise CharsetError naming an unknown one.

    A name is known by its letters and digits: devices write "ISO-IR 100", "iso2022ir87", "UTF-8".
    """
    terms = tuple(term.strip(" \0") for term in value.split("\\"))
    if not is_strict:
        terms = tuple(_spelled(term) for term in terms)
    if not any(terms):
        return (ASCII,)
    given = [term for term in terms if term]
    for term in given:
        if term not in _ALONE and _number_of(term) not in _CODE_SETS:
            raise CharsetError(f'The character set "{term}" is not known.')
    if any(term in _ALONE for term in given):
        if len(given) > 1:
            raise CharsetError(f'The character sets "{value}" cannot go together.')
        return (given[0],)
    return terms


def _spelled(term: str) -> str:
    """Return a defined term as the standard writes it; others as they are."""
    bare = re.sub(r"[^A-Z0-9]", "", term.upper())
    if found := _SPELLING.fullmatch(bare):
        extends, number = found.groups()
        return f"ISO 2022 IR {number}" if extends and number != "192" else f"ISO_IR {number}"
    return _BY_MISTAKE.get(bare, bare if bare in _ALONE else term)


def decode(raw: bytes, terms: tuple[str, ...], delimiters: str = "\\^=") -> str:
    """Return the text; raise CharsetError when the bytes are not in the character sets."""
    try:
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        has_escapes = b"\x1b" in raw
        if terms[0] in _ALONE:
            if has_escapes:
                raise CharsetError("The text has escape sequences, its character set has none.")
            return raw.decode(_ALONE[terms[0]])
        if not has_escapes and (codec := _single_byte(terms)):
            return raw.decode(codec)
        return _decode_2022(raw, terms, delimiters + _LINE_ENDS)
    except (UnicodeDecodeError, LookupError) as error:
        raise CharsetError("The text is not in its character set.") from error


def encode(text: str, terms: tuple[str, ...]) -> bytes | None:
    """Return the bytes, with escape sequences where needed; None when the sets cannot carry it."""
    if text.isascii():
        return text.encode()
    codec = _ALONE.get(terms[0]) or _single_byte(terms)
    if codec is None:
        return _encode_2022(text, terms)
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None


def extended(numbers: list[str]) -> tuple[str, ...]:
    """Return the terms for several sets by ISO 2022: one of single bytes first (C.12.1.1.2)."""
    first = next((number for number in numbers if _CODE_SETS[number][-1].width == 1), "")
    rest = [f"ISO 2022 IR {number}" for number in numbers if number != first]
    return (f"ISO 2022 IR {first}" if first else "", *rest)


def numbers_of(terms: tuple[str, ...]) -> list[str]:
    """Return the registration numbers of the sets behind terms; none for those that stand alone."""
    return [number for term in terms if (number := _number_of(term)) in _CODE_SETS]


def _number_of(term: str) -> str:
    for prefix in ("ISO_IR ", "ISO 2022 IR "):
        if term.startswith(prefix):
            return term.removeprefix(prefix)
    return ""


def _single_byte(terms: tuple[str, ...]) -> str | None:
    """Return the codec where one set of ISO 8859 and no code extension is declared."""
    number = _number_of(terms[0])
    return f"iso8859_{_LATIN[number][1]}" if len(terms) == 1 and number in _LATIN else None


def _sets(terms: tuple[str, ...]) -> tuple[list[CodeSet | None], list[CodeSet]]:
    """Return what G0 and G1 hold at the start, and every set that an escape may bring."""
    initial: list[CodeSet | None] = [_ASCII, None]
    for code_set in _CODE_SETS[_number_of(terms[0] or ASCII)]:
        if code_set.width == 1:
            initial[code_set.register] = code_set
    every = [code_set for term in terms for code_set in _CODE_SETS[_number_of(term or ASCII)]]
    return initial, every


def _decode_2022(raw: bytes, terms: tuple[str, ...], delimiters: str) -> str:
    """Follow the escape sequences; a delimiter brings the first set back (PS3.5 6.1.2.5.3)."""
    initial, every = _sets(terms)
    # Written without escape sequence by pydicom 3.0.2 (ISO 2022 IR 58) and its relatives.
    unannounced = next((s for s in every if s.register == 1 and s.width == 2), None)
    state = list(initial)
    text, at = [], 0
    while at < len(raw):
        byte = raw[at]
        if byte == 0x1B:
            code_set = next((s for e, s in _BY_ESCAPE.items() if raw.startswith(e, at)), None)
            if code_set is None:
                raise CharsetError("The text has an escape sequence that is not known.")
            state[code_set.register] = code_set
            at += len(code_set.escape)
            continue
        code_set = state[byte >> 7] or unannounced
        if byte < 0x20 or code_set is None:
            code_set = _ASCII
        text.append(_decode_one(raw[at : at + code_set.width], code_set))
        at += code_set.width
        if code_set.width == 1 and text[-1] in delimiters:
            state = list(initial)
    return "".join(text)


def _decode_one(raw: bytes, code_set: CodeSet) -> str:
    if code_set.width == 1:
        return raw.decode(code_set.codec)
    high = bytes(byte | 0x80 for byte in raw)
    if code_set.codec == "jis212":
        return (b"\x8f" + high).decode("euc_jp")
    return high.decode(code_set.codec)


def _encode_2022(text: str, terms: tuple[str, ...]) -> bytes | None:
    """Write each character in a set that has it; the first set again before each delimiter."""
    initial, every = _sets(terms)
    state = list(initial)
    out = bytearray()
    for char in text:
        if char in "\\^=" + _LINE_ENDS and state != initial:
            out += _back(state, initial)
            state = list(initial)
        for code_set in (*state, *every):
            if code_set is not None and (raw := _encode_one(char, code_set)) is not None:
                break
        else:
            return None
        if state[code_set.register] != code_set:
            out += code_set.escape
            state[code_set.register] = code_set
        out += raw
    return bytes(out + _back(state, initial))


def _back(state: list[CodeSet | None], initial: list[CodeSet | None]) -> bytes:
    """Return the escapes that bring the first sets back; a G1 that was empty needs none."""
    pairs = zip(state, initial, strict=True)
    return b"".join(first.escape for held, first in pairs if first and held != first)


@lru_cache(maxsize=16384)
def _encode_one(char: str, code_set: CodeSet) -> bytes | None:
    """Return the character's bytes in the set, None when it is in another one."""
    try:
        raw = char.encode("euc_jp" if code_set.codec == "jis212" else code_set.codec)
    except UnicodeEncodeError:
        return None
    if code_set.codec == "jis212":
        raw = raw[1:] if raw[0] == 0x8F else b""
    elif code_set.codec == "euc_jp" and raw[0] in (0x8E, 0x8F):
        return None  # half-width katakana and JIS X 0212 are sets of their own
    if len(raw) != code_set.width or (raw[0] >= 0x80) != code_set.is_high:
        return None
    if char == "\u3164":
        return None  # Hangul filler: Python's euc_kr reads it as the start of a longer sequence
    return bytes(byte & 0x7F for byte in raw) if code_set.register == 0 else raw
