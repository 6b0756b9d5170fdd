"""Reports given to the service without a wire."""

from io import BytesIO

from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.dsutils import encode

from portal.dicom.n_messages import NAnswer, NRequest
from portal.models import RemoteAE
from portal.types import Caller
from tests.peers.scripted_archive import Asked, Report
from tests.worklist.committing import (
    again,
    due,
)
from worklist.dicom.commitment import STORAGE_COMMITMENT, WELL_KNOWN_INSTANCE, action_of
from worklist.models import CommitmentRequest, StudyCommitment
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_reports import report_record
from worklist.types.commitment import AskOutcome

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


def asked_of(commitment: StudyCommitment) -> tuple[CommitmentRequest, Asked]:
    """Have the next part asked, as far as the archive's yes; no wire."""
    due(commitment)
    request = request_claim(lease_owner="w")
    assert request is not None
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0)
    uid, references = action_of(bytes(request.action_information), EXPLICIT)
    named = tuple((one.sop_class_uid, one.sop_instance_uid) for one in references)
    return again(request), Asked(uid, named, "PORTAL", "ARCHIVE", EXPLICIT)


def sent(
    sender: RemoteAE, report: Report | bytes, event_type: int | None = None, syntax: str = EXPLICIT
) -> NAnswer:
    """Give a report to the service, as the listener does."""
    if isinstance(report, Report):
        event_type = event_type or report.event_type
        raw = encode(report.dataset(), syntax == ImplicitVRLittleEndian, True)
        assert raw is not None
    else:
        raw, event_type = report, event_type or 1
    request = NRequest(
        STORAGE_COMMITMENT, WELL_KNOWN_INSTANCE, syntax, BytesIO(raw).getvalue(), type_id=event_type
    )
    caller = Caller(sender.pk, sender.facility_id, sender.ae_title)
    return report_record(caller=caller, request=request, is_same_association=False)
