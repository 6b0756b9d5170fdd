"""Pages of one study at an archive: every image, asking now, a loss; and the exam's card."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import AuditEvent, LiveEvent
from tests.worklist.clearing import answer, check, make_exam, make_report, make_request, make_safe
from tests.worklist.committing import again, make_archive
from tests.worklist.pages import HTMX, other_facility, seen, signed_in
from worklist.services.commitment_loss import commitment_loss_accept

pytestmark = pytest.mark.django_db


@pytest.fixture
def technologist(make_user):
    return signed_in(make_user, "technologist")


# --- one study ----------------------------------------------------------------------------------


def test_every_image_with_reason_and_advice(facility, technologist):
    """Issue 5-6: requested, committed, failed in plain words with what to do next, unanswered."""
    reasons = (0x0110, 0x0112, 0x0119, 0x0122, 0x0131, 0x0213, 0xC001)
    _, _, (commitment,) = make_exam(facility, 10)
    answer(commitment, failed=dict(enumerate(reasons, start=1)), silent=(8,), asked=(9,))
    commitment.instances.filter(number=10).update(
        retrieve_ae_title="MAIN_QR", media_file_set_id="DISC7", media_file_set_uid="1.2.7"
    )

    page = seen(technologist.get(f"/commitment/{commitment.pk}/"))

    for code in reasons:
        assert f"{code:04X}H" in page
    for words in (
        "The archive could not process it",
        "The archive does not have it",
        "Technologist: send it again from CT1",
        "The archive has it as another kind of image",
        "The archive does not keep images of this kind",
        "The archive had been asked under this number before",
        "The archive has no room or time for it",
        "The archive gives a reason that the standard does not know",
        "Call the archive team with this number.",
        "unanswered since",
        "MAIN_QR",
        "DISC7 1.2.7",
    ):
        assert words in page


def test_images_are_paged_and_narrowed(facility, technologist, monkeypatch):
    """Contract: paginated by keyset for big ones."""
    monkeypatch.setattr("worklist.views.commitment.PAGE_SIZE", 4)
    _, _, (commitment,) = make_exam(facility, 10)
    answer(commitment, failed=dict.fromkeys(range(1, 7), 0x0112))
    address, found = "state=FAILED", []
    while address:
        page = technologist.get(f"/commitment/{commitment.pk}/?{address}")
        found += [row.instance.number for row in page.context["instances"]]
        address = page.context["next_page"]

    assert found == [1, 2, 3, 4, 5, 6]


def test_the_course_of_asking_links_to_every_message(facility, technologist):
    """Contract: attempts with asked at, by whom, n, state, answer, raw messages."""
    _, _, (commitment,) = make_exam(facility)
    answer(commitment, silent=(1, 2, 3))
    late = make_request(commitment, state="unanswered", answered_at=None, sentence="No answer.")
    report = make_report(late, "late")

    page = technologist.get(f"/commitment/{commitment.pk}/")

    assert f"/messages/commitment-requests/{late.pk}/" in seen(page) or str(late.pk) in seen(page)
    assert "by the scanner’s report" in seen(page)
    assert "No answer." in seen(page)
    assert late.transaction_uid in seen(page)
    assert report.pk in [one.pk for r in page.context["requests"] for one in r.reports.all()]


def test_the_cross_check_is_shown_in_both_directions(facility, technologist):
    """Issue 5-7: more or fewer instances than MPPS named."""
    _, _, (commitment,) = make_exam(facility)
    check(answer(commitment), 3, check_more=["1.9.1"], check_fewer=["1.9.2"])

    page = seen(technologist.get(f"/commitment/{commitment.pk}/"))

    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Listed, but in no report: 1.9.1" in words
    assert "Reported, but not listed: 1.9.2" in words


def test_a_cross_check_that_failed_names_no_number(facility, technologist):
    """Nothing pretends: where the archive could not be asked, nothing is known of its list."""
    _, _, (commitment,) = make_exam(facility)
    answered = answer(commitment)
    check(answered, check_count=None, check_sentence="Nobody answers at ARCHIVE.")

    page = seen(technologist.get(f"/commitment/{commitment.pk}/"))

    assert "Nobody answers at ARCHIVE." in page
    assert "None images" not in page
    assert "The same images." not in page


def test_asking_now_is_due_at_once_and_says_so(facility, technologist):
    """Issue 5-5: on demand, from the page: exam, series, instance."""
    _, _, (commitment,) = make_exam(facility)
    answer(commitment, failed={2: 0x0112})
    image = commitment.instances.get(number=2)

    done = technologist.post(
        f"/commitment/{commitment.pk}/ask/", {"instance": image.sop_instance_uid}, follow=True
    )

    assert "ARCHIVE is asked now." in seen(done)
    assert again(commitment).next_ask_at <= timezone.now()
    assert commitment.instances.get(number=2).asked_at is None
    assert commitment.instances.get(number=1).asked_at is not None
    toast = technologist.post(f"/commitment/{commitment.pk}/ask/", headers=HTMX)
    assert "data-toast" in seen(toast)


def test_a_loss_needs_a_reason_and_can_be_taken_back(facility, technologist):
    """ui.md §1 8: a reason instead of "are you sure"; undo; audited."""
    _, _, (commitment,) = make_exam(facility)
    answer(commitment, failed={1: 0x0112})
    address = f"/commitment/{commitment.pk}/loss/"

    assert "Accept that ARCHIVE does not have every image?" in seen(technologist.get(address))
    refused = technologist.post(address, {"reason": " "})
    assert refused.status_code == 422
    assert "Write a reason." in seen(refused)

    technologist.post(address, {"reason": "motion, repeated"})
    assert again(commitment).state == "loss-accepted"
    assert (commitment.loss_accepted_by, commitment.loss_reason) == (
        "technologist",
        "motion, repeated",
    )
    assert commitment.next_ask_at is None

    technologist.post(f"{address}undo/")
    assert again(commitment).state == "failed"
    actions = list(AuditEvent.objects.filter(target="commitment").values_list("action", flat=True))
    assert actions == ["accept loss", "take loss back"]


def test_nothing_is_given_up_that_is_not_missing(facility, technologist):
    """A confirmed study, or one whose loss nobody accepted, has nothing to undo."""
    _, _, (commitment,) = make_exam(facility)
    answer(commitment)

    assert (
        technologist.post(f"/commitment/{commitment.pk}/loss/", {"reason": "x"}).status_code == 409
    )
    assert technologist.post(f"/commitment/{commitment.pk}/loss/undo/").status_code == 409


def test_a_decision_is_news_for_the_study_and_its_exam(facility, actor):
    """Contract: whenever the story of an exam changes, its steps are news too."""
    step, _, (commitment,) = make_exam(facility)
    answer(commitment, failed={1: 0x0112})
    LiveEvent.objects.all().delete()

    commitment_loss_accept(commitment_id=commitment.pk, reason="x", by=actor)

    news = {event.kind: event.payload["ids"] for event in LiveEvent.objects.all()}
    assert news["commitment"] == [commitment.pk]
    assert news["step"] == [step.pk]


# --- the card -----------------------------------------------------------------------------------


def test_the_card_shows_each_archive_with_series_and_failures(facility, technologist):
    """ui/04-exam.html: per archive a bar, n of m per series, archive says, what to do."""
    step, _, (first, second) = make_exam(facility, 120, archives=("LOCAL", "REMOTE"))
    answer(first, failed={57: 0x0112, 58: 0x0110})

    card = technologist.get(f"/exams/{step.pk}/commitment/")

    text = seen(card)
    assert "LOCAL confirmed 118 of 120 at" in text
    assert "SINUS ROUTINE" in text
    assert "Technologist: send it again from CT1" in text
    assert f"commitment-{first.pk} from:body, commitment-{second.pk} from:body" in text
    assert "to call it safe" in text
    assert 'class="tag push"' not in text


def test_the_card_tells_nobody_to_send_again_what_may_still_come(facility, technologist):
    """Issue 5-5: inside the grace window "not there yet" is not "missing"."""
    step, _, (commitment,) = make_exam(facility, 3)
    now = timezone.now()
    later = now + timedelta(minutes=10)
    answer(commitment, failed={3: 0x0112}, first_asked_at=now, next_ask_at=later)

    card = seen(technologist.get(f"/exams/{step.pk}/commitment/"))

    assert "1 not there yet: series 1: 3." in card
    assert "send it again" not in card


def test_a_list_that_was_not_had_shows_no_older_one(facility, technologist):
    """Nothing pretends: the number is not of the moment that stands beside it."""
    _, _, (commitment,) = make_exam(facility, 3)
    check(answer(commitment), check_count=3, check_sentence="Nobody answers at ARCHIVE.")

    page = seen(technologist.get(f"/commitment/{commitment.pk}/"))

    assert "Nobody answers at ARCHIVE." in page
    assert "3 were reported" not in page


def test_the_card_of_a_safe_exam_says_yes(facility, technologist):
    """commitment.md §5: only then."""
    step = make_safe(facility)

    assert "Kept for 30 years." in seen(technologist.get(f"/exams/{step.pk}/commitment/"))


def test_the_card_takes_no_more_queries_for_more_images(facility, technologist):
    """Contract: as many queries for 20,000 instances as for 3; failures capped with a link."""
    counts = []
    for images in (3, 400):
        step, _, (commitment,) = make_exam(facility, images)
        answer(commitment, failed=dict.fromkeys(range(1, images), 0x0112))
        technologist.get(f"/exams/{step.pk}/commitment/")
        with CaptureQueriesContext(connection) as captured:
            card = technologist.get(f"/exams/{step.pk}/commitment/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert "and 394 more" in seen(card)
    assert len(card.content) < 12_000


# --- who may ------------------------------------------------------------------------------------


def test_nobody_sees_the_studies_of_others(facility, technologist):
    """Contract: facility isolation everywhere."""
    step, _, (commitment,) = make_exam(other_facility())

    for address in (
        f"/commitment/{commitment.pk}/",
        f"/commitment/{commitment.pk}/now/",
        f"/commitment/{commitment.pk}/loss/",
        f"/exams/{step.pk}/commitment/",
    ):
        assert technologist.get(address).status_code == 404
    for verb in ("ask", "loss/undo"):
        assert technologist.post(f"/commitment/{commitment.pk}/{verb}/").status_code == 404


def test_who_may_only_look_has_no_buttons(facility, make_user):
    """ui.md §8: not allowed: the control is absent; by link it is refused."""
    auditor = signed_in(make_user, "auditor")
    _, _, (commitment,) = make_exam(facility)
    answer(commitment, failed={1: 0x0112})

    page = seen(auditor.get(f"/commitment/{commitment.pk}/"))

    assert "Ask again now" not in page
    assert "Accept the loss" not in page
    for verb, sent in (("ask", {}), ("loss", {"reason": "x"}), ("loss/undo", {})):
        answered = auditor.post(f"/commitment/{commitment.pk}/{verb}/", sent)
        assert answered.status_code == 403, verb


def test_an_archive_that_was_never_asked_is_named(facility, technologist):
    """Nothing pretends: a designated archive without a row shows as not asked."""
    step, _, _ = make_exam(facility)
    make_archive(facility, 11305, "SECOND")

    assert "SECOND has not been asked about this exam." in seen(
        technologist.get(f"/exams/{step.pk}/commitment/")
    )
