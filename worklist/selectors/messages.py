"""Raw messages, by kind: one for these eyes, with what it belongs to."""

from typing import TYPE_CHECKING, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from portal.errors import NotFound
from portal.selectors import user_key
from worklist.models import (
    AvailabilityNotice,
    CommitmentReport,
    CommitmentRequest,
    PerformedStepMessage,
    PerformedStepReference,
    RelayedCommitment,
    ScheduledProcedureStep,
)

if TYPE_CHECKING:
    from portal.selectors import Person

Row = TypeVar("Row", bound=Model)


def mpps_message(message_id: int, *, visible_to: "Person") -> PerformedStepMessage:
    """Return an MPPS message."""
    found = PerformedStepMessage.objects.select_related("device", "performed")
    return _one(found.defer("performed__dataset"), message_id, visible_to)


def commitment_request(message_id: int, *, visible_to: "Person") -> CommitmentRequest:
    """Return a commitment request, which is ours."""
    found = CommitmentRequest.objects.select_related("archive", "commitment")
    return _one(found, message_id, visible_to)


def commitment_report(message_id: int, *, visible_to: "Person") -> CommitmentReport:
    """Return an archive's answer."""
    found = CommitmentReport.objects.select_related("device", "request__commitment")
    return _one(found.defer("request__action_information"), message_id, visible_to)


def availability_notice(message_id: int, *, visible_to: "Person") -> AvailabilityNotice:
    """Return an archive's notification."""
    return _one(AvailabilityNotice.objects.select_related("device"), message_id, visible_to)


def relayed_commitment(message_id: int, *, visible_to: "Person") -> RelayedCommitment:
    """Return a modality's own request."""
    return _one(RelayedCommitment.objects.select_related("device"), message_id, visible_to)


def steps_of_performed(performed_ids: list[int]) -> list[ScheduledProcedureStep]:
    """Return the exams that performed steps are linked to."""
    references = PerformedStepReference.objects.filter(
        performed__in=performed_ids, step__isnull=False
    )
    return _steps(ScheduledProcedureStep.objects.filter(pk__in=references.values("step")))


def steps_of_study(facility_id: int, study_instance_uid: str) -> list[ScheduledProcedureStep]:
    """Return the exams of a study."""
    if not study_instance_uid:
        return []
    found = ScheduledProcedureStep.objects.filter(
        facility_id=facility_id, requested_procedure__study_instance_uid=study_instance_uid
    )
    return _steps(found)


def steps_by_id(facility_id: int, step_ids: list[int]) -> list[ScheduledProcedureStep]:
    """Return exams by their keys."""
    found = ScheduledProcedureStep.objects.filter(facility_id=facility_id, pk__in=step_ids)
    return _steps(found)


def _steps(steps: QuerySet[ScheduledProcedureStep]) -> list[ScheduledProcedureStep]:
    with_order = steps.select_related("requested_procedure__service_request")
    plain = with_order.defer("imported", "requested_procedure__imported")
    return list(plain.order_by("start_date", "start_time", "pk")[:20])


def _one(rows: QuerySet[Row], message_id: int, visible_to: "Person") -> Row:
    mine = rows.filter(facility__memberships__user_id=user_key(visible_to))
    found = mine.filter(pk=message_id).first()
    if found is None:
        raise NotFound(_("There is no such message in your facility."))
    return found
