"""Orders made after the fact, from what a scanner reported."""

from datetime import date, time

import pytest

from portal.errors import Conflict, InvalidInput
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.performed_factories import make_case
from tests.worklist.reconciling import WHY, linked
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    ScheduledProcedureStep,
)
from worklist.services.reconcile_orders import case_new_order
from worklist.services.reconcile_undo import case_undo
from worklist.services.steps import scheduled_step_set_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    """An exam on CT1, booked for 14:15."""
    return make_step(facility, station=make_station(facility), start_time=time(14, 15))


@pytest.fixture
def case(facility):
    """What CT1 did from 8:34 to 8:43, unscheduled."""
    return make_case(facility)


def test_a_new_order_is_made_from_what_was_reported(facility, actor):
    """For an exam that nobody ordered: the patient is new, the study is the images' own."""
    make_station(facility)
    case = make_case(
        facility,
        patient_name="Quispe^Ana=山田",
        patient_id="Q1",
        issuer_of_patient_id="HARBOR",
        sex="F",
    )

    case_new_order(case_id=case.pk, reason="Came by ambulance", by=actor)

    step = ScheduledProcedureStep.objects.get()
    procedure = step.requested_procedure
    patient = procedure.service_request.patient
    assert (patient.name_alphabetic, patient.name_ideographic) == ("Quispe^Ana", "山田")
    assert procedure.study_instance_uid == case.performed.study_instance_uid
    assert (step.status, step.start_time, step.duration_minutes) == ("COMPLETED", time(8, 34), 9)
    assert step.station.name == "CT1"
    assert linked(case.performed) == [step.pk]

    case_undo(case_id=case.pk, reason="There was an order", by=actor)

    assert not ScheduledProcedureStep.objects.exists()
    assert not ImagingServiceRequest.objects.exists()
    assert not Patient.objects.exists()
    assert linked(case.performed) == [None]


def test_a_new_order_is_for_the_patient_on_file(facility, actor):
    patient = make_patient(facility, patient_id="T1")
    case = make_case(facility)

    case_new_order(case_id=case.pk, reason="Walked in", by=actor)

    assert ImagingServiceRequest.objects.get().patient == patient
    case_undo(case_id=case.pk, reason="There was an order", by=actor)
    assert Patient.objects.get() == patient


@pytest.mark.parametrize(
    "known",
    [
        {"name_alphabetic": "Mamani^Rosa"},
        {"name_alphabetic": "Tester^Tom", "birth_date": date(1980, 1, 1)},
    ],
)
def test_no_order_is_made_for_somebody_else_with_the_same_id(facility, actor, known):
    """worklist.md point 20: unqualified IDs are the top wrong-patient cause."""
    make_patient(facility, patient_id="T1", **known)
    case = make_case(facility)

    with pytest.raises(InvalidInput, match="somebody of another name"):
        case_new_order(case_id=case.pk, reason=WHY, by=actor)

    assert not ScheduledProcedureStep.objects.exists()


def test_no_order_is_made_without_a_patient_id_or_with_two_issuers(facility, actor):
    nameless = make_case(facility, patient_id="")
    make_patient(facility, patient_id="T1", issuer_of_patient_id="A")
    make_patient(facility, patient_id="T1", issuer_of_patient_id="B")
    twice = make_case(facility)

    with pytest.raises(InvalidInput, match="no patient ID"):
        case_new_order(case_id=nameless.pk, reason=WHY, by=actor)
    with pytest.raises(InvalidInput, match="different issuers"):
        case_new_order(case_id=twice.pk, reason=WHY, by=actor)


def test_a_new_order_that_was_used_stays(facility, actor):
    case = make_case(facility, status="IN PROGRESS")
    case_new_order(case_id=case.pk, reason=WHY, by=actor)
    step = ScheduledProcedureStep.objects.get()
    scheduled_step_set_status(step_id=step.pk, status="COMPLETED", by=actor)

    with pytest.raises(Conflict, match="used since"):
        case_undo(case_id=case.pk, reason="There was an order", by=actor)

    assert linked(case.performed) == [step.pk]
