"""Storage commitment, availability and cross-check in the conformance statement (PS3.2 N.5.2.6)."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.encoding import force_str
from pydicom.datadict import dictionary_description
from pydicom.uid import UID
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind

from portal.conformance import OVERVIEW, SERVICES, table
from portal.dicom import status
from worklist.dicom import archive_query, availability, commitment_scu
from worklist.dicom.availability import INSTANCE_AVAILABILITY_NOTIFICATION, TYPE_1_IN_INSTANCE
from worklist.dicom.commitment import MAX_BYTES, STORAGE_COMMITMENT
from worklist.dicom.items import tag_name
from worklist.models import ArchivePolicy
from worklist.selectors.commitment_timing import PERMANENT
from worklist.services.commitment_reports import STATUSES as REPORT_STATUSES
from worklist.types.commitment import ReportVerdict
from worklist.wording.commitment import NO_SUCH_INSTANCE, REASONS
from worklist.worker.commitment import LIMITS

STUDY_ROOT_FIND = str(StudyRootQueryRetrieveInformationModelFind)
VERDICTS = {
    ReportVerdict.MATCHED: "it answers what was asked, from the archive that was asked",
    ReportVerdict.LATE: "the same, after its waiting time: what it confirms counts all the same",
    ReportVerdict.DUPLICATE: "the same answer once more",
    ReportVerdict.TYPE_DIFFERS: "event type and content disagree: the content counts",
    ReportVerdict.PROBE: "the answer to a test of the way back",
    ReportVerdict.CONTRADICTS: "a second answer, and another one: the first holds",
    ReportVerdict.UNKNOWN_TRANSACTION: "a Transaction UID that was never ours",
    ReportVerdict.WRONG_SENDER: "another archive than the one that was asked",
    ReportVerdict.WRONG_SET: "not exactly the instances that were asked for",
    ReportVerdict.UNREADABLE: "no dataset, or one without a Transaction UID",
}
# How a relayed N-ACTION of a modality is answered.
ACTION_STATUSES = (
    (status.SUCCESS, "received, and passed on; the archive's answer follows"),
    (status.PROCESSING_FAILURE, "no address to answer to, no archive to ask, or no database"),
    (status.NO_SUCH_SOP_INSTANCE, "not the well-known SOP Instance"),
    (status.INVALID_ARGUMENT_VALUE, "no Transaction UID, no references, or no dataset"),
    (status.NO_SUCH_SOP_CLASS, "another SOP class"),
    (status.NO_SUCH_ACTION_TYPE, "another Action Type ID than 1"),
    (status.NOT_AUTHORIZED, "requests of this device are not passed on"),
    (
        status.DUPLICATE_TRANSACTION_UID,
        "a Transaction UID that it has used before, also when the request is the same",
    ),
)
NOTICE_STATUSES = (
    (status.SUCCESS, "written down, every instance of it"),
    (status.NO_SUCH_ATTRIBUTE, "an attribute beyond the table; from strict devices only"),
    (status.INVALID_ATTRIBUTE_VALUE, "a UID that is none, or an unknown availability"),
    (status.PROCESSING_FAILURE, "no dataset, or no database"),
    (status.DUPLICATE_SOP_INSTANCE, "another notification under this UID; strict devices only"),
    (status.MISSING_ATTRIBUTE, "a type 1 attribute is missing; of strict devices a type 2, too"),
    (status.MISSING_ATTRIBUTE_VALUE, "a type 1 attribute has no value"),
    (status.NOT_AUTHORIZED, "the sender is no archive"),
    (status.RESOURCE_LIMITATION, "more instances than are taken at a time"),
)


def chapters() -> dict[str, str]:
    """Return what there is to say of archives, by chapter."""
    parts = (_commitment(), _reports(), _relay(), _notices(), _query())
    return {OVERVIEW: _overview(), SERVICES: "\n\n".join(parts)}


def _overview() -> str:
    opened = (
        (STORAGE_COMMITMENT, "SCU; SCP towards a modality whose request is relayed"),
        (STUDY_ROOT_FIND, "SCU"),
        ("1.2.840.10008.1.1", "SCU"),
    )
    rows = [(UID(uid).name, uid, role) for uid, role in opened]
    return "Associations that we open ourselves:\n\n" + table(
        ("SOP class used", "UID", "Role"), rows
    )


def _default(field: str) -> Any:
    return getattr(ArchivePolicy(), field)


def _commitment() -> str:
    syntaxes = ", ".join(UID(uid).name for uid in commitment_scu.SYNTAXES)
    return "\n\n".join(
        (
            "### Storage Commitment Push Model, as SCU",
            ASKING.format(syntaxes=syntaxes, settle=settings.COMMITMENT_SETTLE_S),
            "#### Waiting time and repetition (PS3.4 J.3.6.1.1)",
            table(("Item of the archive's rule", "Default"), _rule()),
            WAITING,
            "#### On which association a report may come (PS3.4 J.3.3.1.2)",
            SAME_ASSOCIATION.format(linger=_default("linger_s"), message=f"{LIMITS.message:g}"),
            "#### Statuses of an N-ACTION (PS3.4 J.3.2.1.4)",
            table(("Answer of the archive", "What we do"), ANSWERED),
            "#### Reasons of a failure (PS3.3 C.14.1.1)",
            "Kept for each instance and shown with what to do, whatever number it is.",
            table(("Failure Reason", "As shown", "What we do"), _reasons()),
        )
    )


ASKING = """\
For the instances that a device named in its performed procedure step, when that has ended
COMPLETED, or DISCONTINUED with instances: {settle} s afterwards, or as soon as an Instance
Availability Notification says that all of them are there; on demand of a person, and for a test
of the way back, too. Which archives are asked is a rule of the device. The SCU and the SCP role
are proposed; it works as well where the archive does not negotiate roles. Offered: {syntaxes}. No
extended negotiation. Each request has a Transaction UID of its own, which is never used again,
and is on disk before it is sent. Instances that the device named without their SOP class are not
asked about until somebody names it; exams of the last seven days are asked of archives that are
added later. Nothing optional is sent: no media file-set, no retired
reference to performed procedure steps."""

WAITING = """\
After the waiting time, which begins with the N-ACTION response, the request counts as not
answered; the Transaction UID stays known, and what a later report confirms counts. Asked again
are only instances that are not confirmed and about which no request is open, under a new
Transaction UID."""

SAME_ASSOCIATION = """\
Any: on the association of the request, before or after the N-ACTION response, for {linger} s (the
archive's rule), or on one that the archive opens, at any time and on the port of our listener. The
archive may propose the SCP role for it, or no role at all. A report is answered when it is on
disk, without a dataset. The response to an N-ACTION is awaited for {message} s."""

ANSWERED = (
    ("0000", "wait for the report"),
    (
        "any other",
        "the request is dead, the instances stay as they were; asked again by the plan, and shown "
        "with status and Error Comment",
    ),
    ("none in time", "perhaps received: wait for the report as after 0000"),
    ("A-ABORT, rejection, no connection", "as any other status"),
)


def _rule() -> Iterator[tuple[str, str]]:
    deadline, each = _default("deadline_s"), _default("deadline_per_instance_ms") / 1000
    yield "Waiting time for a report", f"{deadline} s, and {each:g} s for each instance"
    yield "Asked again after", ", ".join(f"{wait} s" for wait in _default("retry_plan_s"))
    yield "No such object instance means “not there yet”", f"for {_default('grace_s')} s"
    yield "Instances in a request, at most", str(_default("max_instances"))
    yield "Requests at a time, at most", str(_default("max_open"))


def _reasons() -> Iterator[tuple[str, str, str]]:
    for reason, (says, _advice) in sorted(REASONS.items()):
        yield f"{reason:04X}", force_str(says), _reaction(reason)
    yield "any other", "its number, as not known to the standard", _reaction(None)


def _reaction(reason: int | None) -> str:
    if reason == NO_SUCH_INSTANCE:
        return "“not there yet” and asked again, till the time for that is over; then missing"
    if reason in PERMANENT:
        return "failed; asked again on demand only"
    return "failed; asked again by the plan"


def _reports() -> str:
    rows = [(f"{REPORT_STATUSES[verdict]:04X}", words) for verdict, words in VERDICTS.items()]
    rows.append((f"{status.NO_SUCH_EVENT_TYPE:04X}", "an Event Type ID other than 1 and 2"))
    rows.append((f"{status.PROCESSING_FAILURE:04X}", "no database: nothing is written down"))
    return "\n\n".join(
        (
            "#### How an N-EVENT-REPORT is answered (PS3.4 J.3.3.1.4)",
            "Every report is kept as it came, whatever is made of it. Whatever is not answered "
            f"0000 changes nothing. A dataset of more than {MAX_BYTES // 1024 // 1024} MB is "
            "refused. Retrieve AE Title and media file-set are read outside and inside the "
            "items; an empty sequence is as good as none.",
            table(("Report", "Case"), rows),
        )
    )


def _relay() -> str:
    rows = [(f"{code:04X}", words) for code, words in ACTION_STATUSES]
    return "\n\n".join(
        (
            "### Storage Commitment Push Model, as SCP for modalities",
            "Off unless the rule of the device says so. The request is passed on to the archives "
            "of the device under a Transaction UID of ours; nothing is ever confirmed from our own "
            "knowledge. The answer goes back under the modality's Transaction UID on an "
            "association that we open, in the SCP role, and is tried again after "
            + ", ".join(f"{wait} s" for wait in settings.RELAY_RETRY_S)
            + ". It is delivered at least once, always with the same content, and counts as "
            "delivered with status 0000 only. An archive that never answers is reported as failure "
            "reason 0110 after the last attempt. We keep no images ourselves: how long a "
            "commitment holds, the archive says (PS3.4 J.3.6.2.1).",
            table(("N-ACTION", "Case"), rows),
        )
    )


def _notices() -> str:
    rows = [(f"{code:04X}", words) for code, words in NOTICE_STATUSES]
    return "\n\n".join(
        (
            "### Instance Availability Notification, as SCP",
            NOTICES.format(
                uid=INSTANCE_AVAILABILITY_NOTIFICATION,
                most=availability.MAX_INSTANCES,
                megabytes=availability.MAX_BYTES // 1024 // 1024,
            ),
            table(("Attribute of a notification", "Tag", "Type"), _attributes()),
            table(("N-CREATE", "Case"), rows),
        )
    )


NOTICES = """\
N-CREATE of {uid} (PS3.4 Annex R), from devices of kind archive. Availability is not commitment: it
decides only when an archive is asked. Notifications may come in any order and number, before or
after the performed procedure step; of each instance the newest counts. Up to {most} instances and
{megabytes} MB at a time. References to performed procedure steps are kept and not used; attributes
beyond the table are kept and let pass, unless the device's profile is strict. An N-CREATE without
Affected SOP Instance UID gets one assigned."""


def _attributes() -> Iterator[tuple[str, str, str]]:
    series, instances = (
        availability.REFERENCED_SERIES_SEQUENCE,
        availability.REFERENCED_SOP_SEQUENCE,
    )
    yield _row("", availability.REFERENCED_PPS_SEQUENCE, "2")
    yield _row("", availability.STUDY_INSTANCE_UID, "1")
    yield _row("", series, "1")
    yield _row("> ", availability.SERIES_INSTANCE_UID, "1")
    yield _row("> ", instances, "1")
    for tag in TYPE_1_IN_INSTANCE:
        yield _row(">> ", tag, "1")


def _row(path: str, tag: int, kind: str) -> tuple[str, str, str]:
    return path + str(dictionary_description(tag)), tag_name(tag), kind


def _query() -> str:
    return "\n\n".join(
        (
            "### Study Root Query, as SCU",
            QUERY.format(
                uid=STUDY_ROOT_FIND,
                seconds=f"{archive_query.SECONDS:g}",
                most=archive_query.MOST,
            ),
        )
    )


QUERY = """\
C-FIND of {uid} (PS3.4 C.6.2), to compare what an archive lists of a study with what devices named:
once after all of it has been answered, unless the archive's rule says no. Level SERIES with Study
Instance UID, Series Instance UID and Number of Series Related Instances, then level IMAGE for each
series with SOP Instance UID and SOP Class UID. No relational queries, no extended negotiation.
C-CANCEL is sent when there are more than {most} answers, after {seconds} s, and when we stop; what
was read until then is not used. Fewer answers than Number of Series Related Instances says are no
answer. Any status but 0000 is tried again later."""
