"""Which archives make an exam safe: all or any, those of the rule, every study; what may come."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import RemoteAE
from tests.worklist.clearing import answer, check, make_exam
from worklist.models import CommitmentPolicy
from worklist.selectors.clearance import clearance_of
from worklist.wording.clearance import clearance_told

pytestmark = pytest.mark.django_db


def told(step):
    return clearance_told(clearance_of(step=step))


@pytest.mark.parametrize(("needs", "is_safe"), [("any", True), ("all", False)])
def test_all_or_any_of_several_archives(facility, needs, is_safe):
    """Issue 5-5: several archives, all or any."""
    step, performed, (first, second) = make_exam(facility, archives=("LOCAL", "REMOTE"))
    rule = CommitmentPolicy.objects.create(facility=facility, device=performed.device, needs=needs)
    rule.archives.set([first.archive, second.archive])
    check(answer(first))
    answer(second, silent=(1,))

    assert clearance_of(step=step).is_clear is is_safe
    words = told(step).sentence
    assert "LOCAL confirmed 3 of 3" in words
    assert ("REMOTE confirmed 2 of 3" in words) is not is_safe


def test_an_archive_beside_the_rule_makes_nothing_safe(facility):
    """commitment.md §5: committed by the *designated* archive."""
    step, performed, (first, second) = make_exam(facility, archives=("LOCAL", "REMOTE"))
    rule = CommitmentPolicy.objects.create(facility=facility, device=performed.device)
    rule.archives.set([second.archive])
    check(answer(first))

    assert not clearance_of(step=step).is_clear
    assert "REMOTE" in told(step).detail


def test_an_archive_of_the_rule_stays_one_when_its_entry_changes(facility):
    """A rule names it: what is safe does not get less for a device made a viewer by mistake."""
    step, performed, (first, second) = make_exam(facility, archives=("LOCAL", "REMOTE"))
    rule = CommitmentPolicy.objects.create(facility=facility, device=performed.device, needs="all")
    rule.archives.set([first.archive, second.archive])
    check(answer(first))

    RemoteAE.objects.filter(ae_title="REMOTE").update(kind="viewer")

    assert not clearance_of(step=step).is_clear
    assert "REMOTE" in told(step).detail


def test_images_under_another_study_count_when_the_report_is_linked(facility):
    """PS3.4 F.7: a report that a person linked brings its own Study Instance UID."""
    step, _performed, (commitment,) = make_exam(facility, study_instance_uid="1.2.99")

    assert commitment.study_instance_uid == "1.2.99"
    check(answer(commitment))
    assert clearance_of(step=step).is_clear


def test_what_may_still_come_is_not_called_missing(facility):
    """Issue 5-5: inside the grace window "not there yet" is not "missing"."""
    step, _, (commitment,) = make_exam(facility, 3)
    now = timezone.now()
    later = now + timedelta(minutes=10)
    answer(commitment, failed={3: 0x0112}, first_asked_at=now, next_ask_at=later)

    words = told(step)

    assert words.sentence.endswith("1 not there yet: series 1: 3.")
    assert (words.tone, "missing" in words.sentence) == ("info", False)
