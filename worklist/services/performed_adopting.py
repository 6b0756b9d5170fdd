"""An end refused for want of its beginning, taken after all: a person knows whose it is."""

from dataclasses import replace

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.dicom.errors import InvalidDataset
from portal.dicom.n_messages import NRequest
from portal.errors import Conflict
from portal.models import RemoteAE
from portal.selectors import caller_of
from worklist.dicom import mpps, mpps_rules
from worklist.dicom.texts import text
from worklist.models import PerformedProcedureStep, PerformedStepMessage
from worklist.services.performed_messages import Course
from worklist.services.performed_rows import row_fill, series_fill
from worklist.types.performed import MppsFlag


def performed_step_adopt(*, message: PerformedStepMessage) -> PerformedProcedureStep:
    """Make the performed step that a refused N-SET tells of, as a lenient device's is made.

    It is flagged so, and its N-CREATE completes it should it still come. Within the transaction of
    the decision; it is linked to nothing yet.
    """
    assert transaction.get_connection().in_atomic_block
    course = _course(message)
    performed = PerformedProcedureStep(
        facility_id=message.facility_id,
        device_id=message.device_id,
        sop_instance_uid=message.sop_instance_uid,
        created_at=message.at,
    )
    item = course.message.item
    status = text(item, mpps.STATUS)
    if status in PerformedProcedureStep.FINAL:
        performed.move_to(status)
        performed.ended_at = message.at
    try:
        with transaction.atomic():
            row_fill(performed, item, course)
            performed.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            _("The device's report has arrived since, as a case of its own. Decide about that one.")
        ) from error
    series_fill(performed, item, course)
    performed.flags = course.flags
    performed.save()
    PerformedStepMessage.objects.filter(
        facility=message.facility_id, sop_instance_uid=message.sop_instance_uid, performed=None
    ).update(performed=performed)
    return performed


def _course(message: PerformedStepMessage) -> Course:
    """Return the message on its way once more, by a device of which nothing is refused."""
    caller = caller_of(RemoteAE.objects.select_related("profile").get(pk=message.device_id))
    caller = replace(caller, profile=replace(caller.profile, is_strict=False))
    request = NRequest(
        "", message.sop_instance_uid, message.transfer_syntax, bytes(message.dataset)
    )
    try:
        read = mpps.read_message(
            request.dataset, request.transfer_syntax, caller.profile.character_sets
        )
    except InvalidDataset as error:
        raise Conflict(_("What the device sent cannot be read; nothing can be linked.")) from error
    course = Course(caller, request, message.kind, read, is_new=True)
    course.flag(MppsFlag.SET_FIRST)
    faults = mpps_rules.faults_of_set(read.item, None)
    if text(read.item, mpps.STATUS) in PerformedProcedureStep.FINAL:
        faults += mpps_rules.faults_of_end(read.item)
    for fault in faults:
        if fault.flag is None:
            sentence = _("What the device sent is no report of an exam (%(what)s).")
            raise Conflict(sentence % {"what": fault.detail})
        course.flag(fault.flag, fault.detail)
    return course
