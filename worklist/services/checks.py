"""Checks of typed values; each failure is one sentence that names what to correct."""

import re
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import InvalidInput

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def require_text(value: str, *, field: str, label: str, limit: int = 64) -> str:
    """Return a text that its VR can carry (PS3.5 6.2): short enough, no backslash or control."""
    value = value.strip()
    if len(value) > limit:
        raise InvalidInput(
            _("%(label)s: at most %(limit)d characters.") % {"label": label, "limit": limit}, field
        )
    if "\\" in value or _CONTROL.search(value):
        raise InvalidInput(
            _("%(label)s: no backslash and no control character.") % {"label": label}, field
        )
    return value


def require_name_group(value: str, *, field: str, label: str) -> str:
    """Return one component group of a person name (PS3.5 6.2.1): at most 64 characters."""
    value = require_text(value, field=field, label=label)
    if "=" in value:
        raise InvalidInput(_("%(label)s: no equals sign.") % {"label": label}, field)
    if value.count("^") > 4:
        raise InvalidInput(
            _("%(label)s: at most five components (family, given, middle, prefix, suffix).")
            % {"label": label},
            field,
        )
    parts = (" ".join(part.split()) for part in value.split("^"))
    return "^".join(parts).rstrip("^")


def require_given(value: Any, *, field: str, label: str) -> None:
    """Refuse a missing value."""
    if not value:
        raise InvalidInput(_("%(label)s is missing.") % {"label": label}, field)


def require_past(value: date | None, *, field: str, label: str) -> None:
    """Refuse a date that has not come yet."""
    if value is not None and value > timezone.localdate():
        raise InvalidInput(_("%(label)s is in the future.") % {"label": label}, field)
