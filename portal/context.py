"""What every page's frame needs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from portal import selectors
from portal.models import Membership
from portal.types import PERMISSIONS, Permission, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Person = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True)
class Place:
    """A place of the main menu; on a phone only those with a tab stand in the bar below."""

    label: str | Promise
    short_label: str | Promise
    url_name: str
    icon: str
    permission: Permission = Permission.VIEW
    has_tab: bool = True
    setting: str = ""  # only where this setting is on
    is_aside: bool = False  # in a person's own menu, not in the main one


PLACES = (
    Place(_("Board"), _("Board"), "worklist:board", "calendar-event"),
    Place(_("Worklist"), _("Worklist"), "worklist:worklist", "list-details"),
    Place(_("Reconcile"), _("Reconcile"), "worklist:reconcile", "arrows-join"),
    Place(_("Commitment"), _("Archive"), "worklist:commitments", "shield-check", has_tab=False),
    Place(
        _("Film"),
        _("Film"),
        "printing:films",
        "layout-grid",
        Permission.FILM_WRITE,
        has_tab=False,
    ),
    Place(_("Print queue"), _("Print"), "printing:queue", "printer"),
    Place(
        _("Printers"), _("Printers"), "printing:printers", "stack-2", has_tab=False, is_aside=True
    ),
    Place(_("Film used"), _("Film"), "printing:usage", "file-text", has_tab=False, is_aside=True),
    Place(_("Devices"), _("Devices"), "devices", "device-desktop-analytics"),
    Place(_("Queries"), _("Queries"), "worklist:queries", "message", has_tab=False, is_aside=True),
    Place(_("Alerts"), _("Alerts"), "alerts", "alert-triangle", has_tab=False, is_aside=True),
    Place(_("Health"), _("Health"), "health", "heartbeat", has_tab=False),
    Place(
        _("Simulate"),
        _("Simulate"),
        "worklist:simulate",
        "player-play",
        Permission.STEP_WRITE,
        has_tab=False,
        setting="SIMULATION",
        is_aside=True,
    ),
)


@dataclass(frozen=True)
class MenuCount:
    """How much waits at a place of the menu; counted when drawn, once for menu and tab bar."""

    url_name: str
    news: str  # what open pages hear when it may have changed
    visible_to: "Person"

    @cached_property
    def number(self) -> int:
        """The number as it is now."""
        count: Callable[..., int] = import_string(settings.MENU_COUNTS[self.url_name][0])
        return count(self.visible_to)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the person's membership, permissions, menu and theme for the page's frame."""
    user = getattr(request, "user", None)
    membership = _membership(request) if user and user.is_authenticated else None
    theme = request.COOKIES.get("theme", "")
    permissions = PERMISSIONS[Role(membership.role)] if membership else frozenset()
    return {
        "membership": membership,
        "can": {permission.name: True for permission in permissions},
        "menu": menu(request.path, permissions, visible_to=user),
        "theme": theme if theme in {"light", "dark"} else "",
    }


def _membership(request: HttpRequest) -> Membership | None:
    """Return the person's membership, read once for all fragments of one page."""
    held: dict[str, Membership | None] = request.__dict__
    if "portal_membership" not in held:
        held["portal_membership"] = selectors.membership_of(request.user)
    return held["portal_membership"]


def menu(
    path: str, permissions: frozenset[Permission], *, visible_to: "Person | None"
) -> list[dict[str, Any]]:
    """Return the places this person may use, with the one they are at marked."""
    places = []
    for place in PLACES:
        if place.permission not in permissions:
            continue
        if place.setting and not getattr(settings, place.setting):
            continue
        url = reverse(place.url_name)
        item = vars(place) | {"url": url, "is_current": path.startswith(url)}
        if visible_to is not None:
            item["count"] = menu_count(place.url_name, visible_to=visible_to)
        places.append(item)
    return places


def menu_count(url_name: str, *, visible_to: "Person") -> MenuCount | None:
    """Return the number beside a place of the menu; none where nothing is counted."""
    if url_name not in settings.MENU_COUNTS:
        return None
    return MenuCount(url_name, settings.MENU_COUNTS[url_name][1], visible_to)
