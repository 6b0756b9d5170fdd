"""The simulated department beside other makers' archives and our own requesters."""

import pytest

from portal.dicom.association import Limits, Peer
from portal.dicom.n_messages import NAnswer
from tests.peers.orthanc import orthanc
from tests.worklist.simulating import AT, archive_in, identity, references, series
from worklist.dicom import commitment_scu
from worklist.dicom.archive_query import instances_at
from worklist.dicom.commitment import action_information, report_of
from worklist.dicom.simulator import scanner
from worklist.dicom.simulator.images import images
from worklist.types.commitment import InstanceReference

STUDY = series().study_instance_uid
LIMITS = Limits()


@pytest.mark.peer
def test_orthanc_takes_a_scanners_images_and_lists_what_ours_lists(tmp_path, free_port):
    """PS3.4 Annex B and C.6.2: another maker's archive accepts and lists the same."""
    made = [*images(series(3), identity(), AT), *images(series(2, number=2), identity(), AT)]
    with orthanc(free_port) as archive, archive_in(tmp_path / "archive") as ours:
        theirs = Peer("127.0.0.1", archive.port, "ARCHIVE", "MODALITY1")
        assert scanner.store(theirs, made) == scanner.Said("C-STORE", 0, "", 5)
        assert scanner.store(ours.peer("CT1"), made).count == 5

        asker = Peer("127.0.0.1", archive.port, "ARCHIVE", "PORTAL")
        listed = instances_at(asker, STUDY)

        assert {one.sop_instance_uid for _, one in listed} == {
            str(ds.SOPInstanceUID) for ds in made
        }
        assert sorted(instances_at(ours.peer(), STUDY), key=str) == sorted(listed, key=str)
        names = archive.rest("/patients?expand")
        assert [one["MainDicomTags"]["PatientID"] for one in names] == ["SYN-1"]


def test_our_requester_hears_it_on_the_same_association(tmp_path):
    """PS3.4 J.3.3.1.2, note: allowed to the SCP, while the requester waits."""
    plan, heard = series(2), []
    with archive_in(tmp_path / "archive") as archive:
        archive.set(is_same_association=True, lost=1)
        archive.store(plan)

        def on_report(request):
            heard.append(report_of(request.dataset, request.transfer_syntax))
            return NAnswer()

        named = [InstanceReference(*one) for one in references(plan)]
        action = action_information("2.25.31", named)
        commitment_scu.ask(archive.peer(), action, limits=LIMITS, linger_s=60, on_report=on_report)

        (report,) = heard
        assert report.transaction_uid == "2.25.31"
        assert (len(report.committed), [one.reason for one in report.failed]) == (1, [0x0112])
        assert archive.heard.reports.empty()
