"""The report to the modality on the wire: roles, transfer syntaxes, and every way it can fail."""

import socket
from dataclasses import replace

import pytest

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import ConnectFailed, NetworkError, Rejected, TimedOut
from tests.peers.modality_listener import ABORT, EXPLICIT, HANG, IMPLICIT, modality_listener
from tests.peers.ports import free_port
from tests.worklist.relaying import CT_IMAGE, TRANSACTION
from worklist.dicom import relay_scu
from worklist.dicom.commitment import STORAGE_COMMITMENT, event_information
from worklist.types.commitment import EventReport, InstanceResult

LIMITS = Limits(idle=None)
REPORT = event_information(
    EventReport(
        TRANSACTION,
        (InstanceResult(CT_IMAGE, "2.25.1", None, retrieve_ae_title="ARCHIVE"),),
        (InstanceResult(CT_IMAGE, "2.25.2", 0x0112),),
    )
)


def tell(port, event=REPORT, event_type=2, limits=LIMITS):
    peer = Peer("127.0.0.1", port, "CT1", "PORTAL")
    return relay_scu.report(peer, event, event_type, limits=limits)


# Roles of an acceptor, commitment.md §4: unset, (SCU, SCP) = (T, T) and (F, T) all work.
@pytest.mark.parametrize("roles", [(None, None), (True, True), (False, True)])
@pytest.mark.parametrize("syntaxes", [(EXPLICIT,), (IMPLICIT,), (IMPLICIT, EXPLICIT)])
def test_a_report_arrives_whole_on_a_new_association(roles, syntaxes):
    """PS3.4 J.3.3.1: the SCP role is proposed; implicit and explicit VR are offered."""
    with modality_listener(roles=roles, syntaxes=syntaxes) as ct1:
        assert tell(ct1.port) == 0x0000

    (told,) = ct1.reports
    assert (told.calling, told.event_type) == ("PORTAL", 2)
    assert told.syntax in syntaxes
    assert told.roles == {STORAGE_COMMITMENT: (False, True)}
    assert told.information.TransactionUID == TRANSACTION
    assert (told.committed, told.failed) == (["2.25.1"], {"2.25.2": 0x0112})
    assert told.information.ReferencedSOPSequence[0].RetrieveAETitle == "ARCHIVE"


def test_the_status_of_the_modality_is_returned():
    with modality_listener(answers=[0x0110]) as ct1:
        assert tell(ct1.port) == 0x0110


def test_a_modality_that_refuses_the_role_is_not_told():
    """commitment.md §4: roles (T, F) at the acceptor reject the context."""
    words = "supports nothing that we asked for"
    with modality_listener(roles=(True, False)) as ct1, pytest.raises(Rejected, match=words):
        tell(ct1.port)

    assert not ct1.reports


def test_an_aborted_association_is_no_answer():
    with modality_listener(answers=[ABORT]) as ct1, pytest.raises(NetworkError):
        tell(ct1.port)


def test_a_modality_that_hangs_runs_into_its_limit():
    with modality_listener(answers=[HANG]) as ct1, pytest.raises(TimedOut, match="report"):
        tell(ct1.port, limits=replace(LIMITS, message=1))


def test_nobody_at_home():
    with pytest.raises(ConnectFailed, match="Is CT1 switched on"):
        tell(free_port())


def test_a_wrong_title_is_said():
    with (
        modality_listener("MR7", is_strict=True) as ct1,
        pytest.raises(Rejected, match="not called"),
    ):
        tell(ct1.port)


def test_a_port_that_is_no_dicom():
    with socket.create_server(("127.0.0.1", 0)) as door, pytest.raises(NetworkError):
        relay_scu.report(
            Peer("127.0.0.1", door.getsockname()[1], "CT1", "PORTAL"),
            REPORT,
            2,
            limits=Limits(connect=5, associate=1, message=1, idle=None),
        )
