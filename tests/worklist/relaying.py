"""What tests of the relay share: a scanner whose requests are passed on, its request, its state."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.models import Facility, RemoteAE
from portal.n_services import NAnswer, NRequest
from portal.selectors import caller_of
from portal.services import device_set
from tests.waiting import wait_until
from tests.worklist.factories import BY
from worklist.dicom.commitment import (
    STORAGE_COMMITMENT,
    WELL_KNOWN_INSTANCE,
    action_information,
    report_of,
)
from worklist.models import ArchivePolicy, CommitmentPolicy, RelayedCommitment
from worklist.scp.relay import on_action
from worklist.services.relay import relay_settle
from worklist.types.commitment import InstanceReference
from worklist.worker import relay as worker

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
TRANSACTION = "2.25.1001"


def uids(count: int, start: int = 1) -> list[str]:
    """SOP Instance UIDs of so many images."""
    return [f"2.25.7000.{number}" for number in range(start, start + count)]


def references(*instances: str) -> list[InstanceReference]:
    """References to CT images."""
    return [InstanceReference(CT_IMAGE, one) for one in instances]


def make_scanner(
    facility: Facility, ae_title: str = "CT1", port: int | None = 11201, **rule: Any
) -> RemoteAE:
    """A scanner whose own requests are passed on; `rule` changes its commitment rule."""
    device, _ = device_set(
        facility_id=facility.pk,
        ae_title=ae_title,
        host="127.0.0.1" if port else "",
        port=port,
        kind="modality",
        by=BY,
    )
    archives = rule.pop("archives", [])
    given = {"is_relayed": True, "is_automatic": False, "needs": "all"} | rule
    policy, _ = CommitmentPolicy.objects.update_or_create(
        facility=facility, device=device, defaults=given
    )
    policy.archives.set(archives)
    return device


def make_archive(facility: Facility, ae_title: str = "ARCHIVE", port: int = 11202) -> RemoteAE:
    """An archive on the list."""
    device, _ = device_set(
        facility_id=facility.pk,
        ae_title=ae_title,
        host="127.0.0.1",
        port=port,
        kind="archive",
        by=BY,
    )
    return device


def request(
    *instances: str, transaction_uid: str = TRANSACTION, raw: bytes | None = None, **changes: Any
) -> NRequest:
    """A scanner's N-ACTION, as it comes in."""
    if raw is None:
        raw = action_information(transaction_uid, references(*(instances or uids(2))))
    given = {
        "sop_class_uid": STORAGE_COMMITMENT,
        "sop_instance_uid": WELL_KNOWN_INSTANCE,
        "transfer_syntax": EXPLICIT,
        "dataset": raw,
        "type_id": 1,
    }
    return NRequest(**(given | changes))


def asked(device: RemoteAE, *instances: str, **changes: Any) -> NAnswer:
    """What the scanner is answered."""
    return on_action(caller_of(device), request(*instances, **changes))


def relayed(device: RemoteAE, *instances: str, **changes: Any) -> RelayedCommitment:
    """The scanner's request, taken."""
    answer = asked(device, *instances, **changes)
    assert answer.status == 0, answer
    return RelayedCommitment.objects.latest("pk")


def answered(
    relay: RelayedCommitment,
    *,
    failed: dict[str, int] | None = None,
    archive: RemoteAE | None = None,
) -> RelayedCommitment:
    """The archives have answered: everything committed but `failed`; settled."""
    rows = relay.instances.all()
    if archive:
        rows = rows.filter(archive=archive)
    rows.update(state="COMMITTED")
    for uid, reason in (failed or {}).items():
        rows.filter(sop_instance_uid=uid).update(state="FAILED", reason=reason)
    with transaction.atomic():
        relay = RelayedCommitment.objects.select_for_update().get(pk=relay.pk)
        relay_settle(relay)
    return relay


def told_to(relay: RelayedCommitment) -> tuple[list[str], list[str]]:
    """What the modality's report says is committed, and what is not."""
    relay.refresh_from_db()
    report = report_of(bytes(relay.report or b""), EXPLICIT)
    return (
        [one.sop_instance_uid for one in report.committed],
        [one.sop_instance_uid for one in report.failed],
    )


def later(relay: RelayedCommitment) -> None:
    """The time for the next attempt has come, and every lease has run out."""
    RelayedCommitment.objects.filter(pk=relay.pk, next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now(), lease_until=None
    )


def rule(archive: RemoteAE, **values: Any) -> ArchivePolicy:
    """How the archive is asked; associations are not kept unless a test says so."""
    given = {"linger_s": 0} | values
    return ArchivePolicy.objects.update_or_create(device=archive, defaults=given)[0]


def work(is_done: Callable[[], Any]) -> Any:
    """Have the worker work until something is so."""

    def step() -> Any:
        worker.work_once()
        return is_done()

    return wait_until(step)


def state_of() -> str:
    """The state of the only relayed commitment."""
    return RelayedCommitment.objects.values_list("state", flat=True).first() or ""


def references_of(*instances: str) -> list[tuple[str, str]]:
    """The same, as class and instance."""
    return [(CT_IMAGE, one) for one in instances]
