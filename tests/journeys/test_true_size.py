"""True size on the film page: a button, a key, a ruler in the preview; refused with a reason."""

import pytest

from printing.models import ImageBox
from tests.journeys.test_film import lay_out, technologist
from tests.waiting import wait_until

__all__ = ["technologist"]
pytestmark = pytest.mark.browser


def test_true_size_by_button_and_by_key(portal, facility, technologist):
    page = technologist
    lay_out(page, portal, ["CT_small.dcm", "examples_rgb_color.dcm"])
    before = page.locator("#sheet").get_attribute("src")

    page.locator("#box-1").click()
    page.get_by_role("button", name="True size").click()
    page.wait_for_selector("#box-1[data-says*='true size']")

    assert page.locator("#sheet").get_attribute("src") != before
    assert ImageBox.objects.get(position=1).is_true_size

    page.locator("#box-1").focus()
    page.keyboard.press("t")
    page.wait_for_selector("#box-1:not([data-says*='true size'])")
    wait_until(lambda: not ImageBox.objects.get(position=1).is_true_size)


def test_a_picture_without_a_measure_is_refused_in_words(portal, facility, technologist):
    page = technologist
    lay_out(page, portal, ["examples_rgb_color.dcm"])

    page.locator("#box-1").click()
    page.get_by_role("button", name="True size").click()

    page.get_by_text("does not say how large its pixels are").first.wait_for()
    assert not ImageBox.objects.get(position=1).is_true_size
