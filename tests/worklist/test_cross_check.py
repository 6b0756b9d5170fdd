"""The cross-check (commitment.md §8-8): more at the archive than named, or fewer; what is told."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Alert, LiveEvent
from tests.peers.listing_archive import listing_archive
from tests.worklist.expecting import make_archive, make_commitment
from tests.worklist.factories import make_step
from worklist.models import ArchivePolicy, CommittedInstance, StudyCommitment
from worklist.services.commitment_check import check_claim, check_plan, check_record
from worklist.worker.cross_check import work_once

pytestmark = pytest.mark.django_db(transaction=True)
STUDY, SERIES = "1.2.826.5", "1.2.826.5.1"
NAMED = [f"{SERIES}.{n}" for n in range(1, 4)]
State = StudyCommitment.State


@pytest.fixture
def archive(facility):
    """An archive on the list; tests say where it is."""
    return make_archive(facility)


def due(archive, instances=NAMED, **values):
    """A study that is to be compared now."""
    now = timezone.now()
    given = {"next_check_at": now, "last_answer_at": now, "next_ask_at": None}
    return make_commitment(archive, STUDY, list(instances), series=SERIES, **given | values)


def compared(archive, listed, **how):
    """Let the worker ask an archive that lists these instances; return the study's row."""
    with listing_archive({STUDY: {SERIES: list(listed)}}, **how) as peer:
        archive.port = peer.peer.port
        archive.save()
        assert work_once()
    return StudyCommitment.objects.get()


def test_equal_is_written_down_and_nobody_is_alarmed(archive):
    due(archive)

    found = compared(archive, NAMED)

    assert (found.check_count, found.check_more, found.check_fewer) == (3, [], [])
    assert found.checked_at is not None
    assert (found.next_check_at, found.check_sentence, found.lease_owner) == (None, "", "")
    assert not Alert.objects.exists()
    assert not work_once()


def test_more_than_the_scanner_named_is_told(archive):
    """commitment.md §5: the modality's own list may be longer than its report."""
    due(archive)

    found = compared(archive, [*NAMED, f"{SERIES}.9"])

    assert (found.check_count, found.check_more, found.check_fewer) == (4, [f"{SERIES}.9"], [])
    alert = Alert.objects.get()
    assert "lists 4 images of an exam of which 3 were named: 1 more, 0 fewer" in alert.sentence


def test_fewer_than_was_confirmed_is_told(archive):
    """commitment.md §8-8: MPPS says 120, archive has 118."""
    due(archive, state=State.COMMITTED, committed=3)

    found = compared(archive, NAMED[:1])

    assert (found.check_count, found.check_fewer) == (1, NAMED[1:])
    assert found.state == State.COMMITTED  # what it confirmed, it confirmed
    assert "0 more, 2 fewer" in Alert.objects.get().sentence


def test_the_alert_leads_to_the_exam_and_settles_when_equal(archive, facility):
    step = make_step(facility)
    study = step.requested_procedure.study_instance_uid
    due(archive)
    StudyCommitment.objects.update(study_instance_uid=study)
    LiveEvent.objects.all().delete()

    with listing_archive({study: {SERIES: NAMED[:2]}}) as peer:
        archive.port = peer.peer.port
        archive.save()
        work_once()
        assert Alert.objects.get().address == f"/exams/{step.pk}/"
        told = set(LiveEvent.objects.values_list("kind", flat=True))
        assert {"commitment", "step", "alert"} <= told
        peer.studies[study][SERIES] = NAMED
        StudyCommitment.objects.update(next_check_at=timezone.now())
        work_once()

    assert Alert.objects.get().settled_at is not None


def test_long_lists_are_cut_and_counted(archive, monkeypatch):
    """What is kept of a difference is bounded; how many there are is not hidden."""
    monkeypatch.setattr(StudyCommitment, "CHECK_KEPT", 5)
    due(archive, [f"{SERIES}.{n}" for n in range(1, 13)])

    found = compared(archive, [])

    assert len(found.check_fewer) == 5
    assert (found.check_more_count, found.check_fewer_count) == (0, 12)
    # The list was had: no page says that the archive could not be asked for it.
    assert (found.check_count, found.check_sentence) == (0, "")


def test_a_long_list_of_strangers_is_counted_too(archive, monkeypatch):
    monkeypatch.setattr(StudyCommitment, "CHECK_KEPT", 5)
    due(archive)

    found = compared(archive, [NAMED[0], *(f"{SERIES}.9{n}" for n in range(12))])

    assert len(found.check_more) == 5
    assert (found.check_more_count, found.check_fewer_count) == (12, 2)


