"""Modality Performed Procedure Step in the conformance statement (PS3.2; PS3.4 F.7.4.2.1)."""

from collections.abc import Iterable, Iterator

from django.utils.encoding import force_str
from pydicom.datadict import dictionary_description

from portal.conformance import SERVICES, table
from portal.dicom import status
from worklist.dicom import mpps
from worklist.dicom.items import tag_name
from worklist.dicom.mpps_dose import DOSE_TAGS, EXPOSURES
from worklist.dicom.mpps_rules import TABLE, Attribute
from worklist.models import ScheduledProcedureStep
from worklist.services.performed_following import WRONG_ENTRY
from worklist.services.performed_messages import NO_LONGER_ID
from worklist.types.performed import MppsFlag
from worklist.wording.performed import FLAG_WORDS

CREATE_STATUSES = (
    (status.SUCCESS, "created, and written down"),
    (
        status.ATTRIBUTE_LIST_ERROR,
        "created and kept whole; attributes of no dictionary are listed; strict only",
    ),
    (
        status.INVALID_ATTRIBUTE_VALUE,
        "the status is not IN PROGRESS; strict: a value that is none of its VR, or not in its "
        "character set; they are in the Attribute List",
    ),
    (status.PROCESSING_FAILURE, "no dataset, or no database"),
    (
        status.DUPLICATE_SOP_INSTANCE,
        "this instance exists; the same message once more changes nothing",
    ),
    (status.INVALID_SOP_INSTANCE, "no SOP Instance UID; strict only"),
    (status.MISSING_ATTRIBUTE, "a type 1 or 2 attribute is missing; strict only"),
    (status.MISSING_ATTRIBUTE_VALUE, "a type 1 attribute is empty; strict only"),
    (status.UNRECOGNIZED_OPERATION, "not an operation of this SOP class"),
    (status.RESOURCE_LIMITATION, f"a dataset over {mpps.MAX_BYTES // 1024 // 1024} MB"),
)
SET_STATUSES = (
    (status.SUCCESS, "changed, and written down"),
    (status.ATTRIBUTE_LIST_ERROR, "as in an N-CREATE; strict only"),
    (status.NO_SUCH_ATTRIBUTE, "the N-CREATE did not make the attribute; strict only"),
    (
        status.INVALID_ATTRIBUTE_VALUE,
        "a status that is none; strict: an attribute that may not be set, a wrong value, text "
        "that is not in its character set",
    ),
    (
        status.PROCESSING_FAILURE,
        f"Error ID {NO_LONGER_ID:04X}: the step is COMPLETED or DISCONTINUED; without Error ID: "
        "no dataset, or no database",
    ),
    (status.NO_SUCH_SOP_INSTANCE, "no N-CREATE came for it; strict only"),
    (status.MISSING_ATTRIBUTE, "something lacks in a series, or for the final state; strict only"),
    (status.MISSING_ATTRIBUTE_VALUE, "the same without a value; strict only"),
    (status.UNRECOGNIZED_OPERATION, "not an operation of this SOP class"),
    (status.RESOURCE_LIMITATION, "as in an N-CREATE"),
)
GET_STATUSES = (
    (status.SUCCESS, "the attributes; without a list of them, all"),
    (status.ATTRIBUTE_LIST_ERROR, "the attributes, and a list of those that no step has"),
    (status.PROCESSING_FAILURE, "no database"),
    (status.NO_SUCH_SOP_INSTANCE, "no such step in this facility"),
    (status.UNRECOGNIZED_OPERATION, "not an operation of this SOP class"),
)


def chapters() -> dict[str, str]:
    """Return what MPPS has to say, by chapter."""
    return {SERVICES: _service()}


