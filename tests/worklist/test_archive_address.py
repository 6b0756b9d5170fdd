"""An archive that moved: another machine may answer by the same AE title."""

import pytest

from portal.services import device_set
from tests.worklist.clearing import answer, make_exam
from tests.worklist.committing import BY
from tests.worklist.pages import seen, signed_in

pytestmark = pytest.mark.django_db
MOVED = "3 images were confirmed when ARCHIVE was at 127.0.0.1:"


@pytest.fixture
def technologist(make_user):
    return signed_in(make_user, "technologist")


def move(facility, host="10.9.8.7", port=11240, **values):
    device_set(
        facility_id=facility.pk,
        ae_title="ARCHIVE",
        host=host,
        port=port,
        kind="archive",
        by=BY,
        **values,
    )


def pages(client, step, commitment):
    addresses = (f"/commitment/{commitment.pk}/", f"/exams/{step.pk}/commitment/")
    return [seen(client.get(address)) for address in addresses]


def test_what_was_confirmed_at_another_address_is_told(facility, technologist):
    """ui.md §1.5, nothing pretends: who answered then is perhaps not who is asked now."""
    step, _, (commitment,) = make_exam(facility, 3)
    answer(commitment)
    for page in pages(technologist, step, commitment):
        assert "another machine" not in page

    move(facility)
    move(facility, is_enabled=True)  # saved again: that is no move

    for page in pages(technologist, step, commitment):
        assert MOVED in page
        assert "it is at 10.9.8.7:11240" in page
    answer(commitment)
    for page in pages(technologist, step, commitment):
        assert "another machine" not in page


def test_the_page_of_its_rule_says_since_when_it_is_there(facility, make_user):
    _, _, (commitment,) = make_exam(facility, 1)
    before = commitment.archive
    administrator = signed_in(make_user, "administrator")
    address = f"/commitment/rules/archives/{before.pk}/"
    page = seen(administrator.get(address))
    assert f"ARCHIVE is asked at 127.0.0.1:{before.port} since " in page

    move(facility)

    page = seen(administrator.get(address))
    assert "ARCHIVE is asked at 10.9.8.7:11240 since " in page
    assert f"before, at 127.0.0.1:{before.port}." in page
