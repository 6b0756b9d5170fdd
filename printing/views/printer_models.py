"""Printer models: the list, one model, and how own ones come in and go out as JSON."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import selectors
from portal.errors import Conflict, InvalidInput, NotFound
from portal.models import Membership
from portal.types import Permission
from printing.forms import ModelImportForm
from printing.models import PrinterModel
from printing.printer_models import SHIPPED_MODELS, ShippedModel, model_document
from printing.selectors import printers as printer_selectors
from printing.services.printer_models import (
    NOT_THERE,
    printer_model_delete,
    printer_model_set,
)
from printing.views.asking import version_of
from printing.views.printer_takes import Takes, is_all_generic, model_takes, shipped_takes

MOST_BYTES = 200_000


@dataclass(frozen=True)
class ModelRow:
    """One printer model as the list shows it."""

    model: PrinterModel | ShippedModel
    is_own: bool
    used: int  # printers

    @property
    def is_shipped_too(self) -> bool:
        """Say whether the portal has come to ship a model of this name, which is not used."""
        return self.is_own and self.model.name in SHIPPED_MODELS

    @property
    def is_all_generic(self) -> bool:
        """Say whether nothing but the name is known of this make."""
        return is_all_generic(self.model)


@require_http_methods(["GET", "HEAD", "POST"])
def printer_models(request: HttpRequest) -> HttpResponse:
    """List the models; a document that is sent becomes a model of the facility's own."""
    membership = _membership(request)
    form = ModelImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        by = selectors.actor_for(request.user)
        selectors.require(by, membership.facility_id, Permission.PRINTER_MANAGE)
        saved = _imported(request, membership, form)
        if saved is not None:
            return redirect("printing:printer-model", name=saved.name)
    context = {"rows": _rows(request), "form": form, "may_manage": _may(request, membership)}
    status = 422 if request.method == "POST" else 200
    return render(request, "printing/models.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def printer_model(request: HttpRequest, name: str) -> HttpResponse:
    """Show a model: what it says of the printer, who says so, and itself as JSON to change."""
    membership = _membership(request)
    row = _row(request, name)
    takes: list[Takes] = (
        model_takes(row.model) if isinstance(row.model, PrinterModel) else shipped_takes(row.model)
    )
    document = model_document(row.model)
    if not row.is_own:
        document |= {"name": f"{name}-own"[:64], "title": _own_title(row)}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    seen = row.model.version if isinstance(row.model, PrinterModel) and row.is_own else NOT_THERE
    form = ModelImportForm(request.POST or None, initial={"document": text, "version": seen})
    if request.method == "POST":
        by = selectors.actor_for(request.user)
        selectors.require(by, membership.facility_id, Permission.PRINTER_MANAGE)
        saved = _imported(request, membership, form, row.model.name if row.is_own else "")
        if saved is not None:
            return redirect("printing:printer-model", name=saved.name)
    context = {"row": row, "takes": takes, "form": form, "may_manage": _may(request, membership)}
    status = 422 if request.method == "POST" else 200
    return render(request, "printing/model.html", context, status=status)


@require_GET
def printer_model_json(request: HttpRequest, name: str) -> HttpResponse:
    """Send a model as a file that another portal takes in."""
    row = _row(request, name)
    text = json.dumps(model_document(row.model), indent=2, ensure_ascii=False) + "\n"
    answer = HttpResponse(text, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return answer


@require_POST
def printer_model_remove(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a model of the facility's own."""
    row = _row(request, name)
    if not isinstance(row.model, PrinterModel) or not row.is_own:
        raise Conflict(_("This model comes with the portal and stays."))
    version, by = version_of(request), selectors.actor_for(request.user)
    try:
        printer_model_delete(model_id=row.model.pk, version=version, by=by)
    except Conflict as error:
        messages.error(request, str(error))
        return redirect("printing:printer-model", name=name)
    messages.success(request, _("%(model)s is deleted.") % {"model": row.model.title})
    return redirect("printing:printer-models")


def _imported(
    request: HttpRequest, membership: Membership, form: ModelImportForm, changed: str = ""
) -> PrinterModel | None:
    """Save what was sent; None when the form has to be corrected.

    On the page of a model, `changed` is its name: under another name it is a new one.
    """
    if not form.is_valid():
        return None
    try:
        document, version = _document(form), form.cleaned_data["version"]
        if version is not None and isinstance(document, dict) and document.get("name") != changed:
            version = NOT_THERE
        model, is_new = printer_model_set(
            facility_id=membership.facility_id,
            document=document,
            version=version,
            by=selectors.actor_for(request.user),
        )
    except (Conflict, InvalidInput) as error:
        form.add_error("file" if form.cleaned_data["file"] else "document", str(error))
        return None
    sentence = _("%(model)s is added.") if is_new else _("%(model)s is saved.")
    messages.success(request, sentence % {"model": model.title})
    return model


def _document(form: ModelImportForm) -> Any:
    """Read the file, or the text, as JSON."""
    upload, text = form.cleaned_data["file"], form.cleaned_data["document"]
    if upload is not None:
        if upload.size > MOST_BYTES:
            raise InvalidInput(_("The file is too large for a printer model."))
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInput(_("The file is not JSON in UTF-8.")) from error
    if not text:
        raise InvalidInput(_("Choose a file, or write the model as JSON."))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = _("This is not JSON: look at line %(line)s.") % {"line": line}
        raise InvalidInput(where if line else _("This is not JSON.")) from error


def _rows(request: HttpRequest) -> list[ModelRow]:
    """Return shipped models, and those of the facility's own; a row counts its printers."""
    known = printer_selectors.printer_models(visible_to=request.user)
    used = printer_selectors.printers_by_model(visible_to=request.user)
    mine = [m for m in known if not printer_selectors.is_shipped(m)]
    own = [ModelRow(m, True, used.get(m.name, 0)) for m in mine]
    names = {m.name for m in mine}
    others = [m for m in SHIPPED_MODELS.values() if m.name not in names]
    return own + [ModelRow(m, False, used.get(m.name, 0)) for m in others]


def _own_title(row: ModelRow) -> str:
    return str(_("%(model)s, own") % {"model": row.model.title})


def _row(request: HttpRequest, name: str) -> ModelRow:
    row = next((row for row in _rows(request) if row.model.name == name), None)
    if row is None:
        raise NotFound(_("There is no such printer model."))
    return row


def _membership(request: HttpRequest) -> Membership:
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    return membership


def _may(request: HttpRequest, membership: Membership) -> bool:
    by = selectors.actor_for(request.user)
    return selectors.may(by, membership.facility_id, Permission.PRINTER_MANAGE)
