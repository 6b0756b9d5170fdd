"""What is believed of an archive's report, and what is not (commitment.md §8 7)."""

from dataclasses import replace

import pytest
from django.urls import resolve

from portal.models import Alert, Facility, RemoteAE
from tests.peers.scripted_archive import Report, committed, failed, longer, short
from tests.worklist.committing import (
    CT,
    again,
    alerts,
    make_archive,
    make_performed,
    planned,
    states,
    verdicts,
)
from tests.worklist.reporting import asked_of, sent
from worklist.models import CommitmentReport, StudyCommitment
from worklist.services.commitment_claims import request_open
from worklist.types.commitment import InstanceReference

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(settings: object) -> None:
    """No settle delay."""
    settings.COMMITMENT_SETTLE_S = 0  # type: ignore[attr-defined]


@pytest.fixture
def archive(facility: Facility) -> RemoteAE:
    """The archive that is asked; no missing image is still on its way."""
    return make_archive(facility, 104, grace_s=0)


@pytest.fixture
def commitment(facility: Facility, archive: RemoteAE) -> StudyCommitment:
    """Three images, asked for soon."""
    return planned(make_performed(facility, 3))[0]


def test_a_report_of_an_unknown_transaction_is_refused(archive: RemoteAE) -> None:
    """commitment.md §2: answer 0112H or 0110H, record, alert; Orthanc stores it as a new report."""
    report = Report("1.2.3", ((CT, "1.2.3.4"),))

    assert sent(archive, report).status == 0x0112

    (kept,) = CommitmentReport.objects.all()
    assert (kept.verdict, kept.status, kept.transaction_uid) == (
        "unknown-transaction",
        0x0112,
        "1.2.3",
    )
    assert bytes(kept.dataset)
    assert alerts() == ["commitment-report"]
    assert resolve(Alert.objects.get().address).kwargs["message_id"] == kept.pk


def test_a_report_of_another_sender_changes_nothing(
    facility: Facility, commitment: StudyCommitment
) -> None:
    """commitment.md §8 7: sender = AE asked; AE titles are what is asked, so no stranger's word."""
    other = make_archive(facility, 105, "OTHER")
    request, asked = asked_of(commitment)

    assert sent(other, committed(asked)).status == 0x0112

    assert again(request).state == "waiting"
    assert states(commitment) == ["REQUESTED"] * 3
    assert verdicts() == ["wrong-sender"]
    assert alerts() == ["commitment-report"]


def test_a_report_in_another_facility_learns_nothing(
    make_user: object, commitment: StudyCommitment
) -> None:
    """Facilities do not see each other's transactions."""
    from portal import services
    from tests.worklist.committing import BY

    branch, _ = services.facility_set(code="branch", ae_title="BRANCH", name="Branch", by=BY)
    foreign = make_archive(branch, 104)
    request, asked = asked_of(commitment)

    assert sent(foreign, committed(asked)).status == 0x0112

    (kept,) = CommitmentReport.objects.all()
    assert (kept.verdict, kept.request, kept.facility) == ("unknown-transaction", None, branch)
    assert again(request).state == "waiting"


@pytest.mark.parametrize("report", [short, longer])
def test_a_report_has_to_be_about_what_was_asked(
    archive: RemoteAE, commitment: StudyCommitment, report: object
) -> None:
    """PS3.4 J.3.3.1.2: all requested instances must be present, and nothing else was asked."""
    request, asked = asked_of(commitment)

    assert sent(archive, report(asked)).status == 0x0115  # type: ignore[operator]

    assert states(commitment) == ["REQUESTED"] * 3
    assert again(request).state == "waiting"
    assert verdicts() == ["wrong-set"]
    assert alerts() == ["commitment-report"]


def test_an_instance_in_both_sequences_is_in_neither(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """PS3.4 J.3.3.1.2: in one sequence or the other."""
    _, asked = asked_of(commitment)
    both = replace(failed(1)(asked), committed=asked.references)

    assert sent(archive, both).status == 0x0115
    assert states(commitment) == ["REQUESTED"] * 3


def test_another_class_is_not_confirmed_but_may_be_the_failure(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """PS3.3 C.14.1.1 0119: class/instance conflict."""
    _, asked = asked_of(commitment)
    changed = [("1.2.840.10008.5.1.4.1.1.4", uid) for _, uid in asked.references]

    confirmed = Report(asked.transaction_uid, tuple(changed))
    refused = Report(asked.transaction_uid, (), tuple((*one, 0x0119) for one in changed))

    assert sent(archive, confirmed).status == 0x0115
    assert sent(archive, refused).status == 0
    assert states(commitment) == ["FAILED"] * 3


@pytest.mark.parametrize(
    ("make", "event_type", "expected"),
    [(failed(1), 1, ["COMMITTED", "COMMITTED", "FAILED"]), (committed, 2, ["COMMITTED"] * 3)],
)
def test_content_wins_over_the_event_type(
    archive: RemoteAE,
    commitment: StudyCommitment,
    make: object,
    event_type: int,
    expected: list[str],
) -> None:
    """commitment.md §2: compare type with content; content wins, flag it."""
    _, asked = asked_of(commitment)

    assert sent(archive, make(asked), event_type).status == 0  # type: ignore[operator]

    assert states(commitment) == expected
    assert verdicts() == ["type-differs"]
    assert "commitment-report" in alerts()


def test_another_event_type_is_none(archive: RemoteAE, commitment: StudyCommitment) -> None:
    """PS3.4 J.3.3: event types 1 and 2; dcmqrscp answers others with 0113H."""
    _, asked = asked_of(commitment)

    assert sent(archive, committed(asked), 3).status == 0x0113
    assert states(commitment) == ["REQUESTED"] * 3
    assert verdicts() == ["unreadable"]


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"\x08\x00\x95\x11UI\xff\xff1.2"])
def test_what_cannot_be_read_is_kept_and_refused(archive: RemoteAE, raw: bytes) -> None:
    """commitment.md §7 9: a response is sent also when processing the report fails."""
    assert sent(archive, raw).status == 0x0115

    (kept,) = CommitmentReport.objects.all()
    assert bytes(kept.dataset) == raw
    assert kept.verdict == "unreadable"
    assert alerts() == ["commitment-report"]


def test_implicit_vr_and_an_empty_success_list_are_read(
    archive: RemoteAE, commitment: StudyCommitment
) -> None:
    """commitment.md §7 5 and §3 6: Implicit VR is needed; Orthanc's empty sequence too."""
    _, asked = asked_of(commitment)
    report = replace(failed()(asked), has_empty_sequence=True)

    assert sent(archive, report, syntax=IMPLICIT).status == 0
    assert states(commitment) == ["FAILED"] * 3


def test_the_answer_to_a_probe_is_taken_as_such(archive: RemoteAE) -> None:
    """commitment.md §8 9: a random unknown UID, and 0112H expected on our listener."""
    request = request_open(
        archive=archive,
        purpose="probe",
        references=[InstanceReference(CT, "2.25.1")],
        asked_for="tester",
        lease_owner="w",
    )
    report = Report(request.transaction_uid, (), ((CT, "2.25.1", 0x0112),))

    assert sent(archive, report).status == 0
    assert verdicts() == ["probe"]
    assert again(request).state == "answered"
    assert alerts() == []
