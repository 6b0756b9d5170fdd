"""What tests of the portal's pages share: what a page says, what a profile's form sends."""

import re
from html import unescape

from portal.forms_profile import ProfileForm, initial_of
from portal.types import ProfileValues

HTMX = {"HX-Request": "true"}
NEEDS = ProfileValues(
    name="ct",
    character_sets=("\\ISO 2022 IR 87", "ISO_IR 100"),
    statuses=("ARRIVED", "READY"),
    is_own_station_only=True,
    days_back=0,
    days_ahead=2,
    row_cap=200,
    is_strict=True,
    length_limits=(
        ("SH", 12),
        ("RequestedProcedureDescription", 24),
        ("ScheduledProcedureStepDescription", 24),
    ),
    extra_attributes=(("InstitutionName", "Harbor"), ("Modality", "")),
    suppressed_attributes=("PatientAddress",),
)


def said(answer):
    """Return the words of a page, without its marks."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(unescape(text).split())


def as_posted(values, aliases=()):
    """Return what a browser sends of a form that shows these values."""
    form = ProfileForm(initial=dict(initial_of(values, list(aliases))))
    posted = {}
    for field in form:
        value = field.value()
        if field.name in ("length_limits", "extra_attributes", "suppressed_attributes"):
            value = "\r\n".join(value) if isinstance(value, list) else value
        if value is not None and value is not False:
            posted[field.name] = "on" if value is True else value
    return posted
