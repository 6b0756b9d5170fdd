"""What a strict device may set, and what a final state needs (PS3.4 F.7.2.2, §3b 4–6)."""

import pytest
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.performing import beginning, code, ending, reporter, series
from worklist.models import PerformedProcedureStep


@pytest.fixture
def step(facility):
    """An exam; STRICT is strict."""
    make_device(facility, "STRICT", "strict")
    return make_step(facility, station=make_station(facility, "CT1"))


def tags_of(answer) -> list[int]:
    """Attribute Identifier List of an answer."""
    found = answer.AttributeIdentifierList
    return [int(found)] if isinstance(found, int) else [int(tag) for tag in found]


def set_after(port, first, second, aet="STRICT", **options):
    """Send an N-CREATE, which is taken, then an N-SET; return its answer."""
    uid = generate_uid()
    with reporter(port, aet, **options) as modality:
        assert modality.create(first, uid)[0].Status == 0x0000
        return modality.set(second, uid)


def test_set_of_what_was_not_created_is_0105(running_scp, step):
    """§3b 4, F.7.2.2.2: only attributes made in N-CREATE may be set."""
    second = ending("IN PROGRESS", CommentsOnThePerformedProcedureStep="late")
    answer, _ = set_after(running_scp, beginning(step), second)

    assert answer.Status == 0x0105
    assert tags_of(answer) == [0x00400280]


def test_discontinuation_reason_must_have_been_created(running_scp, step):
    """§3b 4, Table F.7.2-1 note 5: created empty first."""
    keyword = "PerformedProcedureStepDiscontinuationReasonCodeSequence"
    last = ending("DISCONTINUED", **{keyword: [code("110513")]})

    refused, _ = set_after(running_scp, beginning(step, **{keyword: None}), last)
    taken, _ = set_after(running_scp, beginning(step), last)

    assert (refused.Status, tags_of(refused)) == (0x0105, [0x00400281])
    assert taken.Status == 0x0000


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientName", "Else^Somebody"),
        ("PatientID", "OTHER"),
        ("PerformedProcedureStepID", "PPS2"),
        ("Modality", "MR"),
        ("PerformedProcedureStepStartDate", "20261122"),
    ],
)
def test_identity_may_not_be_set(running_scp, step, keyword, value):
    """§3b 4, Table F.7.2-1: "Not allowed" in N-SET: 0106."""
    answer, _ = set_after(running_scp, beginning(step), ending("IN PROGRESS", **{keyword: value}))

    assert answer.Status == 0x0106
    assert keyword in answer.ErrorComment


@pytest.mark.parametrize(
    ("changes", "status", "tag"),
    [
        ({"PerformedProcedureStepEndDate": None}, 0x0121, None),
        ({"PerformedProcedureStepEndTime": ""}, 0x0121, None),
        ({"PerformedSeriesSequence": []}, 0x0121, None),
    ],
)
@pytest.mark.parametrize("final", ["COMPLETED", "DISCONTINUED"])
def test_final_state_is_complete(running_scp, step, changes, status, tag, final):
    """§3b 5: final state: end date/time, ≥ 1 series (Table F.7.2-1, final state, note 2)."""
    answer, _ = set_after(running_scp, beginning(step), ending(final, **changes))

    assert answer.Status == status
    assert PerformedProcedureStep.objects.get().status == "IN PROGRESS"


def test_what_final_needs_may_have_come_before(running_scp, step):
    """F.7.2.2.2: "before or when" the status is set."""
    uid = generate_uid()
    only_status = ending("COMPLETED")
    for keyword in list(only_status.dir("Performed")):
        if keyword != "PerformedProcedureStepStatus":
            del only_status[keyword]
    with reporter(running_scp, "STRICT") as modality:
        modality.create(beginning(step), uid)
        first, _ = modality.set(ending("IN PROGRESS"), uid)
        last, _ = modality.set(only_status, uid)

    assert (first.Status, last.Status) == (0, 0)
    assert PerformedProcedureStep.objects.get().status == "COMPLETED"


def test_final_step_may_have_a_series_without_images(running_scp, step):
    """§3b 5: no image refs only if none were made: nobody but the device knows."""
    answer, _ = set_after(running_scp, beginning(step), ending("DISCONTINUED", series(0)))

    assert answer.Status == 0x0000
    assert PerformedProcedureStep.objects.get().image_count == 0


def test_character_sets_are_merged(running_scp, facility, step):
    """§3b 6: N-SET charset does not replace the old one: merge text."""
    first = beginning(step, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg")
    second = ending(
        "COMPLETED",
        SpecificCharacterSet="ISO_IR 144",
        PerformedProcedureStepDescription="Живот",
    )
    answer, _ = set_after(running_scp, first, second)

    performed = PerformedProcedureStep.objects.get()
    assert answer.Status == 0x0000
    assert (performed.patient_name, performed.description) == ("Müller^Jörg", "Живот")
    assert performed.flags == [{"flag": "character-set", "detail": "ISO_IR 100, ISO_IR 144"}]


def test_text_that_cannot_be_converted_is_0106(running_scp, step):
    """§3b 6: if impossible, 0106."""
    second = ending("COMPLETED", SpecificCharacterSet="ISO_IR 192")
    del second["PerformedProcedureStepStatus"]
    second.add_new(0x00400254, "UN", "Bäuche".encode("latin-1"))  # declared UTF-8, and is none
    answer, _ = set_after(running_scp, beginning(step), second, syntax=ExplicitVRLittleEndian)

    assert answer.Status == 0x0106
    assert "PerformedProcedureStepDescription" in answer.ErrorComment
