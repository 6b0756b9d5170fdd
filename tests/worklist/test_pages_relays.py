"""The pages of relayed commitments: what the scanner was told, beside what the archives say."""

import pytest
from django.utils import timezone

from tests.worklist.factories import make_step
from tests.worklist.pages import HTMX, other_facility, seen, signed_in
from tests.worklist.relaying import (
    CT_IMAGE,
    answered,
    make_archive,
    make_scanner,
    relayed,
    uids,
)
from worklist.models import (
    PerformedInstance,
    PerformedProcedureStep,
    PerformedSeries,
    PerformedStepReference,
    RelayedCommitment,
)
from worklist.services.relay_delivery import relay_claim, relay_record

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = uids(3)


@pytest.fixture
def archive(facility):
    return make_archive(facility)


@pytest.fixture
def ct1(facility, archive):
    return make_scanner(facility)


@pytest.fixture
def technologist(make_user):
    return signed_in(make_user, "technologist")


def performed(step, device, instances):
    """What the scanner reported for an exam over MPPS."""
    now = timezone.now()
    done = PerformedProcedureStep.objects.create(
        facility=step.facility,
        device=device,
        sop_instance_uid=f"2.25.55{step.pk}",
        dataset=b"",
        created_at=now,
        updated_at=now,
    )
    PerformedStepReference.objects.create(performed=done, number=1, step=step)
    series = PerformedSeries.objects.create(performed=done, number=1, series_instance_uid="2.25.56")
    for number, uid in enumerate(instances, start=1):
        PerformedInstance.objects.create(
            performed=done,
            series=series,
            number=number,
            sop_class_uid=CT_IMAGE,
            sop_instance_uid=uid,
        )
    return done


def told(relay, *, status=0, sentence=""):
    """A worker has tried to tell the scanner."""
    RelayedCommitment.objects.filter(pk=relay.pk).update(next_attempt_at=timezone.now())
    claimed = relay_claim(lease_owner="test")
    return relay_record(relay_id=claimed.pk, lease_owner="test", status=status, sentence=sentence)


def undelivered(relay, settings):
    settings.RELAY_RETRY_S = []
    return told(relay, status=None, sentence="Nobody answers at 127.0.0.1:11201.")


def test_an_exam_shows_the_scanners_view_beside_the_archives(technologist, facility, ct1):
    """Issue 5, point 9: asked n, told what and when; the archive confirmed n of m, and why not."""
    step = make_step(facility)
    performed(step, ct1, uids(3))
    told(answered(relayed(ct1, *uids(3)), failed={TWO: 0x0112}))

    page = seen(technologist.get(f"/exams/{step.pk}/relays/"))

    assert "Asked for 3 images at" in page
    assert "2 of 3 images are confirmed, 1 not" in page
    assert "confirmed 2 of 3" in page
    assert "1 × The archive does not have it (0112H)" in page
    assert "send it again from CT1" in page
    assert f'hx-trigger="step-{step.pk} from:body"' in page


def test_an_exam_of_other_images_shows_nothing(technologist, facility, ct1):
    step = make_step(facility)
    performed(step, ct1, ["2.25.9"])
    relayed(ct1, *uids(3))

    answer = technologist.get(f"/exams/{step.pk}/relays/")

    assert answer.context["rows"] == []
    assert "own requests" not in seen(answer)


def test_what_is_still_open_is_never_called_confirmed(technologist, facility, ct1):
    relay = relayed(ct1, ONE, TWO)

    page = seen(technologist.get("/relays/"))
    assert "Not told yet: ARCHIVE is asked next." in page
    assert "not asked yet" in page
    relay.instances.update(state="REQUESTED")
    RelayedCommitment.objects.update(state="asked")
    page = seen(technologist.get("/relays/"))

    assert "Not told yet: waiting for ARCHIVE." in page
    assert "confirmed 0 of 2" in page


def test_a_failed_attempt_says_why_and_when_it_is_tried_again(technologist, ct1):
    relay = answered(relayed(ct1, ONE))
    told(relay, status=None, sentence="Nobody answers at 127.0.0.1:11201.")

    page = seen(technologist.get("/relays/"))

    assert "Tries again" in page
    assert "Not told yet: the image is confirmed. Nobody answers at 127.0.0.1:11201." in page
    assert "(1 of 6 failed)" in page


