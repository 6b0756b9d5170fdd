"""Exams whose images an archive is asked about: performed steps, archives, one loop at a time."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal import services
from portal.models import Alert, Facility, RemoteAE
from portal.types import Actor
from tests.waiting import wait_until
from tests.worklist.factories import make_device
from worklist.dicom.commitment import EXPLICIT_LITTLE_ENDIAN, action_of
from worklist.models import (
    ArchivePolicy,
    CommitmentReport,
    CommitmentRequest,
    PerformedInstance,
    PerformedProcedureStep,
    PerformedSeries,
    StudyCommitment,
)
from worklist.services.commitment_claims import request_claim, request_record
from worklist.services.commitment_plan import commitment_plan
from worklist.services.commitment_recount import commitment_recount
from worklist.types.commitment import AskOutcome
from worklist.worker import commitment as worker

BY = Actor.command("test")
CT = "1.2.840.10008.5.1.4.1.1.2"
SR = "1.2.840.10008.5.1.4.1.1.88.11"
_numbers = itertools.count(1)


def make_archive(facility: Facility, port: int, ae_title: str = "ARCHIVE", **rule: Any) -> RemoteAE:
    """An archive that is asked at once, and whose rule has small numbers."""
    archive, _ = services.device_set(
        facility_id=facility.pk,
        ae_title=ae_title,
        host="127.0.0.1",
        port=port,
        kind="archive",
        by=BY,
    )
    values = {"linger_s": 0, "retry_plan_s": [60, 120], "has_cross_check": False} | rule
    ArchivePolicy.objects.update_or_create(device=archive, defaults=values)
    return archive


def make_performed(
    facility: Facility,
    count: int = 3,
    *,
    study: str = "",
    status: str = "COMPLETED",
    sop_class: str = CT,
    device: RemoteAE | None = None,
    uids: list[str] | None = None,
) -> PerformedProcedureStep:
    """A performed step that has ended, with `count` instances in one series."""
    number = next(_numbers)
    now = timezone.now()
    performed = PerformedProcedureStep.objects.create(
        facility=facility,
        device=device or make_device(facility),
        sop_instance_uid=f"1.2.826.1.{number}",
        status=status,
        study_instance_uid=study or f"1.2.826.2.{number}",
        dataset=b"",
        image_count=count,
        created_at=now,
        updated_at=now,
        ended_at=now,
    )
    series = PerformedSeries.objects.create(
        performed=performed,
        number=1,
        series_instance_uid=f"{performed.study_instance_uid}.{number}",
        image_count=count,
    )
    names = uids or [f"{series.series_instance_uid}.{one}" for one in range(1, count + 1)]
    PerformedInstance.objects.bulk_create(
        PerformedInstance(
            performed=performed,
            series=series,
            number=i,
            sop_class_uid=sop_class,
            sop_instance_uid=n,
        )
        for i, n in enumerate(names, start=1)
    )
    return performed


def planned(performed: PerformedProcedureStep) -> list[StudyCommitment]:
    """Have its archives asked, as at the end of an MPPS."""
    with transaction.atomic():
        commitment_plan(performed=performed)
    return list(
        StudyCommitment.objects.filter(study_instance_uid=performed.study_instance_uid).order_by(
            "archive__ae_title"
        )
    )


def due(commitment: StudyCommitment) -> None:
    """Let the timer run out."""
    now = timezone.now()
    StudyCommitment.objects.filter(pk=commitment.pk).update(next_ask_at=now)


def overdue(request: CommitmentRequest) -> None:
    """Let the deadline pass."""
    past = timezone.now() - timedelta(seconds=1)
    CommitmentRequest.objects.filter(pk=request.pk).update(deadline_at=past)


def claimed(commitment: StudyCommitment) -> CommitmentRequest:
    """Write the next part's request down, as a worker called `w` does."""
    due(commitment)
    request = request_claim(lease_owner="w")
    assert request is not None
    return request


def accepted(request: CommitmentRequest) -> CommitmentRequest:
    """Have the archive take it."""
    return request_record(
        request_id=request.pk, lease_owner="w", outcome=AskOutcome.ACCEPTED, status=0
    )


def work(times: int = 1) -> int:
    """Run the loop; return how often it had something to do."""
    return sum(worker.work_once() for _ in range(times))


def work_all() -> None:
    """Run the loop until there is nothing to do."""
    while worker.work_once():
        pass


def again(row: Any) -> Any:
    """The row as it is now."""
    row.refresh_from_db()
    return row


def wait_state(commitment: StudyCommitment, state: str) -> StudyCommitment:
    """Wait until a study is in that state."""
    wait_until(lambda: again(commitment).state == state)
    return commitment


def wait_answered(count: int = 1) -> list[CommitmentRequest]:
    """Wait until that many requests have been answered."""
    answered = CommitmentRequest.objects.filter(state="answered").order_by("pk")
    wait_until(lambda: answered.count() >= count)
    return list(answered)


def states(commitment: StudyCommitment) -> list[str]:
    """The states of its instances, in the order they were named."""
    rows = commitment.instances.order_by("series_instance_uid", "number")
    return list(rows.values_list("state", flat=True))


def verdicts() -> list[str]:
    """What was made of the reports that came."""
    return list(CommitmentReport.objects.order_by("pk").values_list("verdict", flat=True))


def alerts() -> list[str]:
    """The kinds of open alerts."""
    return list(
        Alert.objects.filter(settled_at=None).order_by("kind").values_list("kind", flat=True)
    )


@dataclass(frozen=True)
class Listening:
    """Our listener in this process."""

    port: int


@contextmanager
def listening_portal(settings: Any, **changes: Any) -> Iterator[Listening]:
    """Run our listener on its own stack, as `serve` does."""
    from portal import processes
    from portal.dicom.listening import listening

    settings.DICOM_BIND = "127.0.0.1"
    config = processes.listener_config(port=0, is_shared=False, tls=bool(changes.pop("tls", False)))
    with listening(replace(config, **changes)) as server:
        yield Listening(server.server_address[1])


def uids_of(request: CommitmentRequest) -> list[str]:
    """The SOP Instance UIDs that a request is about."""
    _, references = action_of(bytes(request.action_information), EXPLICIT_LITTLE_ENDIAN)
    return [one.sop_instance_uid for one in references]


def settled(commitment: StudyCommitment, **by_state: int) -> None:
    """Give its instances states, in their order, as after a round of asking."""
    rows = list(commitment.instances.order_by("series_instance_uid", "number"))
    for state, count in by_state.items():
        for row in rows[:count]:
            reason = 0x0112 if state == "FAILED" else None
            now = timezone.now()
            row.state, row.reason, row.asked_at, row.answered_at = state, reason, now, now
            row.save()
        rows = rows[count:]
    StudyCommitment.objects.filter(pk=commitment.pk).update(
        attempts=1, next_ask_at=None, first_asked_at=timezone.now() - timedelta(days=1)
    )
    commitment_recount(commitment)
