"""The commitment board: what no archive has confirmed, the oldest first."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.worklist.clearing import answer, make_exam, make_safe
from tests.worklist.factories import make_device
from tests.worklist.pages import other_facility, seen, signed_in
from worklist.models import StudyCommitment
from worklist.selectors.commitments import needing_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def technologist(make_user):
    return signed_in(make_user, "technologist")


def ended(commitment, at):
    StudyCommitment.objects.filter(pk=commitment.pk).update(ended_at=at)


def rows(response):
    """The commitments on the board, in their order."""
    return [row.commitment.pk for row in response.context["rows"]]


def test_the_board_lists_what_is_open_the_oldest_first(facility, technologist):
    """Issue 5-8: ageing list, "oldest uncommitted exam per scanner"."""
    other = make_device(facility, "CT2")
    _, _, (young,) = make_exam(facility)
    _, _, (old,) = make_exam(facility, device=other)
    make_safe(facility)
    now = timezone.localtime()
    ended(young, now)
    ended(old, now.replace(hour=12) - timedelta(days=1))
    answer(old, failed={1: 0x0112})

    page = technologist.get("/commitment/")

    assert rows(page) == [old.pk, young.pk]
    assert "1 exam needs a person" in seen(page)
    assert re.search(r"The oldest: CT2, since \d\d:\d\d yesterday", seen(page))
    scanners = [(one.ae_title, one.count) for one in page.context["scanners"]]
    assert scanners == [("CT2", 1), ("CT1", 1)]


def test_the_filters_stand_in_the_address(facility, technologist):
    """Issue 5-8: by device, archive, state."""
    other = make_device(facility, "CT2")
    _, _, (here, there) = make_exam(facility, archives=("LOCAL", "REMOTE"))
    _, _, (second, _) = make_exam(facility, archives=("LOCAL", "REMOTE"), device=other)
    answer(here)

    assert rows(technologist.get("/commitment/?archive=REMOTE&device=CT1")) == [there.pk]
    assert rows(technologist.get("/commitment/?state=committed")) == [here.pk]
    assert second.pk in rows(technologist.get("/commitment/?device=CT2"))
    unread = technologist.get("/commitment/?state=green&after=x@y")
    assert "“green” in the address could not be read" in seen(unread)
    assert "“x@y” in the address could not be read" in seen(unread)


@pytest.mark.parametrize("state", ["", "not-asked", "committed"])
def test_pages_go_on_behind_the_last_row(facility, technologist, monkeypatch, state):
    """Contract: keyset paging; every row once, none skipped, of the same moment too."""
    monkeypatch.setattr("worklist.views.commitments.PAGE_SIZE", 2)
    made = [make_exam(facility)[2][0] for _ in range(5)]
    if state == "committed":
        for one in made:
            answer(one)
    moment = timezone.now() - timedelta(hours=2)
    StudyCommitment.objects.update(ended_at=moment)
    address, found = f"state={state}", []
    for _ in range(5):
        page = technologist.get(f"/commitment/?{address}")
        found += rows(page)
        address = page.context["next_page"]
        if not address:
            break

    expected = [one.pk for one in made]
    assert found == (expected[::-1] if state == "committed" else expected)


def test_an_empty_board_says_what_will_appear(facility, technologist):
    """ui.md §8: what was asked, why it is empty, the next step."""
    page = seen(technologist.get("/commitment/"))

    assert "No exam waits for an archive." in page
    assert "An exam appears here by itself" in page
    assert "No exam fits these filters" in seen(technologist.get("/commitment/?device=CT9"))


def test_the_menu_counts_only_what_needs_a_person(facility, make_user):
    """ui.md §1 4: counts in the menu only for work that waits for a person; per study."""
    user = make_user("technologist")
    _, _, (first, second) = make_exam(facility, archives=("LOCAL", "REMOTE"))
    make_exam(facility)
    assert needing_people(user) == 0

    answer(first, failed={1: 0x0112})
    answer(second, silent=(1,))

    assert needing_people(user) == 1


def test_the_board_takes_no_more_queries_for_more_rows(facility, technologist):
    """Contract: a fixed number of queries; instances are never read."""
    counts = []
    for _ in range(2):
        for _ in range(3):
            make_exam(facility, 5)
        technologist.get("/commitment/")
        with CaptureQueriesContext(connection) as captured:
            technologist.get("/commitment/")
        counts.append(len(captured))
        assert not any("committedinstance" in query["sql"] for query in captured)
    assert counts[0] == counts[1]


def test_a_study_without_an_order_is_listed_by_its_uid(facility, technologist):
    """commitment.md §1: unscheduled exams are kept, too."""
    _, performed, _ = make_exam(facility)
    performed.references.all().delete()
    StudyCommitment.objects.update(study_instance_uid="1.2.3.99")

    page = seen(technologist.get("/commitment/"))

    assert "No order fits this study" in page
    assert "1.2.3.99" in page


def test_the_board_shows_no_study_of_others(facility, technologist):
    """Contract: facility isolation everywhere."""
    _, _, (commitment,) = make_exam(other_facility())
    answer(commitment, failed={1: 0x0112})

    page = technologist.get("/commitment/")

    assert rows(page) == []
    assert "No exam waits for an archive." in seen(page)
    assert page.context["scanners"] == []


def test_a_scanner_is_marked_as_the_headline_counts(facility, technologist):
    """What is asked again by itself needs nobody: not in the headline, not at its scanner."""
    _, _, (commitment,) = make_exam(facility)
    answer(commitment, silent=(1,), next_ask_at=timezone.now() + timedelta(minutes=5))

    page = technologist.get("/commitment/")

    assert "nobody has to do anything" in seen(page)
    assert [one.needs_person for one in page.context["scanners"]] == [False]
    answer(commitment, silent=(1,))
    page = technologist.get("/commitment/")
    assert "1 exam needs a person" in seen(page)
    assert [one.needs_person for one in page.context["scanners"]] == [True]
