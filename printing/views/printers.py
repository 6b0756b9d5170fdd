"""Printers: the list, one printer with its settings, and what people switch."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import selectors
from portal.dicom.errors import DicomError
from portal.echo import echo
from portal.errors import InvalidInput, NotFound, PortalError
from portal.types import Permission
from printing import probe as probing
from printing.models import Printer
from printing.selectors import printers as printer_selectors
from printing.services import printer_queue
from printing.services.printer_probe import printer_probe_forget
from printing.views.asking import found, is_fragment
from printing.views.cards import printer_cards
from printing.views.printer_form import printer_page

SWITCHED: dict[str, str | Promise] = {
    "start": gettext_lazy("%(printer)s is started; what waits for it is sent now."),
    "pause": gettext_lazy("%(printer)s is paused; jobs wait in its queue."),
    "accept": gettext_lazy("%(printer)s lets new jobs in."),
    "reject": gettext_lazy("%(printer)s takes no new jobs; those in its queue go on."),
}


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
    return printer_page(request, membership.facility_id, None)


@require_http_methods(["GET", "HEAD", "POST"])
def printer(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Show a printer; those who may change it get the form."""
    seen = _printer(request, printer_id)
    if request.method == "POST":
        by = selectors.actor_for(request.user)
        selectors.require(by, seen.facility_id, Permission.PRINTER_MANAGE)
    return printer_page(request, seen.facility_id, seen)


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


@require_POST
def printer_probe(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Learn what a printer takes, and say it; no film comes out."""
    seen = _printer(request, printer_id)
    by = selectors.actor_for(request.user)
    selectors.require(by, seen.facility_id, Permission.PRINTER_MANAGE)
    try:
        probing.printer_probe(printer_id=seen.pk, by=by)
    except (DicomError, PortalError, OSError) as error:
        messages.error(request, str(error))
    else:
        sentence = _("%(printer)s is probed: what it takes is known. Nothing was printed.")
        messages.success(request, sentence % {"printer": seen.name})
    return redirect("printing:printer", printer_id=seen.pk)


@require_POST
def printer_forget(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Forget what a probe learned: the model's word counts again."""
    seen = _printer(request, printer_id)
    printer_probe_forget(printer_id=seen.pk, by=selectors.actor_for(request.user))
    messages.success(
        request, _("What the probe learned is forgotten; the model says what it takes.")
    )
    return redirect("printing:printer", printer_id=seen.pk)


def _printer(request: HttpRequest, printer_id: int) -> Printer:
    printers = printer_selectors.printers(visible_to=request.user).select_related(
        "device__facility", "device__profile", "model"
    )
    return found(printers, printer_id, _("There is no such printer in your facility."))
