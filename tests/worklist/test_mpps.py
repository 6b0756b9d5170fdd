"""MPPS over sockets, what goes right: the exam follows what the device reports (PS3.4 F.7, F.8)."""

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)
from pynetdicom import build_role
from pynetdicom.sop_class import ModalityPerformedProcedureStep as MPPS

from portal.models import AuditEvent, LiveEvent
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.modality import find
from tests.worklist.performing import (
    CT_IMAGE,
    beginning,
    code,
    created,
    ending,
    reference,
    reporter,
    scheduled,
    series,
)
from worklist.models import (
    PerformedInstance,
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
    ScheduledProcedureStep,
)


@pytest.fixture
def ct1(facility):
    """CT1 and its station."""
    return make_station(facility, "CT1")


def status_of(step: ScheduledProcedureStep) -> str:
    """Where the exam is now."""
    step.refresh_from_db()
    return step.status


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_exam_is_started_and_completed(running_scp, facility, ct1, syntax):
    """PS3.4 F.7.2: N-CREATE IN PROGRESS, N-SET COMPLETED; the worklist follows (§3b 9)."""
    patient = make_patient(facility, name_alphabetic="Müller^Jörg")
    step = make_step(facility, station=ct1, patient=patient, status="ARRIVED")
    uid = generate_uid()
    with reporter(running_scp, syntax=syntax) as modality:
        begun, _ = modality.create(beginning(step, SpecificCharacterSet="ISO_IR 100"), uid)
        started = status_of(step)
        ended, _ = modality.set(ending("COMPLETED", series(3, others=1), series(2)), uid)

    assert (begun.Status, started, ended.Status, status_of(step)) == (0, "STARTED", 0, "COMPLETED")
    performed = PerformedProcedureStep.objects.get()
    assert (performed.status, performed.image_count) == ("COMPLETED", 6)
    assert [one.image_count for one in performed.series.order_by("number")] == [4, 2]
    assert performed.patient_name == "Müller^Jörg"
    assert (str(performed.start_time), str(performed.end_time)) == ("09:30:00", "09:45:00")
    assert performed.flags == []
    assert performed.references.get().step_id == step.pk
    assert not ReconcileCase.objects.exists()


def test_worklist_no_longer_shows_what_is_completed(running_scp, facility, ct1):
    """worklist.md §3b 9: state effect on the worklist; the entry is written with the step."""
    step = make_step(facility, station=ct1)
    uid = created(running_scp, step)
    (shown,) = find(running_scp).answers
    with reporter(running_scp) as modality:
        modality.set(ending(), uid)

    assert shown.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus == "STARTED"
    assert find(running_scp).answers == []


def test_history_and_open_pages_are_told_by_which_device(running_scp, facility, ct1):
    """contract: audit with Actor.device for status changes; StepsChanged once a message."""
    step = make_step(facility, station=ct1)
    LiveEvent.objects.all().delete()
    uid = created(running_scp, step)
    with reporter(running_scp) as modality:
        modality.set(ending(), uid)

    told = AuditEvent.objects.filter(target="exam", action="status").order_by("pk")
    assert [(one.actor_kind, one.actor, one.detail["status"]) for one in told] == [
        ("device", "CT1", "STARTED"),
        ("device", "CT1", "COMPLETED"),
    ]
    news = LiveEvent.objects.filter(kind="step").order_by("pk")
    assert [one.payload["ids"] for one in news] == [[step.pk], [step.pk]]


def test_every_message_is_kept_as_it_came(running_scp, facility, ct1):
    """issue 5, 1: nothing a scanner reports is ever lost: raw datasets are kept."""
    step = make_step(facility, station=ct1)
    uid = created(running_scp, step)
    with reporter(running_scp) as modality:
        modality.set(ending(), uid)
        modality.set(ending(), uid)

    messages = PerformedStepMessage.objects.order_by("pk")
    assert [(m.kind, m.status) for m in messages] == [
        ("N-CREATE", 0x0000),
        ("N-SET", 0x0000),
        ("N-SET", 0x0110),
    ]
    assert all(m.performed.sop_instance_uid == uid and bytes(m.dataset) for m in messages)
    assert {str(m.address) for m in messages} == {"127.0.0.1"}


