"""Writes to performed procedure steps: what devices report by N-CREATE and N-SET (PS3.4 F.7.2)."""

import uuid

from portal.dicom import status
from portal.dicom.errors import InvalidDataset
from portal.dicom.n_messages import NAnswer, NRequest
from portal.types import Caller
from worklist.dicom import mpps, mpps_rules
from worklist.dicom.items import Item, read, sequence
from worklist.dicom.texts import is_ascii, text
from worklist.models import PerformedProcedureStep, PerformedStepMessage, ReconcileKind
from worklist.services.cases import case_open, cases_settle
from worklist.services.commitment_plan import commitment_unplan
from worklist.services.performed_closing import performed_step_close
from worklist.services.performed_messages import (
    NO_LONGER,
    NO_LONGER_ID,
    Course,
    Refused,
    cases_settle_of_messages,
    message_add,
    message_kept,
    refuse_faults,
)
from worklist.services.performed_rows import (
    has_flag,
    is_created,
    linked_ids,
    references_fill,
    row_fill,
    series_fill,
    state_told,
)
from worklist.types.performed import MppsFlag

__all__ = ["performed_step_close", "performed_step_create", "performed_step_set"]

Status = PerformedProcedureStep.Status
NAMESPACE = uuid.UUID("6a0b8a3e-7d51-4f0e-9d39-6f2d1a5c1f57")


def performed_step_create(*, caller: Caller, request: NRequest) -> NAnswer:
    """Take a device's N-CREATE; answered when it has committed."""
    return message_kept(caller, request, "N-CREATE", _create)


def performed_step_set(*, caller: Caller, request: NRequest) -> NAnswer:
    """Take a device's N-SET; answered when it has committed."""
    return message_kept(caller, request, "N-SET", _set)


def _create(course: Course) -> NAnswer:
    item = course.message.item
    faults = mpps_rules.faults_of_create(item)
    if course.message.unreadable:
        faults.append(mpps_rules.text_fault(course.message.unreadable))
    refuse_faults(course, faults)
    sop_instance_uid = _uid_of(course)
    if course.has_met:
        known = _locked(course, sop_instance_uid)
        if known is not None:
            return _met(course, known)
    performed = _new(course, sop_instance_uid)
    row_fill(performed, item, course)
    performed.save(force_insert=True)
    step_ids = references_fill(performed, item, course)
    return _done(course, performed, item, step_ids, has_moved=True)


def _uid_of(course: Course) -> str:
    """Return the SOP Instance UID; where the device names none, one made of what it sent.

    The same bytes from the same device are the same step: its answer may have been lost.
    """
    given = course.request.sop_instance_uid
    if given and (mpps.is_uid(given) or not course.is_strict):
        return given[:64]
    if course.is_strict:
        raise Refused(NAnswer(status.INVALID_SOP_INSTANCE, "Affected SOP Instance UID is missing"))
    course.flag(MppsFlag.UID_ASSIGNED)
    seed = course.request.dataset.hex()
    made = uuid.uuid5(NAMESPACE, f"{course.caller.device_id}/{seed}")
    return f"2.25.{made.int}"


def _met(course: Course, known: PerformedProcedureStep) -> NAnswer:
    """Answer an N-CREATE for a step that is there already."""
    if not is_created(known):
        return _complete(course, known)
    if not course.request.sop_instance_uid and has_flag(known, MppsFlag.UID_ASSIGNED):
        answer = NAnswer(sop_instance_uid=known.sop_instance_uid)
        message_add(course.caller, course.request, course.kind, answer, performed_id=known.pk)
        return answer
    answer = NAnswer(status.DUPLICATE_SOP_INSTANCE, "This performed procedure step exists")
    raise Refused(answer, performed_id=known.pk)


