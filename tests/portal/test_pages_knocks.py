"""The "knocked at the door" list: without a script, and one click at a time."""

import re
from functools import partial

import pytest
from django.test import Client

from portal.models import Knock, RemoteAE
from portal.types import KnockReason
from tests.portal.pages import HTMX, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def knock(knock):
    """A stranger, MR7, was turned away."""
    return partial(knock, calling_ae_title="MR7", address="10.20.4.17")


@pytest.mark.parametrize(
    ("changes", "words", "action"),
    [
        ({}, "It is not on the list.", "Admit"),
        ({"reason": KnockReason.DISABLED}, "It is switched off here.", "Switch on"),
        ({"reason": KnockReason.ADDRESS}, "may not call from this address", "Allow the address"),
        (
            {"reason": KnockReason.CERTIFICATE, "certificate_sha256": "ab" * 32},
            "another TLS certificate",
            "Accept the certificate",
        ),
        ({"reason": KnockReason.CERTIFICATE}, "without the TLS certificate", ""),
        (
            {
                "reason": KnockReason.CALLED_UNKNOWN,
                "called_ae_title": "WRONG",
                "facility_id": None,
            },
            "Nobody here is called WRONG. Set PORTAL as called AE title there.",
            "",
        ),
    ],
)
def test_why_somebody_was_turned_away_is_said_with_what_helps(
    administrator, knock, changes, words, action
):
    knock(**changes)

    answer = administrator.get("/devices/")

    assert words in said(answer)
    assert re.search(r"10\.20\.4\.17 once, \d+ s ago", said(answer))
    assert ("/admit/" in answer.content.decode()) is bool(action)
    assert action in said(answer)


def test_one_click_lets_a_stranger_in(administrator, knock):
    row = knock()

    answer = administrator.post(
        f"/devices/knocks/{row.pk}/admit/", {"kind": "modality", "profile": "strict"}, headers=HTMX
    )

    assert "MR7 may associate now." in said(answer)
    assert "Nobody was turned away." in said(answer)
    assert RemoteAE.objects.get(ae_title="MR7").profile.name == "strict"


def test_without_script_the_page_comes_back_with_what_was_done(administrator, knock):
    row = knock()

    admitted = administrator.post(f"/devices/knocks/{row.pk}/admit/", follow=True)
    again = administrator.post(f"/devices/knocks/{row.pk}/admit/")

    assert "MR7 may associate now." in said(admitted)
    assert again.status_code == 404


def test_one_click_forgets(administrator, knock):
    row = knock()

    answer = administrator.post(f"/devices/knocks/{row.pk}/forget/", headers=HTMX)

    assert "MR7 is off the list until it knocks again." in said(answer)
    assert not Knock.objects.exists()


def test_what_one_click_cannot_do_is_said(administrator, knock):
    row = knock(reason=KnockReason.CALLED_UNKNOWN, called_ae_title="WRONG")

    answer = administrator.post(f"/devices/knocks/{row.pk}/admit/", headers=HTMX)
    page = administrator.post(f"/devices/knocks/{row.pk}/admit/", follow=True)

    assert answer.status_code == 422
    assert "Nobody here is called “WRONG”" in said(answer)
    assert "Nobody here is called “WRONG”" in said(page)


def test_the_list_costs_the_same_for_one_and_for_many(
    administrator, knock, django_assert_max_num_queries
):
    for number in range(30):
        knock(calling_ae_title=f"D{number}")

    with django_assert_max_num_queries(6):
        administrator.get("/devices/knocks/")


def test_others_see_who_knocked_and_let_nobody_in(make_user, knock):
    row = knock()
    client = Client()
    client.force_login(make_user("technologist"))

    assert "MR7" in said(client.get("/devices/"))
    assert "/admit/" not in client.get("/devices/knocks/").content.decode()
    assert client.post(f"/devices/knocks/{row.pk}/admit/").status_code == 403
    assert not RemoteAE.objects.exists()
