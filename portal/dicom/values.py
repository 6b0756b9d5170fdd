"""Value rules of PS3.5 6.2 shared by both apps; no dataset in here."""

import re

_AE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")


def is_ae_title(value: str) -> bool:
    """Say whether the VR AE allows this value: 1-16 of ISO 646, no backslash, not only spaces."""
    return bool(_AE.fullmatch(value)) and bool(value.strip())
