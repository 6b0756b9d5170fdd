"""A scanner asks for commitment itself: a technologist sees what it was told, live, and helps."""

import re

import pytest
from playwright.sync_api import expect

from tests.peers.modality_listener import ask_commitment, modality_listener
from tests.peers.ports import free_port
from tests.peers.scripted_archive import Reaction, failed, scripted_archive
from tests.worklist.relaying import (
    TRANSACTION,
    make_archive,
    make_scanner,
    references_of,
    rule,
    uids,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def technologist(portal, make_user, browser):
    make_user("technologist")
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    portal.sign_in(page, "technologist")
    yield page
    page.context.close()


def test_a_result_that_could_not_be_told_is_told_by_hand(portal, technologist, facility, settings):
    """Issue 5, point 9: the modality's view beside the archive's, retry, and a button."""
    settings.RELAY_RETRY_S = []
    page, listen = technologist, free_port()
    page.goto(f"{portal.url}/relays/")
    expect(page.get_by_text("No device has asked yet")).to_be_visible()
    with scripted_archive(portal.dicom_port) as archive:
        archive.script(Reaction(report=failed(1)))
        rule(make_archive(facility, port=archive.port))
        make_scanner(facility, port=listen)

        ask_commitment(portal.dicom_port, TRANSACTION, references_of(*uids(3)))

        row = page.get_by_role("row", name=re.compile("CT1"))
        expect(row.get_by_text("Not told", exact=True)).to_be_visible()
        expect(row).to_contain_text("Is CT1 switched on")
        expect(row).to_contain_text("confirmed 2 of 3")
        with modality_listener(port=listen) as ct1:
            row.get_by_role("button", name="Tell again CT1").click()
            expect(row.get_by_text("Told: not all")).to_be_visible()

    assert [told.failed for told in ct1.reports] == [{uids(3)[2]: 0x0112}]
    expect(row).to_contain_text("2 of 3 images are confirmed, 1 not")
    expect(row.get_by_role("button")).to_have_count(0)
