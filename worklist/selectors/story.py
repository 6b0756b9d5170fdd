"""What is known of an exam's course: read in a fixed number of queries, however much happened.

No row of an instance is loaded, but for the first few that an archive did not confirm.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from portal.errors import NotFound
from portal.models import AuditEvent
from worklist.models import (
    AvailabilityNotice,
    CommitmentReport,
    CommitmentRequest,
    CommittedInstance,
    InstanceState,
    PerformedProcedureStep,
    PerformedStepMessage,
    ScheduledProcedureStep,
    StudyCommitment,
    WorklistQuery,
)
from worklist.selectors.performing import performed_of_step
from worklist.selectors.steps import scheduled_steps

if TYPE_CHECKING:
    from portal.selectors import Person

FAILED_SHOWN = 20
MESSAGES_READ = 300
TRANSACTIONS_READ = 500
NOTICES_READ = 100


@dataclass(frozen=True)
class Story:
    """An exam and what happened to it, the oldest first."""

    step: ScheduledProcedureStep
    study_instance_uids: tuple[str, ...]
    audits: list[AuditEvent] = field(default_factory=list)
    queries: dict[tuple[int, datetime], int] = field(default_factory=dict)  # device, time -> id
    performed: list[PerformedProcedureStep] = field(default_factory=list)
    messages: list[PerformedStepMessage] = field(default_factory=list)
    notices: list[AvailabilityNotice] = field(default_factory=list)
    commitments: list[StudyCommitment] = field(default_factory=list)  # with `not_confirmed`
    requests: list[CommitmentRequest] = field(default_factory=list)
    reports: list[CommitmentReport] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Say whether a device, or a person for it, has ended all that it did."""
        return bool(self.performed) and all(one.is_final for one in self.performed)

    def messages_of(self, performed: PerformedProcedureStep) -> list[PerformedStepMessage]:
        """Return the messages of a performed step that were read."""
        return [
            one
            for one in self.messages
            if one.performed_id == performed.pk
            or (one.performed_id is None and one.sop_instance_uid == performed.sop_instance_uid)
        ]


def story(*, step_id: int, visible_to: "Person") -> Story:
    """Return an exam's story; raise NotFound where it is not for these eyes."""
    step = scheduled_steps(visible_to=visible_to).filter(pk=step_id).first()
    if step is None:
        raise NotFound(_("There is no such exam in your facility."))
    performed = list(performed_of_step(step))
    ordered = step.requested_procedure.study_instance_uid
    linked = [one.study_instance_uid for one in performed if one.study_instance_uid]
    studies = tuple(dict.fromkeys([ordered, *linked]))
    commitments = _commitments(step.facility_id, studies)
    requests = _requests(commitments)
    return Story(
        step=step,
        study_instance_uids=studies,
        audits=_audits(step, performed, commitments),
        queries=_queries(step),
        performed=performed,
        messages=_messages(step.facility_id, performed),
        notices=_notices(step.facility_id, studies),
        commitments=commitments,
        requests=requests,
        reports=_reports(requests),
    )


def _audits(
    step: ScheduledProcedureStep,
    performed: list[PerformedProcedureStep],
    commitments: list[StudyCommitment],
) -> list[AuditEvent]:
    """Return what people, devices and commands did; who only read is not part of the story."""
    accession_number = step.requested_procedure.service_request.accession_number
    cases = [str(case.pk) for one in performed for case in one.cases.all()]
    targets = {
        "exam": [str(step.pk)],
        "order": [accession_number],
        "performed step": [str(one.pk) for one in performed],
        "case": cases,
        "commitment": [str(one.pk) for one in commitments],
    }
    wanted = Q()
    for target, ids in targets.items():
        if ids:
            wanted |= Q(target=target, target_id__in=ids)
    events = AuditEvent.objects.filter(wanted, facility_id=step.facility_id)
    return list(events.exclude(action="read").order_by("at", "pk"))


def _queries(step: ScheduledProcedureStep) -> dict[tuple[int, datetime], int]:
    """Return the questions that showed the exam first and last, by device and moment."""
    seen = list(step.sightings.all())
    moments = {moment for one in seen for moment in (one.first_at, one.last_at)}
    if not moments:
        return {}
    rows = WorklistQuery.objects.filter(
        facility_id=step.facility_id,
        device_id__in={one.device_id for one in seen},
        at__in=moments,
    )
    return {(row[0], row[1]): row[2] for row in rows.values_list("device_id", "at", "pk")}


def _messages(
    facility_id: int, performed: list[PerformedProcedureStep]
) -> list[PerformedStepMessage]:
    if not performed:
        return []
    uids = {one.sop_instance_uid for one in performed}
    found = PerformedStepMessage.objects.filter(
        Q(performed__in=performed) | Q(performed=None, sop_instance_uid__in=uids),
        facility_id=facility_id,
    ).defer("dataset")
    return list(found.order_by("at", "pk")[:MESSAGES_READ])


def _notices(facility_id: int, studies: tuple[str, ...]) -> list[AvailabilityNotice]:
    found = AvailabilityNotice.objects.filter(
        facility_id=facility_id, study_instance_uid__in=studies
    ).select_related("device")
    latest = list(found.defer("dataset").order_by("-at", "-pk")[:NOTICES_READ])
    return latest[::-1]


def _commitments(facility_id: int, studies: tuple[str, ...]) -> list[StudyCommitment]:
    not_confirmed = CommittedInstance.objects.filter(state=InstanceState.FAILED)
    some = Prefetch(
        "instances",
        queryset=not_confirmed.order_by("series_instance_uid", "number", "pk")[:FAILED_SHOWN],
        to_attr="not_confirmed",
    )
    found = StudyCommitment.objects.filter(
        facility_id=facility_id, study_instance_uid__in=studies
    ).select_related("archive", "archive__archive_policy", "device")
    return list(found.prefetch_related(some).order_by("created_at", "pk"))


def _requests(commitments: list[StudyCommitment]) -> list[CommitmentRequest]:
    if not commitments:
        return []
    found = CommitmentRequest.objects.filter(commitment__in=commitments)
    latest = found.defer("action_information").order_by("-pk")[:TRANSACTIONS_READ]
    return list(latest)[::-1]


def _reports(requests: list[CommitmentRequest]) -> list[CommitmentReport]:
    if not requests:
        return []
    found = CommitmentReport.objects.filter(request__in=[one.pk for one in requests])
    latest = found.defer("dataset").order_by("-pk")[:TRANSACTIONS_READ]
    return list(latest)[::-1]
