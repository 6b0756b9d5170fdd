"""Images that an archive confirmed, and then announced as not available any more (PS3.4 R.3.2)."""

from django.db.models import Count, Exists, OuterRef

from worklist.models import (
    AvailableInstance,
    CommittedInstance,
    InstanceState,
    StudyCommitment,
)


def withdrawn_counts(*, commitment_ids: list[int]) -> dict[int, int]:
    """Return by commitment of how many images the archive's later word is that they are gone.

    From its announcements by study, which are few: mostly no image is looked at.
    """
    gone = AvailableInstance.objects.filter(
        archive=OuterRef("archive"),
        study_instance_uid=OuterRef("study_instance_uid"),
        availability=AvailableInstance.Availability.UNAVAILABLE,
    )
    some = StudyCommitment.objects.filter(pk__in=commitment_ids).filter(Exists(gone))
    ids = list(some.values_list("pk", flat=True))
    if not ids:
        return {}
    later = AvailableInstance.objects.filter(
        archive=OuterRef("commitment__archive"),
        sop_instance_uid=OuterRef("sop_instance_uid"),
        availability=AvailableInstance.Availability.UNAVAILABLE,
        at__gt=OuterRef("answered_at"),
    )
    kept = CommittedInstance.objects.filter(commitment__in=ids, state=InstanceState.COMMITTED)
    found = kept.filter(Exists(later)).order_by().values_list("commitment")
    return dict(found.annotate(count=Count("pk")))