def _service() -> str:
    parts = (
        "### Modality Performed Procedure Step, as SCP",
        GENERAL,
        "#### Attributes of N-CREATE, N-SET and the final state (PS3.4 Table F.7.2-1)",
        table(("Attribute", "Tag", "N-CREATE", "N-SET", "Final state"), _attributes(TABLE)),
        "Every other attribute is kept, returned by N-GET, and may be set when it was created. "
        "Of the retired Radiation Dose module these are shown to people: "
        + ", ".join(_named(tag) for tag in (*DOSE_TAGS, EXPOSURES))
        + ".",
        "#### Statuses of N-CREATE",
        table(("Status", "N-CREATE"), _coded(CREATE_STATUSES)),
        "#### Statuses of N-SET",
        table(("Status", "N-SET"), _coded(SET_STATUSES)),
        OFFENDING,
        "#### Strict and lenient devices",
        LENIENT,
        table(("Kept, and flagged as", "In words"), _flags()),
        "#### What follows",
        BEHAVIOUR.format(
            not_awaited=" or ".join(
                (ScheduledProcedureStep.Status.CANCELED, ScheduledProcedureStep.Status.NO_SHOW)
            ),
            wrong_entry=WRONG_ENTRY,
        ),
        "### Modality Performed Procedure Step Retrieve, as SCP",
        RETRIEVE,
        table(("Status", "N-GET"), _coded(GET_STATUSES)),
        NOTIFICATION,
    )
    return "\n\n".join(parts)


GENERAL = """\
Every message is answered when it has been written down and committed; its bytes are kept as they
came, of a refused one too. Messages about one step may come over several associations, in any
order and at once. SCP/SCU role selection is answered: a modality may be SCU, and only that."""

OFFENDING = """\
A failure names the offending attributes (PS3.7 Annex C): 0105, 0107 and 0120 in Attribute
Identifier List (0000,1005), 0106 and 0121 as an Attribute List with their values. Error Comment
(0000,0902) has their keywords."""

LENIENT = """\
A device with a strict profile is refused whatever breaks the rules above. Of all others the exam is
kept: a missing SOP Instance UID is assigned and returned (the same for the same message), an N-SET
before its N-CREATE makes the step, and the N-CREATE is taken later; an N-SET that names no instance
is kept under a UID of ours. What may not be set is left out
when it differs; somebody else's identity is put before a person. An N-CREATE that is not
IN PROGRESS, an unknown status, and an N-SET on a final step are refused of everybody."""

BEHAVIOUR = """\
IN PROGRESS: every scheduled step that an item of Scheduled Step Attributes means becomes STARTED,
from whatever state; one that was {not_awaited} is put before a person, too. It is found by Study
Instance UID and Scheduled Procedure Step ID, also by Referenced Study Sequence or by Accession
Number, and Accession Number and Requested Procedure ID may not contradict; by the step ID alone
only when it is unique and the patient agrees. The patient has to be the same (ID, and issuer where
both say it; name and birth date may not both differ). What is not certain is linked by a person.

COMPLETED or DISCONTINUED: when no performed step of a scheduled step is in progress any more, that
becomes COMPLETED if one of them is, else DISCONTINUED with the reason of (0040,0281). Reason code
{wrong_entry} (wrong worklist entry) unlinks the step and puts the scheduled one back to where it
was. A new performed step for an exam that is over (resume, append) makes it STARTED again.
Attributes of the worklist other than the status are not changed by it, study date and time
included.

The SCP changes no attribute that a modality has sent. A person may end a step that a modality has
left open, with a reason; a strict device's later N-SET is then refused, a lenient one's is
taken once when it says the same end. Steps are kept without limit of time.

Text of N-CREATE and N-SET may be in different character sets: it is kept in Unicode."""

RETRIEVE = """\
Steps are told to every device of the facility, in the character set of its profile; a
known attribute that was not sent comes with zero length."""

NOTIFICATION = "MPPS Notification (PS3.4 F.9) is a SOP class of its own; it is not offered."


def _attributes(
    rows: Iterable[Attribute], depth: int = 0, *, is_settable: bool = False
) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield (
            "> " * depth + _named(row.tag),
            tag_name(row.tag),
            str(row.create),
            "yes" if row.may_be_set or is_settable else "no",
            str(row.final) if row.final else "",
        )
        yield from _attributes(row.inner, depth + 1, is_settable=row.may_be_set)


def _coded(rows: Iterable[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    return ((f"{code:04X}", meaning) for code, meaning in rows)


def _flags() -> Iterator[tuple[str, str]]:
    return ((f"`{flag.value}`", force_str(FLAG_WORDS[flag])) for flag in MppsFlag)


def _named(tag: int) -> str:
    return str(dictionary_description(tag))