def test_an_archive_that_knows_more_by_now_is_said(technologist, ct1):
    relay = told(answered(relayed(ct1, ONE, TWO), failed={TWO: 0x0112}))
    relay.instances.update(state="COMMITTED", reason=None)

    assert "ARCHIVE has confirmed more since: CT1 has to ask again" in seen(
        technologist.get("/relays/")
    )


def test_a_technologist_has_a_result_told_again(technologist, ct1, settings):
    """With htmx the list comes back; without script the page does."""
    relay = undelivered(answered(relayed(ct1, ONE)), settings)
    assert "Could not be told (1 attempt)" in seen(technologist.get("/relays/"))

    answer = technologist.post(f"/relays/{relay.pk}/tell/?state=undelivered", headers=HTMX)
    assert "CT1 is told again." in seen(answer)
    relay.refresh_from_db()
    assert (relay.state, relay.attempts) == ("ready", 0)

    undelivered(relay, settings)
    plain = technologist.post(f"/relays/{relay.pk}/tell/?state=undelivered")
    assert (plain.status_code, plain.url) == (302, "/relays/?state=undelivered")


def test_the_button_of_an_exam_answers_with_its_part(technologist, facility, ct1, settings):
    step = make_step(facility)
    performed(step, ct1, [ONE])
    relay = undelivered(answered(relayed(ct1, ONE)), settings)

    answer = technologist.post(f"/relays/{relay.pk}/tell/?exam={step.pk}", headers=HTMX)

    assert 'id="exam-relays"' in seen(answer)
    undelivered(relay, settings)
    assert technologist.post(f"/relays/{relay.pk}/tell/?exam={step.pk}").url == f"/exams/{step.pk}/"


def test_the_button_is_only_for_who_may(make_user, ct1, settings):
    relay = undelivered(answered(relayed(ct1, ONE)), settings)
    auditor = signed_in(make_user, "auditor")

    assert "Tell again" not in seen(auditor.get("/relays/"))
    assert auditor.post(f"/relays/{relay.pk}/tell/").status_code == 403
    assert auditor.get(f"/relays/{relay.pk}/tell/").status_code == 405


def test_telling_what_has_been_told_is_a_conflict(technologist, ct1):
    relay = told(answered(relayed(ct1, ONE)))

    assert technologist.post(f"/relays/{relay.pk}/tell/").status_code == 409


def test_the_list_is_narrowed_by_device_and_state(technologist, facility, ct1, settings):
    undelivered(answered(relayed(ct1, ONE)), settings)
    relayed(make_scanner(facility, "MR1"), TWO)

    def listed(address):
        rows = technologist.get(f"/relays/{address}").context["rows"]
        return [row.relay.device.ae_title for row in rows]

    assert listed("") == ["MR1", "CT1"]
    assert listed("?device=MR1") == ["MR1"]
    assert listed("?state=undelivered") == ["CT1"]
    assert listed("?state=nonsense&page=x") == ["MR1", "CT1"]
    assert listed("?state=delivered") == []
    assert "No request fits these filters" in seen(technologist.get("/relays/?state=delivered"))


def test_nothing_yet_says_what_this_page_is(technologist, facility):
    assert "No device has asked yet" in seen(technologist.get("/relays/"))


def test_another_facilitys_requests_are_invisible(technologist, facility, ct1, settings):
    """Facility isolation: list, exam, button."""
    north = other_facility()
    make_archive(north, "NORTHARC")
    theirs = undelivered(answered(relayed(make_scanner(north, "NORTHCT"), ONE)), settings)
    step = make_step(facility)
    performed(step, ct1, [ONE])

    assert "NORTHCT" not in seen(technologist.get("/relays/"))
    assert technologist.get(f"/exams/{step.pk}/relays/").context["rows"] == []
    assert technologist.post(f"/relays/{theirs.pk}/tell/").status_code == 404
    stranger = make_step(north)
    assert technologist.get(f"/exams/{stranger.pk}/relays/").status_code == 404


def test_the_list_needs_the_same_questions_however_long(
    technologist, ct1, django_assert_max_num_queries
):
    for number in range(8):
        answered(relayed(ct1, *uids(3), transaction_uid=f"2.25.{number + 1}"), failed={ONE: 0x0110})

    with django_assert_max_num_queries(16):
        technologist.get("/relays/")
