"""The simulated archive: DCMTK stores and lists, our scanner asks for commitment."""

import queue
import subprocess

import pytest
from pydicom import dcmwrite
from pydicom.uid import generate_uid

from tests.waiting import wait_until
from tests.worklist.simulating import (
    AT,
    STUDY,
    archive_in,
    identity,
    references,
    series,
)
from worklist.dicom.simulator import scanner
from worklist.dicom.simulator.images import images
from worklist.dicom.simulator.journal import Journal
from worklist.dicom.simulator.shelf import Held, Shelf


@pytest.fixture
def archive(tmp_path):
    with archive_in(tmp_path / "archive") as running:
        yield running


def ask(archive, plan, calling="PORTAL", transaction=None):
    return scanner.commit(
        archive.peer(calling), transaction or generate_uid(prefix=None), references(plan)
    )


def told(archive):
    return archive.heard.reports.get(timeout=60)


def test_what_was_stored_is_confirmed(archive):
    """PS3.4 J.3.3: event type 1, all instances, the same transaction."""
    assert archive.store(series(5)) == scanner.Said("C-STORE", 0, "", 5)

    uid = generate_uid(prefix=None)
    assert ask(archive, series(5), transaction=uid).status == 0x0000
    event_type, report = told(archive)
    assert (event_type, report.TransactionUID) == (1, uid)
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == (
        series(5).instance_uids
    )
    assert "FailedSOPSequence" not in report


def test_lost_images_were_answered_with_success_and_are_missing(archive):
    """Issue 5 item 11, "loses k images": C-STORE says 0000H, the report 0112H."""
    archive.set(lost=2)
    assert archive.store(series(5)).is_ok
    ask(archive, series(5))

    event_type, report = told(archive)
    assert event_type == 2
    assert len(report.ReferencedSOPSequence) == 3
    assert [item.FailureReason for item in report.FailedSOPSequence] == [0x0112] * 2
    held = Shelf(archive.directory).study(STUDY)
    assert (held.series, held.images, held.lost) == (1, 3, 2)

    archive.store(series(5))  # sent again, they are kept: a study loses only so many
    ask(archive, series(5))
    assert told(archive)[0] == 1


def test_another_class_under_a_known_uid_is_a_conflict(archive):
    """PS3.3 C.14.1.1: 0119H."""
    plan = series(1)
    archive.store(plan)
    scanner.commit(
        archive.peer(), generate_uid(), [("1.2.840.10008.5.1.4.1.1.4", *plan.instance_uids)]
    )

    _, report = told(archive)
    assert report.FailedSOPSequence[0].FailureReason == 0x0119
    assert "ReferencedSOPSequence" not in report


@pytest.mark.parametrize("reason", [0x0110, 0x0112, 0x0119, 0x0213, 0xC001])
def test_any_reason_can_be_had_for_every_image(archive, reason):
    """Reasons of PS3.3 C.14.1.1, and one that no table has."""
    archive.set(reason=reason)
    archive.store(series(2))
    ask(archive, series(2))

    event_type, report = told(archive)
    assert event_type == 2
    assert [item.FailureReason for item in report.FailedSOPSequence] == [reason] * 2


def test_silent_refusing_and_aborting(archive):
    """Issue 5: an archive that never reports, refuses N-ACTION, or breaks it off."""
    archive.store(series(1))
    archive.set(reaction="refuses")
    assert ask(archive, series(1)).status == 0x0213
    archive.set(reaction="aborts")
    said = ask(archive, series(1))
    assert said.status is None
    assert said.words
    archive.set(reaction="silent")
    assert ask(archive, series(1)).is_ok
    archive.set()
    ask(archive, series(1), transaction="2.25.99")

    assert told(archive)[1].TransactionUID == "2.25.99"
    assert archive.heard.reports.empty()


def test_late_and_twice(archive):
    """The report of a later question overtakes a late one; one is told twice."""
    archive.store(series(1))
    archive.set(late_s=1)
    ask(archive, series(1), transaction="2.25.1")
    archive.set(reaction="twice")
    ask(archive, series(1), transaction="2.25.2")

    transactions = [told(archive)[1].TransactionUID for _ in range(3)]
    assert transactions == ["2.25.2", "2.25.2", "2.25.1"]


