"""The page of one printer: its settings, what it takes, and what a save changes."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal import selectors
from portal import services as portal_services
from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.models import RemoteAE
from portal.types import Actor, Permission
from printing import layout
from printing.forms import PrinterForm
from printing.models import Printer
from printing.models.printer import ErrorPolicy, PrinterColor, PrinterOutput, default_fallbacks
from printing.printer_models import DEFAULT_MODEL, PAPER_MODEL, SHIPPED_MODELS
from printing.selectors import printers as printer_selectors
from printing.services import printers as printer_services
from printing.views.cards import printer_cards
from printing.views.printer_takes import printer_takes

PLAIN = (
    "film_size_id",
    "medium_type",
    "film_destination",
    "output",
    "color",
    "fallbacks",
    "is_substitution_accepted",
    "error_policy",
    "action_timeout_s",
    "poll_s",
    "follow_s",
    "is_accepting",
)
ADDRESS = ("ae_title", "host", "port", "has_tls", "ipp_uri")
DEFAULT_FOLLOW_S = 1800
SHOWN = 80  # letters of a long value
FIELDS = {"device": "ae_title", "presentation_lut": "lut"}  # service's name -> form's


def printer_page(request: HttpRequest, facility_id: int, seen: Printer | None) -> HttpResponse:
    """Show a printer with its form; a form that was sent is saved."""
    by = selectors.actor_for(request.user)
    form = _form(request, seen)
    may_address = selectors.may(by, facility_id, Permission.DEVICE_WRITE)
    for name in () if may_address else ("host", "port", "has_tls", "ipp_uri"):
        form.fields[name].disabled = True
        form.fields[name].help_text = _("An administrator may change the address.")
    stale = ""
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(facility_id, seen, form, may_address=may_address, by=by)
        except StaleVersion as error:
            stale = str(error)
        except InvalidInput as error:
            _add_error(form, error)
        else:
            messages.success(request, _("%(printer)s is saved.") % {"printer": saved.name})
            return redirect("printing:printer", printer_id=saved.pk)
    status = 409 if stale else 422 if form.errors else 200
    context = _context(request, form, seen) | {
        "stale": stale,
        # What is true now was shown with a refusal of the slower one, with no other answer.
        "version": seen.version if seen and stale else form["version"].value(),
        "overwritten": _overwritten(form) if stale else [],
        "may_manage": selectors.may(by, facility_id, Permission.PRINTER_MANAGE),
    }
    return render(request, "printing/printer.html", context, status=status)


def _context(request: HttpRequest, form: PrinterForm, seen: Printer | None) -> dict[str, Any]:
    cards = printer_cards(request.user) if seen else []
    return {
        "form": form,
        "printer": seen,
        "card": next((card for card in cards if seen and card.printer.pk == seen.pk), None),
        "takes": printer_takes(seen) if seen else [],
        "address": "{}:{}".format(*seen.address) if seen else "",
    }


def _form(request: HttpRequest, seen: Printer | None) -> PrinterForm:
    takes = printer_selectors.capabilities(seen) if seen else None
    return PrinterForm(
        request.POST if request.method == "POST" else None,
        initial=_initial(seen),
        models=_models(request),
        takes=takes,
        is_new=seen is None,
        is_ipp=seen is not None and seen.is_ipp,
    )


def _add_error(form: PrinterForm, error: InvalidInput) -> None:
    """Say a refusal of the service at the field that it is about."""
    name = error.field or ""
    name = FIELDS.get(name, name.replace("attributes.", "attribute_"))
    if name == "lut" and form.cleaned_data.get("lut") == "own":
        name = "lut_entries"
    form.add_error(name if name in form.fields else None, str(error))


@transaction.atomic
def _save(
    facility_id: int, seen: Printer | None, form: PrinterForm, *, may_address: bool, by: Actor
) -> Printer:
    """Save the device's address where that may be, then the printer itself."""
    values = form.cleaned_data
    given: dict[str, Any] = {name: values[name] for name in PLAIN if name in form.fields}
    given |= {"model": values["model"], "retry_plan_s": values["retry_plan_s"]}
    if given["follow_s"] is None:
        given["follow_s"] = DEFAULT_FOLLOW_S
    if "lut" in form.fields:
        given |= {"attributes": form.attributes(), "presentation_lut": form.presentation_lut()}
        given["attributes"] |= _hidden(seen, form) if seen else {}
    if seen is None and values["kind"] == "ipp":
        given |= _for_paper(given)
    if may_address:
        given |= _address(facility_id, values, by)
    elif seen is None:
        raise NotFound(_("There is no device for this printer."))
    return printer_services.printer_set(
        facility_id=facility_id,
        name=seen.name if seen else values["name"],
        version=(values["version"] or 0) if seen else None,
        by=by,
        **given,
    )


