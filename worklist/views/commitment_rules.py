"""The rules of commitment: per device which archives, per archive how it is asked."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import selectors
from portal.errors import InvalidInput, NotFound
from portal.fields import sent
from portal.models import RemoteAE
from portal.types import Permission
from worklist.models import CommitmentPolicy
from worklist.selectors.commitment_policies import (
    Designation,
    archive_policy_of,
    archive_rule_version,
    archives,
    commitment_policies,
    designations,
    device_rule_version,
)
from worklist.services.commitment_policies import (
    archive_policy_set,
    commitment_policy_delete,
    commitment_policy_set,
)
from worklist.views.rule_forms import (
    ArchiveRuleForm,
    DeviceRuleForm,
    archive_rule_initial,
    device_rule_initial,
)
from worklist.wording.addresses import reached_words


@dataclass(frozen=True)
class DeviceLine:
    """A device and what holds for it."""

    device: RemoteAE | None  # none: every device without a rule of its own
    designation: Designation

    @property
    def titles(self) -> str:
        """The archives that are asked."""
        return ", ".join(one.ae_title for one in self.designation.archives)


def commitment_rules(request: HttpRequest) -> HttpResponse:
    """Show every rule."""
    membership = _membership(request)
    places = [
        one
        for one in selectors.devices(visible_to=request.user)
        if one.facility_id == membership.facility_id and one.kind == RemoteAE.Kind.MODALITY
    ]
    ids: list[int | None] = [None, *(one.pk for one in places)]
    found = designations(facility_id=membership.facility_id, device_ids=ids)
    context = {
        "lines": [DeviceLine(None, found[None])]
        + [DeviceLine(one, found[one.pk]) for one in places],
        "archives": [
            {"archive": one, "policy": archive_policy_of(one)}
            for one in archives(visible_to=request.user)
        ],
    }
    return render(request, "worklist/commitment_rules.html", context)


def commitment_rule(request: HttpRequest, device_id: int = 0) -> HttpResponse:
    """Change of which archives is asked what a device made; 0: of every other device."""
    device = _device(request, device_id) if device_id else None
    facility_id = device.facility_id if device else _membership(request).facility_id
    by = selectors.actor_for(request.user)
    selectors.require(by, facility_id, Permission.DEVICE_WRITE)
    policies = commitment_policies(visible_to=request.user)
    policy = policies.filter(facility_id=facility_id, device=device).first()
    holds = policy or policies.filter(facility_id=facility_id, device=None).first()
    form = DeviceRuleForm(
        sent(request),
        initial=device_rule_initial(holds) | ({} if policy else {"is_relayed": False}),
        archives=archives(visible_to=request.user).filter(facility_id=facility_id),
        is_default=device is None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            commitment_policy_set(
                facility_id=facility_id,
                device_id=device.pk if device else None,
                rule=form.rule,
                by=by,
                version=request.POST.get("version", ""),
            )
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("The rule is saved."))
            return redirect("worklist:commitment-rules")
    shown = request.POST.get("version") or device_rule_version(policy)
    context = {"form": form, "device": device, "policy": policy, "version": shown}
    status = 422 if form.errors else 200
    return render(request, "worklist/commitment_rule.html", context, status=status)


def archive_rule(request: HttpRequest, device_id: int) -> HttpResponse:
    """Change how an archive is asked, and what it declares."""
    archive = archives(visible_to=request.user).filter(pk=device_id).first()
    if archive is None:
        raise NotFound(_("There is no such archive in your facility."))
    by = selectors.actor_for(request.user)
    selectors.require(by, archive.facility_id, Permission.DEVICE_WRITE)
    form = ArchiveRuleForm(sent(request), initial=archive_rule_initial(archive_policy_of(archive)))
    if request.method == "POST" and form.is_valid():
        try:
            version = request.POST.get("version", "")
            archive_policy_set(archive_id=archive.pk, rule=form.rule, by=by, version=version)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            said = _("The rule of %(archive)s is saved.") % {"archive": archive.ae_title}
            messages.success(request, said)
            return redirect("worklist:commitment-rules")
    shown = request.POST.get("version") or archive_rule_version(archive_policy_of(archive))
    context = {
        "form": form,
        "archive": archive,
        "version": shown,
        "reached": reached_words(archive),
    }
    status = 422 if form.errors else 200
    return render(request, "worklist/archive_rule.html", context, status=status)


@require_POST
def commitment_rule_delete(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Have a device follow the rule of every other device again."""
    mine: Any = commitment_policies(visible_to=request.user).filter(pk=policy_id)
    policy: CommitmentPolicy | None = mine.first()
    if policy is None:
        raise NotFound(_("There is no such rule in your facility."))
    commitment_policy_delete(policy_id=policy.pk, by=selectors.actor_for(request.user))
    messages.success(request, _("The rule is gone; what holds for every other device holds."))
    return redirect("worklist:commitment-rules")


def _membership(request: HttpRequest) -> Any:
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    return membership


def _device(request: HttpRequest, device_id: int) -> RemoteAE:
    device = selectors.devices(visible_to=request.user).filter(pk=device_id).first()
    if device is None:
        raise NotFound(_("There is no such device in your facility."))
    return device
