"""MPPS as lenient devices get it: the exam is kept, and what was wrong is flagged (§3b, G6)."""

import pytest
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.performing import (
    beginning,
    code,
    created,
    ending,
    reporter,
    series,
)
from worklist.models import (
    PerformedProcedureStep,
    PerformedStepMessage,
    ReconcileCase,
)
from worklist.types.performed import MppsFlag
from worklist.wording.performed import FLAG_WORDS


@pytest.fixture
def step(facility):
    """An exam on CT1."""
    return make_step(facility, station=make_station(facility, "CT1"))


def flags() -> dict[str, str]:
    """Flags of the only performed step, with their details."""
    return {one["flag"]: one["detail"] for one in PerformedProcedureStep.objects.get().flags}


def test_missing_instance_uid_is_assigned_and_returned(running_scp, step):
    """§3b 1: real tools omit it: lenient servers assign and return it."""
    with reporter(running_scp) as modality:
        answer, _ = modality.create(beginning(step), None)
        uid = modality.command.AffectedSOPInstanceUID
        ended, _ = modality.set(ending(), uid)

    assert (answer.Status, ended.Status) == (0, 0)
    assert PerformedProcedureStep.objects.get().sop_instance_uid == uid
    assert set(flags()) == {"uid-assigned"}


def test_the_same_message_without_uid_is_the_same_step(running_scp, step):
    """issue 5, 2: a repeated message changes nothing twice; here no UID says that it is one."""
    with reporter(running_scp) as modality:
        uids = [assigned(modality, beginning(step)) for _ in range(3)]
        other = assigned(modality, beginning(step, PerformedProcedureStepID="PPS2"))

    assert len(set(uids)) == 1
    assert other not in uids
    assert PerformedProcedureStep.objects.count() == 2
    assert PerformedStepMessage.objects.filter(status=0).count() == 4


def assigned(modality, ds) -> str:
    """Send an N-CREATE without instance UID; return the one that it was given."""
    modality.create(ds, None)
    return str(modality.command.AffectedSOPInstanceUID)


@pytest.mark.parametrize(
    "keyword",
    [
        "PerformedProcedureStepID",
        "PerformedStationAETitle",
        "PerformedProcedureStepStartTime",
        "PerformedProcedureStepStatus",
        "Modality",
        "PatientName",
        "PerformedSeriesSequence",
    ],
)
def test_missing_attributes_are_flagged(running_scp, step, keyword):
    """issue 5, 1: missing Type 1/2 attributes keep the exam."""
    created(running_scp, step, **{keyword: None})

    assert flags() == {"missing": keyword}
    step.refresh_from_db()
    assert step.status == "STARTED"


def test_set_first_makes_the_step_and_the_create_completes_it(running_scp, step):
    """§3b 2/3 and 2 (21): DVTk sends N-SET without N-CREATE: strict servers lose exams."""
    uid = generate_uid()
    with reporter(running_scp) as modality:
        first, _ = modality.set(ending("COMPLETED", series(3)), uid)
        orphan = ReconcileCase.objects.get()
        second, _ = modality.create(beginning(step), uid)
        third, _ = modality.create(beginning(step), uid)

    assert [first.Status, second.Status, third.Status] == [0x0000, 0x0000, 0x0111]
    performed = PerformedProcedureStep.objects.get()
    assert (performed.status, performed.image_count) == ("COMPLETED", 3)
    assert performed.patient_id == step.requested_procedure.service_request.patient.patient_id
    assert set(flags()) == {"set-first", "created-later"}
    step.refresh_from_db()
    orphan.refresh_from_db()
    assert (step.status, orphan.kind, orphan.state) == ("COMPLETED", "orphan", "solved")


@pytest.mark.parametrize(
    "keyword", ["PerformedProcedureStepEndTime", "PerformedProcedureStepEndDate"]
)
def test_missing_end_is_flagged_and_not_invented(running_scp, step, keyword):
    """issue 5, 1: missing end time; ours is when we were told."""
    uid = created(running_scp, step)
    with reporter(running_scp) as modality:
        answer, _ = modality.set(ending("COMPLETED", **{keyword: None}), uid)

    performed = PerformedProcedureStep.objects.get()
    assert (answer.Status, performed.status) == (0, "COMPLETED")
    assert flags() == {"no-end": keyword}
    assert performed.ended_at is not None
    assert None in (performed.end_date, performed.end_time)


def test_end_without_series_is_flagged(running_scp, step):
    """Table F.7.2-1 note 2: many devices send none with DISCONTINUED."""
    uid = created(running_scp, step)
    with reporter(running_scp) as modality:
        answer, _ = modality.set(ending("DISCONTINUED", PerformedSeriesSequence=[]), uid)

    assert answer.Status == 0
    assert flags() == {"no-series": "PerformedSeriesSequence"}


