"""May an exam be cleared from its scanner: commitment.md §5, condition by condition."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.pulse import clock
from tests.worklist.clearing import (
    answer,
    check,
    make_exam,
    make_report,
    make_request,
    make_safe,
    set_rule,
)
from tests.worklist.committing import make_archive
from tests.worklist.factories import make_step
from tests.worklist.performed_factories import make_performed
from worklist.models import (
    CommittedInstance,
    PerformedProcedureStep,
    RelayedCommitment,
    RelayedInstance,
    StudyCommitment,
)
from worklist.selectors.clearance import Unmet, clearance_of
from worklist.services.commitment_loss import commitment_loss_accept
from worklist.wording.clearance import clearance_told
from worklist.wording.conditions import TOLD

pytestmark = pytest.mark.django_db


def told(step):
    return clearance_told(clearance_of(step=step))


def unmet(step):
    """Every unmet condition: of the exam, and of its archives."""
    found = clearance_of(step=step)
    return {one.kind for one in found.unmet} | {
        one.kind for archive in found.archives for one in archive.unmet
    }


def test_an_exam_that_meets_every_condition_is_safe(facility):
    """commitment.md §5: only when all of it holds; the modality's own mark stays the authority."""
    step = make_safe(facility)

    words = told(step)

    assert clearance_of(step=step).is_clear
    assert words.sentence.startswith("Safe in the archive. ARCHIVE confirmed 3 of 3 at ")
    assert "Kept for 30 years" in words.detail
    assert "CT1 deletes by its own mark" in words.detail
    assert (words.tone, words.conditions) == ("ok", ())


def test_what_is_missing_is_named_and_never_called_safe(facility):
    """Issue 5-6: "ARCHIVE confirmed 118 of 120 at 10:42; 2 missing: …"."""
    step, _, (commitment,) = make_exam(facility, 120)
    answered = answer(commitment, failed={57: 0x0112, 58: 0x0112})

    words = told(step)

    time = clock(answered.last_answer_at)
    assert words.sentence == (
        f"ARCHIVE confirmed 118 of 120 at {time}; 2 missing: series 1: 57, 58."
    )
    assert words.detail == (
        "Do not clear this exam from CT1 yet. Technologist: send it again from CT1, then ask again."
    )
    assert words.tone == "bad"
    assert "afe" not in words.sentence + words.detail


def test_other_reasons_than_missing_are_not_called_missing(facility):
    """PS3.3 C.14.1.1: 0110H is a failure to process, 0122H a class that is not kept."""
    step, _, (commitment,) = make_exam(facility, 3)
    answer(commitment, failed={1: 0x0110, 2: 0x0122})

    words = told(step)

    assert "2 not confirmed: series 1: 1, 2." in words.sentence
    assert "Ask again; if it fails again, call the archive team." in words.detail
    assert "let the archive take this SOP class" in words.detail


def test_many_failures_are_counted_after_the_first(facility):
    """Issue 5-6: only the failed are listed, capped, with "and 80 more"."""
    step, _, (commitment,) = make_exam(facility, 100)
    answer(commitment, failed=dict.fromkeys(range(1, 86), 0x0112))

    assert "85 missing: series 1: 1, 2, 3, 4, 5 and 80 more." in told(step).sentence


def in_progress(facility, step, performed, commitment):
    PerformedProcedureStep.objects.update(status="IN PROGRESS")


def closed(facility, step, performed, commitment):
    PerformedProcedureStep.objects.update(closed_by="holm")


def second_report(facility, step, performed, commitment):
    """A second MPPS of the study, whose images nobody asked about."""
    make_performed(facility, steps=(step,), images=2)


def not_permanent(facility, step, performed, commitment):
    set_rule(is_permanent=False)


def not_checked(facility, step, performed, commitment):
    check(commitment, checked_at=None, check_count=None)


def check_off(facility, step, performed, commitment):
    set_rule(has_cross_check=False)
    check(commitment, checked_at=None, check_count=None)


def check_failed(facility, step, performed, commitment):
    check(commitment, check_sentence="ARCHIVE answered C-FIND with A900H.")


def more_there(facility, step, performed, commitment):
    check(commitment, 4, check_more=["1.2.3"])


