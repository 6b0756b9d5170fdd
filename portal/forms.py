"""Forms of the shared pages: sign-in, devices."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.models import DeviceProfile, RemoteAEKind


class SignInForm(LoginForm):  # type: ignore[misc]
    """allauth's sign-in in our words: a label is never a placeholder."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("login", _("User name")), ("password", _("Password"))):
            self.fields[name].label = label
            self.fields[name].help_text = ""
            self.fields[name].widget.attrs.pop("placeholder", None)


class DeviceForm(forms.Form):
    """A device of the allow-list; the service checks what the form cannot know."""

    ae_title = forms.CharField(
        label=_("AE title"),
        max_length=16,
        help_text=_("Exactly as the device sends it; capitals matter."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=RemoteAEKind.choices)
    host = forms.CharField(
        label=_("Host name or IP address"),
        max_length=255,
        required=False,
        help_text=_("Needed to test it, print to it or report to it; not for one that only asks."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65535,
        required=False,
        error_messages={
            "min_value": _("Ports go from 1 to 65535."),
            "max_value": _("Ports go from 1 to 65535."),
            "invalid": _("A port is a number from 1 to 65535."),
        },
    )
    profile = forms.ModelChoiceField(
        label=_("Profile"),
        queryset=DeviceProfile.objects.none(),
        to_field_name="name",
        empty_label=None,
        help_text=_("“default” shows every open exam that its question matches."),
    )
    has_tls = forms.BooleanField(label=_("Encrypted connection (TLS)"), required=False)
    aliases = forms.CharField(
        label=_("Also answers to these station names"),
        required=False,
        help_text=_("AE titles with commas between: their exams are this device’s, too."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    allowed_addresses = forms.CharField(
        label=_("May call from"),
        required=False,
        help_text=_("Addresses or networks with commas between; empty: from anywhere."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    certificate_sha256 = forms.CharField(
        label=_("TLS certificate it has to show"),
        required=False,
        help_text=_("Its SHA-256; empty: none. Then it is admitted on the TLS port only."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    is_enabled = forms.BooleanField(
        label=_("May associate"),
        required=False,
        help_text=_("Off: it is rejected like a stranger, and nothing else is changed."),
    )

    def __init__(self, *args: Any, profiles: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["profile"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = profiles
        if not is_new:
            self.fields["ae_title"].disabled = True
            self.fields["ae_title"].help_text = _(
                "The title is its key: add another device instead."
            )

    def device_values(self) -> dict[str, Any]:
        """Return what `device_set` takes."""
        typed = dict(self.cleaned_data)
        for name in ("aliases", "allowed_addresses"):
            typed[name] = [entry.strip() for entry in typed[name].split(",") if entry.strip()]
        return typed | {"profile": typed["profile"].name}
