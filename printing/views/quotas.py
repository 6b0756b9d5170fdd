"""Quotas: how much film a unit may use, how much it has used, and changes of both."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal import selectors
from portal.errors import Conflict, InvalidInput, NotFound
from portal.fields import sent
from portal.looks import Look
from portal.types import Permission
from printing.forms.usage import QuotaForm
from printing.models import PrintQuota
from printing.selectors.accounting import (
    films_of_period,
    films_waiting,
    print_quotas,
    print_uses,
)
from printing.services.quotas import quota_delete, quota_set
from printing.views.asking import found, version_of, whole

NEAR = 0.9  # of a quota


@dataclass(frozen=True)
class QuotaRow:
    """A quota with what was used of it."""

    quota: PrintQuota
    used: int
    waiting: int

    @property
    def part(self) -> int:
        """How many of a hundred are used or asked for."""
        asked = self.used + self.waiting
        return 100 if asked >= self.quota.films else 100 * asked // max(1, self.quota.films)

    @property
    def look(self) -> Look:
        """How it stands, in words."""
        asked = self.used + self.waiting
        if asked >= self.quota.films and self.quota.action == PrintQuota.Action.STOP:
            return Look(_("Takes no more jobs"), "bad", "ban")
        if asked >= self.quota.films:
            return Look(_("Used up"), "warn", "alert-triangle")
        if asked >= NEAR * self.quota.films:
            return Look(_("Nearly used up"), "warn", "hourglass")
        return Look(_("In order"), "ok", "check")


@require_http_methods(["GET", "HEAD", "POST"])
def quotas(request: HttpRequest) -> HttpResponse:
    """List the quotas; those who may, add one or change one in the same form."""
    facility_id = _facility_id(request)
    seen = print_quotas(visible_to=request.user).filter(facility_id=facility_id)
    changed = _changed(request, seen)
    form = QuotaForm(sent(request), initial=_initial(changed))
    status = 200
    if request.method == "POST":
        status = _save(request, facility_id, form, changed)
        if status == 302:
            return redirect("printing:quotas")
    by = selectors.actor_for(request.user)
    context = {
        "rows": [_row(quota) for quota in seen],
        "form": form,
        "changed": changed,
        "may_manage": selectors.may(by, facility_id, Permission.PRINTER_MANAGE),
        "units": _units(request),
    }
    return render(request, "printing/quotas.html", context, status=status)


@require_POST
def quota_remove(request: HttpRequest, quota_id: int) -> HttpResponse:
    """Take a quota away."""
    facility_id = _facility_id(request)
    quota_delete(
        facility_id=facility_id,
        quota_id=quota_id,
        version=version_of(request),
        by=selectors.actor_for(request.user),
    )
    messages.success(request, _("The quota is taken away."))
    return redirect("printing:quotas")


def _save(
    request: HttpRequest, facility_id: int, form: QuotaForm, changed: PrintQuota | None
) -> int:
    """Save what the form says; return the status of the answer."""
    by = selectors.actor_for(request.user)
    selectors.require(by, facility_id, Permission.PRINTER_MANAGE)
    if not form.is_valid():
        return 422
    try:
        quota_set(
            facility_id=facility_id,
            quota_id=changed.pk if changed else None,
            by=by,
            **form.cleaned_data | {"version": version_of(request) if changed else None},
        )
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return 422
    except Conflict as error:
        form.add_error(None, str(error))
        return 409
    messages.success(request, _("The quota is saved."))
    return 302


def _changed(request: HttpRequest, seen: Any) -> PrintQuota | None:
    """Return the quota that is being changed, if one is."""
    key = whole(request.GET.get("change"))
    return found(seen, key, _("There is no such quota in your facility.")) if key else None


def _initial(changed: PrintQuota | None) -> dict[str, Any]:
    if changed is None:
        return {}
    names = ("requesting_unit", "films", "period", "action", "version")
    return {name: getattr(changed, name) for name in names}


def _row(quota: PrintQuota) -> QuotaRow:
    waiting = films_waiting(facility_id=quota.facility_id, unit=quota.requesting_unit)
    return QuotaRow(quota, films_of_period(quota), waiting)


def _units(request: HttpRequest) -> list[str]:
    """Return the units that used film, for the field's list."""
    uses = print_uses(visible_to=request.user).exclude(requesting_unit="")
    found_units = uses.order_by("requesting_unit").values_list("requesting_unit", flat=True)
    return list(found_units.distinct()[:200])


def _facility_id(request: HttpRequest) -> int:
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    return membership.facility_id
