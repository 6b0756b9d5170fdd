"""The simulated department's pages: for whom they are, and on which machines."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal import selectors
from portal.errors import NotFound
from portal.models import Facility, RemoteAE
from portal.types import Permission

LOCAL = "127.0.0.1"

View = Callable[..., HttpResponse]


def simulated(view: View) -> View:
    """Answer 404 unless this is a development machine, and refuse who may not perform exams."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (settings.DEVELOPMENT and settings.SIMULATION):
            raise Http404
        by = selectors.actor_for(request.user)
        selectors.require(by, facility_of(request).pk, Permission.STEP_WRITE)
        return view(request, *args, **kwargs)

    return answer


def facility_of(request: HttpRequest) -> Facility:
    """Return the facility that a person works in."""
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    return membership.facility


def scanners_of(request: HttpRequest) -> QuerySet[RemoteAE]:
    """Return the facility's modalities: each has a console."""
    devices = selectors.devices(visible_to=request.user).select_related("facility")
    return devices.filter(
        facility=facility_of(request), kind=RemoteAE.Kind.MODALITY, is_enabled=True
    )


def number_of(text: str | None, most: int) -> int:
    """Return a number that a form sent; 0 for what is none."""
    return min(int(text), most) if text and text.isdecimal() and len(text) < 10 else 0