def _complete(course: Course, known: PerformedProcedureStep) -> NAnswer:
    """Take an N-CREATE that its N-SET has overtaken."""
    course.flag(MppsFlag.CREATED_LATER)
    course.had_series = True
    late = mpps_rules.without_identity(read(bytes(known.dataset)))
    merged = {**course.message.item, **late}
    before = known.study_instance_uid
    row_fill(known, merged, course)
    if before not in {"", known.study_instance_uid}:
        commitment_unplan(performed=known, study_instance_uid=before)
    step_ids = linked_ids(known)
    if not step_ids:
        known.references.all().delete()
        step_ids = references_fill(known, merged, course)
    cases_settle(performed=known, kinds=[ReconcileKind.ORPHAN], decision="created")
    return _done(course, known, merged, step_ids, has_moved=True)


def _set(course: Course) -> NAnswer:
    known = _locked(course, course.request.sop_instance_uid)
    if known is None:
        return _set_first(course)
    if known.is_final:
        _require_last_word(course, known)
    stored = read(bytes(known.dataset))
    course.had_series = bool(sequence(stored, mpps.SERIES))
    change = _change(course, known, stored)
    merged: Item = {**stored, **change}
    before = known.status
    _follow_status(course, known, merged, text(change, mpps.STATUS))
    row_fill(known, merged, course)
    step_ids = linked_ids(known)
    if course.is_strict:
        cases_settle_of_messages(
            facility_id=known.facility_id, sop_instance_uid=known.sop_instance_uid
        )
    return _done(course, known, merged, step_ids, has_moved=known.status != before)


def _set_first(course: Course) -> NAnswer:
    """Take an N-SET that no N-CREATE came before: refused, or kept with what it says."""
    if course.is_strict:
        answer = NAnswer(status.NO_SUCH_SOP_INSTANCE, "No N-CREATE came for this instance")
        uid = course.request.sop_instance_uid
        raise Refused(answer, case=ReconcileKind.ORPHAN, detail={"sop_instance_uid": uid})
    course.flag(MppsFlag.SET_FIRST)
    faults = mpps_rules.faults_of_set(course.message.item, None)
    refuse_faults(course, faults)
    item = course.message.item
    performed = _new(course, course.request.sop_instance_uid or _uid_of(course))
    _follow_status(course, performed, item, text(item, mpps.STATUS))
    row_fill(performed, item, course)
    performed.save(force_insert=True)
    step_ids = []
    if mpps.references_of(item):
        step_ids = references_fill(performed, item, course)
    else:
        case_open(performed=performed, kind=ReconcileKind.ORPHAN)
    return _done(course, performed, item, step_ids, has_moved=True)


def _change(course: Course, known: PerformedProcedureStep, stored: Item) -> Item:
    """Return what an N-SET may change; refuse or flag the rest."""
    item = course.message.item
    has_create = is_created(known)
    faults = mpps_rules.faults_of_set(item, stored if has_create else None)
    if course.message.unreadable:
        item = _reread(course, item)
    if course.message.unreadable and item is course.message.item:
        faults.append(mpps_rules.text_fault(course.message.unreadable))
    if not course.is_strict:
        faults = [fault for fault in faults if fault.flag is not MppsFlag.IDENTITY]
    refuse_faults(course, faults)
    if course.caller.device_id != known.device_id:
        course.flag(MppsFlag.OTHER_DEVICE, course.caller.ae_title)
    if course.message.declared and not course.message.unreadable and not is_ascii(item):
        _compare_character_set(course)
    if not has_create:
        return item
    changed = mpps_rules.identity_changed(item, stored)
    if changed:
        course.flag(MppsFlag.IDENTITY, mpps_rules.named(changed))
    if set(changed) & mpps_rules.SUBJECT:
        detail = {"reason": "changed-by-set", "attributes": mpps_rules.named(changed)}
        case_open(performed=known, kind=ReconcileKind.WRONG_PATIENT, detail=detail)
    return mpps_rules.without_identity(item)


def _created_character_set(course: Course) -> str | None:
    """Return what the N-CREATE declared; None when there was none."""
    uid = course.request.sop_instance_uid
    found = PerformedStepMessage.objects.filter(
        facility_id=course.caller.facility_id,
        sop_instance_uid=uid,
        kind="N-CREATE",
        status=status.SUCCESS,
    ).first()
    if found is None:
        return None
    try:
        return mpps.read_message(bytes(found.dataset), found.transfer_syntax).declared
    except InvalidDataset:
        return None


