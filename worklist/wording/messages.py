"""Raw messages in words: what each is, who sent it, how it was answered."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.dicom import status
from portal.pulse import stamp
from worklist.dicom import messages as wire
from worklist.models import (
    AvailabilityNotice,
    CommitmentReport,
    CommitmentRequest,
    PerformedStepMessage,
    RelayedCommitment,
)

# PS3.7 Annex C.
STATUSES: dict[int, str | Promise] = {
    status.SUCCESS: gettext_lazy("Success"),
    0x0001: gettext_lazy("Taken, with a warning: requested optional attributes"),
    status.ATTRIBUTE_LIST_ERROR: gettext_lazy("Taken, but not all of its attributes"),
    0x0116: gettext_lazy("Taken, with a value out of range"),
    status.NO_SUCH_ATTRIBUTE: gettext_lazy("An attribute that does not belong there"),
    status.INVALID_ATTRIBUTE_VALUE: gettext_lazy("A value that is not allowed"),
    status.PROCESSING_FAILURE: gettext_lazy("It could not be processed"),
    status.DUPLICATE_SOP_INSTANCE: gettext_lazy("It exists already"),
    status.NO_SUCH_SOP_INSTANCE: gettext_lazy("There is no such thing"),
    status.NO_SUCH_EVENT_TYPE: gettext_lazy("No such kind of event"),
    status.NO_SUCH_ARGUMENT: gettext_lazy("An argument that does not belong there"),
    status.INVALID_ARGUMENT_VALUE: gettext_lazy("An argument that is not allowed"),
    status.INVALID_SOP_INSTANCE: gettext_lazy("Its UID is none"),
    status.NO_SUCH_SOP_CLASS: gettext_lazy("No such SOP class"),
    status.CLASS_INSTANCE_CONFLICT: gettext_lazy("It is of another SOP class"),
    status.MISSING_ATTRIBUTE: gettext_lazy("A needed attribute is missing"),
    status.MISSING_ATTRIBUTE_VALUE: gettext_lazy("A needed value is missing"),
    status.SOP_CLASS_NOT_SUPPORTED: gettext_lazy("This SOP class is not served"),
    status.NO_SUCH_ACTION_TYPE: gettext_lazy("No such action"),
    status.NOT_AUTHORIZED: gettext_lazy("The sender may not do this"),
    status.DUPLICATE_TRANSACTION_UID: gettext_lazy("The transaction's number was used before"),
    status.DUPLICATE_INVOCATION: gettext_lazy("It was sent twice"),
    status.UNRECOGNIZED_OPERATION: gettext_lazy("Unknown operation"),
    status.MISTYPED_ARGUMENT: gettext_lazy("An argument of the wrong kind"),
    status.RESOURCE_LIMITATION: gettext_lazy("No room or time for it"),
}


@dataclass(frozen=True)
class MessageTold:
    """A raw message, ready for its page: `raw` is the dataset as it went over the wire."""

    title: str
    service: str  # DIMSE service and SOP class
    at: datetime
    sender: str
    receiver: str
    raw: bytes
    transfer_syntax: str
    sop_class_uid: str
    sop_instance_uid: str
    status: int | None = None
    comment: str = ""
    address: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def status_words(self) -> str:
        """The status in words."""
        return "" if self.status is None else status_words(self.status)

    @property
    def status_hex(self) -> str:
        """The status as the standard writes it."""
        return "" if self.status is None else f"{self.status:04X}H"

    @property
    def tone(self) -> str:
        """How it was answered, for the eye."""
        return "neutral" if self.status is None else status_tone(self.status)


def is_warning(value: int) -> bool:
    """Say whether a status means that the message was taken all the same."""
    return value in (0x0001, status.ATTRIBUTE_LIST_ERROR, 0x0116) or value >> 12 == 0xB


def status_tone(value: int) -> str:
    """Return how a status looks: taken, taken with a warning, refused."""
    return "ok" if value == 0 else "warn" if is_warning(value) else "bad"


def status_words(value: int) -> str:
    """Return a status of the DIMSE-N services in words."""
    return str(STATUSES.get(value, _("A status that the standard does not know")))


def mpps_told(row: PerformedStepMessage) -> MessageTold:
    """Return an MPPS message in words."""
    return MessageTold(
        title=_("%(device)s: MPPS %(kind)s") % {"device": row.device.ae_title, "kind": row.kind},
        service=_("%(kind)s, Modality Performed Procedure Step") % {"kind": row.kind},
        at=row.at,
        sender=row.device.ae_title,
        receiver=_("this portal"),
        raw=bytes(row.dataset),
        transfer_syntax=row.transfer_syntax,
        sop_class_uid=wire.MPPS,
        sop_instance_uid=row.sop_instance_uid,
        status=row.status,
        comment=row.comment,
        address=row.address or "",
    )


def request_told(row: CommitmentRequest) -> MessageTold:
    """Return a request of ours in words."""
    facts = [
        (_("Transaction UID"), row.transaction_uid),
        (_("State"), str(row.get_state_display())),
        (_("Asked for"), str(row.get_purpose_display())),
        (_("Images"), str(row.asked_count)),
        (_("Round"), str(row.attempt)),
        (_("Answer due by"), stamp(row.deadline_at)),
    ]
    if row.answered_at:
        facts.append((_("Answered"), stamp(row.answered_at)))
        facts.append((_("Confirmed, failed"), f"{row.committed_count}, {row.failed_count}"))
    return MessageTold(
        title=_("Commitment asked of %(archive)s") % {"archive": row.archive.ae_title},
        service=_("N-ACTION, Storage Commitment Push Model"),
        at=row.created_at,
        sender=_("this portal"),
        receiver=row.archive.ae_title,
        raw=bytes(row.action_information),
        transfer_syntax=wire.EXPLICIT_LITTLE_ENDIAN,
        sop_class_uid=wire.STORAGE_COMMITMENT,
        sop_instance_uid=row.transaction_uid,
        status=row.status,
        comment=row.sentence,
        facts=tuple(facts),
    )


def report_told(row: CommitmentReport) -> MessageTold:
    """Return an archive's answer in words."""
    same = _("the association that asked") if row.is_same_association else _("a new association")
    return MessageTold(
        title=_("%(archive)s answered about commitment") % {"archive": row.device.ae_title},
        service=_("N-EVENT-REPORT, Storage Commitment Push Model"),
        at=row.at,
        sender=row.device.ae_title,
        receiver=_("this portal"),
        raw=bytes(row.dataset),
        transfer_syntax=row.transfer_syntax,
        sop_class_uid=wire.STORAGE_COMMITMENT,
        sop_instance_uid=row.transaction_uid,
        status=row.status,
        comment=row.sentence,
        facts=(
            (_("Transaction UID"), row.transaction_uid),
            (_("Event type"), "" if row.event_type is None else str(row.event_type)),
            (_("Came on"), same),
            (_("What we made of it"), row.verdict),
        ),
    )