def test_an_archive_that_cannot_say_is_asked_again_later(archive):
    """At growing intervals, a week long: it waits as long as it has taken so far."""
    due(archive, last_answer_at=timezone.now() - timedelta(hours=3))

    found = compared(archive, NAMED, final=0xA700)

    assert found.check_sentence == "ARCHIVE answered C-FIND with A700H."
    assert found.check_count is None
    assert found.lease_owner == ""
    wait = found.next_check_at - timezone.now()
    assert timedelta(hours=2, minutes=59) < wait <= timedelta(hours=3, minutes=1)
    assert not work_once()


@pytest.mark.parametrize(
    ("since", "least", "most"),
    [(timedelta(0), 60, 120), (timedelta(days=3), 86_340, 86_400)],
)
def test_it_is_never_asked_too_soon_nor_too_seldom(archive, since, least, most):
    due(archive, last_answer_at=timezone.now() - since)

    found = compared(archive, NAMED, final=0xA700)

    assert least < (found.next_check_at - timezone.now()).total_seconds() <= most


def test_after_a_week_it_is_left_at_that(archive):
    due(archive, last_answer_at=timezone.now() - timedelta(days=8))

    assert compared(archive, NAMED, final=0xA700).next_check_at is None


def test_an_archive_without_an_address_is_said(archive):
    archive.host = ""
    archive.save()
    due(archive)

    work_once()

    assert "has no address" in StudyCommitment.objects.get().check_sentence


def test_a_study_is_asked_about_by_one_worker(archive):
    due(archive)

    first = check_claim(lease_owner="one")
    assert first is not None
    assert check_claim(lease_owner="two") is None

    StudyCommitment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = check_claim(lease_owner="two")
    assert second is not None
    assert check_record(check=first, listed=[]) is None  # its claim ran out
    assert check_record(check=second, listed=NAMED) is not None


def test_a_worker_that_stops_gives_the_study_back(archive):
    due(archive)
    stop = threading.Event()
    stop.set()
    with listing_archive({STUDY: {SERIES: NAMED}}) as peer:
        archive.port = peer.peer.port
        archive.save()
        work_once(stop)
        found = StudyCommitment.objects.get()
        assert (found.lease_owner, found.checked_at) == ("", None)
        assert work_once()

    assert StudyCommitment.objects.get().check_count == 3


def test_what_was_named_meanwhile_counts(archive):
    """Another scanner's report came in while the archive was asked."""
    commitment = due(archive)
    check = check_claim(lease_owner="one")
    CommittedInstance.objects.create(
        commitment=commitment, sop_class_uid="1.2", sop_instance_uid=f"{SERIES}.4"
    )

    found = check_record(check=check, listed=[*NAMED, f"{SERIES}.4"])

    assert (found.check_more, found.check_fewer) == ([], [])


@pytest.mark.parametrize("state", [State.NOT_THERE_YET, State.WAITING])
def test_what_is_asked_again_meanwhile_alarms_nobody(archive, state):
    """Issue 5-5: inside the grace window "not there yet" is not "missing"."""
    due(archive, committed=2, failed=1, state=state)

    found = compared(archive, NAMED[:2])

    assert (found.check_count, found.check_fewer, found.next_check_at) == (None, [], None)
    assert not Alert.objects.exists()


def answered(archive, **values):
    """A study of which every image was answered, not compared yet."""
    return due(archive, **{"next_check_at": None, "committed": 3, **values})


@pytest.mark.parametrize(
    ("values", "is_planned"),
    [
        ({}, True),
        ({"committed": 2, "failed": 1, "state": State.FAILED}, True),
        ({"committed": 2}, False),  # one is not answered
        ({"committed": 2, "failed": 1, "state": State.NOT_THERE_YET}, False),
        # A later round is under way: what it has not asked again yet has its old answer.
        ({"committed": 2, "failed": 1, "state": State.WAITING}, False),
        ({"last_answer_at": None}, False),
        ({"checked_at": timezone.now() + timedelta(hours=1)}, False),  # compared since
        ({"checked_at": timezone.now() - timedelta(hours=1)}, True),
    ],
)
def test_a_study_is_compared_once_after_each_answer(archive, values, is_planned):
    commitment = answered(archive, **values)

    check_plan(commitment)

    commitment.refresh_from_db()
    assert (commitment.next_check_at is not None) is is_planned


@pytest.mark.parametrize("has_cross_check", [True, False])
def test_an_archive_may_be_left_alone(archive, has_cross_check):
    """The rule of the archive says whether it is asked."""
    ArchivePolicy.objects.create(device=archive, has_cross_check=has_cross_check)
    commitment = answered(archive)

    check_plan(commitment)

    assert (commitment.next_check_at is not None) is has_cross_check
