"""Storage commitment with Orthanc: the cases of commitment.md §4 against our own listener."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.models import Facility, RemoteAE
from tests.peers.certificates import authority, issued
from tests.peers.orthanc import SC, Image, Orthanc, Tls, make_instances, orthanc
from tests.peers.ports import free_port
from tests.waiting import wait_until
from tests.worklist.committing import (
    again,
    due,
    listening_portal,
    make_archive,
    make_performed,
    planned,
    states,
    verdicts,
    wait_answered,
    wait_state,
    work,
)
from worklist.models import CommitmentRequest, StudyCommitment
from worklist.services.commitment_claims import request_claim
from worklist.worker import commitment as worker

pytestmark = [pytest.mark.peer, pytest.mark.django_db(transaction=True)]
OUR_PORT = free_port()


@pytest.fixture(scope="module")
def archive() -> Iterator[Orthanc]:
    """One Orthanc for all tests of this file; its reports go to the port that they listen on."""
    with orthanc(OUR_PORT) as running:
        yield running


@pytest.fixture
def listener(settings: Any, facility: Facility) -> Iterator[None]:
    """Our listener where Orthanc reports to."""
    settings.COMMITMENT_SETTLE_S = 0
    with listening_portal(settings, address=("127.0.0.1", OUR_PORT)):
        yield


def _exam(
    facility: Facility, archive: Orthanc, images: list[Image], **values: Any
) -> StudyCommitment:
    rule = {"grace_s": 0} | values.pop("rule", {})
    title = values.pop("ae_title", archive.ae_title)
    make_archive(facility, values.pop("port", archive.port), title, **rule)
    uids = [one.uid for one in images]
    performed = make_performed(
        facility, study=images[0].study, uids=uids, **{"sop_class": SC} | values
    )
    return planned(performed)[0]


def test_everything_stored_is_confirmed(
    facility: Facility, archive: Orthanc, listener: None
) -> None:
    """§4 all stored: report after some 100 ms, type 1, no Retrieve AE Title."""
    commitment = _exam(facility, archive, archive.store(make_instances(3)))

    work()

    wait_state(commitment, "committed")
    (request,) = CommitmentRequest.objects.all()
    assert (request.event_type, request.committed_count) == (1, 3)
    wait_until(lambda: archive.job(request.transaction_uid)["State"] == "Success")


def test_one_unknown_of_three(facility: Facility, archive: Orthanc, listener: None) -> None:
    """§4: type 2, 2 referenced, 1 failed 0112H."""
    images = archive.store(make_instances(3))
    archive.delete(images[2].uid)
    commitment = _exam(facility, archive, images)

    work()
    wait_answered()

    assert states(again(commitment)) == ["COMMITTED", "COMMITTED", "FAILED"]
    assert commitment.instances.get(state="FAILED").reason == 0x0112
    assert (commitment.state, CommitmentRequest.objects.get().event_type) == ("failed", 2)


def test_an_image_that_comes_late_is_confirmed_in_the_end(
    facility: Facility, archive: Orthanc, listener: None
) -> None:
    """commitment.md §1: not there yet, asked again, confirmed."""
    images = make_instances(2)
    archive.store(images[:1])
    commitment = _exam(facility, archive, images, rule={"grace_s": 3600})
    work()
    wait_answered()
    assert again(commitment).state == "not-there-yet"

    archive.store(images[1:])
    due(commitment)
    work()

    wait_state(commitment, "committed")


def test_all_unknown(facility: Facility, archive: Orthanc, listener: None) -> None:
    """§4: type 2, Referenced SOP Sequence present with zero items."""
    commitment = _exam(facility, archive, make_instances(2))

    work()
    wait_answered()

    assert states(again(commitment)) == ["FAILED", "FAILED"]
    assert verdicts() == ["matched"]


def test_wrong_class(facility: Facility, archive: Orthanc, listener: None) -> None:
    """§4: type 2, 0119H; asking again would not help."""
    ct = "1.2.840.10008.5.1.4.1.1.2"
    commitment = _exam(facility, archive, archive.store(make_instances(1)), sop_class=ct)

    work()
    wait_answered()

    assert commitment.instances.get().reason == 0x0119
    assert again(commitment).next_ask_at is None


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("MODALITY1", "broke the association off"),  # known, without the right: aborted
        ("STRANGER", "does not know our AE title STRANGER"),  # rejected 1/1/3
    ],
)
def test_a_requester_without_rights_is_told(
    facility: Facility, archive: Orthanc, listener: None, title: str, says: str
) -> None:
    """§4: AllowStorageCommitment false: aborted at N-ACTION; unknown: rejected."""
    commitment = _exam(facility, archive, make_instances(1))
    Facility.objects.update(ae_title=title)

    work()

    assert says in again(commitment).sentence
    assert commitment.state == "not-asked"
    assert CommitmentRequest.objects.get().state == "not-sent"


def test_a_wrong_called_title_is_told(facility: Facility, archive: Orthanc, listener: None) -> None:
    """§4: rejected 1/1/7."""
    commitment = _exam(facility, archive, make_instances(1), ae_title="WRONG")

    work()

    assert "is not called WRONG" in again(commitment).sentence


def test_a_frozen_archive_does_not_hold_us(
    facility: Facility, archive: Orthanc, listener: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """§4 archive frozen: TCP connects; the association timer decides."""
    commitment = _exam(facility, archive, archive.store(make_instances(1)))
    archive.freeze()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(worker, "LIMITS", replace(worker.LIMITS, associate=2))
            work()
    finally:
        archive.thaw()

    assert CommitmentRequest.objects.get().state == "not-sent"
    due(commitment)
    work()
    wait_state(commitment, "committed")


def test_a_lost_report_is_resent_late_and_counts(
    facility: Facility, archive: Orthanc, settings: Any
) -> None:
    """§4 no listener: N-ACTION 0000H, job Failure, no retry; resubmitted it arrives after all."""
    settings.COMMITMENT_SETTLE_S = 0
    images = archive.store(make_instances(2))
    commitment = _exam(facility, archive, images, rule={"deadline_s": 0})
    work()
    request = CommitmentRequest.objects.get()
    wait_until(lambda: archive.job(request.transaction_uid).get("State") == "Failure")
    CommitmentRequest.objects.update(deadline_at=request.created_at)
    work()
    assert again(commitment).state == "unanswered"

    with listening_portal(settings, address=("127.0.0.1", OUR_PORT)):
        archive.resend(request.transaction_uid)
        wait_state(commitment, "committed")

    assert verdicts() == ["late"]


def test_an_archive_restarted_in_the_middle_never_answers_and_is_asked_again(
    facility: Facility, archive: Orthanc, listener: None
) -> None:
    """§4 restart during evaluation: no report, ever; only asking again helps."""
    images = archive.store(make_instances(2))
    commitment = _exam(facility, archive, images)
    archive.portal_port = free_port()  # nothing gets through until it has been restarted
    archive.stop()
    archive.start()
    work()
    request = CommitmentRequest.objects.get()
    assert again(commitment).state == "waiting"
    archive.kill()
    archive.portal_port = OUR_PORT
    archive.start()

    CommitmentRequest.objects.update(deadline_at=request.created_at)
    work()
    due(commitment)
    work()

    wait_state(commitment, "committed")
    assert CommitmentRequest.objects.count() == 2


def test_an_archive_that_is_down_is_asked_when_it_is_back(
    facility: Facility, archive: Orthanc, listener: None
) -> None:
    """§4 unreachable: connection refused."""
    commitment = _exam(facility, archive, archive.store(make_instances(1)))
    archive.stop()
    try:
        work()
        assert "Nobody answers" in again(commitment).sentence
    finally:
        archive.start()
    due(commitment)
    work()
    wait_state(commitment, "committed")


def test_mutual_tls_both_ways(facility: Facility, settings: Any, tmp_path: Path) -> None:
    """§4: mutual TLS both ways works."""
    ca = authority(tmp_path, "authority")
    ours, theirs = issued(tmp_path, "portal", ca), issued(tmp_path, "archive", ca)
    settings.DICOM_TLS_CERT, settings.DICOM_TLS_KEY = str(ours.file), str(ours.key)
    settings.DICOM_TLS_CA = str(ca.file)
    settings.COMMITMENT_SETTLE_S = 0
    port = free_port()
    with (
        listening_portal(settings, tls=True, address=("127.0.0.1", port)),
        orthanc(port, tls=Tls(theirs, ca)) as secure,
    ):
        images = secure.store(make_instances(2))
        secure.delete(images[1].uid)
        commitment = _exam(facility, secure, images)
        RemoteAE.objects.filter(ae_title="ARCHIVE").update(has_tls=True)

        work()
        wait_answered()

        assert states(again(commitment)) == ["COMMITTED", "FAILED"]


def test_the_same_request_sent_twice_is_recorded_once(
    facility: Facility, archive: Orthanc, listener: None
) -> None:
    """§4 duplicate transaction UID: both accepted, two reports; the second is a duplicate."""
    commitment = _exam(facility, archive, archive.store(make_instances(2)))
    request = request_claim(lease_owner="w")
    assert request is not None

    for _ in range(2):
        worker.request_send(request, limits=worker.LIMITS)

    wait_until(lambda: verdicts() == ["matched", "duplicate"])
    assert again(commitment).state == "committed"
    assert (commitment.committed, commitment.expected) == (2, 2)
