"""Archives asked on demand: by a person, about an exam, a series, an instance."""

from typing import Any

import pytest

from portal.errors import NotAllowed, NotFound
from portal.models import AuditEvent, Facility
from portal.selectors import actor_for
from tests.worklist.committing import (
    BY,
    again,
    make_archive,
    make_performed,
    planned,
    settled,
    states,
    uids_of,
)
from worklist.models import (
    CommitmentRequest,
)
from worklist.services.commitment_asking import commitment_ask
from worklist.services.commitment_claims import request_claim, request_record
from worklist.types.commitment import AskOutcome

pytestmark = pytest.mark.django_db


def _claimed() -> CommitmentRequest:
    request = request_claim(lease_owner="w")
    assert request is not None
    return request


def test_a_person_asks_about_what_is_open(facility: Facility) -> None:
    """On demand: due now, under the person's name, audited."""
    make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, 3))
    settled(commitment, FAILED=1, COMMITTED=2)

    (asked,) = commitment_ask(
        facility_id=facility.pk, study_instance_uid=commitment.study_instance_uid, by=BY
    )

    assert asked.pk == commitment.pk
    request = _claimed()
    assert (len(uids_of(request)), request.asked_for) == (1, "test")
    assert AuditEvent.objects.latest("pk").action == "ask"


def test_a_confirmed_exam_can_be_asked_about_again(facility: Facility) -> None:
    """A person who asks wants a fresh answer; until it comes the exam counts as asked."""
    make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, 2))
    settled(commitment, COMMITTED=2)

    commitment_ask(facility_id=facility.pk, study_instance_uid=commitment.study_instance_uid, by=BY)
    request = _claimed()
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0)

    assert states(commitment) == ["REQUESTED"] * 2
    assert again(commitment).state == "waiting"


@pytest.mark.parametrize("is_new", [True, False])
def test_a_person_asks_about_one_series_or_instance(facility: Facility, is_new: bool) -> None:
    """On demand per exam, series or instance; the others are none of that request."""
    make_archive(facility, 104)
    first = make_performed(facility, 2)
    study = first.study_instance_uid
    (commitment,) = planned(make_performed(facility, 2, study=study))
    if not is_new:
        settled(commitment, UNANSWERED=4)
    row = commitment.instances.order_by("pk").last()
    assert row is not None

    commitment_ask(
        facility_id=facility.pk,
        study_instance_uid=study,
        series_instance_uid=row.series_instance_uid,
        sop_instance_uid=row.sop_instance_uid,
        by=BY,
    )

    assert uids_of(_claimed()) == [row.sop_instance_uid]
    assert request_claim(lease_owner="v") is None


def test_what_is_being_asked_is_not_asked_twice(facility: Facility, settings: Any) -> None:
    """A person who presses twice, or presses while the loop asks."""
    settings.COMMITMENT_SETTLE_S = 0
    make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, 2))
    _claimed()

    for _ in range(2):
        commitment_ask(
            facility_id=facility.pk, study_instance_uid=commitment.study_instance_uid, by=BY
        )

    assert request_claim(lease_owner="v") is None
    assert CommitmentRequest.objects.count() == 1


def test_an_archive_that_came_later_can_be_asked_too(facility: Facility) -> None:
    """What the scanners reported is expected there as well."""
    make_archive(facility, 104)
    (commitment,) = planned(make_performed(facility, 2))
    later = make_archive(facility, 105, "VNA")

    asked = commitment_ask(
        facility_id=facility.pk,
        study_instance_uid=commitment.study_instance_uid,
        archive_id=later.pk,
        by=BY,
    )

    assert [(one.archive.ae_title, one.expected) for one in asked] == [("VNA", 2)]


def test_nobody_asks_about_what_nobody_named(facility: Facility, make_user: Any) -> None:
    """An answer about nothing would look like a confirmation; an auditor may not ask at all."""
    archive = make_archive(facility, 104)

    with pytest.raises(NotFound):
        commitment_ask(
            facility_id=facility.pk, study_instance_uid="1.2.3", archive_id=archive.pk, by=BY
        )
    with pytest.raises(NotAllowed):
        commitment_ask(
            facility_id=facility.pk,
            study_instance_uid="1.2.3",
            by=actor_for(make_user("auditor")),
        )
