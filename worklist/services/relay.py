"""What the archives answered to a modality's request, put together for the modality."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from portal.dicom import status
from portal.services_alerts import alert_settle
from worklist.dicom.commitment import event_information, event_type_of, report_of
from worklist.models import (
    CommitmentPolicy,
    CommitmentReport,
    CommitmentRequest,
    RelayedCommitment,
    RelayedInstance,
)
from worklist.selectors.commitment_policies import policy_of
from worklist.selectors.relays import GIVEN_UP
from worklist.services.relay_knowledge import relay_teach
from worklist.services.relay_telling import relay_tell
from worklist.types.commitment import EventReport, InstanceResult, ReportVerdict

State = RelayedInstance.State
NOT_TOLD_YET = (RelayedCommitment.State.RECEIVED, RelayedCommitment.State.ASKED)
UNANSWERED = "relay-unanswered"  # the kind of alert
COUNTED = (ReportVerdict.MATCHED, ReportVerdict.LATE, ReportVerdict.TYPE_DIFFERS)


@transaction.atomic
def relay_answered(request: CommitmentRequest) -> None:
    """Take note that an archive answered a request made for a modality, or did not in time.

    Called within the transaction that recorded it. The modality's own report is made by the worker
    a moment later: an archive is answered within a second, however many instances there are.
    """
    if request.relay_id is None:
        return
    relay_poke(request.relay_id)
    if request.state == CommitmentRequest.State.ANSWERED:
        alert_settle(
            facility_id=request.facility_id, kind=UNANSWERED, key=f"relay-{request.relay_id}"
        )
        relay_teach(request)


@transaction.atomic
def relay_poke(relay_id: int) -> None:
    """Have the worker look at a relayed commitment now: a part of it has changed."""
    relay = RelayedCommitment.objects.select_for_update().get(pk=relay_id)
    if relay.state in NOT_TOLD_YET:
        relay.next_attempt_at = timezone.now()
        relay.save(update_fields=["next_attempt_at"])
    relay_tell(relay)


def relay_settle(relay: RelayedCommitment) -> bool:
    """Make the modality's report when all is known; the caller holds the row's lock.

    An instance is committed to the modality when all archives that its rule designates have
    committed it, or any one of them where the rule says so. What an archive said of an image is
    passed on as it is, 0112H within the grace window too: it asked, and may ask again.
    """
    if relay.state not in NOT_TOLD_YET:
        return False
    needs_all = _needs_all(relay)
    if _open(relay, needs_all=needs_all).exists():
        return False
    report = EventReport(relay.transaction_uid, *_combined(relay, needs_all=needs_all))
    relay.report = event_information(report)
    relay.event_type = event_type_of(report)
    relay.state = RelayedCommitment.State.READY
    relay.attempts, relay.sentence = 0, ""
    relay.next_attempt_at = timezone.now()
    relay.lease_owner, relay.lease_until = "", None
    relay.save()
    return True


def _needs_all(relay: RelayedCommitment) -> bool:
    rule = policy_of(facility_id=relay.facility_id, device_id=relay.device_id)
    return rule.needs == CommitmentPolicy.Needs.ALL


def _open(relay: RelayedCommitment, *, needs_all: bool) -> QuerySet[RelayedInstance]:
    """Return what may still decide: not answered, and not decided by another archive already.

    A late yes is not passed on while a later question about the image is open: on the strength of
    it the modality may delete, and the later answer is the truer one.
    """
    is_asked = Q(request__isnull=False, request__state__in=CommitmentRequest.OPEN)
    decisive = Q(state=State.FAILED) | GIVEN_UP if needs_all else Q(state=State.COMMITTED)
    decided = relay.instances.filter(decisive).exclude(is_asked).values("sop_instance_uid")
    answered = Q(state__in=(State.COMMITTED, State.FAILED)) | GIVEN_UP
    return relay.instances.filter(~answered | is_asked).exclude(sop_instance_uid__in=decided)


def _combined(
    relay: RelayedCommitment, *, needs_all: bool
) -> tuple[tuple[InstanceResult, ...], tuple[InstanceResult, ...]]:
    """Return what is committed and what is not, each instance once, in the modality's order."""
    said = _retrieval(relay)
    committed, failed = [], []
    for rows in _by_instance(relay):
        kept = [row for row in rows if row.state == State.COMMITTED]
        if kept and (len(kept) == len(rows) or not needs_all):
            committed.append(_result(kept[0], said))
        else:
            failed.append(_failure([row for row in rows if row not in kept]))
    return tuple(committed), tuple(failed)


def _by_instance(relay: RelayedCommitment) -> Iterable[list[RelayedInstance]]:
    found: dict[str, list[RelayedInstance]] = {}
    for row in relay.instances.order_by("number", "archive__ae_title"):
        found.setdefault(row.sop_instance_uid, []).append(row)
    return found.values()


def _result(row: RelayedInstance, said: dict[tuple[int, str], InstanceResult]) -> InstanceResult:
    """Return a committed instance with where it can be retrieved, as its archive said."""
    told = said.get((row.archive_id, row.sop_instance_uid))
    return InstanceResult(
        row.sop_class_uid,
        row.sop_instance_uid,
        None,
        retrieve_ae_title=told.retrieve_ae_title if told else "",
        media_file_set_id=told.media_file_set_id if told else "",
        media_file_set_uid=told.media_file_set_uid if told else "",
    )


def _failure(rows: list[RelayedInstance]) -> InstanceResult:
    """Return a failed instance with an archive's reason; ours where none of them answered."""
    first = rows[0]
    answers = [row.reason for row in rows if row.state == State.FAILED]
    reason = next((one for one in answers if one is not None), status.PROCESSING_FAILURE)
    return InstanceResult(first.sop_class_uid, first.sop_instance_uid, reason)


def _retrieval(relay: RelayedCommitment) -> dict[tuple[int, str], InstanceResult]:
    """Return what the archives' reports said of committed instances."""
    reports = CommitmentReport.objects.filter(request__relay=relay, verdict__in=COUNTED).annotate(
        archive_id=F("request__archive")
    )
    return {
        (report.archive_id, one.sop_instance_uid): one
        for report in reports.order_by("pk")
        for one in report_of(bytes(report.dataset), report.transfer_syntax).committed
    }