def test_set_that_repeats_who_it_is_about_is_not_flagged(running_scp, step):
    """Table F.7.2-1 forbids it, and many devices send the whole dataset again."""
    first = beginning(step)
    uid = generate_uid()
    whole = beginning(step)
    whole.ScheduledStepAttributesSequence = first.ScheduledStepAttributesSequence
    whole.update(ending())
    with reporter(running_scp) as modality:
        modality.create(first, uid)
        answer, _ = modality.set(whole, uid)

    assert (answer.Status, flags()) == (0, {})


def test_set_that_names_somebody_else_changes_nobody_and_is_a_case(running_scp, step):
    """§3b 4: identity attributes not allowed; images must not change their patient."""
    uid = created(running_scp, step)
    with reporter(running_scp) as modality:
        answer, _ = modality.set(ending("COMPLETED", PatientID="OTHER"), uid)

    performed = PerformedProcedureStep.objects.get()
    assert (answer.Status, performed.status) == (0, "COMPLETED")
    assert performed.patient_id != "OTHER"
    assert flags() == {"identity": "PatientID"}
    assert ReconcileCase.objects.get().kind == "wrong-patient"


def test_what_was_not_created_is_taken_and_flagged(running_scp, step):
    """§3b 4, lenient: the discontinuation reason that was not made before counts all the same."""
    keyword = "PerformedProcedureStepDiscontinuationReasonCodeSequence"
    uid = created(running_scp, step, **{keyword: None})
    last = ending("DISCONTINUED", **{keyword: [code("110513", meaning="Cut short")]})
    with reporter(running_scp) as modality:
        answer, _ = modality.set(last, uid)

    step.refresh_from_db()
    assert (answer.Status, step.status, step.status_reason) == (0, "DISCONTINUED", "Cut short")
    assert flags() == {"not-created": keyword}


def test_set_without_character_set_is_read_in_that_of_the_create(running_scp, step):
    """F.7.2.2.1: the character set of an N-SET shall be the N-CREATE's."""
    uid = generate_uid()
    second = ending()
    second.add_new(0x00400254, "UN", "Живот".encode("iso8859_5"))
    with reporter(running_scp, syntax=ExplicitVRLittleEndian) as modality:
        modality.create(beginning(step, SpecificCharacterSet="ISO_IR 144"), uid)
        modality.set(second, uid)

    assert PerformedProcedureStep.objects.get().description == "Живот"
    assert flags() == {}


def test_unreadable_text_keeps_the_exam(running_scp, step):
    """§3b 6, lenient: raw is kept, the text is flagged."""
    uid = generate_uid()
    second = ending("COMPLETED", SpecificCharacterSet="ISO_IR 192")
    second.add_new(0x00400254, "UN", b"B\xe4uche")
    with reporter(running_scp, syntax=ExplicitVRLittleEndian) as modality:
        modality.create(beginning(step), uid)
        answer, _ = modality.set(second, uid)

    assert answer.Status == 0
    assert flags() == {"unreadable-text": "PerformedProcedureStepDescription"}
    assert PerformedProcedureStep.objects.get().description == "Bäuche"
    assert b"B\xe4uche" in bytes(PerformedStepMessage.objects.get(kind="N-SET").dataset)


def test_other_device_may_end_it_and_that_is_seen(running_scp, facility, step):
    """G6: a console with two AE titles; the step stays the first one's."""
    make_device(facility, "CT1_B")
    uid = created(running_scp, step)
    with reporter(running_scp, "CT1_B") as modality:
        answer, _ = modality.set(ending(), uid)

    assert (answer.Status, flags()) == (0, {"other-device": "CT1_B"})
    assert PerformedProcedureStep.objects.get().device.ae_title == "CT1"


def test_hostile_values_do_not_lose_the_message(running_scp, facility, step):
    """contract: raw datasets are hostile: too long, no UIDs, NUL bytes."""
    bad = series(2, SeriesInstanceUID="not a uid")
    broken = series(1)
    broken.ReferencedImageSequence[0].ReferencedSOPInstanceUID = ""
    uid = created(running_scp, step, PerformedProcedureStepID="X" * 300, PerformedLocation="a\0b")
    with reporter(running_scp) as modality:
        answer, _ = modality.set(ending("COMPLETED", bad, broken), uid)

    performed = PerformedProcedureStep.objects.get()
    assert answer.Status == 0
    assert len(performed.performed_procedure_step_id) == 64
    assert (performed.series.count(), performed.image_count) == (1, 0)
    assert "invalid" in flags()


def test_every_flag_has_words():
    """contract: words in wording/performed.py."""
    assert set(FLAG_WORDS) == set(MppsFlag)
