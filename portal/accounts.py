"""Sign-in: accounts are made by administrators, nobody signs up; refusals in whole sentences."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class AccountAdapter(DefaultAccountAdapter):
    """allauth with sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Say what is wrong and what to do; a lockout says how long."""
        if code == "too_many_login_attempts":
            return ValidationError(_lockout_message(), code=code)
        if code == "username_password_mismatch":
            return ValidationError(
                _("User name or password is wrong. After five wrong tries you have to wait."),
                code=code,
            )
        error: ValidationError = super().validation_error(code, *args)
        return error


def _lockout_message() -> str:
    per_name = settings.ACCOUNT_RATE_LIMITS["login_failed"].split(",")[0]  # "5/300s/key"
    minutes = int(per_name.split("/")[1].rstrip("s")) // 60
    return ngettext(
        "Too many wrong tries for this name. Wait %(minutes)d minute, then try again.",
        "Too many wrong tries for this name. Wait %(minutes)d minutes, then try again.",
        minutes,
    ) % {"minutes": minutes}
