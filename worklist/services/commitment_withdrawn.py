"""An archive that takes its word back: people are told of images confirmed, and gone since."""

from django.utils.translation import gettext as _

from portal.models import Alert
from portal.services_alerts import alert_raise, alert_settle
from worklist.models import StudyCommitment
from worklist.selectors.withdrawn import withdrawn_counts

ALERT = "commitment-withdrawn"  # the kind of alert


def withdrawn_tell(commitment: StudyCommitment, steps: list[int]) -> None:
    """Raise the alert while an announcement speaks against a confirmation; else settle it."""
    count = withdrawn_counts(commitment_ids=[commitment.pk]).get(commitment.pk, 0)
    if not count:
        alert_settle(facility_id=commitment.facility_id, kind=ALERT, key=_key(commitment))
        return
    alert_raise(
        facility_id=commitment.facility_id,
        kind=ALERT,
        key=_key(commitment),
        sentence=_(
            "%(archive)s had confirmed %(count)d images of an exam and announces now that they are "
            "unavailable. Keep them on the scanner, and look at the archive."
        )
        % {"archive": commitment.archive.ae_title, "count": count},
        address=f"/exams/{steps[0]}/" if steps else f"/commitment/{commitment.pk}/",
    )


def withdrawn_review(commitment: StudyCommitment, steps: list[int]) -> None:
    """Look again after an answer, where people were told."""
    told = Alert.objects.filter(
        facility=commitment.facility_id, kind=ALERT, key=_key(commitment), settled_at=None
    )
    if told.exists():
        withdrawn_tell(commitment, steps)


def _key(commitment: StudyCommitment) -> str:
    return f"commitment-{commitment.pk}"