def fewer_there(facility, step, performed, commitment):
    check(commitment, 2, check_fewer=["1.2.3"])


def swapped(facility, step, performed, commitment):
    """As many are confirmed as were reported, but not the same ones."""
    first = commitment.instances.first()
    CommittedInstance.objects.filter(pk=first.pk).update(sop_instance_uid="1.2.3.4")


def named_by_relay(facility, step, performed, commitment):
    first = commitment.instances.first()
    CommittedInstance.objects.filter(pk=first.pk).update(source="relay")


def contradicted(facility, step, performed, commitment):
    make_report(make_request(commitment), "contradicts")


def wrong_set(facility, step, performed, commitment):
    make_report(make_request(commitment), "wrong-set")


def refused_to_scanner(facility, step, performed, commitment):
    relay = RelayedCommitment.objects.create(
        facility=facility,
        device=performed.device,
        transaction_uid="1.9",
        at=timezone.now(),
        transfer_syntax="1.2.840.10008.1.2",
        action_information=b"",
    )
    RelayedInstance.objects.create(
        relay=relay,
        archive=commitment.archive,
        sop_class_uid="1.2",
        sop_instance_uid=commitment.instances.first().sop_instance_uid,
        state="FAILED",
        reason=0x0112,
    )


CASES = [
    (in_progress, Unmet.NOT_OVER, "has not ended", "end the exam on CT1"),
    (closed, Unmet.CLOSED_BY_PERSON, "holm closed it", "compare the number"),
    (second_report, Unmet.NOT_ALL_ASKED, "2 images that the scanner reported", "whole exam"),
    (not_permanent, Unmet.NOT_PERMANENT, "keeps for good", "conformance statement"),
    (not_checked, Unmet.NOT_CHECKED, "was not compared", "Technologist"),
    (check_off, Unmet.NOT_CHECKED, "is not compared", "Administrator"),
    (check_failed, Unmet.CHECK_FAILED, "answered C-FIND with A900H", "Archive team"),
    (more_there, Unmet.MORE_THERE, "lists 4 images, the scanner reported 3", "Technologist"),
    (fewer_there, Unmet.FEWER_THERE, "lists only 2 of the 3", "Archive team"),
    (swapped, Unmet.NOT_ALL_ASKED, "1 image that the scanner reported", "ask now"),
    (named_by_relay, Unmet.NAMED_BY_OTHERS, "1 image is in no report", "Technologist"),
    (contradicted, Unmet.CONTRADICTED, "does not fit what it was asked", "Ask again"),
    (wrong_set, Unmet.CONTRADICTED, "does not fit what it was asked", "Ask again"),
    (refused_to_scanner, Unmet.RELAY_DIFFERS, "did not confirm to the scanner", "scanner ask"),
]


@pytest.mark.parametrize(("spoil", "kind", "words", "action"), CASES)
def test_each_condition_alone_keeps_it_from_being_safe(facility, spoil, kind, words, action):
    """commitment.md §5: one unmet condition, one plain sentence, and who acts."""
    step, performed, (commitment,) = make_exam(facility)
    commitment = answer(commitment)
    check(commitment)
    assert clearance_of(step=step).is_clear

    spoil(facility, step, performed, commitment)

    assert unmet(step) == {kind}
    found = told(step)
    assert not clearance_of(step=step).is_clear
    assert "Safe" not in found.sentence
    assert "Do not clear this exam from CT1 yet." in found.detail
    (condition,) = found.conditions
    assert words in condition.sentence
    assert action in condition.action


def test_a_contradiction_holds_until_the_archive_answers_again(facility):
    """commitment.md §8 7: an answer that does not fit is no proof; a later good one is."""
    step, _, (commitment,) = make_exam(facility)
    request = make_request(commitment)
    make_report(request, "contradicts", at=timezone.now() - timedelta(minutes=5))
    check(answer(commitment))

    assert clearance_of(step=step).is_clear


