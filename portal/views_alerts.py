"""Pages of alerts: what is open, how it was sent, and the hooks that it goes out by."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import selectors, services_hooks
from portal.alert_kinds import LABELS, settled_by
from portal.errors import InvalidInput, NotFound
from portal.fields import sent
from portal.forms_alerts import HookForm, initial_of
from portal.models import Alert, AlertDelivery, AlertHook
from portal.selectors_alerts import alert_hooks, alerts
from portal.services_alerts import alert_close
from portal.types import PERMISSIONS, Permission, Role

SHOWN = 50


@dataclass(frozen=True)
class DeliveryRow:
    """An alert on its way by one hook, as lists show it."""

    delivery: AlertDelivery

    @property
    def place(self) -> str:
        """Who gets it."""
        hook = self.delivery.hook
        return services_hooks.place_of(hook.kind, hook.target)

    @property
    def state(self) -> str:
        """How far it is: a look of `delivery`."""
        if self.delivery.sent_at:
            return "sent"
        if self.delivery.next_attempt_at is None:
            return "failed"
        return "again" if self.delivery.sentence else "waiting"


@dataclass(frozen=True)
class AlertRow:
    """An alert as lists show it, for somebody with these permissions."""

    alert: Alert
    permissions: frozenset[Permission] = frozenset()

    @property
    def label(self) -> str:
        """Its kind in words."""
        return str(LABELS.get(self.alert.kind, self.alert.kind))

    @property
    def may_settle(self) -> bool:
        """Whether this person may settle it: alerts of films are the print room's."""
        is_open = self.alert.settled_at is None
        return is_open and settled_by(self.alert.kind) in self.permissions

    @property
    def state(self) -> str:
        """Whether somebody should look now."""
        return "settled" if self.alert.settled_at else "open"

    @property
    def deliveries(self) -> list[DeliveryRow]:
        """How it is sent, by each hook."""
        return [DeliveryRow(one) for one in self.alert.deliveries.all()]


@dataclass(frozen=True)
class HookRow:
    """A hook as lists show it."""

    hook: AlertHook

    @property
    def place(self) -> str:
        """Who gets its alerts."""
        return services_hooks.place_of(self.hook.kind, self.hook.target)

    @property
    def kinds(self) -> str:
        """Which alerts go out by it."""
        if not self.hook.alert_kinds:
            return _("every kind")
        return ", ".join(str(LABELS.get(kind, kind)) for kind in self.hook.alert_kinds)


def alerts_page(request: HttpRequest) -> HttpResponse:
    """Show what is open, what was settled, and where it was sent."""
    return render(request, "portal/alerts.html", _context(request))


def alerts_now(request: HttpRequest) -> HttpResponse:
    """Answer the lists alone: what an open page fetches when an alert is raised, settled, sent."""
    return render(request, "portal/_alerts.html", _context(request))


@require_POST
def alert_settle(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Settle an alert by hand; a new incident raises a new one."""
    if not alerts(visible_to=request.user).filter(pk=alert_id).exists():
        raise NotFound(_("There is no such alert in your facility."))
    alert_close(alert_id=alert_id, by=selectors.actor_for(request.user))
    messages.success(request, _("The alert is settled. If it happens again, a new one is raised."))
    return redirect("alerts")


def hook_new(request: HttpRequest) -> HttpResponse:
    """Add a hook."""
    return _hook_form(request, None)


def hook_edit(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Change a hook."""
    return _hook_form(request, _hook_of(request, hook_id))


@require_POST
def hook_test(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Send a test by a hook; the page shows what comes of it."""
    hook = _hook_of(request, hook_id)
    services_hooks.hook_test(hook_id=hook.pk, by=selectors.actor_for(request.user))
    messages.success(request, _("A test is on its way to %(place)s.") % {"place": _place(hook)})
    return redirect("alerts")


@require_POST
def hook_delete(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Send nothing there any more."""
    hook = _hook_of(request, hook_id)
    place = _place(hook)
    services_hooks.hook_delete(hook_id=hook.pk, by=selectors.actor_for(request.user))
    messages.success(request, _("Nothing is sent to %(place)s any more.") % {"place": place})
    return redirect("alerts")


@require_POST
def delivery_again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send an alert once more that did not go out."""
    mine = AlertDelivery.objects.filter(
        pk=delivery_id, hook__in=alert_hooks(visible_to=request.user)
    )
    if not mine.exists():
        raise NotFound(_("There is no such alert in your facility."))
    by = selectors.actor_for(request.user)
    services_hooks.delivery_again(delivery_id=delivery_id, by=by)
    messages.success(request, _("It is sent once more."))
    return redirect("alerts")


def _context(request: HttpRequest) -> dict[str, Any]:
    found = alerts(visible_to=request.user)
    open_ones = list(found.filter(settled_at=None)[: SHOWN + 1])
    membership = selectors.membership_of(request.user)
    held = PERMISSIONS[Role(membership.role)] if membership else frozenset()
    return {
        "open_alerts": [AlertRow(one, held) for one in open_ones[:SHOWN]],
        "has_more": len(open_ones) > SHOWN,
        "settled": [AlertRow(one) for one in found.exclude(settled_at=None)[:SHOWN]],
        "hooks": [HookRow(one) for one in alert_hooks(visible_to=request.user)],
        "shown": SHOWN,
        "now": timezone.now(),
    }


def _hook_form(request: HttpRequest, hook: AlertHook | None) -> HttpResponse:
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    by = selectors.actor_for(request.user)
    facility_id = hook.facility_id if hook else membership.facility_id
    selectors.require(by, facility_id, Permission.DEVICE_WRITE)
    form = HookForm(sent(request), initial=initial_of(hook))
    if request.method == "POST" and form.is_valid():
        try:
            if hook is None:
                hook = services_hooks.hook_create(
                    facility_id=facility_id, values=form.values, by=by
                )
            else:
                hook = services_hooks.hook_set(hook_id=hook.pk, values=form.values, by=by)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            said = _("Alerts are sent to %(place)s.") if hook.is_enabled else _("%(place)s is off.")
            messages.success(request, said % {"place": _place(hook)})
            return redirect("alerts")
    status = 422 if form.errors else 200
    context = {"form": form, "hook": hook, "place": _place(hook) if hook else ""}
    return render(request, "portal/alert_hook.html", context, status=status)


def _hook_of(request: HttpRequest, hook_id: int) -> AlertHook:
    hook = alert_hooks(visible_to=request.user).filter(pk=hook_id).first()
    if hook is None:
        raise NotFound(_("There is no such alert hook in your facility."))
    return hook


def _place(hook: AlertHook) -> str:
    return services_hooks.place_of(hook.kind, hook.target)