def test_discontinued_exam_says_why(running_scp, facility, ct1):
    """issue 5, 2: DISCONTINUED with reason, from PS3.16 CID 9300."""
    step = make_step(facility, station=ct1)
    uid = created(running_scp, step)
    reason = code("110513", meaning="Discontinued for unspecified reason")
    ds = ending("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason])
    with reporter(running_scp) as modality:
        answer, _ = modality.set(ds, uid)

    assert (answer.Status, status_of(step)) == (0, "DISCONTINUED")
    assert step.status_reason == "Discontinued for unspecified reason"


def test_wrong_worklist_entry_puts_the_exam_back(running_scp, facility, ct1):
    """worklist.md §3b 5: 110514 = wrong worklist entry; the step is where it was before."""
    step = make_step(facility, station=ct1, status="READY")
    uid = created(running_scp, step)
    reason = code("110514", meaning="Incorrect worklist entry selected")
    ds = ending("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason])
    with reporter(running_scp) as modality:
        modality.set(ds, uid)

    assert status_of(step) == "READY"
    performed = PerformedProcedureStep.objects.get()
    assert (performed.status, performed.references.get().step_id) == ("DISCONTINUED", None)
    case = ReconcileCase.objects.get()
    assert (case.kind, case.detail["steps"]) == ("wrong-entry", [step.pk])
    assert len(find(running_scp).answers) == 1


def test_one_performed_step_for_several_exams(running_scp, facility, ct1):
    """worklist.md §3b 7: several items = group; each exam follows."""
    patient = make_patient(facility)
    steps = [make_step(facility, station=ct1, patient=patient) for _ in range(3)]
    uid = created(running_scp, *steps)
    started = [status_of(step) for step in steps]
    with reporter(running_scp) as modality:
        modality.set(ending(), uid)

    assert started == ["STARTED"] * 3
    assert [status_of(step) for step in steps] == ["COMPLETED"] * 3


def test_group_with_a_study_of_its_own(running_scp, facility, ct1):
    """PS3.4 F.7.2.1.2 note 2: a grouping device may make the Study UID; orders are named beside."""
    patient = make_patient(facility)
    steps = [make_step(facility, station=ct1, patient=patient) for _ in range(2)]
    study = generate_uid()
    items = [scheduled(step, StudyInstanceUID=study) for step in steps]
    created(running_scp, *items, PatientID=patient.patient_id)

    assert [status_of(step) for step in steps] == ["STARTED"] * 2
    assert PerformedProcedureStep.objects.get().study_instance_uid == study


def test_exam_of_two_performed_steps_is_over_when_both_are(running_scp, facility, ct1):
    """contract: final when none linked is in progress: COMPLETED if any of them is."""
    step = make_step(facility, station=ct1)
    first, second = created(running_scp, step), created(running_scp, step)
    with reporter(running_scp) as modality:
        modality.set(ending("COMPLETED"), first)
        between = status_of(step)
        modality.set(ending("DISCONTINUED"), second)

    assert (between, status_of(step)) == ("STARTED", "COMPLETED")


@pytest.mark.parametrize("final", ["COMPLETED", "DISCONTINUED"])
def test_resumed_exam_is_in_progress_again(running_scp, facility, ct1, final):
    """worklist.md §3b 7: resuming = new MPPS (F.7.2.2.2 note)."""
    step = make_step(facility, station=ct1)
    uid = created(running_scp, step)
    with reporter(running_scp) as modality:
        modality.set(ending(final), uid)
    again = created(running_scp, step)
    resumed = status_of(step)
    with reporter(running_scp) as modality:
        modality.set(ending("COMPLETED"), again)

    assert (resumed, status_of(step)) == ("STARTED", "COMPLETED")
    assert step.performed_references.count() == 2


def test_appended_step_without_step_id_is_found_by_its_study(running_scp, facility, ct1):
    """worklist.md §3b 7, append: the study is the order's, no scheduled step is named."""
    step = make_step(facility, station=ct1)
    item = scheduled(step, ScheduledProcedureStepID="", RequestedProcedureID="")
    created(
        running_scp, item, PatientID=step.requested_procedure.service_request.patient.patient_id
    )

    assert status_of(step) == "STARTED"


def test_images_and_other_objects_are_one_list_without_repeats(running_scp, facility, ct1):
    """PS3.4 F.7.2.2.2 note 2: the two lists differ for historic reasons only."""
    uid = created(running_scp, make_step(facility, station=ct1))
    item = series(2)
    twice = item.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    item.ReferencedNonImageCompositeSOPInstanceSequence = [reference(CT_IMAGE, twice)]
    with reporter(running_scp) as modality:
        modality.set(ending("COMPLETED", item), uid)

    assert PerformedProcedureStep.objects.get().image_count == 2
    assert PerformedInstance.objects.filter(sop_instance_uid=twice).count() == 1


def test_sequences_are_replaced_as_a_whole(running_scp, facility, ct1):
    """worklist.md §3b 4: sequences sent whole; one that is left out is gone, and that is noted."""
    uid = created(running_scp, make_step(facility, station=ct1))
    first, second = series(2), series(3)
    with reporter(running_scp) as modality:
        modality.set(ending("IN PROGRESS", first), uid)
        modality.set(ending("IN PROGRESS", first, second), uid)
        between = PerformedProcedureStep.objects.get().image_count
        modality.set(ending("COMPLETED", second), uid)

    performed = PerformedProcedureStep.objects.get()
    assert (between, performed.image_count, performed.series.count()) == (5, 3, 1)
    assert performed.flags == [{"flag": "series-gone", "detail": first.SeriesInstanceUID}]


def test_dose_is_kept_by_keyword(running_scp, facility, ct1):
    """PS3.3 C.4.16, retired and still sent: dose of fluoroscopy and of exposures."""
    step = make_step(facility, station=ct1)
    dose = {
        "ImageAndFluoroscopyAreaDoseProduct": "12.5",
        "TotalTimeOfFluoroscopy": 61,
        "EntranceDoseInmGy": "0.75",
        "CTDIvol": 8.25,
    }
    uid = created(running_scp, step, **dose, ExposureDoseSequence=[])
    exposure = code("1")
    exposure.KVP, exposure.RadiationMode, exposure.ExposureTime = "120", "PULSED", "15"
    with reporter(running_scp) as modality:
        modality.set(ending("COMPLETED", ExposureDoseSequence=[exposure]), uid)

    assert PerformedProcedureStep.objects.get().dose == {
        "ImageAndFluoroscopyAreaDoseProduct": 12.5,
        "TotalTimeOfFluoroscopy": 61,
        "EntranceDoseInmGy": 0.75,
        "CTDIvol": 8.25,
        "ExposureDoseSequence": [{"KVP": 120, "RadiationMode": "PULSED", "ExposureTime": 15}],
    }


@pytest.mark.parametrize(
    ("proposed", "accepted"), [((True, False), (True, False)), ((True, True), (True, False))]
)
def test_role_selection(running_scp, facility, ct1, proposed, accepted):
    """worklist.md §3b 9: role selection support mandatory (F.2.1); the modality may be SCU only."""
    role = build_role(MPPS, scu_role=proposed[0], scp_role=proposed[1])
    with reporter(running_scp, roles=(role,)) as modality:
        (context,) = [c for c in modality.assoc.accepted_contexts if c.abstract_syntax == MPPS]
        answer, _ = modality.create(beginning(make_step(facility, station=ct1)), generate_uid())

    assert (context.as_scu, context.as_scp) == accepted
    assert answer.Status == 0x0000
