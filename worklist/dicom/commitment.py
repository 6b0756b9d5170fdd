"""Storage commitment's datasets: Action Information and Event Information (PS3.4 J.3)."""

from collections.abc import Iterable

from portal.dicom import status
from portal.dicom.errors import InvalidDataset, StatusFailure
from worklist.dicom.items import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    Element,
    Item,
    Syntax,
    read,
    sequence,
    tag_name,
    write,
)
from worklist.dicom.syntaxes import inflated
from worklist.dicom.texts import put, text, to_utf8
from worklist.types.commitment import EventReport, InstanceReference, InstanceResult

STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"  # Push Model SOP Class
WELL_KNOWN_INSTANCE = "1.2.840.10008.1.20.1.1"  # PS3.4 J.3.5
REQUEST_STORAGE_COMMITMENT = 1  # Action Type ID, Table J.3-1
ALL_COMMITTED, FAILURES_EXIST = 1, 2  # Event Type IDs, Table J.3-2

RETRIEVE_AE_TITLE = 0x00080054
REFERENCED_SOP_CLASS = 0x00081150
REFERENCED_SOP_INSTANCE = 0x00081155
TRANSACTION_UID = 0x00081195
FAILURE_REASON = 0x00081197
FAILED_SOP_SEQUENCE = 0x00081198
REFERENCED_SOP_SEQUENCE = 0x00081199
MEDIA_FILE_SET_ID = 0x00880130
MEDIA_FILE_SET_UID = 0x00880140

MAX_BYTES = 16 * 1024 * 1024  # of a dataset: some 80,000 references
UID_LENGTH = 64
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"  # of what we keep ourselves
_DEFLATED = "1.2.840.10008.1.2.1.99"
_SYNTAXES: dict[str, Syntax] = {
    "1.2.840.10008.1.2": IMPLICIT,
    EXPLICIT_LITTLE_ENDIAN: EXPLICIT,
    "1.2.840.10008.1.2.2": BIG_ENDIAN,
    _DEFLATED: EXPLICIT,
}


def action_information(transaction_uid: str, references: Iterable[InstanceReference]) -> bytes:
    """Return the Action Information of an N-ACTION, explicit VR little endian (Table J.3-1)."""
    item: Item = {}
    put(item, TRANSACTION_UID, "UI", transaction_uid)
    named = tuple(_reference(one.sop_class_uid, one.sop_instance_uid) for one in references)
    item[REFERENCED_SOP_SEQUENCE] = Element("SQ", named)
    return write(item)


def action_of(raw: bytes, transfer_syntax: str) -> tuple[str, tuple[InstanceReference, ...]]:
    """Return transaction UID and references of an N-ACTION's Action Information.

    Raise InvalidDataset where the bytes are no dataset, StatusFailure (0115H) where a value that
    Table J.3-1 demands is missing.
    """
    item = _item(raw, transfer_syntax)
    missing = [
        tag
        for tag, is_there in (
            (TRANSACTION_UID, _uid(item, TRANSACTION_UID)),
            (REFERENCED_SOP_SEQUENCE, sequence(item, REFERENCED_SOP_SEQUENCE)),
        )
        if not is_there
    ]
    references = []
    for one in sequence(item, REFERENCED_SOP_SEQUENCE):
        named = InstanceReference(_uid(one, REFERENCED_SOP_CLASS), _instance(one))
        if not named.sop_class_uid:
            missing.append(REFERENCED_SOP_CLASS)
        if not named.sop_instance_uid:
            missing.append(REFERENCED_SOP_INSTANCE)
        references.append(named)
    if missing:
        names = ", ".join(tag_name(tag) for tag in dict.fromkeys(missing))
        raise StatusFailure(
            f"The request lacks {names}.",
            status.INVALID_ARGUMENT_VALUE,
            f"{names} missing.",
            tuple(dict.fromkeys(missing)),
        )
    return _uid(item, TRANSACTION_UID), tuple(references)


def event_information(report: EventReport) -> bytes:
    """Return the Event Information of an N-EVENT-REPORT, explicit VR little endian (Table J.3-2).

    Referenced SOP Sequence is left out when nothing was committed, Failed SOP Sequence when
    nothing failed.
    """
    item: Item = {}
    put(item, TRANSACTION_UID, "UI", report.transaction_uid)
    if report.committed:
        item[REFERENCED_SOP_SEQUENCE] = Element("SQ", tuple(_result(r) for r in report.committed))
    if report.failed:
        item[FAILED_SOP_SEQUENCE] = Element("SQ", tuple(_result(r) for r in report.failed))
    return write(item)


