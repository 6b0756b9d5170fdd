"""Tags of every template: icons, states, fragments, form controls, names, dates and ages."""

from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.auth.models import AbstractBaseUser
from django.forms import BoundField, Select
from django.http import Http404
from django.templatetags.static import static
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import names, pulse
from portal.letters import ladder_of
from portal.looks import Look, look_of
from portal.models import Membership, RemoteAE

register = template.Library()

SPRITE = "vendor/tabler-icons-3.51.0.svg"
ALERT_ICONS = {
    "bad": "alert-circle",
    "warn": "alert-triangle",
    "ok": "circle-check",
    "info": "info-circle",
}
MESSAGE_TONES = {"error": "bad", "warning": "warn", "success": "ok"}
ROLE_LABELS = {
    "scheduler": gettext_lazy("Scheduler"),
    "technologist": gettext_lazy("Technologist"),
    "operator": gettext_lazy("Print operator"),
    "administrator": gettext_lazy("Administrator"),
    "auditor": gettext_lazy("Auditor"),
}

PROCESS_LABELS = {
    "web": gettext_lazy("Pages and live news"),
    "scp": gettext_lazy("DICOM listener"),
    "worker": gettext_lazy("Print and timers"),
}

# --- drawing ------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Draw an icon of the sprite; a test fails for a name that the sprite lacks."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        css_class,
        static(SPRITE),
        name,
    )


@register.filter
def unlocalized(number: float) -> str:
    """Return a number as CSS reads it, whatever the page's language."""
    return f"{number:g}"


@register.inclusion_tag("portal/_status.html")
def status(kind: str, value: str) -> dict[str, Look]:
    """Draw the pill of a state from the table of looks."""
    return {"look": look_of(kind, value)}


@register.simple_tag
def look(kind: str, value: str) -> Look:
    """Return the look of a state, for what is not a pill: cards, timelines."""
    return look_of(kind, value)


@register.simple_tag(takes_context=True)
def fragment(context: dict[str, Any], name: str, *args: Any) -> SafeString:
    """Place another view's partial in this page, by the address that htmx refetches it from."""
    request = context["request"]
    match = resolve(reverse(name, args=args))
    response = match.func(request, *match.args, **match.kwargs)
    if response.status_code == 404:
        raise Http404
    return mark_safe(str(response.content.decode()))  # noqa: S308 - rendered by our own templates


@register.simple_tag(takes_context=True)
def fragment_if_there(context: dict[str, Any], name: str, *args: Any) -> SafeString:
    """Place another app's partial where that app has one; nothing elsewhere."""
    try:
        return fragment(context, name, *args)
    except NoReverseMatch:
        return SafeString("")


@register.filter
def alert_icon(tone: str) -> str:
    """Return the icon of a notice by its tone."""
    return ALERT_ICONS.get(tone, "info-circle")


@register.filter
def message_tone(level_tag: str) -> str:
    """Return the tone of one of Django's messages."""
    return MESSAGE_TONES.get(level_tag, "info")


# --- forms --------------------------------------------------------------------------------------


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw a field's widget with the kit's class, its help and error tied to it."""
    attrs = dict(field.field.widget.attrs)
    base = "form-select" if isinstance(field.field.widget, Select) else "form-control"
    attrs["class"] = f"{base} {attrs.get('class', '')}".strip()
    described = [f"{field.id_for_label}-help"] if field.help_text else []
    if field.errors:
        attrs["class"] += " is-invalid"
        attrs["aria-invalid"] = "true"
        described.append(f"{field.id_for_label}-error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return mark_safe(field.as_widget(attrs=attrs))  # noqa: S308 - Django escaped it already


# --- people -------------------------------------------------------------------------------------


@register.filter
def person_label(user: AbstractBaseUser) -> str:
    """Return how a signed-in person is called on the page."""
    full_name = getattr(user, "get_full_name", str)()
    return full_name or user.get_username()


@register.filter
def initials(user: AbstractBaseUser) -> str:
    """Return up to two letters for the round mark."""
    words = person_label(user).replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def role_label(membership: Membership) -> str:
    """Return the person's role in words."""
    return str(ROLE_LABELS.get(membership.role, membership.role))


@register.filter
def process_label(kind: str) -> str:
    """Return what a process does, in words."""
    return str(PROCESS_LABELS.get(kind, kind))


@register.inclusion_tag("portal/_name.html")
def person_name(alphabetic: str, ideographic: str = "", phonetic: str = "") -> dict[str, Any]:
    """Draw a name: native script first, Latin reading second, each in its own language."""
    return {"name": names.displayed(alphabetic, ideographic, phonetic)}


@register.filter
def plain_name(value: str) -> str:
    """Return a PN as it reads: `Family, Given`, every group of it."""
    return " · ".join(filter(None, map(names.group_text, value.split("="))))


# --- time ---------------------------------------------------------------------------------------


@register.filter
def age(birth_date: date | None) -> str:
    """Return an age: years; under 2 years months; under 2 months days."""
    if birth_date is None:
        return ""
    today = timezone.localdate()
    months = (today.year - birth_date.year) * 12 + today.month - birth_date.month
    months -= today.day < birth_date.day
    if months >= 24:
        return _("%(n)d y") % {"n": months // 12}
    if months >= 2:
        return _("%(n)d mo") % {"n": months}
    return _("%(n)d d") % {"n": (today - birth_date).days}


@register.filter
def day(value: date | None) -> str:
    """Return a date with its month in letters and four digits of year."""
    return date_format(value, "j M Y") if value else ""


@register.filter
def ago(value: datetime | None) -> str:
    """Return how long ago, under one hour; else the wall clock."""
    return pulse.ago(value) if value else ""


@register.filter
def clock(value: datetime | None) -> str:
    """Return a moment as the site's wall clock, with its day unless today."""
    return pulse.stamp(value) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """Return a moment to the second, with its day unless today: for what devices did."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    if local.date() == timezone.localdate():
        return f"{local:%H:%M:%S}"
    return date_format(local, "j M Y, H:i:s")


@register.filter
def hexed(value: bytes) -> str:
    """Return bytes as pairs of hexadecimal digits."""
    return value.hex(" ").upper()


@register.filter
def ladder(device: RemoteAE) -> str:
    """Return which letters a device is sent, in words."""
    return ladder_of(device.profile.character_sets if device.profile else ())


@register.simple_tag
def device_pulse(device: RemoteAE) -> pulse.Pulse:
    """Return how a device is doing, for its mark and the words beside it."""
    return pulse.pulse_of(device)
