"""Reports of archives (N-EVENT-REPORT, PS3.4 J.3.3): checked, kept raw, believed or not.

Images may be deleted on the strength of a report, so it counts only when it comes from the archive
that was asked, about a transaction of ours, and names exactly what was asked for.
"""

import logging
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.dicom import status
from portal.dicom.errors import InvalidDataset
from portal.dicom.n_messages import NAnswer, NRequest
from portal.services_alerts import alert_raise
from portal.types import Caller
from worklist.dicom.commitment import (
    ALL_COMMITTED,
    EXPLICIT_LITTLE_ENDIAN,
    FAILURES_EXIST,
    MAX_BYTES,
    action_of,
    event_type_of,
    report_of,
    transaction_uid_of,
)
from worklist.models import CommitmentReport, CommitmentRequest
from worklist.services.commitment_results import results_apply
from worklist.types.commitment import EventReport, ReportVerdict

logger = logging.getLogger(__name__)

ALERT = "commitment-report"  # the kind of alert
SENTENCE_LENGTH = 255
Verdict = ReportVerdict
# How each verdict is answered (PS3.7 10.1.1.1.8). Who was not asked learns no more than who names
# a transaction that is not there.
STATUSES = {
    Verdict.MATCHED: status.SUCCESS,
    Verdict.LATE: status.SUCCESS,
    Verdict.DUPLICATE: status.SUCCESS,
    Verdict.TYPE_DIFFERS: status.SUCCESS,
    Verdict.PROBE: status.SUCCESS,
    Verdict.CONTRADICTS: status.PROCESSING_FAILURE,
    Verdict.UNKNOWN_TRANSACTION: status.NO_SUCH_SOP_INSTANCE,
    Verdict.WRONG_SENDER: status.NO_SUCH_SOP_INSTANCE,
    Verdict.WRONG_SET: status.INVALID_ARGUMENT_VALUE,
    Verdict.UNREADABLE: status.INVALID_ARGUMENT_VALUE,
}
COMMENTS = {
    Verdict.CONTRADICTS: "Another report was taken for this transaction.",
    Verdict.UNKNOWN_TRANSACTION: "No such transaction.",
    Verdict.WRONG_SENDER: "No such transaction.",
    Verdict.WRONG_SET: "Not exactly the instances that were asked for.",
}
COUNTED = (Verdict.MATCHED, Verdict.LATE, Verdict.TYPE_DIFFERS, Verdict.PROBE)
FINE = (Verdict.MATCHED, Verdict.LATE, Verdict.DUPLICATE, Verdict.PROBE)


@dataclass(frozen=True)
class Judgement:
    """What is made of a report; `asked` is the request that it answers, locked."""

    verdict: ReportVerdict
    sentence: str = ""
    report: EventReport | None = None
    asked: CommitmentRequest | None = None
    code: int | None = None  # another status than the verdict's
    tags: tuple[int, ...] = ()


@transaction.atomic
def report_record(*, caller: Caller, request: NRequest, is_same_association: bool) -> NAnswer:
    """Take a report: its rows have committed when the answer is returned."""
    now = timezone.now()
    judged = _judged(caller, request)
    sentence = judged.sentence
    if judged.verdict in COUNTED and judged.asked and judged.report:
        judged.asked.event_type = request.type_id
        odd = results_apply(judged.asked, judged.report, now)
        sentence = " ".join(part for part in (sentence, odd) if part)
    code = STATUSES[judged.verdict] if judged.code is None else judged.code
    kept = CommitmentReport.objects.create(
        facility_id=caller.facility_id,
        device_id=caller.device_id,
        request=judged.asked,
        at=now,
        transaction_uid=_transaction_uid(judged, request),
        event_type=request.type_id,
        is_same_association=is_same_association,
        transfer_syntax=request.transfer_syntax[:64],
        dataset=request.dataset[:MAX_BYTES],
        verdict=judged.verdict,
        status=code,
        sentence=sentence[:SENTENCE_LENGTH],
    )
    logger.info("report %s of %s: %s, %04XH", kept.pk, caller.ae_title, judged.verdict, code)
    if judged.verdict not in FINE:
        _alert(caller, kept)
    comment = COMMENTS.get(judged.verdict, judged.sentence)
    return NAnswer(code, comment if code else "", judged.tags)


def _transaction_uid(judged: Judgement, request: NRequest) -> str:
    if judged.report is not None:
        return judged.report.transaction_uid
    return transaction_uid_of(request.dataset, request.transfer_syntax)