def test_malformed_requests_get_a_status(archive):
    """PS3.4 J.3.2.1.4 and PS3.7 Annex C; never an abort."""
    twice = references(series(1)) * 2
    assert scanner.commit(archive.peer(), "2.25.3", []).status == 0x0115
    assert scanner.commit(archive.peer(), "2.25.3", twice).status == 0x0115
    assert scanner.commit(archive.peer(), "", references(series(1))).status == 0x0115


def test_notice_when_a_study_is_complete(archive):
    """PS3.4 R.3.2: what is there, once nothing new comes; a switch turns it off."""
    archive.set(lost=1)
    archive.store(series(3))

    notice = archive.heard.notices.get(timeout=60)
    assert notice.StudyInstanceUID == STUDY
    (one,) = notice.ReferencedSeriesSequence
    assert len(one.ReferencedSOPSequence) == 2
    assert {item.InstanceAvailability for item in one.ReferencedSOPSequence} == {"ONLINE"}
    wait_until(lambda: [x.kind for x in Journal(archive.directory).lines()] == ["stored", "notice"])

    archive.set(has_notices=False)
    archive.store(series(3, study="2.25.4712"))
    with pytest.raises(queue.Empty):
        archive.heard.notices.get(timeout=1.5)


def test_the_journal_has_numbers_and_no_patient(archive):
    """Logs carry ids, never a patient's name."""
    archive.set(lost=2)
    archive.store(series(5))
    archive.set(has_notices=False)
    ask(archive, series(5))
    told(archive)
    journal = Journal(archive.directory)

    lines = wait_until(lambda: (found := journal.lines()) and len(found) >= 3 and found)
    kinds = {line.kind: (line.peer, line.count, line.other) for line in lines}
    assert kinds["stored"] == ("CT1", 3, 2)
    assert kinds["action"] == ("PORTAL", 5, 0)
    assert kinds["report"] == ("PORTAL", 3, 2)
    text = (archive.directory / "journal.jsonl").read_text()
    assert "Wang" not in text
    assert "SYN-1" not in text


@pytest.mark.parametrize("uid", ["../../1", "..", "", "1..2", "1/2", "1\n", "1" * 65, "1.2.x"])
def test_hostile_uids_become_no_file_names(uid):
    """A UID with a path in it is refused: C000H, PS3.4 Table B.2-1."""
    assert Held("1.2", "1.2.3", "1.2", "1.2").is_sound
    assert not Held("1.2", "1.2.3", "1.2", uid).is_sound
    assert not Held("1.2", uid, "1.2", "1.2").is_sound


@pytest.mark.peer
def test_dcmtk_stores_and_lists(archive, tmp_path):
    """storescu, and findscu -S at each level (PS3.4 C.6.2)."""
    for number, ds in enumerate(images(series(3), identity(), AT)):
        dcmwrite(tmp_path / f"{number}.dcm", ds, enforce_file_format=True)
    target = ["-aet", "CT1", "-aec", "SIMARCHIVE", "127.0.0.1", str(archive.port)]
    files = [str(path) for path in sorted(tmp_path.glob("*.dcm"))]
    subprocess.run(["/usr/bin/storescu", *target, *files], check=True, timeout=30)

    def find(*keys):
        command = ["/usr/bin/findscu", "-S", "-v", *(x for key in keys for x in ("-k", key))]
        run = subprocess.run(
            [*command, *target], capture_output=True, text=True, timeout=30, check=True
        )
        return run.stdout + run.stderr

    study = find("QueryRetrieveLevel=STUDY", "PatientID=SYN-1", "NumberOfStudyRelatedInstances")
    assert study.count("Find Response:") == 1
    assert "[3 ]" in study
    assert find("QueryRetrieveLevel=STUDY", "PatientID=NOBODY").count("Find Response:") == 0
    above = f"StudyInstanceUID={STUDY}"
    found = find("QueryRetrieveLevel=SERIES", above, "SeriesInstanceUID")
    assert series(3).series_instance_uid in found
    found = find(
        "QueryRetrieveLevel=IMAGE",
        above,
        f"SeriesInstanceUID={series(3).series_instance_uid}",
        "SOPInstanceUID",
    )
    assert found.count("Find Response:") == 3
    assert all(uid in found for uid in series(3).instance_uids)
    assert "Find Response:" not in find("QueryRetrieveLevel=IMAGE", "SOPInstanceUID")
