"""Pages of the allow-list: devices, one device, and whether it answers."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import selectors
from portal.devices import device_furnish
from portal.errors import InvalidInput, NotFound
from portal.fields import sent
from portal.forms import DeviceForm
from portal.models import RemoteAE
from portal.probing import device_probe
from portal.types import Permission
from portal.views_knocks import knocks_context


def devices(request: HttpRequest) -> HttpResponse:
    """List the devices that may associate, and when each was heard."""
    context = {"devices": selectors.devices(visible_to=request.user)} | knocks_context(request)
    return render(request, "portal/devices.html", context)


def device_rows(request: HttpRequest) -> HttpResponse:
    """Answer the table's body: what the page fetches when the list itself changed."""
    context = {"devices": selectors.devices(visible_to=request.user)}
    return render(request, "portal/_device_rows.html", context)


def device_row(request: HttpRequest, device_id: int) -> HttpResponse:
    """Answer one row: what the table fetches when the device was heard."""
    return render(request, "portal/_device_row.html", {"device": device_of(request, device_id)})


def device_new(request: HttpRequest) -> HttpResponse:
    """Add a device to the allow-list."""
    return _device_form(request, None)


def device_edit(request: HttpRequest, device_id: int) -> HttpResponse:
    """Change a device's address, kind or profile."""
    return _device_form(request, device_of(request, device_id))


@require_POST
def device_test(request: HttpRequest, device_id: int) -> HttpResponse:
    """Try the way to the device, of an archive also the way back, and say what came of it."""
    device = device_of(request, device_id)
    _require_device_write(request)
    lines = list(device_probe(device, by=selectors.actor_for(request.user)))
    if request.headers.get("HX-Request"):
        return render(request, "portal/_device_test.html", {"lines": lines})
    for line in lines:
        tell = messages.success if line.is_ok else messages.error
        tell(request, f"{device.ae_title}: {line.sentence} {line.advice}".strip())
    return redirect("devices")


def _device_form(request: HttpRequest, device: RemoteAE | None) -> HttpResponse:
    membership = _require_device_write(request)
    form = DeviceForm(
        sent(request),
        initial=_initial(device),
        profiles=selectors.device_profiles(visible_to=request.user),
        is_new=device is None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            facility_id = device.facility_id if device else membership.facility_id
            by = selectors.actor_for(request.user)
            saved, _is_new = device_furnish(facility_id=facility_id, by=by, **form.device_values())
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("%(device)s is saved.") % {"device": saved.ae_title})
            return redirect("devices")
    status = 422 if form.errors else 200
    context = {"form": form, "device": device}
    return render(request, "portal/device_form.html", context, status=status)


def _initial(device: RemoteAE | None) -> dict[str, Any]:
    if device is None:
        return {"kind": RemoteAE.Kind.MODALITY, "profile": "default", "is_enabled": True}
    return {
        "ae_title": device.ae_title,
        "kind": device.kind,
        "host": device.host,
        "port": device.port,
        "profile": device.profile.name if device.profile else "default",
        "has_tls": device.has_tls,
        "aliases": ", ".join(device.aliases),
        "allowed_addresses": ", ".join(device.allowed_addresses),
        "certificate_sha256": device.certificate_sha256,
        "is_enabled": device.is_enabled,
    }


def device_of(request: HttpRequest, device_id: int) -> RemoteAE:
    """Return a device for a person's eyes, or say that there is none."""
    device = (
        selectors.devices(visible_to=request.user)
        .select_related("facility")
        .filter(pk=device_id)
        .first()
    )
    if device is None:
        raise NotFound(_("There is no such device in your facility."))
    return device


def _require_device_write(request: HttpRequest) -> Any:
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    by = selectors.actor_for(request.user)
    selectors.require(by, membership.facility_id, Permission.DEVICE_WRITE)
    return membership
