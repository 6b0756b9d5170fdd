"""Which archives are asked when, and for which instances."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.models import Facility, LiveEvent
from tests.worklist.committing import (
    CT,
    SR,
    again,
    alerts,
    due,
    make_archive,
    make_performed,
    planned,
    settled,
    uids_of,
)
from tests.worklist.factories import make_device, make_station, make_step
from worklist.models import (
    AvailableInstance,
    CommitmentPolicy,
    CommitmentRequest,
    StudyCommitment,
)
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_plan import instances_expect
from worklist.services.commitment_recount import commitment_recount
from worklist.types.commitment import AskOutcome, InstanceReference

pytestmark = pytest.mark.django_db


def _claimed() -> CommitmentRequest:
    request = request_claim(lease_owner="w")
    assert request is not None
    return request


def test_it_is_asked_after_the_settle_delay(facility: Facility, settings: Any) -> None:
    """commitment.md §1: MPPS COMPLETED often precedes the last C-STORE; 2 minutes."""
    settings.COMMITMENT_SETTLE_S = 120
    make_archive(facility, 104)
    before = timezone.now()

    (commitment,) = planned(make_performed(facility, 3))

    settling = timedelta(seconds=120)
    assert before + settling <= commitment.next_ask_at <= timezone.now() + settling
    assert (commitment.state, commitment.asked_for, commitment.expected) == (
        "not-asked",
        "mpps",
        3,
    )
    assert commitment.ended_at is not None
    assert request_claim(lease_owner="w") is None


def test_the_rule_of_a_device_says_how_long_and_whom(facility: Facility) -> None:
    """Rules per device and per archive; several archives."""
    device = make_device(facility)
    first, second = make_archive(facility, 104), make_archive(facility, 105, "VNA")
    make_archive(facility, 106, "TEACHING")
    rule = CommitmentPolicy.objects.create(facility=facility, device=device, settle_s=0)
    rule.archives.set([first, second])

    asked = planned(make_performed(facility, 1, device=device))

    assert [one.archive.ae_title for one in asked] == ["ARCHIVE", "VNA"]
    assert {_claimed().archive_id, _claimed().archive_id} == {first.pk, second.pk}


def test_without_a_rule_every_archive_is_asked(facility: Facility) -> None:
    """Else the facility's own rule, else every enabled archive."""
    archive = make_archive(facility, 104)
    make_archive(facility, 105, "VNA")

    assert len(planned(make_performed(facility, 1))) == 2
    CommitmentPolicy.objects.create(facility=facility).archives.set([archive])
    assert len(planned(make_performed(facility, 1))) == 1


def test_a_device_that_is_not_asked_for_automatically_is_expected_all_the_same(
    facility: Facility,
) -> None:
    """The page tells that nobody has asked; a person may."""
    device = make_device(facility)
    make_archive(facility, 104)
    CommitmentPolicy.objects.create(facility=facility, device=device, is_automatic=False)

    (commitment,) = planned(make_performed(facility, 2, device=device))

    assert (commitment.next_ask_at, commitment.expected) == (None, 2)
    assert alerts() == []


@pytest.mark.parametrize(("asks", "expected"), [(True, 2), (False, 0)])
def test_a_discontinued_step_with_images_is_asked_for_too(
    facility: Facility, asks: bool, expected: int
) -> None:
    """commitment.md §3: DISCONTINUED may still name images: ask for them too."""
    make_archive(facility, 104)
    CommitmentPolicy.objects.create(facility=facility, asks_discontinued=asks)

    asked = planned(make_performed(facility, 2, status="DISCONTINUED"))

    assert sum(one.expected for one in asked) == expected


def test_a_step_in_progress_or_without_images_is_not_asked_for(facility: Facility) -> None:
    """Nothing was made, or not all of it is known."""
    make_archive(facility, 104)

    assert planned(make_performed(facility, 0)) == []
    assert planned(make_performed(facility, 2, status="IN PROGRESS")) == []


def test_a_second_step_extends_its_study(facility: Facility, settings: Any) -> None:
    """commitment.md §3: one study may have several MPPS; SR, PR and KO are asked for too."""
    settings.COMMITMENT_SETTLE_S = 0
    make_archive(facility, 104)
    first = make_performed(facility, 2)
    (commitment,) = planned(first)
    request = _claimed()
    assert len(uids_of(request)) == 2
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0)

    study = first.study_instance_uid
    planned(make_performed(facility, 1, study=study, sop_class=SR))

    assert again(commitment).expected == 3
    second = _claimed()
    assert len(uids_of(second)) == 1
    assert second.archive_id == request.archive_id


def test_the_same_end_told_twice_changes_nothing(facility: Facility) -> None:
    """A repeated message changes nothing twice."""
    make_archive(facility, 104)
    performed = make_performed(facility, 2)
    (commitment,) = planned(performed)
    before = commitment.next_ask_at

    planned(performed)

    assert again(commitment).next_ask_at == before
    assert commitment.expected == 2


