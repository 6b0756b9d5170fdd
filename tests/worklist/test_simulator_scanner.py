"""The simulated scanner: against our own listener, and what it says when nobody answers."""

import socket

import pytest
from django.utils import timezone

from portal.dicom.association import Peer
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.simulating import AT, archive_in, identity, listening_requester, series
from worklist.dicom.simulator import entries, performed, scanner
from worklist.dicom.simulator.images import images
from worklist.dicom.simulator.journal import Journal
from worklist.dicom.simulator.listeners import simulated_scanners
from worklist.dicom.simulator.performed import Ended
from worklist.dicom.simulator.sending import Judged, report


def test_it_is_shown_its_own_exams_of_today(running_scp, facility):
    """PS3.4 K.6.1.2.2: a scanner's usual query."""
    station = make_station(facility, "CT1")
    patient = make_patient(facility, name_alphabetic="Wang^XiaoDong", name_ideographic="王^小东")
    step = make_step(facility, station=station, patient=patient)
    make_step(facility, station=make_station(facility, "CT2"))

    peer = Peer("127.0.0.1", running_scp, "PORTAL", "CT1")
    said, found = scanner.query(peer, "CT1", timezone.localdate())

    assert said == scanner.Said("C-FIND", 0, "", 1)
    (entry,) = found
    assert entry.sps_id == step.sps_id
    assert entry.study_instance_uid == step.requested_procedure.study_instance_uid
    assert (entry.clock, entry.name) == ("09:30", "Wang, XiaoDong · 王, 小东")
    assert entries.entry_of(entry.dataset) == entry


def test_the_report_names_what_the_entry_named():
    """PS3.4 F.7.2-1 and PS3.3 C.4.13: identity, step and study come from the entry."""
    entry = entries.entry_of(_answer())

    ds = performed.created(entry, "CT1", AT)

    item = ds.ScheduledStepAttributesSequence[0]
    assert (item.StudyInstanceUID, item.ScheduledProcedureStepID) == ("2.25.1", "S1")
    assert (ds.PatientName, ds.PatientID) == ("Wang^XiaoDong=王^小东", "SYN-1")
    assert ds.PerformedProcedureStepStatus == "IN PROGRESS"
    assert ds.PerformedSeriesSequence == []
    assert entries.raw(ds)

    wrong = performed.created(entries.wrong_patient(entry), "CT1", AT)
    assert wrong.PatientID == "SYN-1-X"
    assert wrong.ScheduledStepAttributesSequence[0].ScheduledProcedureStepID == "S1"


@pytest.mark.parametrize(("reason", "status"), [("", "COMPLETED"), ("110514", "DISCONTINUED")])
def test_the_end_names_every_image(reason, status):
    """PS3.4 F.7.2.2.2: final state, end, series with their images; CID 9300."""
    made = [series(5), series(2, number=2)]

    ds = performed.ended(entries.entry_of(_answer()), Ended(made, reason, "SIMARCHIVE"), AT)

    assert ds.PerformedProcedureStepStatus == status
    named = [
        image.ReferencedSOPInstanceUID
        for one in ds.PerformedSeriesSequence
        for image in one.ReferencedImageSequence
    ]
    assert named == series(5).instance_uids + series(2, number=2).instance_uids
    codes = ds.get("PerformedProcedureStepDiscontinuationReasonCodeSequence", [])
    assert [code.CodeValue for code in codes] == ([reason] if reason else [])
    assert len(set(named)) == 7


def test_an_unscheduled_exam_has_a_study_and_no_ids():
    """PS3.4 F.7.2.1.2: Scheduled Step Attributes without values but the study."""
    entry = entries.unscheduled("2.25.5", "CT", 12)

    item = performed.created(entry, "CT1", AT).ScheduledStepAttributesSequence[0]

    assert item.StudyInstanceUID == "2.25.5"
    assert not item.ScheduledProcedureStepID
    assert not item.AccessionNumber


def test_images_are_the_same_every_time():
    """Deterministic: a test that fails can be looked at again."""
    once, again = (images(series(3), identity(), AT) for _ in range(2))
    assert once == again
    assert len({ds.SOPInstanceUID for ds in once}) == 3
    assert series(1).instance_uids[0] == series(9).instance_uids[0]


def test_nobody_answers_is_said_in_words(free_port):
    """What failed, on which thing, what to do."""
    peer = Peer("127.0.0.1", free_port, "SIMARCHIVE", "CT1")

    said = scanner.store(peer, images(series(1), identity(), AT))

    assert said.status is None
    assert f"127.0.0.1:{free_port}" in said.words


def test_a_peer_without_the_service_is_said_in_words():
    """An archive that takes no images at all."""
    with listening_requester("SIMARCHIVE") as heard:
        peer = Peer("127.0.0.1", heard.port, "SIMARCHIVE", "CT1")
        said = scanner.store(peer, images(series(1), identity(), AT))

    assert said.status is None
    assert "SIMARCHIVE" in said.words


def test_a_scanner_takes_its_report_on_its_own_port(tmp_path):
    """PS3.4 J.3.3.1.3: the requester accepts a new association in the SCP role."""
    with simulated_scanners(("127.0.0.1", 0), tmp_path, ae_titles=["CT1", "CT2"]) as servers:
        peer = Peer("127.0.0.1", servers[1].server_address[1], "CT2", "PORTAL")
        assert report(peer, Judged("2.25.8", [("1.2", "1.2.3")])) == (0x0000, "")

    (line,) = Journal(tmp_path).lines()
    assert (line.kind, line.peer, line.count, line.other) == ("told", "CT2", 1, 0)


def test_a_port_that_is_taken_costs_that_scanner_only(tmp_path, free_port):
    """Two portals on one machine: the second has no scanners' ports, and starts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        with simulated_scanners(("127.0.0.1", free_port), tmp_path, ae_titles=["CT1"]) as servers:
            assert servers == []


def test_it_asks_the_archive_on_one_association(tmp_path):
    """The report may come on the requester's association (PS3.4 J.3.3.1.2, note)."""
    with archive_in(tmp_path / "archive") as archive:
        plan = series(1)
        archive.store(plan)
        archive.set(is_same_association=True)
        said = scanner.commit(
            archive.peer("PORTAL"), "2.25.6", [(plan.sop_class_uid, *plan.instance_uids)]
        )
        assert said.is_ok
        # The scanner has released by then: the archive falls back to a new one.
        event_type, information = archive.heard.reports.get(timeout=60)
        assert (event_type, information.TransactionUID) == (1, "2.25.6")


def _answer():
    """Return a worklist answer."""
    ds = identity()
    ds.StudyInstanceUID, ds.RequestedProcedureID = "2.25.1", "R1"
    step = type(ds)()
    step.Modality, step.ScheduledProcedureStepID = "CT", "S1"
    step.ScheduledProcedureStepStartTime = "0930"
    ds.ScheduledProcedureStepSequence = [step]
    return ds