def _compare_character_set(course: Course) -> None:
    """Flag another character set than the N-CREATE's (F.7.2.2.1): texts are merged in UTF-8."""
    created = _created_character_set(course)
    if created is not None and created != course.message.declared:
        course.flag(MppsFlag.CHARACTER_SET, f"{created or 'none'}, {course.message.declared}")


def _reread(course: Course, item: Item) -> Item:
    """Read texts of no declared character set in the N-CREATE's, as F.7.2.2.1 means it."""
    created = None if course.message.declared else _created_character_set(course)
    if not created:
        return item
    message = mpps.read_as(course.message, created)
    return message.item if message else item


def _require_last_word(course: Course, known: PerformedProcedureStep) -> None:
    """Refuse an N-SET on a final step, but not the device's own end of one a person closed."""
    answer = NAnswer(status.PROCESSING_FAILURE, NO_LONGER, error_id=NO_LONGER_ID)
    had_its_word = has_flag(known, MppsFlag.AFTER_CLOSING)
    if course.is_strict or not known.closed_by or had_its_word:
        raise Refused(answer, performed_id=known.pk)
    wanted = text(course.message.item, mpps.STATUS)
    if wanted != known.status:
        detail = {"reason": "closed-otherwise", "status": known.status, "wanted": wanted}
        raise Refused(answer, performed_id=known.pk, case=ReconcileKind.ORPHAN, detail=detail)
    course.flag(MppsFlag.AFTER_CLOSING)


def _follow_status(
    course: Course, performed: PerformedProcedureStep, merged: Item, wanted: str
) -> None:
    """Move to the state that a message names, if it may be final by now."""
    if not wanted or wanted == Status.IN_PROGRESS:
        return
    refuse_faults(course, mpps_rules.faults_of_end(merged))
    if wanted != performed.status:
        performed.move_to(wanted)
    performed.ended_at = performed.ended_at or course.at


def _done(
    course: Course,
    performed: PerformedProcedureStep,
    merged: Item,
    step_ids: list[int],
    *,
    has_moved: bool,
) -> NAnswer:
    """Write the rest of an accepted message, and answer it."""
    flagged = len(course.flags)
    has_series = series_fill(performed, merged, course)
    if len(course.flags) > flagged:
        performed.flags = [*performed.flags, *course.flags[flagged:]]
    if has_series or not course.is_new:
        performed.version += 1
        performed.save(update_fields=_changed(course, performed))
    answer = _answer(course, performed)
    message_add(course.caller, course.request, course.kind, answer, performed_id=performed.pk)
    state_told(performed, step_ids, course, has_moved=has_moved)
    return answer


def _changed(course: Course, performed: PerformedProcedureStep) -> list[str]:
    """Return the columns that this message changed; all where the row is new."""
    saved = course.saved
    names = [one.attname for one in performed._meta.concrete_fields if not one.primary_key]
    return [one for one in names if one not in saved or saved[one] != getattr(performed, one)]


def _answer(course: Course, performed: PerformedProcedureStep) -> NAnswer:
    assigned = "" if course.request.sop_instance_uid else performed.sop_instance_uid
    unknown = mpps_rules.unrecognized(course.message.item)
    if course.is_strict and unknown:
        comment = "Kept, though not in the dictionary"
        return NAnswer(status.ATTRIBUTE_LIST_ERROR, comment, unknown, sop_instance_uid=assigned)
    return NAnswer(sop_instance_uid=assigned)


def _new(course: Course, sop_instance_uid: str) -> PerformedProcedureStep:
    course.is_new = True
    return PerformedProcedureStep(
        facility_id=course.caller.facility_id,
        device_id=course.caller.device_id,
        sop_instance_uid=sop_instance_uid,
        created_at=course.at,
    )


def _locked(course: Course, sop_instance_uid: str) -> PerformedProcedureStep | None:
    found = PerformedProcedureStep.objects.select_for_update().filter(
        facility_id=course.caller.facility_id, sop_instance_uid=sop_instance_uid
    )
    known = next(iter(found), None)  # unique: nothing to sort
    course.saved = dict(vars(known)) if known else {}
    return known
