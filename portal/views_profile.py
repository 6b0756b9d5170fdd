"""The page of what one device needs: letters, what it is shown, what is cut."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import selectors, services_devices
from portal.errors import InvalidInput, StaleVersion
from portal.fields import sent
from portal.forms_profile import FIELD_OF_VALUE, ProfileForm, initial_of
from portal.letters import choices_with
from portal.models import RemoteAE
from portal.profiles import profile_version
from portal.types import Permission
from portal.views_devices import device_of


def device_profile(request: HttpRequest, device_id: int) -> HttpResponse:
    """Show what a device needs; change its ladder, or save all of it."""
    device = device_of(request, device_id)
    values = selectors.caller_of(device).profile
    form = ProfileForm(sent(request), initial=dict(initial_of(values, device.aliases)))
    status = 200
    if request.method == "POST":
        is_ladder = "ladder" in request.POST  # everybody may try; saving is another matter
        if not is_ladder:
            by = selectors.actor_for(request.user)
            selectors.require(by, device.facility_id, Permission.DEVICE_WRITE)
        if not is_ladder and form.is_valid():
            try:
                return _save(request, device, form)
            except InvalidInput as error:
                field = FIELD_OF_VALUE.get(error.field or "", error.field)
                form.add_error(field if field in form.fields else None, str(error))
            except StaleVersion as error:
                form.add_error(None, str(error))
                status = 409
        status = 422 if form.errors and status == 200 and not is_ladder else status
    context = _context(request, device, form)
    answer = render(request, "portal/device_profile.html", context, status=status)
    if "ladder" in request.POST:
        answer["HX-Trigger-After-Settle"] = "ladder"  # the preview looks again
    return answer


@require_POST
def device_profile_choose(request: HttpRequest, device_id: int) -> HttpResponse:
    """Give the device another profile."""
    device = device_of(request, device_id)
    name = request.POST.get("profile", "")
    by = selectors.actor_for(request.user)
    services_devices.device_profile_assign(device_id=device.pk, name=name, by=by)
    sentence = _("%(device)s has the profile “%(profile)s” now.")
    messages.success(request, sentence % {"device": device.ae_title, "profile": name})
    return redirect("device-profile", device_id=device.pk)


def _save(request: HttpRequest, device: RemoteAE, form: ProfileForm) -> HttpResponse:
    given: dict[str, Any] = {
        "device_id": device.pk,
        "values": form.values(),
        "aliases": form.aliases_of(device),
        "by": selectors.actor_for(request.user),
    }
    if request.POST.get("save") == "copy":
        profile = services_devices.device_needs_copy(**given)
        sentence = _("%(device)s has a profile of its own now: “%(profile)s”.")
    else:
        version = request.POST.get("version", "")
        profile = services_devices.device_needs_set(**given, version=version)
        sentence = _("The profile “%(profile)s” is saved: %(device)s gets it with its next list.")
    messages.success(request, sentence % {"device": device.ae_title, "profile": profile.name})
    return redirect("device-profile", device_id=device.pk)


def _context(request: HttpRequest, device: RemoteAE, form: ProfileForm) -> dict[str, Any]:
    values = selectors.caller_of(device).profile
    typed = request.POST.get("version") if request.method == "POST" else None
    sharing = list(selectors.devices_sharing(device).values_list("ae_title", flat=True))
    return {
        "device": device,
        "form": form,
        "values": values,
        "version": typed or profile_version(values),
        "rungs": [
            {"number": number, "value": rung, "choices": choices_with(rung)}
            for number, rung in enumerate(_ladder(request, form), start=1)
        ],
        "new_choices": choices_with(""),
        "sharing": sharing,
        "is_shared": len(sharing) > 1,
        "profiles": selectors.device_profiles(visible_to=request.user).filter(
            facility_id=device.facility_id
        ),
    }


def _ladder(request: HttpRequest, form: ProfileForm) -> list[str]:
    """Return the rungs to show: as saved, as typed, or as a button of the ladder changes them."""
    if request.method != "POST":
        return list(form["character_sets"].initial)
    rungs = [rung for rung in request.POST.getlist("character_sets") if rung]
    verb, _sign, place = request.POST.get("ladder", "").partition("-")
    if not place.isdecimal() or not 0 < int(place[:4]) <= len(rungs):
        return rungs
    index = int(place[:4]) - 1
    rung = rungs.pop(index)
    if verb == "up":
        rungs.insert(max(index - 1, 0), rung)
    elif verb == "down":
        rungs.insert(index + 1, rung)
    return rungs
