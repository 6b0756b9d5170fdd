"""A person's word that an archive will never have every image of a study; and taking it back."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import selectors
from portal.errors import Conflict, InvalidInput, NotFound
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import StudyCommitment
from worklist.services.commitment_recount import commitment_recount

State = StudyCommitment.State
# Nobody gives up what the archive may still confirm.
LOSABLE = (State.FAILED, State.UNANSWERED, State.NOT_THERE_YET, State.NOT_ASKED)
REASON_LENGTH = 200


@transaction.atomic
def commitment_loss_accept(*, commitment_id: int, reason: str, by: Actor) -> StudyCommitment:
    """Note that what is missing at the archive is lost, why, and who says so; ask no more."""
    commitment = _locked(commitment_id)
    selectors.require(by, commitment.facility_id, Permission.STEP_WRITE)
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Write a reason. It stays in the exam's history."), "reason")
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(_("Write at most %(n)d characters.") % {"n": REASON_LENGTH}, "reason")
    if commitment.state not in LOSABLE:
        sentence = _("Nothing is missing at %(archive)s that could be given up now.")
        raise Conflict(sentence % {"archive": commitment.archive.ae_title})
    commitment.loss_accepted_by = by.name
    commitment.loss_accepted_at = timezone.now()
    commitment.loss_reason = reason
    commitment.next_ask_at = None
    commitment.save(
        update_fields=["loss_accepted_by", "loss_accepted_at", "loss_reason", "next_ask_at"]
    )
    commitment = commitment_recount(commitment)
    _audit(commitment, by, "accept loss", {"reason": reason})
    return commitment


@transaction.atomic
def commitment_loss_undo(*, commitment_id: int, by: Actor) -> StudyCommitment:
    """Take an accepted loss back; it is asked again when a person asks."""
    commitment = _locked(commitment_id)
    selectors.require(by, commitment.facility_id, Permission.STEP_WRITE)
    if not commitment.loss_accepted_at:
        sentence = _("No loss at %(archive)s was accepted.")
        raise Conflict(sentence % {"archive": commitment.archive.ae_title})
    commitment.loss_accepted_by, commitment.loss_reason = "", ""
    commitment.loss_accepted_at = None
    commitment.save(update_fields=["loss_accepted_by", "loss_accepted_at", "loss_reason"])
    commitment = commitment_recount(commitment)
    _audit(commitment, by, "take loss back", {})
    return commitment


def _locked(commitment_id: int) -> StudyCommitment:
    found = (
        StudyCommitment.objects.select_for_update(of=("self",))
        .select_related("archive")
        .filter(pk=commitment_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such commitment in your facility."))
    return found


def _audit(commitment: StudyCommitment, by: Actor, action: str, detail: dict[str, str]) -> None:
    audit(
        facility_id=commitment.facility_id,
        by=by,
        action=action,
        target="commitment",
        target_id=commitment.pk,
        detail=detail
        | {
            "archive": commitment.archive.ae_title,
            "study_instance_uid": commitment.study_instance_uid,
        },
    )