def notice_told(row: AvailabilityNotice) -> MessageTold:
    """Return an archive's notification in words."""
    return MessageTold(
        title=_("%(archive)s announced images") % {"archive": row.device.ae_title},
        service=_("N-CREATE, Instance Availability Notification"),
        at=row.at,
        sender=row.device.ae_title,
        receiver=_("this portal"),
        raw=bytes(row.dataset),
        transfer_syntax=row.transfer_syntax,
        sop_class_uid=wire.INSTANCE_AVAILABILITY,
        sop_instance_uid=row.sop_instance_uid,
        status=row.status,
        comment=row.comment,
        facts=((_("Images"), str(row.instance_count)),),
    )


def relayed_told(row: RelayedCommitment) -> MessageTold:
    """Return a modality's own request in words."""
    facts = [
        (_("Transaction UID"), row.transaction_uid),
        (_("State"), str(row.get_state_display())),
        (_("Tries to tell it"), str(row.attempts)),
    ]
    if row.delivered_at:
        facts.append((_("Told"), stamp(row.delivered_at)))
    return MessageTold(
        title=_("%(device)s asked for commitment") % {"device": row.device.ae_title},
        service=_("N-ACTION, Storage Commitment Push Model"),
        at=row.at,
        sender=row.device.ae_title,
        receiver=_("this portal, passed on"),
        raw=bytes(row.action_information),
        transfer_syntax=row.transfer_syntax,
        sop_class_uid=wire.STORAGE_COMMITMENT,
        sop_instance_uid=row.transaction_uid,
        comment=row.sentence,
        facts=tuple(facts),
    )
