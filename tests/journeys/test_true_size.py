"""True size on the film page: a button, a key, a ruler in the preview; refused with a reason."""

from dataclasses import replace

import pytest

from portal.types import Actor
from printing.models import Film, ImageBox
from printing.selectors.films import box_values
from printing.services.film_boxes import boxes_change
from tests.journeys.becoming import wait_script
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


def test_the_box_that_a_person_chose_stays_chosen_when_news_come(portal, facility, technologist):
    """ui.md §6: focus stays; the page was drawn with another box chosen than the person did."""
    page = technologist
    lay_out(page, portal, ["CT_small.dcm", "MR_small.dcm"])
    film = Film.objects.get()
    page.goto(f"{portal.url}/films/{film.pk}/?box=2")
    page.wait_for_selector("#live[data-state=live]")
    page.wait_for_selector("#box-2[aria-pressed=true]")
    page.locator("#box-1").click()
    page.locator("#do-true-size").focus()

    before = page.locator("#sheet").get_attribute("src")
    turned = replace(box_values(film.image_boxes.get(position=2)), rotation=90)
    boxes_change(
        film_id=film.pk, version=film.version, boxes=[turned], by=Actor.command("colleague")
    )
    wait_script(
        page, "before => !document.getElementById('sheet').src.endsWith(before)", arg=before
    )
    page.wait_for_selector("#box-1[aria-pressed=true]")
    page.get_by_role("button", name="True size").click()
    page.wait_for_selector("#box-1[aria-pressed=true][data-says*='true size']")

    assert ImageBox.objects.get(position=1).is_true_size
    assert not ImageBox.objects.get(position=2).is_true_size
