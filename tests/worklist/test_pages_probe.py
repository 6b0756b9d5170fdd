"""The Test button of an archive: every step with good or failed, and what to do."""

import pytest
from django.test import Client
from django.utils import timezone

from portal import services
from tests.peers.scripted_archive import Reaction, failed, scripted_archive
from tests.portal.pages import said
from tests.worklist.expecting import make_archive

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}


@pytest.fixture(params=["own"])
def stack(request, settings):
    """Storage commitment is pynetdicom's on both stacks: once is enough."""
    settings.DICOM_STACK = request.param
    return request.param


@pytest.fixture
def listening(running_scp, settings):
    """Our listener, with the sign of life that its process gives."""
    settings.COMMITMENT_PROBE_S = 2
    services.heartbeat(kind="scp", host="here", pid=1, started_at=timezone.now(), detail="")
    return running_scp


@pytest.fixture
def administrator(make_user):
    client = Client()
    client.force_login(make_user("administrator"))
    return client


def test_the_button_shows_every_step(listening, facility, administrator, settings):
    settings.COMMITMENT_PROBE_S = 60
    with scripted_archive(listening) as peer:
        peer.script(Reaction(report=failed()))
        archive = make_archive(facility, port=peer.port)
        fragment = administrator.post(f"/devices/{archive.pk}/test/", headers=HTMX)

    page = fragment.content.decode()
    assert page.count("<li") == page.count("Good:") == 5
    assert "ARCHIVE reported at our listener" in said(fragment)


def test_the_step_that_failed_comes_last_with_what_to_do(
    listening, facility, administrator, free_port
):
    with scripted_archive(free_port) as peer:
        peer.script(Reaction(report=failed()))
        archive = make_archive(facility, port=peer.port)
        fragment = administrator.post(f"/devices/{archive.pk}/test/", headers=HTMX)
        page = administrator.post(f"/devices/{archive.pk}/test/", follow=True)

    text = fragment.content.decode()
    assert (text.count("Good:"), text.count("Failed:")) == (4, 1)
    assert text.index("Failed:") > text.rindex("Good:")
    for answer in (fragment, page):  # without script: the same as messages of the page
        assert "nobody knocked at our door" in said(answer)
        assert "At ARCHIVE, enter: AE title PORTAL" in said(answer)


def test_who_may_not_change_devices_may_not_test_them(listening, facility, make_user):
    client = Client()
    client.force_login(make_user("technologist"))

    assert client.post(f"/devices/{make_archive(facility).pk}/test/").status_code == 403
