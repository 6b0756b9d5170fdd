"""Tells a modality what became of its commitment request: N-EVENT-REPORT as SCP (PS3.4 J.3.3)."""

from io import BytesIO

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.association import Association
from pynetdicom.dsutils import decode
from pynetdicom.presentation import build_context, build_role

from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import Aborted, Rejected
from worklist.dicom.commitment import STORAGE_COMMITMENT, WELL_KNOWN_INSTANCE

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


def report(peer: Peer, event: bytes, event_type: int, *, limits: Limits) -> int:
    """Send Event Information, explicit VR little endian, on a new association; return the status.

    We open the association and are the class's SCP: that role is proposed (PS3.4 J.3.3.1.3).
    """
    contexts = [build_context(STORAGE_COMMITMENT, SYNTAXES)]
    roles = [build_role(STORAGE_COMMITMENT, scp_role=True)]
    with associate(peer, contexts, limits=limits, roles=roles) as assoc:
        _take_role(assoc, peer)
        information = decode(BytesIO(event), is_implicit_vr=False, is_little_endian=True)
        try:
            status, _ = assoc.send_n_event_report(
                information, event_type, STORAGE_COMMITMENT, WELL_KNOWN_INSTANCE
            )
        except RuntimeError as error:  # the peer has gone since it accepted
            raise Aborted(f"{peer.called_ae_title} broke the association off.") from error
        return require_answer(assoc, status, "the report", limits.message)


def _take_role(assoc: Association, peer: Peer) -> None:
    """Make sure that we may be SCP; a peer that says nothing about roles is taken to agree.

    Older modalities, and DCMTK's when they are not told, leave the role item out of their answer
    (PS3.7 D.3.3.4 would make us SCU then) and take the report all the same (dcm4che#463).
    """
    context = assoc.accepted_contexts[0]
    if context.as_scp:
        return
    if STORAGE_COMMITMENT in assoc.acceptor.role_selection:
        raise Rejected(
            f"{peer.called_ae_title} takes no reports: it refuses us the role of an archive (SCP).",
            is_transient=False,
        )
    context._as_scp = True
