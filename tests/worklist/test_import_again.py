"""Importing the same entries again: what the source changed, what people changed here."""

from datetime import date, time
from pathlib import Path

import pytest
from pydicom import dcmread

from portal.models import AuditEvent, LiveEvent
from portal.types import Actor
from tests.worklist.commands import export, put, run
from tests.worklist.entries import entry
from tests.worklist.factories import make_patient, make_station, make_step
from worklist.models import (
    Patient,
    RequestedProcedure,
    ScheduledProcedureStep,
    WorklistEntry,
)
from worklist.services.patients import patient_update
from worklist.services.steps import scheduled_step_move, scheduled_step_set_status
from worklist.types import PatientValues

BY = Actor.command("test")


def again(tmp_path: Path, **changes) -> str:
    """Import the changed entry; the closing line."""
    put(tmp_path, "a.wl", entry(**changes))
    return run(tmp_path / "a.wl")[0][-1]


@pytest.fixture
def imported(facility, tmp_path):
    """One imported step."""
    again(tmp_path)
    return ScheduledProcedureStep.objects.get()


@pytest.mark.django_db
def test_changed_entry_is_updated_with_what_changed(imported, tmp_path):
    """Idempotent by accession number and SPS ID; a change in an attribute without column too."""
    assert again(tmp_path, ScheduledProcedureStepStartTime="1400") == (
        "0 created, 1 updated, 0 unchanged, 0 rejected"
    )
    assert again(tmp_path, ScheduledProcedureStepStartTime="1400", PatientWeight="70") == (
        "0 created, 1 updated, 0 unchanged, 0 rejected"
    )
    imported.refresh_from_db()
    imported.entry.refresh_from_db()
    assert imported.start_time == imported.entry.start_time == time(14)
    assert b"70" in bytes(imported.entry.encoded)
    assert imported.version == 3


@pytest.mark.django_db
def test_what_people_changed_here_survives_the_next_import(imported, facility, tmp_path):
    """The source changes what it changed; the rest is ours meanwhile."""
    scheduled_step_set_status(step_id=imported.pk, status="ARRIVED", by=BY)
    scheduled_step_move(
        step_id=imported.pk,
        station_id=make_station(facility, "CT5").pk,
        start_date=imported.start_date,
        start_time=time(16),
        version=2,
        by=BY,
    )

    assert again(tmp_path) == "0 created, 0 updated, 1 unchanged, 0 rejected"
    assert again(tmp_path, RequestedProcedurePriority="STAT").startswith("0 created, 1 updated")

    imported.refresh_from_db()
    assert (imported.status, imported.start_time) == ("ARRIVED", time(16))
    assert imported.station.name == "CT5"
    assert imported.requested_procedure.priority == "STAT"


@pytest.mark.django_db
def test_source_may_close_a_step(imported, tmp_path):
    """A status that the file changed is a change."""
    again(tmp_path, ScheduledProcedureStepStatus="CANCELED")

    imported.entry.refresh_from_db()
    assert imported.entry.is_open is False


@pytest.mark.django_db
def test_export_shows_what_changed_here_and_is_unchanged_when_imported(imported, tmp_path):
    """An export is the present state; importing it brings nothing new."""
    scheduled_step_set_status(step_id=imported.pk, status="ARRIVED", by=BY)

    (path,) = export(tmp_path / "out")

    (step,) = dcmread(path).ScheduledProcedureStepSequence
    assert step.ScheduledProcedureStepStatus == "ARRIVED"
    assert run(path)[0][-1] == "0 created, 0 updated, 1 unchanged, 0 rejected"


@pytest.mark.django_db
def test_own_orders_exported_and_imported_are_unchanged(facility, tmp_path):
    """Orders made here are entries like any other."""
    make_step(facility, station=make_station(facility))
    export(tmp_path)

    assert run(tmp_path)[0][-1] == "0 created, 0 updated, 1 unchanged, 0 rejected"


@pytest.mark.django_db
def test_correction_of_a_patient_reaches_all_their_exams(imported, tmp_path):
    """The import is the source: updated, audited, and every entry follows."""
    put(tmp_path, "b.wl", entry(AccessionNumber="A2", StudyInstanceUID="2.25.5"))
    run(tmp_path / "b.wl")
    LiveEvent.objects.all().delete()

    again(tmp_path, PatientName="Tester^Tilda")

    assert Patient.objects.get().name_alphabetic == "Tester^Tilda"
    assert all(b"Tilda" in bytes(row.encoded) for row in WorklistEntry.objects.all())
    assert len(LiveEvent.objects.get(kind="step").payload["ids"]) == 2
    audited = AuditEvent.objects.filter(action="import").last()
    assert audited.detail["patients_changed"] == [Patient.objects.get().pk]


