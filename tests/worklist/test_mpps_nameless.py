"""Requests that name no instance: pynetdicom 3.0.4 would leave them without an answer."""

import pytest
from pydicom.uid import generate_uid

from tests.worklist.factories import make_station
from tests.worklist.performing import ending, reporter
from worklist.models import PerformedProcedureStep, PerformedStepMessage, ReconcileCase


@pytest.fixture
def ct1(facility):
    return make_station(facility, "CT1").device


def test_a_change_of_no_instance_is_answered_and_kept(running_scp, ct1):
    """§3b 1, lenient: missing UID; nothing a scanner reports is ever lost."""
    with reporter(running_scp) as modality:
        answer, _ = modality.set(ending(), "")
        named = modality.command.AffectedSOPInstanceUID

    performed = PerformedProcedureStep.objects.get()
    assert (answer.Status, named) == (0, performed.sop_instance_uid)
    assert {one["flag"] for one in performed.flags} >= {"set-first", "uid-assigned"}
    assert ReconcileCase.objects.get().kind == "orphan"


def test_a_question_about_no_instance_is_answered(running_scp, ct1):
    """F.8.2: no such instance."""
    with reporter(running_scp) as modality:
        answer, _ = modality.get("")
        other, _ = modality.get(generate_uid())

    assert (answer.Status, other.Status) == (0x0112, 0x0112)
    assert not PerformedStepMessage.objects.exists()
