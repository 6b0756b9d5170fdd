"""The form of an alert hook: where alerts are sent, and which."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.alert_kinds import ALERT_KINDS
from portal.models import AlertHook
from portal.services_hooks import HookValues


class HookForm(forms.Form):
    """A mail or web address that alerts are sent to; the service checks what it is."""

    kind = forms.ChoiceField(label=_("By"), choices=AlertHook.Kind.choices)
    target = forms.CharField(
        label=_("Mail address or web address"),
        max_length=255,
        help_text=_("name@example.org, or https://hooks.example.org/radiology"),
        error_messages={"required": _("Write where alerts are to be sent.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label=_("Secret of the webhook"),
        max_length=100,
        required=False,
        help_text=_("Signs what is sent. It is not shown again; empty leaves it as it is."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    is_enabled = forms.BooleanField(label=_("Alerts are sent"), required=False)
    alert_kinds = forms.MultipleChoiceField(
        label=_("Only these"),
        required=False,
        choices=[*ALERT_KINDS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every kind."),
    )

    @property
    def values(self) -> HookValues:
        """What was typed, as the service takes it."""
        typed = self.cleaned_data
        return HookValues(
            kind=typed["kind"],
            target=typed["target"],
            secret=typed["secret"],
            is_enabled=typed["is_enabled"],
            alert_kinds=tuple(typed["alert_kinds"]),
        )


def initial_of(hook: AlertHook | None) -> dict[str, Any]:
    """Return what the form shows at first."""
    if hook is None:
        return {"kind": AlertHook.Kind.MAIL, "is_enabled": True}
    return {
        "kind": hook.kind,
        "target": hook.target,
        "is_enabled": hook.is_enabled,
        "alert_kinds": hook.alert_kinds,
    }
