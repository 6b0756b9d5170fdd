"""What a notification of availability brings about: an archive is asked sooner, never believed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import LiveEvent
from tests.worklist.expecting import make_archive, make_commitment
from tests.worklist.factories import make_step
from tests.worklist.noticing import SERIES, STUDY, instance, notice, notify, uid_of
from worklist.models import AvailableInstance, StudyCommitment
from worklist.services.availability import availability_apply

pytestmark = pytest.mark.django_db(transaction=True)
State = StudyCommitment.State


@pytest.fixture
def archive(facility):
    """An archive that may associate."""
    return make_archive(facility)


def planned(archive, count=2, **values):
    """A study of that many images, not asked yet."""
    return make_commitment(
        archive, STUDY, [uid_of(n) for n in range(1, count + 1)], series=SERIES, **values
    )


def is_due(commitment):
    commitment.refresh_from_db()
    return commitment.next_ask_at is not None and commitment.next_ask_at <= timezone.now()


def test_everything_there_is_asked_at_once(running_scp, archive):
    """commitment.md §1: ask after IAN or a settle delay, whichever is first."""
    commitment = planned(archive)

    notify(running_scp, notice(instance(1)))
    assert (is_due(commitment), commitment.available) == (False, 1)
    notify(running_scp, notice(instance(2, "OFFLINE")), uid="2.25.8")

    assert is_due(commitment)
    assert (commitment.available, commitment.asked_for) == (2, "ian")
    assert commitment.state == State.NOT_ASKED  # availability is not commitment
    assert commitment.committed == 0


def test_unavailable_is_not_there(running_scp, archive):
    """PS3.3 C.4.23.1: UNAVAILABLE cannot be retrieved."""
    commitment = planned(archive)

    notify(running_scp, notice(instance(1), instance(2, "UNAVAILABLE")))

    assert (is_due(commitment), commitment.available) == (False, 1)


def test_a_notification_before_the_scanner_has_ended_counts_as_well(running_scp, archive):
    """commitment.md §3: no rule on when it is sent; MPPS COMPLETED often comes later."""
    notify(running_scp, notice(instance(1), instance(2)))
    commitment = planned(archive)

    availability_apply(commitment=commitment)

    assert is_due(commitment)
    assert commitment.asked_for == "ian"


def test_not_there_yet_is_asked_again_when_the_archive_says_so(running_scp, archive):
    """commitment.md §1: 0112H inside the grace window is not there yet."""
    commitment = planned(archive, state=State.NOT_THERE_YET, first_asked_at=timezone.now())

    notify(running_scp, notice(instance(1), instance(2)))
    assert is_due(commitment)

    later = timezone.now() + timedelta(minutes=9)
    StudyCommitment.objects.update(next_ask_at=later, state=State.NOT_THERE_YET)
    notify(running_scp, notice(instance(1), instance(2)))  # a repeat is no news
    assert not is_due(commitment)


@pytest.mark.parametrize(
    "values",
    [
        {"next_ask_at": None, "state": State.COMMITTED, "first_asked_at": timezone.now()},
        {"state": State.UNANSWERED, "first_asked_at": timezone.now()},
    ],
)
def test_an_archive_that_was_asked_is_not_asked_more_often_for_it(running_scp, archive, values):
    commitment = planned(archive, **values)

    notify(running_scp, notice(instance(1), instance(2)))

    assert not is_due(commitment)
    assert commitment.available == 2


def test_another_archives_notification_says_nothing_of_this_one(running_scp, archive, facility):
    commitment = planned(archive)
    make_archive(facility, "OTHER")

    notify(running_scp, notice(instance(1), instance(2)), aet="OTHER")

    assert not is_due(commitment)
    assert commitment.available == 0


def test_open_pages_are_told(running_scp, archive, facility):
    """Contract: the exam, its commitment; once each, ids only."""
    step = make_step(facility)
    study = step.requested_procedure.study_instance_uid
    commitment = make_commitment(archive, study, [uid_of(1)])
    LiveEvent.objects.all().delete()

    notify(running_scp, notice(instance(1), study=study))

    told = LiveEvent.objects.exclude(kind="device").values_list("kind", "payload")
    assert sorted((kind, payload["ids"]) for kind, payload in told) == [
        ("commitment", [commitment.pk]),
        ("step", [step.pk]),
    ]


@pytest.mark.parametrize("stack", ["own"], indirect=True)
def test_twenty_thousand_instances_are_fine(running_scp, archive):
    """Issue 5, load: an exam of 20,000 instances, told in one notification, then again."""
    commitment = planned(archive, 20_000)
    ds = notice(*[instance(number) for number in range(1, 20_001)])

    assert notify(running_scp, ds)[0].Status == 0x0000
    assert notify(running_scp, ds)[0].Status == 0x0000

    commitment.refresh_from_db()
    assert commitment.available == AvailableInstance.objects.count() == 20_000
