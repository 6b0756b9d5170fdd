"""Text in the character sets of the tests' devices, by Python's own codecs (PS3.5 6.1)."""

import re

CODECS = {
    "": "ascii",
    "ISO_IR 100": "latin-1",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "\\ISO 2022 IR 87": "iso2022_jp",
    "\\ISO 2022 IR 149": "euc_kr",
}
TO_KOREAN = b"\x1b$)C"  # PS3.5 Table C.12-4: KS X 1001 into G1


def encode(text: str, character_set: str) -> bytes:
    """Text as a device writes it, each component with escape sequences of its own."""
    codec = CODECS[character_set]
    parts = re.split(r"([\\^=])", text)
    if codec != "euc_kr":
        return b"".join(part.encode(codec) for part in parts)
    return b"".join(
        (b"" if part.isascii() else TO_KOREAN) + part.encode("euc_kr") for part in parts
    )


def decode(data: bytes, character_set: str) -> str:
    """Text as a device reads it."""
    return data.replace(TO_KOREAN, b"").decode(CODECS[character_set])


def reread(text: str) -> str:
    """Text in which a client left escape sequences as they came, read for it.

    odil looks for none in the first group of a name, dcmjs for none in any; both keep the bytes.
    """
    for mark, character_set in (("\x1b$)C", "\\ISO 2022 IR 149"), ("\x1b$", "\\ISO 2022 IR 87")):
        if mark in text:
            return "=".join(
                decode(group.encode("latin-1"), character_set) if "\x1b" in group else group
                for group in text.split("=")
            )
    return text


def carries(text: str, character_set: str) -> bool:
    """Say whether the character set has all these letters."""
    try:
        text.encode(CODECS[character_set])
    except UnicodeEncodeError:
        return False
    return True
