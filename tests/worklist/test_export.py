"""Export of the worklist: what others serve from it, what is left out, how it is written."""

import os
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pydicom import dcmread

from portal.models import DeviceProfile
from tests.bench.peers import Missing, Peer
from tests.peers.dcmtk import findscu
from tests.waiting import wait_until
from tests.worklist.commands import export, put, run, same
from tests.worklist.entries import entry
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from worklist.management.commands import export_worklist

KEYS = ["PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID", "PatientSex"]
KEYS += ["RequestedProcedureID", "RequestedProcedureDescription", "ReferringPhysicianName"]
STEP_KEYS = ["Modality=CT", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate"]
STEP_KEYS += ["ScheduledProcedureStepStartTime", "ScheduledProcedureStepID"]
KEYS += [f"ScheduledProcedureStepSequence[0].{key}" for key in STEP_KEYS]


@contextmanager
def serving(name, folder, port):
    """Another maker's server on an exported folder; skipped where it is not installed."""
    try:
        peer = Peer(name, folder, port, ae="PORTAL")
    except Missing as error:
        pytest.skip(str(error))
    with peer:
        yield


@pytest.mark.peer
@pytest.mark.parametrize("rival", ["wlmscpfs", "orthanc"])
def test_rivals_answer_from_our_export_as_we_do(running_scp, facility, tmp_path, free_port, rival):
    """The issue, point 8: the same findscu gets the same from us and from them."""
    make_device(facility, "BENCH")
    station = make_station(facility)
    # Letters of Latin-1: Orthanc answers in its DefaultEncoding, whatever the file has.
    for number, name in enumerate(["Müller^Jörg", "Tester^Tina", "Luçon^Zoë"]):
        patient = make_patient(facility, patient_id=f"P{number}", name_alphabetic=name)
        make_step(facility, patient=patient, station=station)
    export(tmp_path / "wl")

    ours = wait_until(lambda: findscu(running_scp, KEYS, aet="BENCH").answers)
    with serving(rival, tmp_path, free_port):
        theirs = wait_until(lambda: findscu(free_port, KEYS, aet="BENCH").answers)

    def ordered(answers):
        return sorted(answers, key=lambda answer: answer.AccessionNumber)

    assert len(ours) == len(theirs) == 3
    for one, other in zip(ordered(ours), ordered(theirs), strict=True):
        assert same(one, other)


@pytest.mark.django_db
def test_only_what_a_device_is_shown(facility, tmp_path):
    """--device: its profile, by the same selector that answers its queries."""
    station = make_station(facility, "CT1")
    device = make_device(facility, "CT1")
    today = timezone.localdate()
    shown = make_step(facility, station=station, start_date=today)
    make_step(facility, station=station, start_date=today, status="COMPLETED")
    make_step(facility, station=make_station(facility, "CT2"), start_date=today)
    device.profile = DeviceProfile.objects.create(
        facility=facility, name="narrow", is_own_station_only=True
    )
    device.save()

    (path,) = export(tmp_path, "--device", "CT1")

    assert path.stem == shown.entry.accession_number
    with pytest.raises(CommandError, match="no enabled device NOBODY"):
        export(tmp_path, "--device", "NOBODY")


@pytest.mark.django_db
def test_export_again_writes_the_same_bytes_whatever_else_is_new(facility, tmp_path):
    """A file's SOP Instance UID is its procedure's, not its place in the list."""
    put(tmp_path, "b.wl", entry(AccessionNumber="B1"))
    run(tmp_path / "b.wl")
    (path,) = export(tmp_path / "out")
    before = path.read_bytes()
    put(tmp_path, "a.wl", entry(AccessionNumber="A1", StudyInstanceUID="2.25.9"))
    run(tmp_path / "a.wl")

    assert len(export(tmp_path / "out")) == 2
    assert path.read_bytes() == before


@pytest.mark.django_db
def test_a_file_appears_whole_or_not_at_all(facility, tmp_path, monkeypatch):
    """A server reads the folder while we write: it never sees half a file."""
    make_step(facility)
    seen = []

    def replace(partial, path):
        assert not path.exists()
        assert partial.suffix == export_worklist.PARTIAL
        assert partial.read_bytes()[128:132] == b"DICM"
        seen.append(path)
        os.rename(partial, path)

    monkeypatch.setattr(export_worklist.os, "replace", replace)

    assert export(tmp_path) == seen
    assert {path.suffix for path in (tmp_path / "PORTAL").iterdir()} == {"", ".wl"}


@pytest.mark.django_db
def test_files_that_are_not_of_this_export_are_told(facility, tmp_path):
    """A server of that folder would still answer with them."""
    step = make_step(facility)
    export(tmp_path)
    step.entry.is_open = False
    step.entry.save()
    out, err = StringIO(), StringIO()

    call_command("export_worklist", tmp_path, "--open", stdout=out, stderr=err, skip_checks=True)

    assert out.getvalue().startswith("0 files")
    assert "1 other .wl files are there" in err.getvalue()


@pytest.mark.django_db
def test_ae_title_that_is_no_folder_name_is_refused(facility, tmp_path):
    """PS3.5 6.2 allows a slash in an AE title; a folder's name does not have one."""
    facility.ae_title = "../ESCAPE"
    facility.save()

    with pytest.raises(CommandError, match="cannot be the name of a folder"):
        export(tmp_path / "out")


@pytest.mark.django_db
def test_rows_are_read_in_portions(facility, tmp_path, monkeypatch):
    """Memory stays bounded; a procedure's steps stay together across portions."""
    monkeypatch.setattr(export_worklist, "ROWS_AT_ONCE", 2)
    ds = entry()
    for number in range(2, 6):
        further = entry(ScheduledProcedureStepID=f"S{number}").ScheduledProcedureStepSequence[0]
        ds.ScheduledProcedureStepSequence.append(further)
    put(tmp_path, "a.wl", ds)
    run(tmp_path)

    (path,) = export(tmp_path / "out")

    assert len(dcmread(path).ScheduledProcedureStepSequence) == 5
