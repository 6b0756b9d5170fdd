"""What is known of a performed step, told to whoever may ask: MPPS Retrieve (PS3.4 F.8)."""

from pydicom.uid import generate_uid

from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.performing import created, ending, reporter, series


def test_step_is_retrieved(running_scp, facility):
    """worklist.md §3b 10, F.8: Retrieve is a SOP class of its own; absent Type 2 comes empty."""
    patient = make_patient(facility, name_alphabetic="Müller^Jörg", name_ideographic="缪^勒")
    step = make_step(facility, station=make_station(facility, "CT1"), patient=patient)
    uid = created(running_scp, step, SpecificCharacterSet="ISO_IR 192")
    with reporter(running_scp) as modality:
        modality.set(ending("COMPLETED", series(2)), uid)
        whole_status, whole = modality.get(uid)
        one_status, one = modality.get(uid, [0x00400252])
        two_status, two = modality.get(uid, [0x00400280, 0x00100010])
        set_status, character_set = modality.get(uid, [0x00080005])
        odd_status, odd = modality.get(uid, [0x00400252, 0x00280010])
        none_status, _ = modality.get(generate_uid())

    assert (whole_status.Status, str(whole.PatientName)) == (0, "Müller^Jörg=缪^勒")
    assert len(whole.PerformedSeriesSequence[0].ReferencedImageSequence) == 2
    assert (one_status.Status, [e.keyword for e in one]) == (0, ["PerformedProcedureStepStatus"])
    assert (two_status.Status, two.CommentsOnThePerformedProcedureStep) == (0, "")
    assert (set_status.Status, [e.keyword for e in character_set or []]) == (0, [])
    assert (odd_status.Status, odd.PerformedProcedureStepStatus) == (0x0107, "COMPLETED")
    assert odd_status.AttributeIdentifierList == 0x00280010
    assert none_status.Status == 0x0112
