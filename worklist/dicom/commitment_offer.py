"""What an archive lets us negotiate for storage commitment (PS3.4 J.2.1); nothing is asked."""

from enum import StrEnum

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_role
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification

from portal.dicom.association import Limits, Peer, associate
from worklist.dicom.commitment import STORAGE_COMMITMENT

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
TRANSFER_SYNTAXES_UNKNOWN = 4  # PS3.8 Table 9-18


class Offer(StrEnum):
    """What came of it."""

    ACCEPTED = "accepted"
    NO_SOP_CLASS = "no-sop-class"
    NO_TRANSFER_SYNTAX = "no-transfer-syntax"
    NO_ROLE = "no-role"  # it does not take us as SCU


def offer_of(peer: Peer, *, limits: Limits) -> Offer:
    """Propose storage commitment beside Verification, which it has accepted before."""
    contexts = [build_context(Verification, SYNTAXES), build_context(STORAGE_COMMITMENT, SYNTAXES)]
    role = build_role(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
    with associate(peer, contexts, limits=limits, roles=[role]) as assoc:
        accepted = [c for c in assoc.accepted_contexts if c.abstract_syntax == STORAGE_COMMITMENT]
        rejected = [c for c in assoc.rejected_contexts if c.abstract_syntax == STORAGE_COMMITMENT]
    if accepted:
        return Offer.ACCEPTED if accepted[0].as_scu else Offer.NO_ROLE
    result = rejected[0].result if rejected else None
    if result == TRANSFER_SYNTAXES_UNKNOWN:
        return Offer.NO_TRANSFER_SYNTAX
    return Offer.NO_SOP_CLASS