def test_an_instance_of_two_steps_is_asked_for_once(facility: Facility) -> None:
    """commitment.md §3: union both; de-duplicate."""
    make_archive(facility, 104)
    first = make_performed(facility, uids=["1.2.3.1", "1.2.3.2"])
    planned(first)

    (commitment,) = planned(
        make_performed(facility, study=first.study_instance_uid, uids=["1.2.3.2", "1.2.3.3"])
    )

    assert commitment.expected == 3


def test_what_was_there_before_the_scanner_said_so_is_asked_for_at_once(
    facility: Facility,
) -> None:
    """commitment.md §1 (d): IAN as trigger, also when it came first."""
    archive = make_archive(facility, 104)
    performed = make_performed(facility, uids=["1.2.3.1"])
    AvailableInstance.objects.create(
        facility=facility,
        archive=archive,
        study_instance_uid=performed.study_instance_uid,
        series_instance_uid="1.2.3",
        sop_class_uid=CT,
        sop_instance_uid="1.2.3.1",
        availability="ONLINE",
        at=timezone.now(),
    )

    planned(performed)

    assert uids_of(_claimed()) == ["1.2.3.1"]


def test_unavailable_is_not_on_its_way(facility: Facility) -> None:
    """PS3.3 C.4.23.1: UNAVAILABLE; then 0112H means missing within the grace window too."""
    archive = make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, uids=["1.2.3.1", "1.2.3.2"]))
    settled(commitment, FAILED=1, COMMITTED=1)
    StudyCommitment.objects.update(
        first_asked_at=timezone.now(), next_ask_at=timezone.now() + timedelta(minutes=2)
    )
    assert commitment_recount(commitment).state == "not-there-yet"

    AvailableInstance.objects.create(
        facility=facility,
        archive=archive,
        study_instance_uid=commitment.study_instance_uid,
        series_instance_uid="1.2.3",
        sop_class_uid=CT,
        sop_instance_uid="1.2.3.1",
        availability="UNAVAILABLE",
        at=timezone.now(),
    )

    assert commitment_recount(commitment).state == "failed"


def test_alerts_end_when_all_is_confirmed(facility: Facility) -> None:
    """Raised once while true, settled when not."""
    make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, 2))
    settled(commitment, FAILED=1, COMMITTED=1)
    assert alerts() == ["commitment-failed"]

    settled(commitment, COMMITTED=2)

    assert commitment.state == "committed"
    assert alerts() == []


def test_open_pages_are_told(facility: Facility) -> None:
    """The exam's own page refetches by its step, the board by its commitment."""
    make_archive(facility, 104)
    step = make_step(facility, station=make_station(facility))
    study = step.requested_procedure.study_instance_uid
    performed = make_performed(facility, 1, study=study)
    LiveEvent.objects.all().delete()

    (commitment,) = planned(performed)

    news = {(one.kind, tuple(one.payload["ids"])) for one in LiveEvent.objects.all()}
    assert news == {("commitment", (commitment.pk,)), ("step", (step.pk,))}


def test_the_scanner_s_word_weighs_more_than_the_archive_s(facility: Facility) -> None:
    """What only the archive named is never clear; what the scanner names then is."""
    archive = make_archive(facility, 104)
    study = "1.2.826.7"
    named = [("1.2.3", InstanceReference(CT, f"1.2.3.{n}")) for n in (1, 2)]
    commitment = instances_expect(
        facility_id=facility.pk,
        study_instance_uid=study,
        archive_id=archive.pk,
        references=named,
        source="archive",
    )
    assert commitment.expected == 2

    planned(make_performed(facility, study=study, uids=["1.2.3.2"]))

    sources = commitment.instances.order_by("number").values_list("source", flat=True)
    assert list(sources) == ["archive", "mpps"]


def test_the_loss_of_new_images_was_not_accepted(facility: Facility) -> None:
    """A second MPPS after a loss was accepted: those images are nobody's decision yet."""
    make_archive(facility, 104)
    first = make_performed(facility, 2)
    (commitment,) = planned(first)
    settled(commitment, FAILED=1, COMMITTED=1)
    StudyCommitment.objects.update(loss_accepted_at=timezone.now(), loss_accepted_by="x")
    assert commitment_recount(commitment).state == "loss-accepted"

    planned(make_performed(facility, 1, study=first.study_instance_uid))

    assert again(commitment).loss_accepted_at is None
    assert commitment.state != "loss-accepted"


def test_the_end_of_the_grace_window_is_asked_once_more(facility: Facility) -> None:
    """A plan shorter than the grace window must not leave "not there yet" for ever."""
    make_archive(facility, 104, retry_plan_s=[], grace_s=3600)
    (commitment,) = planned(make_performed(facility, 1))
    due(commitment)
    request = _claimed()
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0)
    from worklist.services.commitment_results import results_apply
    from worklist.types.commitment import EventReport, InstanceResult

    request.refresh_from_db()
    failed = (InstanceResult(CT, uids_of(request)[0], 0x0112),)
    results_apply(request, EventReport(request.transaction_uid, (), failed), timezone.now())

    assert again(commitment).state == "not-there-yet"
    assert commitment.next_ask_at is not None
    assert commitment.next_ask_at > timezone.now() + timedelta(minutes=59)
