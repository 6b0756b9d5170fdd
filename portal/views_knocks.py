"""The "knocked at the door" list: who was turned away, why, and one button to let it in."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal import selectors, services_knocks
from portal.errors import Conflict, InvalidInput, NotFound
from portal.models import Knock, RemoteAE
from portal.types import KnockReason

# Why, in a sentence; what one click does about it, empty where it cannot.
WORDS = {
    KnockReason.CALLED_UNKNOWN: (
        gettext_lazy("Nobody here is called %(called)s. Set %(ours)s as called AE title there."),
        "",
    ),
    KnockReason.CALLING_UNKNOWN: (gettext_lazy("It is not on the list."), gettext_lazy("Admit")),
    KnockReason.DISABLED: (gettext_lazy("It is switched off here."), gettext_lazy("Switch on")),
    KnockReason.ADDRESS: (
        gettext_lazy("It may not call from this address."),
        gettext_lazy("Allow the address"),
    ),
    KnockReason.CERTIFICATE: (
        gettext_lazy("It showed another TLS certificate than the one it is bound to."),
        gettext_lazy("Accept the certificate"),
    ),
    KnockReason.TLS_ON_PLAIN: (
        gettext_lazy(
            "It spoke TLS at a port of ours that speaks none. Point it to the TLS port, or switch "
            "TLS off there."
        ),
        "",
    ),
    KnockReason.TLS_FAILED: (
        gettext_lazy(
            "No TLS came about at our TLS port: it spoke none, or one side did not accept the "
            "other’s certificate."
        ),
        "",
    ),
}
NO_CERTIFICATE = gettext_lazy("It came without the TLS certificate that it is bound to.")


def knocks(request: HttpRequest) -> HttpResponse:
    """Answer the list: a part of the devices page, fetched again when somebody knocks."""
    return render(request, "portal/_knocks.html", knocks_context(request))


@require_POST
def knock_admit(request: HttpRequest, knock_id: int) -> HttpResponse:
    """Let in who knocked."""
    knock = _knock(request, knock_id)
    try:
        device = services_knocks.knock_admit(
            knock_id=knock.pk,
            kind=request.POST.get("kind") or RemoteAE.Kind.MODALITY,
            profile=request.POST.get("profile") or "default",
            by=selectors.actor_for(request.user),
        )
    except (Conflict, InvalidInput) as error:
        return _answer(request, str(error), is_done=False)
    return _answer(request, _("%(device)s may associate now.") % {"device": device.ae_title})


@require_POST
def knock_forget(request: HttpRequest, knock_id: int) -> HttpResponse:
    """Take a caller off the list."""
    knock = _knock(request, knock_id)
    by = selectors.actor_for(request.user)
    services_knocks.knock_forget(knock_id=knock.pk, by=by)
    sentence = _("%(caller)s is off the list until it knocks again.")
    return _answer(request, sentence % {"caller": knock.calling_ae_title})


def knocks_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the list shows; each caller with its reason in words."""
    membership = selectors.membership_of(request.user)
    ours = membership.facility.ae_title if membership else ""
    found = selectors.knocks(visible_to=request.user)
    return {
        "knocks": [_shown(knock, ours) for knock in found],
        # A printer is called by us, at a port that a knock does not tell.
        "kinds": [kind for kind in RemoteAE.Kind.choices if kind[0] != RemoteAE.Kind.PRINTER],
        "profiles": selectors.device_profiles(visible_to=request.user),
    }


def _shown(knock: Knock, ours: str) -> dict[str, Any]:
    reason = KnockReason(knock.reason)
    why, action = WORDS[reason]
    if reason == KnockReason.CERTIFICATE and not knock.certificate_sha256:
        why, action = NO_CERTIFICATE, ""
    return {
        "knock": knock,
        "why": why % {"called": knock.called_ae_title, "ours": ours},
        "action": action,
        "is_stranger": reason == KnockReason.CALLING_UNKNOWN,
    }


def _knock(request: HttpRequest, knock_id: int) -> Knock:
    knock = selectors.knocks(visible_to=request.user).filter(pk=knock_id).first()
    if knock is None:
        raise NotFound(_("This caller is not on the list any more."))
    return knock


def _answer(request: HttpRequest, sentence: str, *, is_done: bool = True) -> HttpResponse:
    """Answer htmx with the list and what was done; a form without script with the page."""
    if not request.headers.get("HX-Request"):
        (messages.success if is_done else messages.error)(request, sentence)
        return redirect("devices")
    context = knocks_context(request) | {"done": sentence, "tone": "ok" if is_done else "bad"}
    return render(request, "portal/_knocks.html", context, status=200 if is_done else 422)
