"""The order form: patient, procedure, time; what it keeps, warns of and refuses."""

from datetime import date, time

import pytest

from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.ordering import TOMORROW, new_patient, order
from tests.worklist.pages import seen, signed_in
from worklist.models import Patient, ScheduledProcedureStep

pytestmark = pytest.mark.django_db


def test_an_exam_is_booked_for_a_patient_on_file(person, facility, kind):
    """Issue: choose device and time; the identifiers are made by the portal."""
    patient, station = make_patient(facility), make_station(facility)

    answer = person.post(
        "/orders/new/",
        order(kind, patient=patient.pk, station=station.pk, referring_physician="Ferreira, Ana"),
    )

    step = ScheduledProcedureStep.objects.get()
    assert answer["Location"] == f"/exams/{step.pk}/"
    assert (step.station, step.start_date, step.start_time) == (station, TOMORROW, time(10, 30))
    assert step.duration_minutes == 30
    request = step.requested_procedure.service_request
    assert request.patient == patient
    assert request.referring_physician_name == "Ferreira^Ana"
    assert step.requested_procedure.reason == "Pain"


def test_a_new_patient_is_registered_with_all_name_groups(person, kind):
    """Issue: name with alphabetic, ideographic and phonetic groups; ID with issuer."""
    person.post("/orders/new/", order(kind) | new_patient(middle="J", name_prefix="Dr."))

    patient = Patient.objects.get()
    assert patient.person_name == "Yamada^Taro^J^Dr.=山田^太郎=やまだ^たろう"
    assert (patient.patient_id, patient.issuer_of_patient_id) == ("402-8816", "HARBOR")
    assert (patient.birth_date, patient.sex) == (date(1948, 11, 5), "M")
    assert ScheduledProcedureStep.objects.count() == 1


def test_nothing_is_made_when_anything_is_missing_and_all_that_was_typed_is_kept(person, kind):
    """Issue: forms keep what was typed."""
    answer = person.post(
        "/orders/new/",
        order(kind, reason="", start_date="soon", start_time="25:00") | new_patient(patient_id=""),
    )

    page = seen(answer)
    assert answer.status_code == 422
    assert Patient.objects.count() == ScheduledProcedureStep.objects.count() == 0
    for kept in ("Yamada", "山田", "5 Nov 1948", "soon", "25:00"):
        assert f'value="{kept}"' in page
    for sentence in (
        "Write the patient's ID.",
        "Write the clinical question.",
        "“soon” is not a date",
        "“25:00” is not a time",
        "everything you typed is kept",
    ):
        assert sentence in page


def test_what_a_service_refuses_stands_beside_its_field(person, facility, kind):
    make_patient(facility, patient_id="402-8816", issuer_of_patient_id="HARBOR")

    answer = person.post(
        "/orders/new/", order(kind) | new_patient(is_different="1", family="Other^Name^a^b^c^d")
    )

    assert answer.status_code == 422
    assert "at most five components" in seen(answer)
    assert 'aria-describedby="id_family-error"' in seen(answer)
    assert ScheduledProcedureStep.objects.count() == 0


def test_a_failed_booking_leaves_no_patient_behind(person, facility, kind):
    """All of it or nothing: the patient is registered in the booking's transaction."""
    station = make_station(facility)
    make_step(facility, station=station, start_date=TOMORROW, start_time=time(10, 30))
    before = Patient.objects.count()

    answer = person.post("/orders/new/", order(kind, station=station.pk) | new_patient())

    assert answer.status_code == 422
    assert "The next free time is 10:50." in seen(answer)
    assert 'name="may_overbook_reason"' in seen(answer)
    assert Patient.objects.count() == before


def test_a_taken_time_can_be_booked_with_a_reason(person, facility, kind):
    station = make_station(facility)
    make_step(facility, station=station, start_date=TOMORROW, start_time=time(10, 30))

    answer = person.post(
        "/orders/new/",
        order(kind, station=station.pk, may_overbook_reason="Emergency") | new_patient(),
    )

    assert answer.status_code == 302
    assert ScheduledProcedureStep.objects.filter(station=station).count() == 2


def test_a_likely_duplicate_is_shown_and_must_be_decided(person, facility, kind):
    """ui.md §6, mock 03: same birth date and sex, a name that differs only by accents."""
    on_file = make_patient(
        facility,
        name_alphabetic="Núñez Ortega^José",
        patient_id="447 1203",
        birth_date=date(1961, 3, 14),
        sex="M",
    )
    typed = order(kind) | {
        "family": "Nunez",
        "given": "Jose",
        "patient_id": "NEW-1",
        "birth_date": "1961-03-14",
        "sex": "M",
    }

    undecided = person.post("/orders/new/", typed)
    chosen = person.post("/orders/new/", typed | {"use_patient": on_file.pk})
    decided = person.post("/orders/new/", typed | {"is_different": "1"})

    assert undecided.status_code == 422
    assert "This patient probably exists already" in seen(undecided)
    assert "Use 447 1203" in seen(undecided)
    assert f'name="patient" value="{on_file.pk}"' in seen(chosen)
    assert decided.status_code == 302
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    ("family", "birth_date"), [("Nunez", "1961-03-15"), ("Ramos", "1961-03-14")]
)
def test_another_birthday_or_another_name_is_no_duplicate(
    person, facility, kind, family, birth_date
):
    make_patient(facility, name_alphabetic="Núñez^José", birth_date=date(1961, 3, 14), sex="M")

    answer = person.post(
        "/orders/new/",
        order(kind) | {"family": family, "patient_id": "X", "birth_date": birth_date, "sex": "M"},
    )

    assert answer.status_code == 302


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_order_is_told_so(make_user, kind, role):
    person = signed_in(make_user, role)

    for path in ("/orders/new/", "/orders/new/parts/", "/orders/new/patients/"):
        assert person.post(path, order(kind)).status_code == 403
    assert person.get("/orders/new/").status_code == 403


def test_an_exam_without_device_or_time_may_wait(person, facility, kind):
    patient = make_patient(facility)

    person.post("/orders/new/", order(kind, patient=patient.pk, start_time=""))

    step = ScheduledProcedureStep.objects.get()
    assert step.station is None
    assert step.start_time is None
