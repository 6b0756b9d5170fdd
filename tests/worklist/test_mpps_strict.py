"""MPPS rules as a strict device meets them: the right status, the offending attributes (§3b)."""

from io import BytesIO

import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.dimse_primitives import N_CREATE
from pynetdicom.sop_class import ModalityPerformedProcedureStep as MPPS
from pynetdicom.sop_class import ModalityPerformedProcedureStepNotification
from pynetdicom.sop_class import ModalityPerformedProcedureStepRetrieve as MPPS_RETRIEVE

from portal.processes import listener_config
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.performing import (
    beginning,
    ending,
    reporter,
    scheduled,
)
from worklist.models import PerformedProcedureStep, PerformedStepMessage, ReconcileCase

BOTH = pytest.mark.parametrize("aet", ["CT1", "STRICT"])


@pytest.fixture
def step(facility):
    """An exam; CT1 is lenient, STRICT is strict."""
    make_device(facility, "STRICT", "strict")
    return make_step(facility, station=make_station(facility, "CT1"))


def sent(port, ds, aet="STRICT", uid=None, **options):
    """Send an N-CREATE in an association of its own."""
    with reporter(port, aet, **options) as modality:
        return modality.create(ds, uid or generate_uid())


@BOTH
@pytest.mark.parametrize("status", ["COMPLETED", "DISCONTINUED", "STARTED"])
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_create_is_only_in_progress(running_scp, step, aet, status, syntax):
    """§3b 2, F.7.2.1.3: N-CREATE only IN PROGRESS, else 0106 with attribute list."""
    ds = beginning(step, PerformedProcedureStepStatus=status)
    answer, attributes = sent_raw(running_scp, ds, aet, syntax)

    assert answer.Status == 0x0106
    assert "AttributeIdentifierList" not in answer  # PS3.7 C.5.11
    assert attributes.PerformedProcedureStepStatus == status
    assert len(attributes) == 1
    assert not PerformedProcedureStep.objects.exists()
    assert PerformedStepMessage.objects.get().status == 0x0106


def sent_raw(port, ds, aet, syntax):
    """Send an N-CREATE; return the answer's command set and dataset, of a failure too."""
    with reporter(port, aet, syntax=syntax) as modality:
        modality.create(ds, generate_uid())
        return modality.command, modality.attributes


@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("ScheduledStepAttributesSequence", 0x00400270),
        ("PerformedProcedureStepID", 0x00400253),
        ("PerformedStationAETitle", 0x00400241),
        ("PerformedProcedureStepStartDate", 0x00400244),
        ("Modality", 0x00080060),
        ("PatientName", 0x00100010),
        ("PerformedSeriesSequence", 0x00400340),
        ("PerformedProcedureStepEndDate", 0x00400250),
    ],
)
def test_missing_attribute_is_0120(running_scp, step, keyword, tag):
    """§3b 2: missing 0120; its tag in the Attribute Identifier List (PS3.7 C.5.13)."""
    answer, _ = sent_raw(
        running_scp, beginning(step, **{keyword: None}), "STRICT", ExplicitVRLittleEndian
    )

    assert (answer.Status, answer.AttributeIdentifierList) == (0x0120, tag)
    assert keyword in answer.ErrorComment


def test_all_missing_attributes_are_named_inner_ones_too(running_scp, step):
    """PS3.7 C.5.13: an Attribute Tag for each."""
    item = scheduled(step, StudyInstanceUID=None)
    ds = beginning(item, Modality=None, StudyID=None)
    answer, _ = sent_raw(running_scp, ds, "STRICT", ImplicitVRLittleEndian)

    assert answer.Status == 0x0120
    assert set(answer.AttributeIdentifierList) == {0x0020000D, 0x00080060, 0x00200010}


@pytest.mark.parametrize(
    "keyword", ["PerformedProcedureStepID", "PerformedStationAETitle", "Modality"]
)
def test_empty_type_1_is_0121(running_scp, step, keyword):
    """§3b 2: empty Type 1 0121; the attributes themselves are in the answer (PS3.7 C.5.14)."""
    answer, attributes = sent_raw(
        running_scp, beginning(step, **{keyword: ""}), "STRICT", ExplicitVRLittleEndian
    )

    assert answer.Status == 0x0121
    assert [element.keyword for element in attributes] == [keyword]


def test_attributes_of_no_dictionary_are_0107_and_kept(running_scp, step):
    """§3b 2: unknown 0107 (PS3.7 C.4.2, 10.1.5.1.6): a warning, the step is there."""
    ds = beginning(step)
    ds.add_new(0x00180002, "LO", "what is this")
    answer, _ = sent_raw(running_scp, ds, "STRICT", ExplicitVRLittleEndian)

    assert (answer.Status, answer.AttributeIdentifierList) == (0x0107, 0x00180002)
    assert PerformedProcedureStep.objects.get().status == "IN PROGRESS"


@BOTH
def test_second_create_is_0111_and_changes_nothing(running_scp, step, aet):
    """§3b 1: duplicate → 0111; also when the answer was lost and the same bytes come again."""
    uid, ds = generate_uid(), beginning(step)
    with reporter(running_scp, aet) as modality:
        first, _ = modality.create(ds, uid)
        before = PerformedProcedureStep.objects.values().get()
        same, _ = modality.create(ds, uid)
        other, _ = modality.create(beginning(step, PatientID="OTHER"), uid)

    assert [first.Status, same.Status, other.Status] == [0x0000, 0x0111, 0x0111]
    assert PerformedProcedureStep.objects.values().get() == before
    statuses = PerformedStepMessage.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [0x0000, 0x0111, 0x0111]


