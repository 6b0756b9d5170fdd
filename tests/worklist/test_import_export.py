"""Import and export of worklist files: what comes in is served, and comes back the same."""

import json
import shutil
import subprocess
import sys
from datetime import time

import pytest
from pydicom import dcmread
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from tests.peers.dcmtk import findscu
from tests.waiting import wait_until
from tests.worklist.commands import export, put, run, same
from tests.worklist.entries import entry
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.modality import find
from worklist.models import (
    RequestedProcedure,
    ScheduledProcedureStep,
)


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """A thousand entries in eight character sets, as the benchmark makes them."""
    folder = tmp_path_factory.mktemp("generated")
    command = f"-m tests.bench.make_worklist --count 1000 --jobs 1 --today 20261121 --out {folder}"
    subprocess.run(
        [sys.executable, *command.split()],
        check=True,
        capture_output=True,
    )
    return folder


def test_thousand_entries_are_imported_found_and_exported_equal(
    running_scp, facility, generated, tmp_path
):
    """The issue, point 4: eight character sets in, the same in C-FIND and in the export."""
    make_device(facility, "BENCH")
    source = generated / "wl"

    lines, code = run(source)
    assert (lines[-1], code) == ("1000 created, 0 updated, 0 unchanged, 0 rejected", 0)

    lines, code = run(source)
    assert (lines[-1], code) == ("0 created, 0 updated, 1000 unchanged, 0 rejected", 0)

    expected = {
        (made := json.loads(line))["accession"]: made
        for line in (generated / "entries.jsonl").read_text("utf-8").splitlines()
    }
    answers = find(running_scp, "BENCH", ScheduledProcedureStepStartDate="20261121").answers
    assert {answer.AccessionNumber for answer in answers} == set(expected)
    for answer in answers:
        made = expected[answer.AccessionNumber]
        (step,) = answer.ScheduledProcedureStepSequence
        assert str(answer.PatientName) == made["patient_name"]
        assert answer.RequestedProcedureDescription == made["procedure"]
        assert answer.PatientID == made["patient_id"]
        assert step.ScheduledStationAETitle == made["station_ae"]

    written = export(tmp_path)
    assert (tmp_path / "PORTAL" / "lockfile").exists()
    assert len(written) == 1000
    for path in written:
        assert same(dcmread(source / "WORKLIST" / path.name), dcmread(path)), path.name

    lines, code = run(tmp_path)
    assert (lines[-1], code) == ("0 created, 0 updated, 1000 unchanged, 0 rejected", 0)


@pytest.mark.peer
def test_wlmscpfs_serves_what_we_export(facility, tmp_path, free_port):
    """DCMTK's folder layout: another maker's worklist server reads it."""
    patient = make_patient(facility, name_alphabetic="Müller^Jörg")
    step = make_step(facility, patient=patient, station=make_station(facility))
    export(tmp_path)
    server = subprocess.Popen(
        ["wlmscpfs", "-csk", "-dfp", str(tmp_path), str(free_port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        keys = ["PatientName", "AccessionNumber"]
        keys.append("ScheduledProcedureStepSequence[0].Modality=CT")
        found = wait_until(lambda: findscu(free_port, keys).answers)
    finally:
        server.terminate()
        server.wait(60)

    assert [answer.AccessionNumber for answer in found] == [step.entry.accession_number]
    assert str(found[0].PatientName) == "Müller^Jörg"


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
@pytest.mark.django_db
def test_any_transfer_syntax(facility, tmp_path, syntax):
    """architecture.md §3: any of the transfer syntaxes."""
    put(tmp_path, "a.wl", entry(PregnancyStatus=4, PatientName="Müller^Jörg"), syntax=syntax)

    assert run(tmp_path)[1] == 0
    (path,) = export(tmp_path / "out")
    assert same(dcmread(tmp_path / "a.wl"), dcmread(path))


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.django_db
def test_file_without_header(facility, tmp_path, explicit):
    """Files for wlmscpfs may lack preamble and meta information."""
    dcmwrite(
        tmp_path / "a.wl",
        entry(),
        implicit_vr=not explicit,
        little_endian=True,
        enforce_file_format=False,
    )
    assert (tmp_path / "a.wl").read_bytes()[128:132] != b"DICM"

    assert run(tmp_path)[0][-1] == "1 created, 0 updated, 0 unchanged, 0 rejected"


@pytest.mark.django_db
def test_file_keeps_all_its_steps_and_private_elements(facility, tmp_path):
    """architecture.md §3: one row per SPS item; a file keeps all its steps."""
    ds = entry(PatientWeight="70.50", ScheduledProcedureStepStartTime="0930")
    second = entry(ScheduledProcedureStepID="S2", ScheduledProcedureStepStartTime="")
    ds.ScheduledProcedureStepSequence.append(second.ScheduledProcedureStepSequence[0])
    ds.private_block(0x0011, "SYNTHETIC", create=True).add_new(1, "LO", "privé")
    put(tmp_path, "a.wl", ds)

    assert run(tmp_path)[0][-1] == "2 created, 0 updated, 0 unchanged, 0 rejected"
    assert RequestedProcedure.objects.count() == 1
    first, untimed = ScheduledProcedureStep.objects.order_by("pk")
    assert (first.start_time, untimed.start_time) == (time(9, 30), None)

    (path,) = export(tmp_path / "out")
    assert path.name == "A1.wl"
    assert same(dcmread(tmp_path / "a.wl"), dcmread(path))


@pytest.mark.django_db
def test_known_stations_are_recognised_others_are_kept_as_text(facility, tmp_path):
    """The step is on our station's column; AE titles we do not know still match."""
    station = make_station(facility, "CT1")
    put(tmp_path, "a.wl", entry())
    put(
        tmp_path,
        "b.wl",
        entry(
            AccessionNumber="A2", ScheduledStationAETitle=["X9", "CT1"], StudyInstanceUID="2.25.5"
        ),
    )
    run(tmp_path)

    one, two = ScheduledProcedureStep.objects.order_by("pk")
    assert (one.station, one.station_ae_titles) == (station, "")
    assert (two.station, two.station_ae_titles) == (station, "X9\\CT1")
    assert two.entry.station_ae_titles == "\\X9\\CT1\\"


@pytest.mark.django_db
def test_export_may_leave_out_what_is_over(facility, tmp_path):
    """For a folder that wlmscpfs serves."""
    make_step(facility, status="COMPLETED")
    step = make_step(facility)

    assert len(export(tmp_path / "all")) == 2
    (path,) = export(tmp_path / "open", "--open")
    assert path.stem == step.entry.accession_number


@pytest.mark.django_db
def test_accession_numbers_that_are_no_file_names(facility, tmp_path):
    """A file name is never a path."""
    put(tmp_path, "a.wl", entry(AccessionNumber="../A/1"))
    put(tmp_path, "b.wl", entry(AccessionNumber="..", StudyInstanceUID="2.25.3"))
    run(tmp_path)

    names = [path.relative_to(tmp_path).as_posix() for path in export(tmp_path / "out")]

    assert names == ["out/PORTAL/_.wl", "out/PORTAL/_A_1.wl"]
    shutil.rmtree(tmp_path / "out")
