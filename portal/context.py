"""What every page's frame needs."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal import selectors
from portal.types import PERMISSIONS, Permission, Role


@dataclass(frozen=True)
class Place:
    """A place of the main menu; on a phone only those with a tab stand in the bar below."""

    label: str | Promise
    short_label: str | Promise
    url_name: str
    icon: str
    permission: Permission = Permission.VIEW
    has_tab: bool = True


PLACES = (
    Place(_("Board"), _("Board"), "worklist:board", "calendar-event"),
    Place(_("Worklist"), _("Worklist"), "worklist:worklist", "list-details"),
    Place(_("Film"), _("Film"), "printing:films", "layout-grid", Permission.FILM_WRITE),
    Place(_("Print queue"), _("Print"), "printing:queue", "printer"),
    Place(_("Printers"), _("Printers"), "printing:printers", "stack-2", has_tab=False),
    Place(_("Devices"), _("Devices"), "devices", "device-desktop-analytics"),
    Place(_("Queries"), _("Queries"), "worklist:queries", "message", has_tab=False),
    Place(_("Health"), _("Health"), "health", "heartbeat", has_tab=False),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the person's membership, permissions, menu and theme for the page's frame."""
    user = getattr(request, "user", None)
    membership = selectors.membership_of(user) if user and user.is_authenticated else None
    theme = request.COOKIES.get("theme", "")
    permissions = PERMISSIONS[Role(membership.role)] if membership else frozenset()
    return {
        "membership": membership,
        "can": {permission.name: True for permission in permissions},
        "menu": menu(request.path, permissions),
        "theme": theme if theme in {"light", "dark"} else "",
    }


def menu(path: str, permissions: frozenset[Permission]) -> list[dict[str, Any]]:
    """Return the places this person may use, with the one they are at marked."""
    places = []
    for place in PLACES:
        if place.permission not in permissions:
            continue
        url = reverse(place.url_name)
        places.append(vars(place) | {"url": url, "is_current": path.startswith(url)})
    return places