def test_strict_wants_the_instance_uid(running_scp, step):
    """§3b 1, F.7.2.1.2: the modality must name the SOP UID."""
    with reporter(running_scp, "STRICT") as modality:
        answer, _ = modality.create(beginning(step), None)

    assert answer.Status == 0x0117
    assert not PerformedProcedureStep.objects.exists()
    assert PerformedStepMessage.objects.get().sop_instance_uid == ""


@BOTH
@pytest.mark.parametrize("final", ["COMPLETED", "DISCONTINUED"])
def test_final_step_refuses_further_sets(running_scp, step, aet, final):
    """§3b 3, F.7.2.2.3–.4: N-SET only while IN PROGRESS; else 0110, Error ID A710."""
    uid, last = generate_uid(), ending(final)
    with reporter(running_scp, aet) as modality:
        modality.create(beginning(step), uid)
        modality.set(last, uid)
        before = PerformedProcedureStep.objects.values().get()
        answers = [modality.set(ds, uid)[0] for ds in (last, ending("IN PROGRESS"))]

    for answer in answers:
        assert (answer.Status, answer.ErrorID) == (0x0110, 0xA710)
        assert answer.ErrorComment == "Performed Procedure Step Object may no longer be updated"
    assert PerformedProcedureStep.objects.values().get() == before
    assert PerformedStepMessage.objects.filter(status=0x0110).count() == 2


def test_strict_set_without_create_is_0112_and_a_case(running_scp, step):
    """contract: strict orphan N-SET → 0112H + case orphan, the message is its subject."""
    uid = generate_uid()
    with reporter(running_scp, "STRICT") as modality:
        answer, _ = modality.set(ending(), uid)

    assert answer.Status == 0x0112
    case = ReconcileCase.objects.get()
    assert (case.kind, case.message.sop_instance_uid, case.performed) == ("orphan", uid, None)


def test_case_of_an_orphan_is_settled_when_the_device_says_it_again(running_scp, step):
    """issue 5, 2: messages in any order; what has settled by itself asks nobody."""
    uid = generate_uid()
    with reporter(running_scp, "STRICT") as modality:
        modality.set(ending(), uid)
        modality.create(beginning(step), uid)
        answer, _ = modality.set(ending(), uid)

    assert answer.Status == 0x0000
    assert ReconcileCase.objects.get().state == "solved"


def test_wrong_values_are_0106(running_scp, step):
    """F.7.2.1.1: dates, times and UIDs that are none."""
    for changes in (
        {"PerformedProcedureStepStartDate": "21.11.2026"},
        {"PerformedProcedureStepStartTime": "half ten"},
        {"PerformedStationAETitle": "LONGER THAN SIXTEEN"},
    ):
        answer, _ = sent(running_scp, beginning(step, **changes))
        assert answer.Status == 0x0106, changes


@BOTH
def test_unknown_status_in_a_set_is_0106(running_scp, step, aet):
    """PS3.3 C.4.14: IN PROGRESS, COMPLETED, DISCONTINUED."""
    uid = generate_uid()
    with reporter(running_scp, aet) as modality:
        modality.create(beginning(step), uid)
        answer, _ = modality.set(ending("FINISHED"), uid)

    assert answer.Status == 0x0106


@BOTH
def test_bytes_that_are_no_dataset_are_refused_and_kept(running_scp, step, aet):
    """contract: raw datasets from scanners are hostile; refused ones are kept too."""
    request = N_CREATE()
    request.MessageID, request.AffectedSOPClassUID = 7, MPPS
    request.AffectedSOPInstanceUID = generate_uid()
    request.AttributeList = BytesIO(b"\x10\x00\x20\x00\xff\xff\xff\x7fnonsense")
    with reporter(running_scp, aet) as modality:
        assoc = modality.assoc
        (context,) = [c for c in assoc.accepted_contexts if c.abstract_syntax == MPPS]
        assoc._reactor_checkpoint.clear()
        assoc.dimse.send_msg(request, context.context_id)
        _, answer = assoc.dimse.get_msg(block=True)
        assoc._reactor_checkpoint.set()

    assert answer.Status == 0x0110
    assert bytes(PerformedStepMessage.objects.get().dataset).endswith(b"nonsense")


def test_retrieve_takes_no_create_and_mpps_no_get(running_scp, step):
    """§3b 10: F.8 and F.9 are separate SOP classes."""
    with reporter(running_scp) as modality:
        create, _ = modality.assoc.send_n_create(beginning(step), MPPS_RETRIEVE, generate_uid())
        get, _ = modality.assoc.send_n_get([], MPPS, generate_uid())

    assert (create.Status, get.Status) == (0x0211, 0x0211)


def test_notification_is_not_offered(running_scp, step):
    """§3b 10, F.9: MPPS Notification is a SOP class of its own, and not ours."""
    offered = {str(c.abstract_syntax) for c in listener_config(port=0, is_shared=False).contexts}

    assert {str(MPPS), str(MPPS_RETRIEVE)} <= offered
    assert str(ModalityPerformedProcedureStepNotification) not in offered