def _overwritten(form: PrinterForm) -> list[tuple[str, str, str]]:
    """Return what saving again would change: the field, its value now, the one in the form."""
    fields = [form[name] for name in form.changed_data if name != "version"]
    said = [
        (str(each.label), _said(each, each.initial), _said(each, each.value())) for each in fields
    ]
    return [(label, now, written) for label, now, written in said if now != written]


def _said(field: BoundField, value: Any) -> str:
    """Return a value of the form as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None:
        return ""
    labels = dict(getattr(field.field, "choices", ()))
    values = value if isinstance(value, list | tuple) else [value]
    said = ", ".join(str(labels.get(each, each)) for each in values)
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}…"


def _hidden(seen: Printer, form: PrinterForm) -> dict[str, str]:
    """Keep what the API set and the form does not show, as long as the printer takes it."""
    taken = printer_selectors.capabilities(seen).attributes
    return {
        name: value
        for name, value in seen.attributes.items()
        if f"attribute_{name}" not in form.fields and name.removeprefix("ImageBox.") in taken
    }


def _for_paper(given: dict[str, Any]) -> dict[str, Any]:
    """Return what paper has in the place of what was left at film's defaults."""
    size = (layout.DEFAULT_FILM_SIZE_ID, "A4")
    usual = {"model": (DEFAULT_MODEL, PAPER_MODEL), "film_size_id": size}
    return {name: paper for name, (film, paper) in usual.items() if given[name] == film}


def _address(facility_id: int, values: dict[str, Any], by: Actor) -> dict[str, Any]:
    if values["kind"] == "ipp":
        return {"ipp_uri": values["ipp_uri"]}
    names = ("ae_title", "host", "port", "has_tls")
    device = _device(facility_id, {name: values[name] for name in names}, by)
    return {"device_id": device.pk}


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
        by=by,
        **address,
    )
    return device


def _initial(seen: Printer | None) -> dict[str, Any]:
    if seen is None:
        return {
            "model": DEFAULT_MODEL,
            "kind": "dicom",
            "film_size_id": layout.DEFAULT_FILM_SIZE_ID,
            "is_accepting": True,
            "output": PrinterOutput.BOXES,
            "color": PrinterColor.AUTO,
            "fallbacks": default_fallbacks(),
            "error_policy": ErrorPolicy.RETRY_JOB,
            "follow_s": DEFAULT_FOLLOW_S,
        }
    device, (host, port) = seen.device, seen.address
    kept = {name: getattr(seen, name) for name in PLAIN}
    kept |= {f"attribute_{keyword}": value for keyword, value in seen.attributes.items()}
    kept |= {"name": seen.name, "version": seen.version, "model": seen.model.name}
    kept["retry_plan_s"] = ", ".join(str(pause) for pause in seen.retry_plan_s)
    if device is None:
        return kept | _lut(seen) | {"kind": "ipp", "ipp_uri": seen.ipp_uri}
    address = {"host": host, "port": port, "has_tls": device.has_tls}
    return kept | _lut(seen) | address | {"kind": "dicom", "ae_title": device.ae_title}


def _lut(seen: Printer) -> dict[str, Any]:
    lut = seen.presentation_lut
    if "shape" in lut or not lut:
        return {"lut": lut.get("shape", "")}
    entries = " ".join(str(entry) for entry in lut.get("entries", ()))
    title, bits = lut.get("title", ""), lut.get("bits")
    return {"lut": "own", "lut_entries": entries, "lut_bits": bits, "lut_title": title}


def _models(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the models to choose from: those that are shipped, and those of the facility."""
    shipped = {name: model.title for name, model in SHIPPED_MODELS.items()}
    known = printer_selectors.printer_models(visible_to=request.user)
    return list((shipped | dict(known.values_list("name", "title"))).items())