@pytest.mark.parametrize(
    ("state", "kind", "tone"),
    [
        ({"silent": (1, 2, 3)}, Unmet.UNANSWERED, "warn"),
        ({"asked": (2,)}, Unmet.WAITING, "info"),
    ],
)
def test_an_open_question_is_told_with_its_wait(facility, state, kind, tone):
    """Issue 5-6: unanswered since, and until when to wait."""
    step, _, (commitment,) = make_exam(facility)
    answer(commitment, **state)
    if kind == Unmet.WAITING:
        make_request(commitment, state="waiting", answered_at=None)

    found = told(step)

    assert kind in unmet(step)
    assert found.tone == tone
    if kind == Unmet.WAITING:
        assert "Wait until" in found.detail
    else:
        assert "no answer about 3" in found.sentence


def test_before_it_is_asked_the_exam_says_when_it_will_be(facility):
    """Issue 5-5: settle delay; nothing is green by default."""
    step, _, (commitment,) = make_exam(facility)

    found = told(step)

    assert unmet(step) >= {Unmet.NOT_ASKED}
    assert found.tone == "neutral"
    assert f"Wait until {clock(commitment.next_ask_at)}" in found.detail


def test_an_accepted_loss_is_never_safe(facility, actor):
    """ui.md, states: loss accepted is neutral, not green."""
    step, _, (commitment,) = make_exam(facility)
    answer(commitment, failed={1: 0x0112})
    commitment_loss_accept(commitment_id=commitment.pk, reason="repeated", by=actor)

    found = told(step)

    assert Unmet.LOSS_ACCEPTED in unmet(step)
    assert any("repeated" in one.sentence for one in found.conditions)
    assert found.tone != "ok"


def test_an_exam_that_no_scanner_reported_says_so(facility):
    """commitment.md §5: without MPPS nobody knows what belongs to the exam."""
    make_archive(facility, 11300)
    found = told(make_step(facility, status="COMPLETED"))

    assert found.sentence == "No scanner has reported which images belong to this exam."
    assert found.tone != "ok"


def test_every_condition_has_its_words():
    """Issue 5-6: each in a plain sentence."""
    assert set(TOLD) == set(Unmet)


def test_as_many_queries_for_many_images(facility):
    """Contract: the number of queries does not grow with the instances."""
    counts = []
    for images in (3, 300):
        StudyCommitment.objects.all().delete()
        step, _, (commitment,) = make_exam(facility, images)
        answer(commitment, failed={1: 0x0112})
        step.refresh_from_db()
        with CaptureQueriesContext(connection) as captured:
            told(step)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[1] <= 16


def test_a_report_that_is_no_exams_prevents_it(facility):
    """Issue 5-6: after "wrong patient" nobody knows whose the confirmed images are."""
    step = make_safe(facility)
    PerformedProcedureStep.objects.get().references.update(step=None)

    assert unmet(step) == {Unmet.UNLINKED, Unmet.NOT_REPORTED}
    assert "CT1 reported images under this study that are linked to no exam." in " ".join(
        one.sentence for one in told(step).conditions
    )


def test_another_exam_of_the_study_does_not_make_this_one_safe(facility):
    """Two exams of one procedure share a study: the report of one says nothing of the other."""
    step = make_safe(facility)
    other = make_step(facility)
    PerformedProcedureStep.objects.get().references.update(step=other)

    assert Unmet.NOT_REPORTED in unmet(step)
    assert not clearance_of(step=step).is_clear


def test_without_an_archive_nothing_is_kept(facility):
    """commitment.md §5: the designated archive; there is none."""
    step = make_step(facility)
    make_performed(facility, steps=(step,))

    assert unmet(step) == {Unmet.NO_ARCHIVE}
    assert told(step).sentence == "No archive is asked for these images."


@pytest.mark.parametrize(
    ("closed_by", "words"),
    [
        ("", "CT1 reported no image: there is nothing to keep."),
        ("anna", "CT1 never said which images it made: a person ended its report."),
    ],
)
def test_a_report_without_images_is_not_called_safe(facility, closed_by, words):
    """F.7.2-1 note 2: no references only if none were made; of a step ended by us nobody knows."""
    step = make_step(facility)
    make_archive(facility, 104)
    make_performed(facility, steps=(step,), images=0, closed_by=closed_by)

    assert Unmet.NO_IMAGES in unmet(step)
    assert not clearance_of(step=step).is_clear
    assert words in [one.sentence for one in told(step).conditions]
