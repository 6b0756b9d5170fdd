"""The page of what a device performed."""

import pytest

from tests.worklist.pages import seen
from tests.worklist.performed_factories import make_performed

pytestmark = pytest.mark.django_db


def test_every_group_of_the_name_is_told(person, facility):
    """PS3.5 6.2.1.1: a PN has an alphabetic, an ideographic and a phonetic group."""
    performed = make_performed(facility, patient_name="Suzuki^Hanako=鈴木^花子=すずき^はなこ")

    page = seen(person.get(f"/performed/{performed.pk}/"))

    assert "Suzuki, Hanako · 鈴木花子 · すずき はなこ" in page
