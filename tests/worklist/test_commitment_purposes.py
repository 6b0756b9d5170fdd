"""Requests that are not for an exam: relayed ones, and tests of the return path."""

from typing import Any

import pytest
from django.utils import timezone

from portal.models import Facility
from tests.worklist.committing import (
    CT,
    accepted,
    again,
    claimed,
    make_archive,
    make_performed,
    overdue,
    planned,
)
from tests.worklist.factories import make_device
from worklist.models import (
    CommitmentRequest,
    RelayedCommitment,
    StudyCommitment,
)
from worklist.services.commitment_claims import request_open, request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.services.commitment_results import results_apply
from worklist.types.commitment import (
    AskOutcome,
    EventReport,
    InstanceReference,
    InstanceResult,
)


@pytest.fixture(autouse=True)
def _at_once(settings: Any) -> None:
    """No settle delay."""
    settings.COMMITMENT_SETTLE_S = 0


@pytest.fixture
def silent(facility: Facility) -> StudyCommitment:
    """Three images to be asked for; nothing goes over a wire."""
    make_archive(facility, 104)
    return planned(make_performed(facility, 3))[0]


@pytest.fixture
def relayed(facility: Facility, silent: StudyCommitment) -> CommitmentRequest:
    """A modality's own request, passed on to the archive that took it."""
    archive = silent.archive
    relay = RelayedCommitment.objects.create(
        facility=facility,
        device=make_device(facility),
        transaction_uid="1.2.3",
        state="asked",
        at=timezone.now(),
        transfer_syntax="1.2.840.10008.1.2.1",
        action_information=b"",
    )
    for number in (1, 2):
        relay.instances.create(
            archive=archive, number=number, sop_class_uid=CT, sop_instance_uid=f"1.2.3.{number}"
        )
    request = request_open(
        archive=archive,
        purpose="relay",
        references=[InstanceReference(CT, f"1.2.3.{number}") for number in (1, 2)],
        relay=relay,
        asked_for="CT1",
        lease_owner="w",
    )
    return accepted(request)


def _relay_states(request: CommitmentRequest) -> list[tuple[str, int | None]]:
    assert request.relay
    rows = request.relay.instances.order_by("number")
    return list(rows.values_list("state", "reason"))


@pytest.mark.django_db
def test_a_modality_s_request_is_answered_in_its_own_rows(relayed: CommitmentRequest) -> None:
    """The relay's instances, not the exam's: it asked for what it believes."""
    assert _relay_states(relayed) == [("REQUESTED", None)] * 2
    report = EventReport(
        relayed.transaction_uid,
        (InstanceResult(CT, "1.2.3.1", None),),
        (InstanceResult(CT, "1.2.3.2", 0x0112),),
    )

    results_apply(again(relayed), report, timezone.now())

    assert _relay_states(relayed) == [("COMMITTED", None), ("FAILED", 0x0112)]
    assert again(relayed).state == "answered"


@pytest.mark.django_db
def test_a_modality_s_request_is_unanswered_as_ours_are(relayed: CommitmentRequest) -> None:
    """Its deadline is the archive's."""
    overdue(relayed)

    assert requests_overtake() == 1

    assert again(relayed).state == "unanswered"
    assert {state for state, _ in _relay_states(relayed)} == {"UNANSWERED"}


@pytest.mark.django_db
def test_a_probe_takes_no_room_and_is_nobody_s_exam(
    facility: Facility, silent: StudyCommitment
) -> None:
    """A test of the return path waits for nobody, and holds nobody up."""
    for _ in range(3):
        request = request_open(
            archive=silent.archive,
            purpose="probe",
            references=[InstanceReference(CT, "2.25.1")],
            asked_for="tester",
            lease_owner="w",
        )
    refused = request_record(
        request_id=request.pk, lease_owner="w", outcome=AskOutcome.REFUSED, status=0x0124
    )

    assert (refused.state, refused.status) == ("refused", 0x0124)
    assert claimed(silent).purpose == "study"
