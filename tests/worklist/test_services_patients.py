"""Patients: registering, correcting, finding."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal.errors import InvalidInput, NotAllowed, NotFound, StaleVersion
from portal.models import AuditEvent, LiveEvent
from portal.selectors import actor_for
from portal.services import facility_set
from tests.worklist.factories import make_patient, make_step
from worklist.models import Patient
from worklist.selectors.patients import patients
from worklist.services.patients import patient_create, patient_update
from worklist.types import PatientValues

pytestmark = pytest.mark.django_db

VALUES = PatientValues(
    patient_id="402-8816",
    issuer_of_patient_id="HARBOR",
    name_alphabetic="Yamada^Taro",
    name_ideographic="山田^太郎",
    name_phonetic="やまだ^たろう",
    birth_date=date(1948, 11, 5),
    sex="M",
)


def test_patient_is_registered_with_all_name_groups(facility, actor):
    """PS3.5 6.2.1: alphabetic, ideographic, phonetic."""
    patient = patient_create(facility_id=facility.pk, values=VALUES, by=actor)

    patient.refresh_from_db()
    assert patient.person_name == "Yamada^Taro=山田^太郎=やまだ^たろう"
    assert "4028816" in patient.search_key
    audited = AuditEvent.objects.get(target="patient")
    assert (audited.action, audited.target_id) == ("create", str(patient.pk))
    assert "Yamada" not in str(audited.detail)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"patient_id": ""}, "patient_id"),
        ({"patient_id": "A\\B"}, "patient_id"),
        ({"patient_id": "A\x07"}, "patient_id"),
        ({"patient_id": "X" * 65}, "patient_id"),
        ({"issuer_of_patient_id": "A\\B"}, "issuer_of_patient_id"),
        ({"name_alphabetic": "", "name_ideographic": "", "name_phonetic": ""}, "name_alphabetic"),
        ({"name_alphabetic": "A=B"}, "name_alphabetic"),
        ({"name_alphabetic": "A\\B"}, "name_alphabetic"),
        ({"name_ideographic": "山" * 65}, "name_ideographic"),
        ({"name_phonetic": "a^b^c^d^e^f"}, "name_phonetic"),
        ({"birth_date": date(2999, 1, 1)}, "birth_date"),
        ({"sex": "X"}, "sex"),
    ],
)
def test_value_that_dicom_cannot_carry_is_refused_at_its_field(facility, actor, change, field):
    """PS3.5 6.2: LO 64 characters, PN 64 a group, no backslash, no control characters."""
    with pytest.raises(InvalidInput) as refused:
        patient_create(facility_id=facility.pk, values=replace(VALUES, **change), by=actor)

    assert refused.value.field == field
    assert not Patient.objects.exists()


def test_id_and_issuer_are_taken_once(facility, actor):
    """The same ID of another issuer is another patient."""
    patient_create(facility_id=facility.pk, values=VALUES, by=actor)

    with pytest.raises(InvalidInput, match="already"):
        patient_create(facility_id=facility.pk, values=VALUES, by=actor)
    other = replace(VALUES, issuer_of_patient_id="OTHER")
    assert patient_create(facility_id=facility.pk, values=other, by=actor).pk


def test_empty_ends_of_names_are_not_kept(facility, actor):
    """PS3.5 6.2.1: trailing delimiters mean nothing; blanks are one."""
    values = replace(VALUES, name_alphabetic="  Yamada ^ Taro   Jun ^^^")

    patient = patient_create(facility_id=facility.pk, values=values, by=actor)

    assert patient.name_alphabetic == "Yamada^Taro Jun"


def test_correction_reaches_every_exam_in_the_same_transaction(facility, actor):
    """The next answer shows the corrected patient."""
    patient = make_patient(facility, name_alphabetic="Wrong^Name")
    step = make_step(facility, patient=patient)
    LiveEvent.objects.all().delete()
    values = PatientValues(patient_id=patient.patient_id, name_alphabetic="Right^Name")

    changed = patient_update(patient_id=patient.pk, values=values, version=1, by=actor)

    step.entry.refresh_from_db()
    assert b"Right^Name" in bytes(step.entry.encoded)
    assert step.entry.patient_alphabetic == "right^name"
    assert changed.version == 2
    assert LiveEvent.objects.get().payload == {"ids": [step.pk]}
    assert AuditEvent.objects.last().detail == {"fields": ["name_alphabetic", "sex"]}


def test_correction_of_something_changed_meanwhile_is_refused(facility, actor):
    """ui.md §6, two people: the second is told."""
    patient = make_patient(facility)
    values = PatientValues(patient_id=patient.patient_id, name_alphabetic="A^B")
    patient_update(patient_id=patient.pk, values=values, version=1, by=actor)

    with pytest.raises(StaleVersion):
        patient_update(patient_id=patient.pk, values=values, version=1, by=actor)


def test_correction_without_a_change_changes_nothing(facility, actor):
    """No new version, no audit, no news."""
    patient = patient_create(facility_id=facility.pk, values=VALUES, by=actor)
    count = AuditEvent.objects.count()

    assert patient_update(patient_id=patient.pk, values=VALUES, version=1, by=actor).version == 1
    assert AuditEvent.objects.count() == count


def test_unknown_patient_and_taken_id_are_refused(facility, actor):
    """Sentences, not tracebacks."""
    with pytest.raises(NotFound):
        patient_update(patient_id=0, values=VALUES, version=1, by=actor)
    patient_create(facility_id=facility.pk, values=VALUES, by=actor)
    other = make_patient(facility)
    with pytest.raises(InvalidInput, match="already"):
        patient_update(patient_id=other.pk, values=VALUES, version=1, by=actor)


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_role_without_orders_may_not_register(facility, make_user, role):
    """architecture.md §9: roles are checked in services."""
    with pytest.raises(NotAllowed):
        patient_create(facility_id=facility.pk, values=VALUES, by=actor_for(make_user(role)))


def test_patients_are_found_by_what_people_type(facility, actor, make_user):
    """ui.md §6, Search."""
    user = make_user("scheduler")
    mine = patient_create(facility_id=facility.pk, values=VALUES, by=actor)
    make_patient(facility)

    for query in (
        "yamada",
        "taro yam",
        "山田太郎",
        "ヤマダ",
        "4028816",
        "402 8816",
        "YAMADA, Taro",
    ):
        assert list(patients(visible_to=user, search=query)) == [mine], query
    assert patients(visible_to=user, search="").count() == 2
    assert not patients(visible_to=user, search="yamada suzuki").exists()


def test_patients_of_another_facility_are_not_seen(facility, actor, make_user):
    """`visible_to`: two hospitals never see each other's rows."""
    other, _ = facility_set(code="other", ae_title="OTHER", name="Other", by=actor)
    make_patient(other)

    assert not patients(visible_to=make_user("scheduler")).exists()


def test_birth_date_of_today_is_a_newborn(facility, actor):
    """Not in the future."""
    today = timezone.localdate()
    values = replace(VALUES, birth_date=today)

    assert patient_create(facility_id=facility.pk, values=values, by=actor).birth_date == today
    with pytest.raises(InvalidInput):
        patient_create(
            facility_id=facility.pk,
            values=replace(VALUES, patient_id="2", birth_date=today + timedelta(days=1)),
            by=actor,
        )
