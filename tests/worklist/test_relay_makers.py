"""Scanners and archives of other makers around the relay: dcmjs-dimse and Orthanc."""

import pytest

from tests.peers.commitment_scanner import dcmjs_scanner, told_of
from tests.peers.orthanc import SC, make_instances, orthanc
from tests.peers.orthanc_scanner import orthanc_scanner
from tests.peers.ports import free_port
from tests.peers.scripted_archive import Reaction, failed, scripted_archive
from tests.worklist.relaying import (
    CT_IMAGE,
    TRANSACTION,
    make_archive,
    make_scanner,
    references_of,
    rule,
    state_of,
    uids,
    work,
)

pytestmark = pytest.mark.peer
ONE, TWO, THREE = uids(3)


def test_a_scanner_in_node_is_told_what_the_archive_said(running_scp, facility):
    """dcmjs-dimse 0.3: knows no role selection, and takes the report all the same (dcm4che#463)."""
    listen = free_port()
    make_scanner(facility, port=listen)
    with scripted_archive(running_scp) as archive:
        archive.script(Reaction(report=failed(1)))
        rule(make_archive(facility, port=archive.port))
        with dcmjs_scanner(running_scp, listen, TRANSACTION, references_of(*uids(3))) as scanner:
            work(lambda: state_of() == "delivered")
            told = told_of(scanner)

    assert (told["status"], told["eventType"], told["calling"]) == (0, 2, "PORTAL")
    report = told["report"]
    assert report["TransactionUID"] == TRANSACTION
    confirmed = [item["ReferencedSOPInstanceUID"] for item in report["ReferencedSOPSequence"]]
    assert confirmed == [ONE, TWO]
    (lost,) = report["FailedSOPSequence"]
    assert (lost["ReferencedSOPInstanceUID"], lost["FailureReason"]) == (THREE, 0x0112)


def test_a_scanner_in_node_understands_a_refusal(running_scp, facility):
    make_archive(facility)
    make_scanner(facility)

    with dcmjs_scanner(
        running_scp, free_port(), TRANSACTION, references_of(ONE), action_type=2
    ) as scanner:
        told = told_of(scanner)

    assert (told["status"], told["comment"]) == (0x0123, "The only Action Type ID is 1.")


def test_orthanc_plays_the_scanner(running_scp, facility):
    """commitment.md §4: no roles proposed, releases at once, reported on a new association."""
    with (
        orthanc_scanner(running_scp) as scanner,
        scripted_archive(running_scp) as archive,
    ):
        archive.script(Reaction(report=failed(1)))
        rule(make_archive(facility, port=archive.port))
        make_scanner(facility, "SCANNER", port=scanner.dicom_port)

        transaction = scanner.ask([(CT_IMAGE, uid) for uid in uids(3)])
        work(lambda: state_of() == "delivered")
        report = scanner.report(transaction)

    assert report["Status"] == "Failure"
    assert report["RemoteAET"] == "PORTAL"
    assert [one["SOPInstanceUID"] for one in report["Success"]] == [ONE, TWO]
    (lost,) = report["Failures"]
    assert (lost["SOPInstanceUID"], lost["FailureReason"]) == (THREE, 0x0112)


def test_orthanc_as_scanner_is_refused_when_it_is_not_relayed(running_scp, facility):
    """A refusal is a status that it shows; nothing stays pending at the portal."""
    with orthanc_scanner(running_scp) as scanner:
        make_archive(facility)
        make_scanner(facility, "SCANNER", port=scanner.dicom_port, is_relayed=False)

        assert scanner.is_refused([(CT_IMAGE, ONE)])


def test_from_orthanc_as_scanner_to_orthanc_as_archive_and_back(running_scp, facility):
    """Issue 5, "Shown by": both ends of another maker; one image of three was lost there."""
    with orthanc_scanner(running_scp) as scanner, orthanc(running_scp) as archive:
        kept = archive.store(make_instances(3))
        archive.delete(kept[2].uid)
        rule(make_archive(facility, port=archive.port))
        make_scanner(facility, "SCANNER", port=scanner.dicom_port)

        transaction = scanner.ask([(SC, image.uid) for image in kept])
        work(lambda: state_of() == "delivered")
        report = scanner.report(transaction)

    assert {one["SOPInstanceUID"] for one in report["Success"]} == {kept[0].uid, kept[1].uid}
    assert [one["SOPInstanceUID"] for one in report["Failures"]] == [kept[2].uid]
