"""Printers: the list, one printer with its settings, and what people switch."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import selectors
from portal import services as portal_services
from portal.echo import echo
from portal.errors import InvalidInput, NotFound
from portal.models import RemoteAE
from portal.types import Actor, Permission
from printing.forms import PrinterForm
from printing.models import Printer
from printing.printer_models import DEFAULT_MODEL, SHIPPED_MODELS
from printing.selectors import printers as printer_selectors
from printing.services import printer_queue
from printing.services import printers as printer_services
from printing.views.asking import found, is_fragment
from printing.views.queue import printer_cards

SWITCHED: dict[str, str | Promise] = {
    "start": gettext_lazy("%(printer)s is started; what waits for it is sent now."),
    "pause": gettext_lazy("%(printer)s is paused; jobs wait in its queue."),
    "accept": gettext_lazy("%(printer)s lets new jobs in."),
    "reject": gettext_lazy("%(printer)s takes no new jobs; those in its queue go on."),
}
KEPT = (
    "film_size_id",
    "medium_type",
    "film_destination",
    "is_accepting",
    "retry_plan_s",
    "action_timeout_s",
)


@require_GET
def printers(request: HttpRequest) -> HttpResponse:
    """List the printers with their state, and who waits for them."""
    return render(request, "printing/printers.html", {"cards": printer_cards(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def printer_new(request: HttpRequest) -> HttpResponse:
    """Add a printer, and its device to the allow-list, in one form."""
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    by = selectors.actor_for(request.user)
    selectors.require(by, membership.facility_id, Permission.DEVICE_WRITE)
    return _form_page(request, membership.facility_id, None)


@require_http_methods(["GET", "HEAD", "POST"])
def printer(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Show a printer; those who may change it get the form."""
    seen = _printer(request, printer_id)
    if request.method == "POST":
        by = selectors.actor_for(request.user)
        selectors.require(by, seen.facility_id, Permission.PRINTER_MANAGE)
    return _form_page(request, seen.facility_id, seen)


@require_POST
def printer_switch(request: HttpRequest, printer_id: int, verb: str) -> HttpResponse:
    """Start or pause a printer's queue, or let new jobs in or not."""
    seen = _printer(request, printer_id)
    by = selectors.actor_for(request.user)
    sentence = SWITCHED[verb] % {"printer": seen.name}
    if verb in ("start", "pause"):
        printer_queue.printer_enable(printer_id=seen.pk, is_enabled=verb == "start", by=by)
    else:
        printer_queue.printer_accept(printer_id=seen.pk, is_accepting=verb == "accept", by=by)
    if is_fragment(request):
        answer = render(request, "portal/_toast.html", {"message": sentence})
        answer["HX-Trigger"] = f"printers, printer-{seen.pk}"
        return answer
    messages.success(request, sentence)
    return redirect("printing:printer", printer_id=seen.pk)


@require_POST
def printer_test(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Ask the printer's device for C-ECHO and say what came of it."""
    seen = _printer(request, printer_id)
    by = selectors.actor_for(request.user)
    selectors.require(by, seen.facility_id, Permission.PRINTER_MANAGE)
    if seen.device is None:
        raise InvalidInput(_("This printer speaks IPP: it has no DICOM echo."))
    result = echo(seen.device)
    if is_fragment(request):
        return render(request, "printing/_printer_test.html", {"result": result})
    (messages.success if result.is_ok else messages.error)(request, result.sentence)
    return redirect("printing:printer", printer_id=seen.pk)


def _form_page(request: HttpRequest, facility_id: int, seen: Printer | None) -> HttpResponse:
    by = selectors.actor_for(request.user)
    may_address = selectors.may(by, facility_id, Permission.DEVICE_WRITE)
    models = _models(request)
    form = PrinterForm(
        request.POST or None, initial=_initial(seen), models=models, is_new=seen is None
    )
    for name in () if may_address else ("host", "port"):
        form.fields[name].disabled = True
        form.fields[name].help_text = _("An administrator may change the address.")
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(facility_id, seen, form.cleaned_data, may_address=may_address, by=by)
        except InvalidInput as error:
            field = {"device": "ae_title"}.get(error.field or "", error.field)
            form.add_error(field if field in form.fields else None, str(error))
        else:
            messages.success(request, _("%(printer)s is saved.") % {"printer": saved.name})
            return redirect("printing:printer", printer_id=saved.pk)
    card = next((c for c in printer_cards(request.user) if seen and c.printer.pk == seen.pk), None)
    context = {
        "form": form,
        "printer": seen,
        "card": card,
        "may_manage": selectors.may(by, facility_id, Permission.PRINTER_MANAGE),
    }
    return render(request, "printing/printer.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _save(
    facility_id: int, seen: Printer | None, values: dict[str, Any], *, may_address: bool, by: Actor
) -> Printer:
    """Save the device's address where that may be, then the printer itself."""
    address = {name: values.pop(name) for name in ("ae_title", "host", "port")}
    device = seen.device if seen else None
    if may_address:
        device = _device(facility_id, address, by)
    if device is None:
        raise NotFound(_("There is no device for this printer."))
    return printer_services.printer_set(
        facility_id=facility_id, device_id=device.pk, by=by, **values
    )


def _device(facility_id: int, address: dict[str, Any], by: Actor) -> RemoteAE:
    """Create or update the printer's device; a scanner of that name does not become one."""
    known = RemoteAE.objects.filter(facility_id=facility_id, ae_title=address["ae_title"])
    before = known.select_related("profile").first()
    if before is not None and before.kind != RemoteAE.Kind.PRINTER:
        sentence = _("%(device)s is known as another kind of device already.")
        raise InvalidInput(sentence % {"device": before.ae_title}, "ae_title")
    device, _is_new = portal_services.device_set(
        facility_id=facility_id,
        kind=RemoteAE.Kind.PRINTER,
        profile=before.profile.name if before and before.profile else "default",
        has_tls=before.has_tls if before else False,
        by=by,
        **address,
    )
    return device


def _initial(seen: Printer | None) -> dict[str, Any]:
    if seen is None:
        return {"model": DEFAULT_MODEL, "film_size_id": "14INX17IN", "is_accepting": True}
    kept = {name: getattr(seen, name) for name in (*KEPT, "name")}
    kept["retry_plan_s"] = ", ".join(str(pause) for pause in seen.retry_plan_s)
    device = seen.device
    host, port = seen.address
    address = {"ae_title": device.ae_title if device else "", "host": host, "port": port}
    return kept | address | {"model": seen.model.name}


def _models(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the models to choose from: those of the facility, and those that are shipped."""
    shipped = {name: model.title for name, model in SHIPPED_MODELS.items()}
    known = printer_selectors.printer_models(visible_to=request.user)
    return list((shipped | dict(known.values_list("name", "title"))).items())


def _printer(request: HttpRequest, printer_id: int) -> Printer:
    printers = printer_selectors.printers(visible_to=request.user).select_related(
        "device__facility", "device__profile", "model"
    )
    return found(printers, printer_id, _("There is no such printer in your facility."))