def event_type_of(report: EventReport) -> int:
    """Return the Event Type ID that the report's content demands (Table J.3-2)."""
    return FAILURES_EXIST if report.failed else ALL_COMMITTED


def report_of(raw: bytes, transfer_syntax: str) -> EventReport:
    """Return the report in an N-EVENT-REPORT's Event Information; raise InvalidDataset.

    Tolerant where it does no harm: either sequence may be empty or absent; Retrieve AE Title and
    media file-set stand outside the sequence for all, or inside its items (PS3.4 J.3.3.1.1); a
    failure without its reason is a processing failure.
    """
    item = _item(raw, transfer_syntax)
    transaction_uid = _uid(item, TRANSACTION_UID)
    if not transaction_uid:
        raise InvalidDataset("The report has no Transaction UID.", (TRANSACTION_UID,))
    return EventReport(
        transaction_uid,
        tuple(_committed(one, item) for one in sequence(item, REFERENCED_SOP_SEQUENCE)),
        tuple(_failed(one) for one in sequence(item, FAILED_SOP_SEQUENCE)),
    )


def transaction_uid_of(raw: bytes, transfer_syntax: str) -> str:
    """Return the Transaction UID of a dataset that may be no report at all; empty without one."""
    try:
        return _uid(_item(raw, transfer_syntax), TRANSACTION_UID)
    except InvalidDataset:
        return ""


def _item(raw: bytes, transfer_syntax: str) -> Item:
    syntax = _SYNTAXES.get(transfer_syntax)
    if syntax is None:
        raise InvalidDataset(f"{transfer_syntax} is no transfer syntax of storage commitment.")
    raw = inflated(raw, transfer_syntax, MAX_BYTES)
    if len(raw) > MAX_BYTES:
        raise InvalidDataset("It is larger than 16 MB: too large for one transaction.")
    item = read(raw, syntax)
    try:
        return to_utf8(item)
    except InvalidDataset:  # only the name of a medium may be more than ASCII
        return item


def _uid(item: Item, tag: int) -> str:
    value = text(item, tag)
    if len(value) > UID_LENGTH:
        raise InvalidDataset(f"{tag_name(tag)} is longer than {UID_LENGTH} characters.", (tag,))
    return value


def _instance(item: Item) -> str:
    return _uid(item, REFERENCED_SOP_INSTANCE)


def _reference(sop_class_uid: str, sop_instance_uid: str) -> Item:
    item: Item = {}
    put(item, REFERENCED_SOP_CLASS, "UI", sop_class_uid)
    put(item, REFERENCED_SOP_INSTANCE, "UI", sop_instance_uid)
    return item


def _result(result: InstanceResult) -> Item:
    item = _reference(result.sop_class_uid, result.sop_instance_uid)
    if result.reason is not None:
        item[FAILURE_REASON] = Element("US", result.reason.to_bytes(2, "little"))
    for tag, vr, value in (
        (RETRIEVE_AE_TITLE, "AE", result.retrieve_ae_title),
        (MEDIA_FILE_SET_ID, "SH", result.media_file_set_id),
        (MEDIA_FILE_SET_UID, "UI", result.media_file_set_uid),
    ):
        if value:
            put(item, tag, vr, value)
    return item


def _named(item: Item) -> tuple[str, str]:
    """Return class and instance of a report's item; without an instance it says nothing."""
    instance = _instance(item)
    if not instance:
        message = f"An item of the report lacks {tag_name(REFERENCED_SOP_INSTANCE)}."
        raise InvalidDataset(message, (REFERENCED_SOP_INSTANCE,))
    return _uid(item, REFERENCED_SOP_CLASS), instance


def _committed(item: Item, outside: Item) -> InstanceResult:
    sop_class_uid, sop_instance_uid = _named(item)

    def found(tag: int) -> str:
        return text(item, tag) or text(outside, tag)

    return InstanceResult(
        sop_class_uid,
        sop_instance_uid,
        None,
        retrieve_ae_title=found(RETRIEVE_AE_TITLE)[:255],
        media_file_set_id=found(MEDIA_FILE_SET_ID)[:16],
        media_file_set_uid=found(MEDIA_FILE_SET_UID)[:UID_LENGTH],
    )


def _failed(item: Item) -> InstanceResult:
    sop_class_uid, sop_instance_uid = _named(item)
    element = item.get(FAILURE_REASON)
    reason = status.PROCESSING_FAILURE
    if element is not None and isinstance(element.value, bytes) and element.value:
        reason = int.from_bytes(element.value[:2], "little")
    return InstanceResult(sop_class_uid, sop_instance_uid, reason)
