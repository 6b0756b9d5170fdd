"""API tokens: given to a person once, kept as a hash (knox), ended one by one."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from knox.models import get_token_model

from portal.errors import NotAllowed
from portal.selectors import actor_for, membership_of
from portal.services import audit


@transaction.atomic
def token_create(*, user: AbstractBaseUser) -> tuple[str, datetime | None]:
    """Make a token for a person; its text exists only in the answer. Return it and its expiry."""
    membership = membership_of(user)
    if membership is None:
        raise NotAllowed("You have no role in any facility yet. Ask an administrator.")
    row, token = get_token_model().objects.create(user=user)
    _audit(user, membership.facility_id, "create", row)
    return str(token), row.expiry


@transaction.atomic
def token_end(*, user: AbstractBaseUser, token: Any) -> None:
    """End this token of a person; others of theirs stay."""
    membership = membership_of(user)
    if membership is not None:
        _audit(user, membership.facility_id, "end", token)
    token.delete()


def _audit(user: AbstractBaseUser, facility_id: int, action: str, token: Any) -> None:
    audit(
        facility_id=facility_id,
        by=actor_for(user),
        action=action,
        target="token",
        target_id=token.digest[:16],  # tells tokens apart, opens nothing
    )