def _judged(caller: Caller, request: NRequest) -> Judgement:
    try:
        report = report_of(request.dataset, request.transfer_syntax)
    except InvalidDataset as error:
        return Judgement(Verdict.UNREADABLE, str(error), tags=error.tags)
    asked = (
        CommitmentRequest.objects.select_for_update(of=("self",))
        .select_related("archive")
        .filter(transaction_uid=report.transaction_uid, facility_id=caller.facility_id)
        .first()
    )
    if asked is None:
        sentence = _("We never asked anything under this Transaction UID.")
        return Judgement(Verdict.UNKNOWN_TRANSACTION, sentence, report)
    if asked.archive_id != caller.device_id:
        sentence = _("%(archive)s was asked, not the sender.") % {"archive": asked.archive.ae_title}
        return Judgement(Verdict.WRONG_SENDER, sentence, report, asked)
    if request.type_id not in (ALL_COMMITTED, FAILURES_EXIST):
        sentence = _("Event type %(type)s is none of storage commitment's.") % {
            "type": request.type_id
        }
        return Judgement(
            Verdict.UNREADABLE, sentence, report, asked, code=status.NO_SUCH_EVENT_TYPE
        )
    return _judged_content(request, report, asked)


def _judged_content(request: NRequest, report: EventReport, asked: CommitmentRequest) -> Judgement:
    """Judge the report of the archive that was asked, in that transaction."""
    wrong = _set_difference(report, asked)
    if wrong:
        return Judgement(Verdict.WRONG_SET, wrong, report, asked)
    if asked.state == CommitmentRequest.State.ANSWERED:
        return _judged_second(report, asked)
    if request.type_id != event_type_of(report):
        sentence = _("Event type %(type)s, but %(failed)d failures: the content counts.") % {
            "type": request.type_id,
            "failed": len(report.failed),
        }
        return Judgement(Verdict.TYPE_DIFFERS, sentence, report, asked)
    if asked.purpose == CommitmentRequest.Purpose.PROBE:
        return Judgement(Verdict.PROBE, "", report, asked)
    is_late = asked.state not in CommitmentRequest.OPEN
    return Judgement(Verdict.LATE if is_late else Verdict.MATCHED, "", report, asked)


def _judged_second(report: EventReport, asked: CommitmentRequest) -> Judgement:
    """Judge another report in an answered transaction: it is dead (PS3.4 J.3.3.1.2)."""
    first = asked.reports.filter(verdict__in=COUNTED).order_by("pk").first()
    if first is not None:
        counted = report_of(bytes(first.dataset), first.transfer_syntax)
        if _content(counted) == _content(report):
            return Judgement(Verdict.DUPLICATE, "", report, asked)
    sentence = _("The archive had answered this transaction already, and otherwise.")
    return Judgement(Verdict.CONTRADICTS, sentence, report, asked)


def _content(report: EventReport) -> frozenset[tuple[str, int | None]]:
    return frozenset((one.sop_instance_uid, one.reason) for one in report.committed + report.failed)


def _set_difference(report: EventReport, asked: CommitmentRequest) -> str:
    """Say in which way the report is not about exactly what was asked; empty when it is.

    Of a failure the class may differ: it may be the reason (0119H). Of a confirmation it may not.
    """
    __, references = action_of(bytes(asked.action_information), EXPLICIT_LITTLE_ENDIAN)
    expected = {(one.sop_class_uid, one.sop_instance_uid) for one in references}
    committed = {(one.sop_class_uid, one.sop_instance_uid) for one in report.committed}
    kept = {uid for __, uid in committed}
    failed = {one.sop_instance_uid for one in report.failed}
    if kept & failed:
        return _("%(count)d instances are confirmed and not confirmed at once.") % {
            "count": len(kept & failed)
        }
    left_out = {uid for __, uid in expected} - kept - failed
    added = len(committed - expected) + len(failed - {uid for __, uid in expected})
    if left_out or added:
        return _(
            "%(missing)d instances that were asked for are missing, %(added)d were not asked."
        ) % {
            "missing": len(left_out),
            "added": added,
        }
    return ""


def _alert(caller: Caller, report: CommitmentReport) -> None:
    alert_raise(
        facility_id=caller.facility_id,
        kind=ALERT,
        key=f"commitment-report-{caller.device_id}-{report.verdict}",
        sentence=_("%(device)s sent a commitment report that is odd (%(verdict)s): %(sentence)s")
        % {
            "device": caller.ae_title,
            "verdict": report.verdict,
            "sentence": report.sentence,
        },
        address=f"/messages/commitment-reports/{report.pk}/",
    )
