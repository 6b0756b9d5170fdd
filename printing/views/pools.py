"""Pools of printers: several behind one name, for failover or for a share of the load."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.fields import sent
from portal.selectors import actor_for, membership_of, require
from portal.types import Permission
from printing.forms.pools import PoolForm
from printing.models import PrintPool
from printing.selectors import console
from printing.selectors import printers as printer_selectors
from printing.services import pools as pool_services
from printing.views.asking import found, version_of
from printing.views.cards import printer_cards


@require_GET
def pools(request: HttpRequest) -> HttpResponse:
    """List the pools with their printers, in the order they are asked."""
    cards = {card.printer.pk: card for card in printer_cards(request.user)}
    listed = console.pools(visible_to=request.user).prefetch_related("members")
    rows = [
        {"pool": pool, "cards": [cards[m.printer_id] for m in pool.members.all()]}
        for pool in listed
    ]
    return render(request, "printing/pools.html", {"rows": rows, "has_printers": bool(cards)})


@require_http_methods(["GET", "HEAD", "POST"])
def pool_new(request: HttpRequest) -> HttpResponse:
    """Make a pool."""
    return _form_page(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def pool(request: HttpRequest, pool_id: int) -> HttpResponse:
    """Change a pool."""
    return _form_page(request, _pool(request, pool_id))


@require_POST
def pool_delete(request: HttpRequest, pool_id: int) -> HttpResponse:
    """Remove a pool; its jobs stay with their printers."""
    name = _pool(request, pool_id).name
    version, by = version_of(request), actor_for(request.user)
    pool_services.pool_delete(pool_id=pool_id, version=version, by=by)
    messages.success(
        request, _("%(pool)s is removed. Its jobs stay where they are.") % {"pool": name}
    )
    return redirect("printing:pools")


def _form_page(request: HttpRequest, seen: PrintPool | None) -> HttpResponse:
    membership = membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    require(actor_for(request.user), membership.facility_id, Permission.PRINTER_MANAGE)
    facility_id = seen.facility_id if seen else membership.facility_id
    printers = printer_selectors.printers(visible_to=request.user).filter(facility=facility_id)
    form = PoolForm(sent(request), printers=list(printers), initial=_initial(seen))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            return _saved(request, facility_id, seen, form)
        except StaleVersion as error:
            status = 409
            form.add_error(None, str(error))
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    context = {"form": form, "pool": seen}
    status = 422 if form.errors and status == 200 else status
    return render(request, "printing/pool.html", context, status=status)


def _saved(
    request: HttpRequest, facility_id: int, seen: PrintPool | None, form: PoolForm
) -> HttpResponse:
    values = form.cleaned_data
    saved = pool_services.pool_set(
        facility_id=facility_id,
        pool_id=seen.pk if seen else None,
        name=values["name"],
        strategy=values["strategy"],
        is_accepting=values["is_accepting"],
        printer_ids=form.chosen(),
        version=version_of(request) if seen else None,
        by=actor_for(request.user),
    )
    messages.success(request, _("%(pool)s is saved.") % {"pool": saved.name})
    return redirect("printing:pools")


def _initial(seen: PrintPool | None) -> dict[str, Any]:
    if seen is None:
        return {"strategy": PrintPool.Strategy.FAILOVER, "is_accepting": True}
    places = {f"place-{member.printer_id}": member.rank for member in seen.members.all()}
    kept = ("name", "strategy", "is_accepting", "version")
    return {name: getattr(seen, name) for name in kept} | places


def _pool(request: HttpRequest, pool_id: int) -> PrintPool:
    mine = console.pools(visible_to=request.user)
    return found(mine, pool_id, _("There is no such pool in your facility."))
