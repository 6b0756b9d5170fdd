"""Images at the archives, on an exam's timeline: rolled up, never more than was confirmed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.errors import NotFound
from portal.models import RemoteAE
from tests.worklist.courses import (
    make_archive,
    make_commitment,
    make_performed,
    make_report,
    make_round,
)
from tests.worklist.factories import make_station, make_step
from tests.worklist.pages import other_facility
from worklist.models import AvailabilityNotice
from worklist.timeline import course

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility))


@pytest.fixture
def ct1(step):
    return RemoteAE.objects.get(ae_title="CT1")


@pytest.fixture
def found(make_user, step):
    user = make_user("technologist")
    return lambda: course(step_id=step.pk, study_instance_uids=(), visible_to=user)


@pytest.fixture
def told(found):
    """Return the timeline's entries, the oldest first."""

    def tell(*, is_main=True):
        in_order = sorted(found().entries, key=lambda entry: (entry.at, entry.rank))
        return [entry for entry in in_order if entry.is_main or not is_main]

    return tell


@pytest.fixture
def stages(found):
    return lambda: {stage.key: stage for stage in found().stages}


def titles(entries):
    return [entry.title for entry in entries]


def at(minutes):
    return NOW - timedelta(minutes=60 - minutes)


def test_forty_chunks_are_one_entry_and_a_round_under_everything(told, facility, step, ct1):
    """commitment.md §8 6: chunking with roll-up into one answer for the user."""
    make_performed(step, ct1, began=at(0), ended=at(5), series=(20_000,))
    commitment = make_commitment(step, make_archive(facility), expected=20_000, at=at(30))
    make_round(commitment, 1, chunks=40, at=at(20))

    main = [entry for entry in told() if entry.kind == "commitment"]
    whole = [entry for entry in told(is_main=False) if entry.kind == "commitment"]

    assert titles(main) == ["MAIN confirmed all 20000 images"]
    assert titles(whole) == [
        "MAIN asked about 20000 images, round 1",
        "MAIN answered round 1: 20000 confirmed, 0 failed",
        "MAIN confirmed all 20000 images",
    ]
    assert "40 transactions." in whole[0].text


def test_failed_images_are_listed_with_what_to_do(told, stages, facility, step, ct1):
    """commitment.md §8 4: per-instance reasons in plain words with the next step."""
    make_performed(step, ct1, began=at(0), ended=at(5), series=(64, 56))
    make_commitment(step, make_archive(facility), state="failed", failed=25, at=at(30), device=ct1)

    (failed,) = [entry for entry in told() if entry.kind == "commitment"]

    assert failed.title == "MAIN confirmed 95 of 120; 25 failed"
    assert failed.tone == "bad"
    rows = failed.more["rows"]
    assert (len(rows), failed.more["others"]) == (20, 5)
    assert rows[0][0].code == "0112H"
    assert "send it again from CT1" in rows[0][0].advice
    assert stages()["committed"].note == "95 of 120, 25 failed"


@pytest.mark.parametrize(
    ("state", "values", "title"),
    [
        ("waiting", {}, "MAIN was asked to confirm 120 images"),
        ("waiting", {"committed": 70}, "MAIN confirmed 70 of 120 so far"),
        (
            "unanswered",
            {"unanswered": 120},
            "MAIN confirmed 0 of 120; no answer about 120",
        ),
        (
            "not-there-yet",
            {"committed": 118, "failed": 2},
            "MAIN confirmed 118 of 120; the others are not there yet",
        ),
    ],
)
def test_an_archive_is_never_told_to_have_confirmed_what_it_did_not(
    told, facility, step, state, values, title
):
    make_commitment(step, make_archive(facility), state=state, at=at(30), **values)

    assert title in titles(told())


def test_who_accepted_a_loss_is_told(told, stages, facility, step):
    make_commitment(
        step,
        make_archive(facility),
        state="loss-accepted",
        failed=2,
        at=at(30),
        loss_accepted_at=at(40),
        loss_accepted_by="anna",
        loss_reason="Test images",
    )

    accepted = next(entry for entry in told() if entry.at == at(40))
    assert accepted.title == "Loss accepted: MAIN will not be asked again"
    assert accepted.text == "By anna. “Test images”"
    assert stages()["committed"].tone == "neutral"


def test_an_answer_that_was_not_taken_is_told(told, facility, step):
    """commitment.md §8 7: a report about another set."""
    commitment = make_commitment(step, make_archive(facility), state="waiting", at=at(30))
    (request,) = make_round(commitment, 1, at=at(20))
    report = make_report(request, verdict="wrong-set", status=0x0115, at=at(25))

    (wrong,) = [entry for entry in told() if "not taken" in entry.title]

    assert wrong.tone == "bad"
    assert wrong.links[0].address == f"/messages/commitment-reports/{report.pk}/"


def test_announced_images_and_the_archives_own_list_are_told(told, stages, facility, step):
    """commitment.md §3 (IAN) and §8 8: MPPS says 120, archive has 118."""
    archive = make_archive(facility)
    make_commitment(
        step,
        archive,
        at=at(30),
        available=119,
        available_at=at(8),
        checked_at=at(31),
        check_count=118,
        check_fewer=["1.2.1", "1.2.2"],
    )
    notice = AvailabilityNotice.objects.create(
        facility_id=step.facility_id,
        device=archive,
        at=at(8),
        study_instance_uid=step.requested_procedure.study_instance_uid,
        transfer_syntax="1.2.840.10008.1.2.1",
        dataset=b"",
        status=0,
        instance_count=119,
    )

    arrived = next(entry for entry in told() if entry.kind == "available")
    checked = next(entry for entry in told() if entry.kind == "checked")

    assert arrived.title == "119 of 120 images arrived in MAIN"
    assert arrived.links[0].address == f"/messages/availability/{notice.pk}/"
    assert checked.title == "MAIN lists 118 images, 120 expected"
    assert checked.text == "2 images are missing there."
    assert (stages()["images"].note, stages()["images"].tone) == ("118 of 120", "warn")


def test_what_was_announced_once_and_is_not_confirmed_is_not_said_to_be_there(
    stages, facility, step
):
    """IAN is availability, not a promise: the archive's later word counts."""
    make_commitment(
        step, make_archive(facility), state="failed", failed=2, available=120, available_at=at(8)
    )

    assert (stages()["images"].note, stages()["images"].tone) == ("118 of 120", "warn")


def test_nobody_of_another_facility_is_told_anything(make_user, step):
    other_facility()
    stranger = make_user("technologist", name="stranger", facility_code="north")

    with pytest.raises(NotFound):
        course(step_id=step.pk, study_instance_uids=(), visible_to=stranger)


def test_a_story_costs_as_many_queries_for_much_as_for_little(
    told, facility, step, ct1, django_assert_max_num_queries
):
    archive = make_archive(facility)
    for number in range(6):
        make_performed(step, ct1, began=at(number), ended=at(number + 1), series=(9, 9, 9))
    commitment = make_commitment(step, archive, state="failed", failed=200, expected=20_000)
    for attempt in (1, 2, 3):
        make_round(commitment, attempt, chunks=40)

    with django_assert_max_num_queries(16):
        told(is_main=False)
