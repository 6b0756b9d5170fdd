"""Images that a scanner named without their SOP class: they must not spoil the others' request."""

import pytest

from tests.peers.scripted_archive import committed
from tests.worklist.committing import (
    CT,
    again,
    alerts,
    make_archive,
    make_performed,
    planned,
    states,
    uids_of,
    work_all,
)
from tests.worklist.reporting import asked_of, sent
from worklist.models import CommitmentRequest, CommittedInstance, PerformedInstance
from worklist.services.commitment_asking import commitment_ask
from worklist.services.commitment_naming import instances_name
from worklist.types.commitment import InstanceReference

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(facility):
    return make_archive(facility, 104)


@pytest.fixture
def performed(facility, archive, settings):
    """Three images, of which the second has no class: flagged, the exam kept."""
    settings.COMMITMENT_SETTLE_S = 0
    performed = make_performed(facility, 3)
    PerformedInstance.objects.filter(performed=performed, number=2).update(sop_class_uid="")
    return performed


def test_the_others_are_asked_for_without_it(archive, performed):
    """PS3.4 Table J.3-1: Referenced SOP Class UID is type 1; archives refuse a request whole."""
    (commitment,) = planned(performed)

    request, asked = asked_of(commitment)
    sent(archive, committed(asked))

    assert len(uids_of(request)) == 2
    assert states(again(commitment)) == ["COMMITTED", "EXPECTED", "COMMITTED"]
    assert (commitment.state, commitment.next_ask_at) == ("not-asked", None)
    assert alerts() == ["commitment-not-asked"]


def test_nobody_is_asked_about_it_on_demand(performed, actor):
    (commitment,) = planned(performed)
    _request, asked = asked_of(commitment)
    sent(commitment.archive, committed(asked))
    odd = commitment.instances.get(sop_class_uid="")

    commitment_ask(
        facility_id=commitment.facility_id,
        study_instance_uid=commitment.study_instance_uid,
        sop_instance_uid=odd.sop_instance_uid,
        by=actor,
    )
    work_all()

    assert CommitmentRequest.objects.count() == 1
    assert again(commitment).next_ask_at is None


def test_its_class_is_learnt_from_whoever_names_it(performed, actor):
    """The archive's own list names it with its class: it is asked about from then on."""
    (commitment,) = planned(performed)
    odd = commitment.instances.get(sop_class_uid="")

    instances_name(
        facility_id=commitment.facility_id,
        study_instance_uid=commitment.study_instance_uid,
        archive_id=commitment.archive_id,
        references=[(odd.series_instance_uid, InstanceReference(CT, odd.sop_instance_uid))],
        by=actor,
    )
    request, _asked = asked_of(commitment)

    assert len(uids_of(request)) == 3
    assert set(CommittedInstance.objects.values_list("source", flat=True)) == {"mpps"}
