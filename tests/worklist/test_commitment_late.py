"""Reports that come twice, late, early, or for what seemed not sent."""

import pytest

from portal.models import Facility, RemoteAE
from tests.peers.scripted_archive import Report, committed, failed
from tests.worklist.committing import (
    again,
    alerts,
    due,
    make_archive,
    make_performed,
    overdue,
    planned,
    states,
    verdicts,
)
from tests.worklist.reporting import asked_of, sent
from worklist.dicom.commitment import action_of
from worklist.models import CommitmentReport, StudyCommitment
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.types.commitment import AskOutcome

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(settings: object) -> None:
    """No settle delay."""
    settings.COMMITMENT_SETTLE_S = 0  # type: ignore[attr-defined]


@pytest.fixture
def archive(facility: Facility) -> RemoteAE:
    """The archive that is asked; no missing image is still on its way."""
    return make_archive(facility, 104, grace_s=0)


@pytest.fixture
def commitment(facility: Facility, archive: RemoteAE) -> StudyCommitment:
    """Three images, asked for soon."""
    return planned(make_performed(facility, 3))[0]


def test_the_same_report_twice_counts_once(archive: RemoteAE, commitment: StudyCommitment) -> None:
    """commitment.md §2: as SCU a second result is logged, and ignored."""
    request, asked = asked_of(commitment)

    assert sent(archive, failed(1)(asked)).status == 0
    answered_at = again(request).answered_at
    assert sent(archive, failed(1)(asked)).status == 0

    assert verdicts() == ["matched", "duplicate"]
    assert again(request).answered_at == answered_at
    assert alerts() == ["commitment-failed"]


def test_a_second_and_other_answer_changes_nothing(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """PS3.4 J.3.3.1.2: after the report the UID is dead."""
    _, asked = asked_of(commitment)

    assert sent(archive, failed(1)(asked)).status == 0
    assert sent(archive, committed(asked)).status == 0x0110

    assert states(commitment) == ["COMMITTED", "COMMITTED", "FAILED"]
    assert verdicts() == ["matched", "contradicts"]
    assert "commitment-report" in alerts()


def test_a_late_report_counts(archive: RemoteAE, commitment: StudyCommitment) -> None:
    """commitment.md §7 22: a workstation that was down when the reply came marks it failed."""
    request, asked = asked_of(commitment)
    overdue(request)
    assert requests_overtake() == 1
    assert again(commitment).state == "unanswered"
    assert states(commitment) == ["UNANSWERED"] * 3

    assert sent(archive, committed(asked)).status == 0

    assert again(commitment).state == "committed"
    assert commitment.next_ask_at is None
    assert verdicts() == ["late"]
    assert again(request).state == "answered"


def test_a_late_yes_counts_while_it_is_asked_again(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """The archive took safekeeping whenever it said so; the newer request's answer comes too."""
    first, asked = asked_of(commitment)
    overdue(first)
    requests_overtake()
    second, asked_again = asked_of(commitment)

    assert sent(archive, committed(asked)).status == 0
    assert states(commitment) == ["COMMITTED"] * 3
    assert again(second).state == "waiting"
    assert sent(archive, committed(asked_again)).status == 0

    assert again(commitment).state == "committed"
    assert verdicts() == ["late", "matched"]


def test_a_late_no_does_not_overtake_the_newer_question(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """A failure counts only for the request that asked last."""
    first, asked = asked_of(commitment)
    overdue(first)
    requests_overtake()
    _, asked_again = asked_of(commitment)
    assert sent(archive, committed(asked_again)).status == 0

    assert sent(archive, failed()(asked)).status == 0

    assert states(commitment) == ["COMMITTED"] * 3
    assert "asked for again" in CommitmentReport.objects.latest("pk").sentence


def test_a_late_yes_does_not_overrule_a_newer_no(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """The archive lost an image between two questions: the older yes must not hide that."""
    first, asked = asked_of(commitment)
    overdue(first)
    requests_overtake()
    _, asked_again = asked_of(commitment)
    assert sent(archive, failed(1)(asked_again)).status == 0

    assert sent(archive, committed(asked)).status == 0

    assert states(commitment) == ["COMMITTED", "COMMITTED", "FAILED"]
    assert again(commitment).state == "failed"


def test_a_report_before_the_answer_is_not_undone_by_it(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """commitment.md §3: order is not guaranteed; the row was there before anything was sent."""
    due(commitment)
    request = request_claim(lease_owner="w")
    assert request is not None
    _, references = action_of(bytes(request.action_information), EXPLICIT)
    named = tuple((one.sop_class_uid, one.sop_instance_uid) for one in references)

    assert sent(archive, Report(request.transaction_uid, named)).status == 0
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0)

    assert again(request).state == "answered"
    assert request.status == 0
    assert request.sent_at is not None
    assert states(commitment) == ["COMMITTED"] * 3


@pytest.mark.parametrize("outcome", [AskOutcome.NOT_SENT, AskOutcome.REFUSED])
def test_a_report_for_what_seemed_not_sent_counts(
    archive: RemoteAE, commitment: StudyCommitment, outcome: AskOutcome
) -> None:
    """The connection broke after the archive had the request: its answer is an answer."""
    due(commitment)
    request = request_claim(lease_owner="w")
    assert request is not None
    request_record(request_id=request.pk, lease_owner="w", outcome=outcome, sentence="Broken.")
    assert states(commitment) == ["EXPECTED"] * 3
    _, references = action_of(bytes(request.action_information), EXPLICIT)
    named = tuple((one.sop_class_uid, one.sop_instance_uid) for one in references)

    assert sent(archive, Report(request.transaction_uid, named)).status == 0

    assert again(commitment).state == "committed"
    assert commitment.next_ask_at is None
    assert verdicts() == ["late"]
