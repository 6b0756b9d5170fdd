"""What the demonstration's scanners and archive have said: every state, through real services."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal.models import AuditEvent
from portal.services import audit_hash
from tests.worklist.factories import BY
from worklist import demo
from worklist.dicom.simulator.shelf import Shelf
from worklist.models import (
    CommitmentReport,
    CommitmentRequest,
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
    ReconcileKind,
    ScheduledProcedureStep,
    StudyCommitment,
)
from worklist.services.commitment_claims import request_claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(facility, settings):
    settings.TIME_ZONE = "Europe/Berlin"  # its moments are other ones than those of UTC
    today = timezone.localdate()
    demo.furnish(facility.pk, today, BY)
    return today


def test_performed_exams_have_reports_that_move_them(day):
    """worklist.md §3b: the list follows MPPS, for every exam that a scanner has begun."""
    steps = ScheduledProcedureStep.objects.filter(station__isnull=False)
    begun = steps.filter(status__in=["STARTED", "COMPLETED", "DISCONTINUED"])
    assert begun.count() == 14
    for step in begun:
        (reference,) = step.performed_references.all()
        assert reference.performed.status == step.status.replace("STARTED", "IN PROGRESS")
        (sighting,) = step.sightings.all()
        assert sighting.last_at <= reference.performed.created_at
    accepted = PerformedStepMessage.objects.exclude(kind="N-SET", status=0x0112)
    assert set(accepted.values_list("status", flat=True)) == {0x0000}


def test_every_state_of_a_commitment_and_every_kind_of_case(day):
    """Issue 5 item 11: newcomers see each once."""
    State = StudyCommitment.State
    states = StudyCommitment.objects.values_list("state", flat=True)
    assert set(states) == set(State)
    missing = StudyCommitment.objects.get(state=State.FAILED)
    assert (missing.expected, missing.committed, missing.failed) == (120, 118, 2)
    kinds = ReconcileCase.objects.filter(state="open").values_list("kind", flat=True)
    assert set(kinds) == set(ReconcileKind)


def test_the_archive_holds_what_it_confirmed(day, settings):
    """Asked again, the simulated archive says the same."""
    shelf = Shelf(settings.SIMULATED_ARCHIVE_DIR)
    for one in StudyCommitment.objects.filter(state__in=["committed", "failed", "not-there-yet"]):
        held = shelf.study(one.study_instance_uid)
        assert (held.images, held.lost) == (one.committed, one.failed)
        for instance in one.instances.all():
            is_here = shelf.class_of(instance.sop_instance_uid) == instance.sop_class_uid
            assert is_here is (instance.state == "COMMITTED")


def test_things_have_happened_when_they_would_have(day):
    """The past lies in the past, in its order, and nothing in the future."""
    now = timezone.now()
    for step in PerformedProcedureStep.objects.filter(ended_at__isnull=False):
        assert step.created_at <= step.ended_at <= now
    for request in CommitmentRequest.objects.filter(answered_at__isnull=False):
        assert request.created_at <= request.answered_at <= now
    assert CommitmentReport.objects.latest("at").at <= now
    yesterday = StudyCommitment.objects.get(state="failed")
    assert yesterday.first_asked_at < now - timedelta(hours=4)
    # The audit trail is a chain still, whatever the clock said.
    previous = None
    for event in AuditEvent.objects.order_by("pk"):
        assert event.hash == audit_hash(event)
        assert previous is None or event.previous_hash == previous
        previous = event.hash


def test_a_first_start_asks_the_archive_next_to_nothing(day):
    """What is due at once would all be asked as soon as the workers run."""
    assert request_claim(lease_owner="test") is None
    assert StudyCommitment.objects.filter(next_check_at__isnull=False).count() <= 1


def test_without_a_simulation_there_is_no_archive(facility, settings):
    """A demonstration on a machine without simulators: reports, and nobody who is asked."""
    settings.SIMULATION = False
    demo.furnish(facility.pk, date(2026, 11, 21), BY)

    assert PerformedProcedureStep.objects.exists()
    assert not StudyCommitment.objects.exists()
