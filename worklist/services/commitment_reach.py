"""Whether archives can be reached at all: people are told after a few tries, over all requests."""

from django.utils.translation import gettext as _

from portal.services_alerts import alert_raise, alert_settle
from worklist.models import CommitmentRequest
from worklist.types.commitment import AskOutcome

ALERT = "archive-unreachable"  # the kind of alert
TRIES = 3  # in a row; each may be about another exam
State = CommitmentRequest.State
# It refused, but it was there.
REACHED = (AskOutcome.ACCEPTED, AskOutcome.REFUSED)


def reach_note(request: CommitmentRequest, outcome: AskOutcome) -> None:
    """Take note of a talk with an archive, within the transaction that recorded it."""
    key = f"archive-{request.archive_id}"
    if outcome in REACHED:
        alert_settle(facility_id=request.facility_id, kind=ALERT, key=key)
    elif outcome == AskOutcome.NOT_SENT and _is_out_of_reach(request.archive_id):
        alert_raise(
            facility_id=request.facility_id,
            kind=ALERT,
            key=key,
            sentence=_(
                "%(archive)s could not be asked %(n)d times in a row. Look at the archive and its "
                "entry under Devices. The last time: %(why)s"
            )
            % {"archive": request.archive.ae_title, "n": TRIES, "why": request.sentence},
            address=f"/devices/{request.archive_id}/",
        )


def _is_out_of_reach(archive_id: int) -> bool:
    asked = CommitmentRequest.objects.filter(archive=archive_id).exclude(state=State.SENDING)
    last = list(asked.order_by("-pk").values_list("state", flat=True)[:TRIES])
    return last == [State.NOT_SENT] * TRIES
