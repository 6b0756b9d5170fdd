"""Images that only an archive has named: the set to ask about where no scanner has reported one."""

from collections.abc import Iterable

from django.db import transaction

from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import CommittedInstance, PerformedProcedureStep, StudyCommitment
from worklist.services.commitment_plan import instances_expect
from worklist.types.commitment import InstanceReference


def is_reported(*, facility_id: int, study_instance_uid: str) -> bool:
    """Say whether a scanner has reported images of the study."""
    return PerformedProcedureStep.objects.filter(
        facility_id=facility_id, study_instance_uid=study_instance_uid, image_count__gt=0
    ).exists()


@transaction.atomic
def instances_name(
    *,
    facility_id: int,
    study_instance_uid: str,
    archive_id: int,
    references: Iterable[tuple[str, InstanceReference]],
    by: Actor,
) -> StudyCommitment:
    """Expect what the archive lists of a study; that alone never makes it safe."""
    require(by, facility_id, Permission.STEP_WRITE)
    commitment = instances_expect(
        facility_id=facility_id,
        study_instance_uid=study_instance_uid,
        archive_id=archive_id,
        references=references,
        source=CommittedInstance.Source.ARCHIVE,
    )
    audit(
        facility_id=facility_id,
        by=by,
        action="name",
        target="commitment",
        target_id=commitment.pk,
        detail={"study_instance_uid": study_instance_uid, "expected": commitment.expected},
    )
    return commitment
