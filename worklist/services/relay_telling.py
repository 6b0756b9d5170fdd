"""News of relayed commitments for open pages."""

from portal.events import RelaysChanged, StepsChanged, emit
from worklist.models import RelayedCommitment
from worklist.selectors.relays import steps_of_relay


def relay_tell(relay: RelayedCommitment) -> None:
    """Have pages refetch a relayed commitment, and the exams that it is about."""
    emit(RelaysChanged(facility_id=relay.facility_id, ids=[relay.pk]))
    steps = steps_of_relay(relay)
    if steps:
        emit(StepsChanged(facility_id=relay.facility_id, ids=steps))
