"""What every page's frame needs."""

from typing import Any

from django.http import HttpRequest

from portal import selectors
from portal.types import PERMISSIONS, Role


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the person's membership, permissions and theme for the page's frame."""
    user = getattr(request, "user", None)
    membership = selectors.membership_of(user) if user and user.is_authenticated else None
    theme = request.COOKIES.get("theme", "")
    return {
        "membership": membership,
        "can": {p.name: True for p in PERMISSIONS[Role(membership.role)]} if membership else {},
        "theme": theme if theme in {"light", "dark"} else "",
    }
