"""What a profile of devices can hold: which letters, exams, lengths and attributes."""

import pytest

from portal import selectors
from portal.dicom.character_sets import is_combination, unknown_terms
from portal.letters import LETTERS, ladder_of
from portal.models import DeviceProfile
from portal.profiles import SHOWN_STATUSES, profile_faults
from portal.services import SHIPPED_PROFILES
from portal.types import ProfileValues
from worklist.models import ScheduledProcedureStep

pytestmark = pytest.mark.django_db


def faults(**values):
    return [sentence for _field, sentence in profile_faults(ProfileValues(**values))]


@pytest.mark.parametrize("name", SHIPPED_PROFILES)
def test_the_shipped_profiles_are_there_and_possible(facility, name):
    """Issue 4-6: default, strict, legacy-latin1, japanese, korean, chinese, utf-8."""
    profile = DeviceProfile.objects.get(facility=facility, name=name)

    assert profile_faults(selectors.profile_values(profile)) == []


@pytest.mark.parametrize("rung", LETTERS)
def test_the_page_offers_only_letters_that_can_be_sent(rung):
    """PS3.3 C.12.1.1.2."""
    assert unknown_terms(rung) == []
    assert is_combination(rung)


def test_a_ladder_reads_as_a_sentence_of_letters():
    assert ladder_of(()) == "Latin-1, else UTF-8"
    assert ladder_of(["ISO_IR 144"]) == "Cyrillic"
    rungs = ["\\ISO 2022 IR 87", "ISO_IR 100", "ISO 2022 IR 100\\ISO 2022 IR 144"]
    assert ladder_of(rungs) == f"Japanese, then Latin-1, then {rungs[2]}"


@pytest.mark.parametrize(
    "rung",
    [
        "ISO_IR 192\\ISO 2022 IR 87",  # UTF-8 stands alone
        "\\GB18030",
        "ISO_IR 100\\ISO 2022 IR 87",  # without code extension first, with it second
        "\\ISO_IR 100",
        "ISO 2022 IR 87",  # of two bytes: never first
        "\\",
        "",
    ],
)
def test_character_sets_that_do_not_go_together_are_refused(rung):
    """PS3.3 C.12.1.1.2, PS3.5 6.1.2.4."""
    assert len(faults(character_sets=(rung,))) == 1


def test_only_open_exams_can_be_shown():
    """A device is never shown what is over: portal.profiles and the worklist say the same."""
    assert tuple(status.value for status in ScheduledProcedureStep.OPEN) == SHOWN_STATUSES
    assert faults(statuses=SHOWN_STATUSES) == []
    assert "no open exam status" in faults(statuses=("COMPLETED",))[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "1 to 32 letters"),
        ({"name": "x" * 33}, "1 to 32 letters"),
        ({"character_sets": ("ISO_IR 101", "ISO_IR 101")}, "twice"),
        ({"days_back": 3651}, "Days go from 0 to 3650"),
        ({"row_cap": 0}, "Rows go from 1"),
        ({"length_limits": (("LO", -1),)}, "cannot be cut to -1"),
        ({"length_limits": (("LO", 4), ("LO", 5))}, "two lengths"),
        ({"length_limits": (("StudyInstanceUID", 4),)}, "no letters to cut"),
        ({"extra_attributes": (("RequestedProcedureCodeSequence", ""),)}, "is a sequence"),
        ({"extra_attributes": (("Manufacturer", "a\nb"),)}, "controls in it"),
        ({"extra_attributes": (("Manufacturer", "a"), ("Manufacturer", "b"))}, "twice"),
        ({"suppressed_attributes": ("SpecificCharacterSet",)}, "it is not chosen"),
    ],
)
def test_each_value_that_is_not_possible_has_its_sentence(values, words):
    (sentence,) = faults(**values)

    assert words in sentence
    assert sentence.endswith(".")
