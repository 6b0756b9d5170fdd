"""Reads of patients."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from portal.selectors import user_key
from worklist import folding
from worklist.models import Patient


def patients(
    *, visible_to: AbstractBaseUser | AnonymousUser, search: str = ""
) -> QuerySet[Patient]:
    """Return the patients of a person's facilities; every word of `search` has to be found.

    Case, accents, width, name order, and hyphens in IDs make no difference.
    """
    found = Patient.objects.filter(facility__memberships__user_id=user_key(visible_to))
    for word in folding.search_words(search):
        found = found.filter(search_key__contains=word)
    return found.order_by("name_alphabetic", "name_ideographic", "patient_id", "pk")
