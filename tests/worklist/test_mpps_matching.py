"""Which exam a device means, and which it may not move (PS3.4 F.7.2.1.2; contract)."""

import pytest

from portal.services import facility_set
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.performing import created, scheduled
from worklist.models import PerformedProcedureStep, ReconcileCase, ScheduledProcedureStep


@pytest.fixture
def step(facility):
    """An exam on CT1."""
    return make_step(facility, station=make_station(facility, "CT1"))


def cases() -> list[tuple[str, list[int]]]:
    return [(case.kind, case.detail.get("steps", [])) for case in ReconcileCase.objects.all()]


def status_of(step: ScheduledProcedureStep) -> str:
    step.refresh_from_db()
    return step.status


def test_unscheduled_exam_is_a_case(running_scp, step):
    """§3b 7: empty = unscheduled (the modality makes the Study UID)."""
    created(running_scp)

    assert cases() == [("unscheduled", [])]
    assert status_of(step) == "SCHEDULED"


def test_unknown_order_is_a_case(running_scp, step):
    """contract: nothing → no-match."""
    created(running_scp, scheduled(AccessionNumber="NEVER", ScheduledProcedureStepID="S1"))

    assert cases() == [("no-match", [])]


def test_other_patient_is_not_linked(running_scp, facility, step):
    """contract: the patient must agree, else case wrong-patient, NOT linked, step not moved."""
    created(running_scp, step, PatientID="OTHER")

    assert cases() == [("wrong-patient", [step.pk])]
    assert status_of(step) == "SCHEDULED"
    assert PerformedProcedureStep.objects.get().references.get().step is None


def test_other_issuer_is_another_patient(running_scp, facility):
    """worklist.md §2 (20): wrong patient through an ID without issuer."""
    make_station(facility, "CT1")
    patient = make_patient(facility, issuer_of_patient_id="HOSPITAL")
    one = make_step(facility, patient=patient)
    two = make_step(facility, patient=patient)
    created(running_scp, one, IssuerOfPatientID="CLINIC")
    created(running_scp, two, IssuerOfPatientID="HOSPITAL")

    assert (status_of(one), status_of(two)) == ("SCHEDULED", "STARTED")


def test_empty_patient_id_is_told_by_the_name(running_scp, facility):
    """contract: the patient must agree; in an emergency nobody types an ID."""
    make_station(facility, "CT1")
    one = make_step(facility, patient=make_patient(facility, name_alphabetic="Müller^Jörg"))
    two = make_step(facility, patient=make_patient(facility, name_alphabetic="Müller^Jörg"))
    created(running_scp, one, PatientID="", PatientName="MULLER^JORG")
    created(running_scp, two, PatientID="", PatientName="ELSE^SOMEBODY")

    assert (status_of(one), status_of(two)) == ("STARTED", "SCHEDULED")


def test_several_orders_are_a_case(running_scp, facility):
    """contract: several → case several."""
    make_station(facility, "CT1")
    step = make_step(facility)
    ScheduledProcedureStep.objects.create(
        facility=facility,
        requested_procedure=step.requested_procedure,
        sps_id="SECOND",
        start_date=step.start_date,
        modality="CT",
    )
    patient = step.requested_procedure.service_request.patient
    created(
        running_scp,
        scheduled(step, ScheduledProcedureStepID=""),
        PatientID=patient.patient_id,
    )

    ((kind, steps),) = cases()
    assert (kind, len(steps)) == ("several", 2)


def test_step_id_alone_needs_the_patient(running_scp, facility):
    """contract: SPS ID alone only when unique and patient agrees."""
    make_station(facility, "CT1")
    one, two = make_step(facility), make_step(facility)
    patient = one.requested_procedure.service_request.patient
    created(
        running_scp, scheduled(ScheduledProcedureStepID=one.sps_id), PatientID=patient.patient_id
    )
    created(
        running_scp, scheduled(ScheduledProcedureStepID=two.sps_id), PatientID="", PatientName=""
    )

    assert (status_of(one), status_of(two)) == ("STARTED", "SCHEDULED")


def test_accession_number_that_contradicts_is_not_linked(running_scp, step):
    """contract: Study Instance UID + SPS ID (+ accession number / requested procedure ID)."""
    patient = step.requested_procedure.service_request.patient
    created(running_scp, scheduled(step, AccessionNumber="ANOTHER"), PatientID=patient.patient_id)

    assert cases() == [("no-match", [step.pk])]


@pytest.mark.parametrize("status", ["CANCELED", "NO SHOW"])
def test_cancelled_exam_that_is_performed_is_started_and_a_case(
    running_scp, facility, step, status
):
    """contract: CANCELED/NO SHOW: linked, moved to STARTED too and flagged for people by a case."""
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(status=status)
    created(running_scp, step)

    case = ReconcileCase.objects.get()
    assert status_of(step) == "STARTED"
    assert (case.kind, case.detail["reason"], case.detail["steps"]) == (
        "no-match",
        "not-awaited",
        [step.pk],
    )


def test_exam_of_another_facility_is_never_touched(running_scp, facility, step, actor):
    """contract: facility isolation everywhere."""
    other, _ = facility_set(code="b", ae_title="PORTAL_B", name="B", by=actor)
    theirs = make_step(other, patient=make_patient(other))
    created(running_scp, theirs)

    assert (status_of(theirs), status_of(step)) == ("SCHEDULED", "SCHEDULED")
    assert theirs.pk not in ReconcileCase.objects.get().detail["steps"]


@pytest.mark.parametrize(
    ("name", "born", "status"),
    [
        ("Somebody^Else", "19010101", "SCHEDULED"),  # an ID mistyped, or used twice
        ("Somebody^Else", "", "STARTED"),
        ("", "19010101", "STARTED"),
    ],
)
def test_the_id_of_somebody_else_is_not_believed(running_scp, facility, step, name, born, status):
    """worklist.md §2 (20): the same ID with another name and another birth date is a case."""
    patient = step.requested_procedure.service_request.patient
    patient.birth_date = "1961-04-12"
    patient.save()

    created(running_scp, step, PatientName=name, PatientBirthDate=born)

    assert status_of(step) == status
    assert [kind for kind, _ in cases()] == ["wrong-patient"] * (status == "SCHEDULED")
