"""Exams that an archive was never to be asked about: it, or the rule that names it, came later."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from worklist.models import PerformedProcedureStep, StudyCommitment
from worklist.selectors.commitment_policies import Designation, designations
from worklist.services.commitment_plan import commitment_plan

Status = PerformedProcedureStep.Status
LATELY = timedelta(days=7)  # what is older a person may ask for
AT_ONCE = 50  # studies in one go


def commitments_catch_up() -> int:
    """Plan what ended lately and one of its archives does not have to answer for; return how many.

    So whoever adds an archive, or names another one in a rule, finds those exams on the board.
    """
    since = timezone.now() - LATELY
    made = PerformedProcedureStep.objects.filter(
        status__in=PerformedProcedureStep.FINAL, created_at__gte=since, image_count__gt=0
    ).exclude(study_instance_uid="")
    devices: dict[int, list[int | None]] = {}
    for facility_id, device_id in made.order_by().values_list("facility", "device").distinct():
        devices.setdefault(facility_id, []).append(device_id)
    found: set[int] = set()
    for facility_id, ids in devices.items():
        given = designations(facility_id=facility_id, device_ids=ids)
        for device, designation in given.items():
            rows = made.filter(facility=facility_id, device=device)
            found.update(_left_out(rows, designation))
    for performed_id in sorted(found)[:AT_ONCE]:
        _plan(performed_id)
    return min(len(found), AT_ONCE)


def _left_out(rows: QuerySet[PerformedProcedureStep], given: Designation) -> Iterator[int]:
    """Yield reports whose study is unknown at an archive that is to confirm it."""
    if not given.policy.asks_discontinued:
        rows = rows.filter(status=Status.COMPLETED)
    for archive in given.archives:
        known = StudyCommitment.objects.filter(
            facility=OuterRef("facility"),
            archive=archive,
            study_instance_uid=OuterRef("study_instance_uid"),
        )
        yield from rows.filter(~Exists(known)).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]


@transaction.atomic
def _plan(performed_id: int) -> None:
    performed = (
        PerformedProcedureStep.objects.select_for_update().defer("dataset").get(pk=performed_id)
    )
    commitment_plan(performed=performed)