@pytest.mark.django_db
def test_another_exam_of_a_known_patient_forgets_nothing(facility, actor, tmp_path):
    """What the file does not say about a patient stays."""
    patient = make_patient(
        facility, patient_id="P1", name_alphabetic="Tester^Tina", name_ideographic="測試^天"
    )
    again(tmp_path, PatientSex="", PatientBirthDate="")

    patient.refresh_from_db()
    assert (patient.name_ideographic, patient.sex) == ("測試^天", "O")
    assert ScheduledProcedureStep.objects.count() == 1


@pytest.mark.django_db
def test_patient_id_of_somebody_else_is_refused(facility, tmp_path):
    """worklist.md §2 (20): an unqualified ID is the top wrong-patient cause."""
    patient = make_patient(facility, patient_id="P1", name_alphabetic="Other^Ona")
    values = PatientValues("P1", name_alphabetic="Other^Ona", birth_date=date(1999, 9, 9))
    patient_update(patient_id=patient.pk, values=values, version=1, by=BY)

    put(tmp_path, "a.wl", entry())
    lines, code = run(tmp_path)

    assert code == 1
    assert "belongs to somebody of another name and birth date" in lines[0]
    patient.refresh_from_db()
    assert patient.name_alphabetic == "Other^Ona"


@pytest.mark.django_db
def test_accession_number_of_another_patient_is_refused_unless_the_source_changed_it(
    imported, facility, tmp_path
):
    """A file must not move our order to another patient; the order's own source may."""
    again(tmp_path, PatientID="P2")
    assert WorklistEntry.objects.get(step=imported).patient_id == "P2"
    ours = make_step(facility).entry

    put(tmp_path, "b.wl", entry(AccessionNumber=ours.accession_number, StudyInstanceUID="2.25.7"))
    lines, code = run(tmp_path / "b.wl")

    assert code == 1
    assert "Its Accession Number belongs to an exam of another patient." in lines[0]


@pytest.mark.django_db
def test_study_of_another_order_is_refused(imported, tmp_path):
    """worklist.md §3a-20: one Study UID per requested procedure."""
    put(tmp_path, "b.wl", entry(AccessionNumber="A2"))

    lines, code = run(tmp_path / "b.wl")

    assert code == 1
    assert "Its Study Instance UID belongs to the order A1." in lines[0]


@pytest.mark.django_db
def test_same_entry_twice_in_one_import_is_one_row(facility, tmp_path):
    """Idempotent within an import too."""
    put(tmp_path, "a.wl", entry())
    put(tmp_path, "b.wl", entry())
    put(tmp_path, "c.wl", entry(ScheduledProcedureStepStartTime="1400"))

    assert run(tmp_path)[0][-1] == "1 created, 1 updated, 1 unchanged, 0 rejected"
    assert ScheduledProcedureStep.objects.get().start_time == time(14)


@pytest.mark.django_db
def test_further_step_and_further_procedure_of_an_order(imported, tmp_path):
    """A known accession number with a new SPS ID, or a new Study UID."""
    again(tmp_path, ScheduledProcedureStepID="S2")
    again(
        tmp_path,
        ScheduledProcedureStepID="S3",
        RequestedProcedureID="RP2",
        StudyInstanceUID="2.25.9",
    )

    assert ScheduledProcedureStep.objects.count() == 3
    assert RequestedProcedure.objects.count() == 2
    assert [path.name for path in export(tmp_path / "out")] == ["A1-2.wl", "A1.wl"]


@pytest.mark.django_db
def test_dry_run_says_what_would_happen_and_does_nothing(facility, tmp_path):
    """import_worklist --dry-run."""
    put(tmp_path, "a.wl", entry())

    lines, code = run(tmp_path, "--dry-run")

    assert (lines[-1], code) == ("1 created, 0 updated, 0 unchanged, 0 rejected", 0)
    assert not ScheduledProcedureStep.objects.exists()
    assert not LiveEvent.objects.exists()
