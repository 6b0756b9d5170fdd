"""What one archive said twice, to us and to a modality: the later question has the truer answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.peers.scripted_archive import Asked, committed, failed
from tests.worklist.clearing import answer, check, make_exam
from tests.worklist.committing import again, overdue, states
from tests.worklist.relaying import make_scanner, relayed, rule, told_to
from tests.worklist.reporting import asked_of, sent
from worklist.dicom.commitment import action_of
from worklist.models import CommitmentRequest, RelayedCommitment
from worklist.selectors.clearance import Unmet, clearance_of
from worklist.services.commitment_claims import request_record
from worklist.services.commitment_deadlines import requests_overtake
from worklist.services.relay_asking import relay_ask_claim
from worklist.types.commitment import AskOutcome

pytestmark = pytest.mark.django_db
EXPLICIT = "1.2.840.10008.1.2.1"


def passed_on():
    """The modality's request, as far as the archive's yes; no wire."""
    request = relay_ask_claim(lease_owner="w")
    assert request is not None
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0)
    uid, references = action_of(bytes(request.action_information), EXPLICIT)
    named = tuple((one.sop_class_uid, one.sop_instance_uid) for one in references)
    return again(request), Asked(uid, named, "PORTAL", "ARCHIVE", EXPLICIT)


def named(commitment):
    return list(commitment.instances.order_by("number").values_list("sop_instance_uid", flat=True))


@pytest.fixture
def exam(facility):
    """An exam of three images that its archive has not been asked about, and the archive."""
    step, _performed, (commitment,) = make_exam(facility)
    rule(commitment.archive, has_cross_check=True, retry_plan_s=[60])
    return step, commitment


@pytest.fixture
def workstation(facility):
    """Another device than the scanner, which asks about the scanner's images."""
    return make_scanner(facility, "WS1")


def unmet(step):
    found = clearance_of(step=step)
    return {one.kind for one in (*found.unmet, *found.archives[0].unmet)}


def test_an_archives_later_no_to_anybody_takes_its_yes_back(exam, workstation):
    """commitment.md §5: an image that the archive has no more is not safe, whoever asked."""
    step, commitment = exam
    answer(commitment)
    check(commitment)
    assert clearance_of(step=step).is_clear

    relayed(workstation, *named(commitment))
    _request, asked = passed_on()
    sent(commitment.archive, failed(1)(asked))

    assert states(again(commitment)) == ["COMMITTED", "COMMITTED", "FAILED"]
    assert (commitment.committed, commitment.failed) == (2, 1)
    assert not clearance_of(step=step).is_clear
    assert commitment.next_ask_at  # and it is asked again, for us


def test_an_earlier_no_does_not_touch_a_later_yes(exam, workstation):
    """A relay asked before the exam was: its late no is the older answer."""
    _step, commitment = exam
    relayed(workstation, *named(commitment))
    _request, asked = passed_on()
    _later, asked_later = asked_of(commitment)
    sent(commitment.archive, committed(asked_later))

    sent(commitment.archive, failed(1)(asked))

    assert states(again(commitment)) == ["COMMITTED"] * 3


def test_a_late_no_to_the_later_question_counts_after_an_earlier_yes(exam, workstation):
    """The exam was asked for after the modality, so its no is the last word, however late."""
    _step, commitment = exam
    relayed(workstation, *named(commitment))
    _request, asked = passed_on()
    request, asked_later = asked_of(commitment)
    overdue(request)
    requests_overtake()
    assert again(request).state == "unanswered"
    sent(commitment.archive, committed(asked))
    assert states(again(commitment)) == ["COMMITTED"] * 3

    sent(commitment.archive, failed(1)(asked_later))

    assert states(again(commitment)) == ["COMMITTED", "COMMITTED", "FAILED"]


def test_a_late_yes_is_not_passed_on_while_a_later_question_is_open(exam, workstation):
    """PS3.4 J.1.1: on its strength the modality may delete."""
    _step, commitment = exam
    relay = relayed(workstation, *named(commitment))
    first, asked = passed_on()
    overdue(first)
    requests_overtake()
    past = timezone.now() - timedelta(hours=1)
    CommitmentRequest.objects.filter(pk=first.pk).update(deadline_at=past)
    _second, asked_again = passed_on()

    sent(commitment.archive, committed(asked))
    relay_ask_claim(lease_owner="w")
    assert again(relay).state == "asked"
    sent(commitment.archive, failed(1)(asked_again))
    RelayedCommitment.objects.update(next_attempt_at=timezone.now())
    relay_ask_claim(lease_owner="w")

    assert told_to(relay) == (named(commitment)[:2], named(commitment)[2:])


def test_a_scanner_told_that_nobody_answered_was_told_otherwise(exam, facility):
    """Unmet until the scanner itself knows: it was told 0110H, the archive confirmed later."""
    step, commitment = exam
    rule(commitment.archive, retry_plan_s=[])
    relay = relayed(make_scanner(facility, "CT1"), *named(commitment))
    request, asked = passed_on()
    overdue(request)
    requests_overtake()
    relay_ask_claim(lease_owner="w")
    assert told_to(relay) == ([], named(commitment))

    sent(commitment.archive, committed(asked))
    check(again(commitment))

    assert states(commitment) == ["COMMITTED"] * 3
    assert Unmet.RELAY_DIFFERS in unmet(step)


def test_a_check_from_before_the_last_answer_proves_nothing(exam):
    """commitment.md §5: compared by C-FIND; the check was switched off in between."""
    step, commitment = exam
    answer(commitment)
    check(commitment, checked_at=timezone.now() - timedelta(hours=3))

    assert Unmet.NOT_CHECKED in unmet(step)
