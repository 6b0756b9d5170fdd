"""The form of a profile: what it shows is what it saves; what is wrong has its sentence."""

from dataclasses import replace

import pytest

from portal.forms_profile import ProfileForm
from portal.models import DeviceProfile
from portal.types import ProfileValues
from tests.portal.pages import NEEDS, as_posted

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("values", [ProfileValues(), NEEDS])
def test_what_the_form_shows_is_what_it_saves(values):
    form = ProfileForm(as_posted(values))

    assert form.is_valid(), form.errors
    shown = form.values()
    assert replace(shown, length_limits=()) == replace(values, length_limits=())
    assert dict(shown.length_limits) == dict(values.length_limits)


def test_an_empty_form_narrows_nothing():
    form = ProfileForm({})

    assert form.is_valid()
    assert form.values() == ProfileValues()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"days_ahead": "soon"}, "days_ahead", "whole number"),
        ({"days_back": "-1"}, "days_back", "from 0 to 3650"),
        ({"row_cap": "0"}, "row_cap", "from 1"),
        ({"character_sets": ["LATIN"]}, "character_sets", "not a character set"),
        ({"hidden_statuses": ["COMPLETED"]}, "hidden_statuses", "COMPLETED"),
        (
            {"hidden_statuses": ["SCHEDULED", "ARRIVED", "READY", "STARTED"]},
            "hidden_statuses",
            "Everything would be hidden",
        ),
        ({"length_limits": "SH"}, "length_limits", "needs a keyword or VR and a number"),
        ({"description_length": "0"}, "length_limits", "one is the least"),
        ({"extra_attributes": "Nonsense = 1"}, "extra_attributes", "not a keyword"),
        ({"suppressed_attributes": "Nonsense"}, "suppressed_attributes", "not a keyword"),
    ],
)
def test_each_wrong_value_has_its_sentence_at_its_field(typed, field, words):
    form = ProfileForm(typed)

    assert not form.is_valid()
    assert words in " ".join(form.errors[field])


def test_a_preview_asks_as_the_device_with_what_was_typed(make_device):
    device = make_device(aliases=["A"])
    form = ProfileForm({"row_cap": "3", "aliases": "B, C"})
    assert form.is_valid()

    caller = form.caller(device)

    assert (caller.device_id, caller.titles) == (device.pk, ("CT1", "B", "C"))
    assert caller.profile.row_cap == 3
    assert not DeviceProfile.objects.filter(row_cap=3).exists()
