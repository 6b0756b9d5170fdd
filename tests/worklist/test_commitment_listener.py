"""Storage commitment on our listener: roles, transfer syntaxes, answers; on both stacks."""

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from portal.models import Facility
from tests.peers.scripted_archive import Report, scripted_archive
from tests.worklist.committing import (
    CT,
    again,
    make_archive,
    make_performed,
    planned,
    verdicts,
)
from tests.worklist.factories import make_device
from worklist.dicom.commitment import EXPLICIT_LITTLE_ENDIAN, action_of
from worklist.models import CommitmentRequest, StudyCommitment
from worklist.services.commitment_claims import request_claim, request_record
from worklist.types.commitment import AskOutcome

IMPLICIT_ONLY, EXPLICIT_ONLY = [ImplicitVRLittleEndian], [ExplicitVRLittleEndian]


@pytest.fixture
def commitment(running_scp: int, facility: Facility, settings: Any) -> StudyCommitment:
    """Three images, asked about; no wire."""
    settings.COMMITMENT_SETTLE_S = 0
    make_archive(facility, 104)
    (made,) = planned(make_performed(facility, 3))
    request = request_claim(lease_owner="w")
    assert request is not None
    request_record(request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0)
    return made


def _report() -> Report:
    request = CommitmentRequest.objects.get()
    uid, references = action_of(bytes(request.action_information), EXPLICIT_LITTLE_ENDIAN)
    return Report(uid, tuple((one.sop_class_uid, one.sop_instance_uid) for one in references))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("syntaxes", [IMPLICIT_ONLY, EXPLICIT_ONLY])
@pytest.mark.parametrize("roles", [(False, True), (True, True), (False, False)])
def test_a_report_is_taken_whatever_roles_its_sender_proposes(
    running_scp: int,
    commitment: StudyCommitment,
    roles: tuple[bool, bool],
    syntaxes: list[Any],
) -> None:
    """commitment.md §4: unset, (T,T) and (F,T) work; healthcare-dicom-dicomweb-adapter#161."""
    with scripted_archive(running_scp, roles=roles, syntaxes=syntaxes) as archive:
        assert archive.report(_report()) == 0x0000

    assert again(commitment).state == "committed"
    assert verdicts() == ["matched"]


@pytest.mark.django_db(transaction=True)
def test_the_answer_carries_no_dataset_and_grants_the_scp_role(
    running_scp: int, commitment: StudyCommitment
) -> None:
    """commitment.md §4: 0000H with a dataset is "badly formatted"; strict senders want roles."""
    seen: list[Any] = []
    ae = AE(ae_title="ARCHIVE")
    ae.add_requested_context(StorageCommitmentPushModel)
    (wanted,) = ae.requested_contexts
    wanted.scu_role, wanted.scp_role = False, True
    assoc = ae.associate(
        "127.0.0.1",
        running_scp,
        ae_title="PORTAL",
        ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
        evt_handlers=[(evt.EVT_DIMSE_RECV, lambda event: seen.append(event.message))],
    )
    assert assoc.is_established
    (context,) = assoc.accepted_contexts
    assert context.as_scp

    answer, _ = assoc.send_n_event_report(
        _report().dataset(), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    assoc.release()

    assert answer.Status == 0x0000
    assert seen[0].command_set.CommandDataSetType == 0x0101  # none (PS3.7 E.1)
    assert not seen[0].data_set.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_refused_report_is_told_why(running_scp: int, commitment: StudyCommitment) -> None:
    """commitment.md §7 9: a status is sent also when the report is none of ours."""
    with scripted_archive(running_scp) as archive:
        assert archive.report(Report("1.2.3", ((CT, "1.2.3.4"),))) == 0x0112
        assert archive.report(_report(), event_type=9) == 0x0113

    assert verdicts() == ["unknown-transaction", "unreadable"]


@pytest.mark.django_db(transaction=True)
def test_a_report_of_a_stranger_does_not_get_in(
    running_scp: int, commitment: StudyCommitment
) -> None:
    """Who is not on the allow-list reports nothing; who is, is not the archive for that."""
    with scripted_archive(running_scp, ae_title="STRANGER") as stranger:
        assert stranger.report(_report()) is None

    assert verdicts() == []
    assert again(commitment).state == "waiting"


@pytest.mark.django_db(transaction=True)
def test_a_modality_without_relay_is_not_answered_from_what_we_know(
    running_scp: int, facility: Facility, commitment: StudyCommitment
) -> None:
    """PS3.4 J.1.1: a full copy is required; the portal holds none."""
    make_device(facility, "CT1")
    ae = AE(ae_title="CT1")
    ae.add_requested_context(StorageCommitmentPushModel)
    assoc = ae.associate("127.0.0.1", running_scp, ae_title="PORTAL")
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, "1.2.3"
    ds = Dataset()
    ds.TransactionUID, ds.ReferencedSOPSequence = "1.2.4", [item]

    answer, _ = assoc.send_n_action(
        ds, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    assoc.release()

    assert answer.Status == 0x0124


@pytest.mark.django_db(transaction=True)
def test_reports_at_the_same_time_count_once(running_scp: int, commitment: StudyCommitment) -> None:
    """Two associations with the same report: one is taken, the other is its duplicate."""
    with scripted_archive(running_scp) as archive:
        senders = [archive.report_later(_report()) for _ in range(4)]
        for sender in senders:
            sender.join(timeout=60)

        assert archive.reported == [0x0000] * 4

    assert sorted(verdicts()) == ["duplicate"] * 3 + ["matched"]
    assert again(commitment).state == "committed"
