"""Forms of the commitment rules: of a device (which archives), of an archive (how)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.models import RemoteAE
from worklist.models import ArchivePolicy, CommitmentPolicy
from worklist.services.commitment_policies import ArchiveRule, DeviceRule

MINUTE_S = 60


def _number(label: Any, help_text: Any = "", *, is_required: bool = True) -> forms.IntegerField:
    """Return a field for a number; the service knows the limits."""
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=is_required,
        error_messages={
            "required": _("Write a number."),
            "invalid": _("Write a whole number, in digits."),
        },
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"}
        ),
    )


class WaitsField(forms.CharField):
    """Waits in minutes with commas between, kept as seconds."""

    def to_python(self, value: Any) -> Any:
        """Return the waits in seconds; refuse with a sentence."""
        if isinstance(value, (list, tuple)):
            return list(value)
        waits = []
        for word in str(value or "").replace(";", ",").split(","):
            typed = word.strip()
            if not typed:
                continue
            try:
                waits.append(round(float(typed) * MINUTE_S))
            except (ValueError, OverflowError) as error:
                raise forms.ValidationError(
                    _("“%(text)s” is not a number of minutes. Write them like 2, 10, 30, 120.")
                    % {"text": typed}
                ) from error
        return waits

    def prepare_value(self, value: Any) -> Any:
        """Show minutes."""
        if isinstance(value, (list, tuple)):
            return ", ".join(f"{seconds / MINUTE_S:g}" for seconds in value)
        return value


class DeviceRuleForm(forms.Form):
    """Of which archives is asked what a device made."""

    archives = forms.ModelMultipleChoiceField(
        label=_("Archives that keep its images"),
        queryset=RemoteAE.objects.none(),
        to_field_name="ae_title",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every archive of the facility."),
    )
    needs = forms.ChoiceField(
        label=_("Must have confirmed"), choices=CommitmentPolicy.Needs.choices
    )
    is_automatic = forms.BooleanField(label=_("Ask by itself when an exam is over"), required=False)
    asks_discontinued = forms.BooleanField(
        label=_("Ask about discontinued exams, too"), required=False
    )
    settle_s = _number(
        _("Seconds from the end of the exam until the archive is asked"),
        _("Empty: as the installation says. Earlier when the archive announces the images."),
        is_required=False,
    )
    is_relayed = forms.BooleanField(
        label=_("Pass on the device’s own requests for commitment"), required=False
    )

    def __init__(self, *args: Any, archives: Any, is_default: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["archives"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = archives
        if is_default:
            del self.fields["is_relayed"]

    @property
    def rule(self) -> DeviceRule:
        """What was typed, as the service takes it."""
        typed = self.cleaned_data
        return DeviceRule(
            archives=tuple(one.ae_title for one in typed["archives"]),
            needs=typed["needs"],
            is_automatic=typed["is_automatic"],
            asks_discontinued=typed["asks_discontinued"],
            settle_s=typed["settle_s"],
            is_relayed=typed.get("is_relayed", False),
        )


class ArchiveRuleForm(forms.Form):
    """How an archive is asked, and what it declares about what it confirms."""

    is_permanent = forms.BooleanField(
        label=_("It keeps for good what it confirms"),
        required=False,
    )
    retention = forms.CharField(
        label=_("What its conformance statement says about keeping"),
        max_length=200,
        required=False,
        help_text=_("Shown beside every exam that is called safe (PS3.4 J.3.6.2.1)."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    has_cross_check = forms.BooleanField(
        label=_("Compare what it lists with the scanner’s report (C-FIND)"), required=False
    )
    max_instances = _number(_("Images in one request"), _("Large ones keep some archives busy."))
    max_open = _number(_("Requests open at the same time"))
    linger_s = _number(_("Seconds the association stays open for an early answer"))
    deadline_s = _number(_("Seconds until an answer is overdue"))
    deadline_per_instance_ms = _number(_("and milliseconds more for each image"))
    grace_s = _number(
        _("Seconds in which “not there” means “not there yet”"),
        _("From the first question on: scanners may still be sending."),
    )
    retry_plan_s = WaitsField(
        label=_("Minutes until it is asked again"),
        required=False,
        help_text=_("One wait after another, with commas between; then a person decides."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def rule(self) -> ArchiveRule:
        """What was typed, as the service takes it."""
        typed = self.cleaned_data
        return ArchiveRule(**typed | {"retry_plan_s": tuple(typed["retry_plan_s"])})


def device_rule_initial(policy: CommitmentPolicy | None) -> dict[str, Any]:
    """Return what the form of a device's rule shows at first."""
    shown = policy or CommitmentPolicy()
    return {
        "archives": list(policy.archives.values_list("ae_title", flat=True)) if policy else [],
        "needs": shown.needs,
        "is_automatic": shown.is_automatic,
        "asks_discontinued": shown.asks_discontinued,
        "settle_s": shown.settle_s,
        "is_relayed": shown.is_relayed,
    }


def archive_rule_initial(policy: ArchivePolicy) -> dict[str, Any]:
    """Return what the form of an archive's rule shows at first."""
    return {name: getattr(policy, name) for name in ArchiveRuleForm.base_fields}
