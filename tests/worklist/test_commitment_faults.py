"""Archives that refuse, break off, hang, or are not there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Facility, RemoteAE
from tests.peers.ports import free_port
from tests.peers.scripted_archive import (
    Reaction,
    ScriptedArchive,
    committed,
    scripted_archive,
)
from tests.worklist.committing import (
    again,
    alerts,
    due,
    make_archive,
    make_performed,
    planned,
    states,
    verdicts,
    wait_state,
    work,
)
from worklist.models import (
    CommitmentRequest,
)
from worklist.worker import commitment as worker


@pytest.fixture(autouse=True)
def _impatient(settings: object) -> None:
    """Ask at once."""
    settings.COMMITMENT_SETTLE_S = 0  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_told_and_tried_again_later(
    facility: Facility, archive_peer: ScriptedArchive
) -> None:
    """PS3.4 J.3.2.1.2: any other status: not processed, the UID is dead, never to be reused."""
    archive_peer.script(Reaction(status=0x0213, comment="Full"), Reaction())
    make_archive(facility, archive_peer.port)
    (commitment,) = planned(make_performed(facility, 3))

    work()

    request = CommitmentRequest.objects.get()
    assert (request.state, request.status) == ("refused", 0x0213)
    assert "0213H" in again(commitment).sentence
    assert "Full" in commitment.sentence
    assert (commitment.state, states(commitment)) == ("not-asked", ["EXPECTED"] * 3)
    assert commitment.next_ask_at > timezone.now() + timedelta(seconds=30)
    due(commitment)
    work()
    wait_state(commitment, "committed")
    first, second = archive_peer.asked
    assert first.transaction_uid != second.transaction_uid
    assert commitment.sentence == ""


@pytest.mark.django_db(transaction=True)
def test_an_abort_is_told(facility: Facility, archive_peer: ScriptedArchive) -> None:
    """commitment.md §4: a known AE without the right is aborted at N-ACTION."""
    archive_peer.script(Reaction(aborts=True))
    make_archive(facility, archive_peer.port)
    (commitment,) = planned(make_performed(facility, 3))

    work()

    assert CommitmentRequest.objects.get().state == "not-sent"
    assert "broke the association off" in again(commitment).sentence
    assert commitment.state == "not-asked"


@pytest.mark.django_db(transaction=True)
def test_an_archive_that_hangs_has_perhaps_been_asked(
    facility: Facility, archive_peer: ScriptedArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer to the N-ACTION: nobody knows; its deadline decides, its report counts."""
    monkeypatch.setattr(worker, "LIMITS", replace(worker.LIMITS, message=2))
    archive_peer.script(Reaction(hangs=True, report=None))
    make_archive(facility, archive_peer.port)
    (commitment,) = planned(make_performed(facility, 3))

    work()

    request = CommitmentRequest.objects.get()
    assert (request.state, request.is_uncertain) == ("waiting", True)
    assert "did not answer within 2 s" in request.sentence
    assert again(commitment).state == "waiting"
    (asked,) = archive_peer.asked
    assert archive_peer.report(committed(asked)) == 0
    assert wait_state(commitment, "committed")
    assert verdicts() == ["matched"]


@pytest.mark.django_db(transaction=True)
def test_an_archive_that_is_not_there_is_tried_by_plan_until_people_are_told(
    facility: Facility, portal_port: int
) -> None:
    """commitment.md §4, no listener: back-off; when the plan is used up somebody has to look."""
    make_archive(facility, free_port(), retry_plan_s=[60])
    (commitment,) = planned(make_performed(facility, 3))

    work()
    assert CommitmentRequest.objects.get().state == "not-sent"
    assert "Nobody answers" in again(commitment).sentence
    assert alerts() == []
    due(commitment)
    work()

    assert again(commitment).next_ask_at is None
    assert (commitment.state, commitment.attempts) == ("not-asked", 2)
    assert alerts() == ["commitment-not-asked"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", ["calling", "called"])
def test_a_rejection_says_which_title_is_wrong(
    facility: Facility, portal_port: int, wrong: str
) -> None:
    """commitment.md §4: rejected 1/1/3 or 1/1/7."""
    with scripted_archive(portal_port) as peer:
        ae = peer.ae
        if wrong == "calling":
            ae.require_calling_aet = ["SOMEBODY"]
        else:
            ae.require_called_aet = True
        make_archive(facility, peer.port, "ARCHIVE" if wrong == "calling" else "ARCHIVE2")
        (commitment,) = planned(make_performed(facility, 1))

        work()

    says = {"calling": "does not know our AE title PORTAL", "called": "is not called ARCHIVE2"}
    assert says[wrong] in again(commitment).sentence
    assert CommitmentRequest.objects.get().state == "not-sent"


@pytest.mark.django_db(transaction=True)
def test_an_archive_without_an_address_is_told(facility: Facility, portal_port: int) -> None:
    """Somebody has to give it host and port; the exam says so."""
    make_archive(facility, 104)
    RemoteAE.objects.filter(kind="archive").update(host="", port=None)
    (commitment,) = planned(make_performed(facility, 1))

    work()

    assert "has no address" in again(commitment).sentence


@pytest.mark.django_db(transaction=True)
def test_an_archive_that_is_asked_over_tls_without_an_authority_is_told(
    facility: Facility, portal_port: int
) -> None:
    """Nobody is trusted by default."""
    make_archive(facility, 104)
    RemoteAE.objects.filter(kind="archive").update(has_tls=True)
    (commitment,) = planned(make_performed(facility, 1))

    work()

    assert "TLS" in again(commitment).sentence
    assert commitment.next_ask_at is not None
