"""An archive that cannot be reached: people are told once, whatever it was to be asked about."""

import pytest

from portal.models import Alert, Facility, RemoteAE
from tests.worklist.committing import alerts, claimed, make_archive, make_performed, planned
from worklist.models import CommitmentRequest
from worklist.services.commitment_claims import request_record
from worklist.types.commitment import AskOutcome

pytestmark = pytest.mark.django_db
NOT_SENT, ACCEPTED = AskOutcome.NOT_SENT, AskOutcome.ACCEPTED


def _tried(facility: Facility, *outcomes: AskOutcome) -> None:
    """One exam each."""
    for outcome in outcomes:
        (commitment,) = planned(make_performed(facility, 1))
        request = claimed(commitment)
        sentence = "Nobody answers at 127.0.0.1:104." if outcome == NOT_SENT else ""
        request_record(
            request_id=request.pk, lease_owner="w", outcome=outcome, sentence=sentence, status=None
        )
        CommitmentRequest.objects.filter(state="waiting").update(state="answered")


@pytest.fixture
def archive(facility: Facility) -> RemoteAE:
    return make_archive(facility, 104)


@pytest.mark.parametrize("reached", [ACCEPTED, AskOutcome.REFUSED])
def test_three_tries_in_a_row_are_told_once_until_it_is_reached(
    facility: Facility, archive: RemoteAE, reached: AskOutcome
) -> None:
    """commitment.md §2: distinguish refused and unreachable."""
    _tried(facility, NOT_SENT, NOT_SENT)
    assert alerts() == []
    _tried(facility, NOT_SENT, NOT_SENT)

    (alert,) = Alert.objects.all()
    assert (alert.kind, alert.address) == ("archive-unreachable", f"/devices/{archive.pk}/")
    assert "Nobody answers at" in alert.sentence

    _tried(facility, reached)
    assert alerts() == []


def test_a_success_in_between_begins_the_count_anew(facility: Facility, archive: RemoteAE) -> None:
    """In a row: an archive that is restarted now and then is none of that."""
    _tried(facility, NOT_SENT, NOT_SENT, ACCEPTED, NOT_SENT, NOT_SENT)

    assert alerts() == []
