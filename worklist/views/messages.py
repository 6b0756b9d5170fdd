"""Raw messages: every element as it came, who sent it, how it was answered; and as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.dicom.errors import InvalidDataset
from portal.errors import Conflict
from portal.pulse import stamp
from portal.reads import note_read
from portal.types import Link
from worklist.dicom.listing import syntax_name
from worklist.dicom.messages import message_file, message_lines
from worklist.models import (
    AvailabilityNotice,
    CommitmentReport,
    CommitmentRequest,
    PerformedStepMessage,
    RelayedCommitment,
    ScheduledProcedureStep,
)
from worklist.selectors import messages as selectors
from worklist.selectors.relays import steps_of_relay
from worklist.wording import messages as words

LINES_SHOWN = 1000
AROUND_SHOWN = 20


@dataclass(frozen=True)
class Kind:
    """A kind of raw message: how one is found, told, and which exams it is about."""

    name: str  # of its address
    path: str
    find: Callable[..., Any]
    tell: Callable[[Any], words.MessageTold]
    steps: Callable[[Any], list[ScheduledProcedureStep]]
    around: Callable[[Any], list[Link]] = lambda row: []  # other messages of the same matter


@require_GET
def message(request: HttpRequest, message_id: int, *, kind: Kind) -> HttpResponse:
    """Show one raw message, a thousand elements at a time."""
    row = kind.find(message_id, visible_to=request.user)
    told = kind.tell(row)
    note_read(request.user, row.facility_id, kind.name, row.pk)
    first = _first(request)
    lines, problem = [], ""
    try:
        lines = message_lines(told.raw, told.transfer_syntax)
    except InvalidDataset as error:
        problem = str(error)
    context = {
        "told": told,
        "row": row,
        "syntax": syntax_name(told.transfer_syntax) if told.transfer_syntax else "",
        "steps": kind.steps(row),
        "around": kind.around(row),
        "lines": lines[first : first + LINES_SHOWN],
        "problem": problem,
        "total": len(lines),
        "first": first + 1,
        "last": min(first + LINES_SHOWN, len(lines)),
        "earlier": max(first - LINES_SHOWN, 0) if first else None,
        "later": first + LINES_SHOWN if first + LINES_SHOWN < len(lines) else None,
        "file": f"worklist:{kind.name}-file",
    }
    return render(request, "worklist/message.html", context)


@require_GET
def message_download(request: HttpRequest, message_id: int, *, kind: Kind) -> HttpResponse:
    """Answer the message as a DICOM file: its dataset stays as it came."""
    row = kind.find(message_id, visible_to=request.user)
    told = kind.tell(row)
    note_read(request.user, row.facility_id, kind.name, row.pk)
    try:
        content = message_file(
            told.raw,
            told.transfer_syntax,
            sop_class_uid=told.sop_class_uid,
            sop_instance_uid=told.sop_instance_uid,
        )
    except InvalidDataset as error:
        raise Conflict(_("No file can be made of this message: %s") % error) from error
    name = f"{kind.name}-{row.pk}.dcm"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/dicom", headers=headers)


def _first(request: HttpRequest) -> int:
    asked = request.GET.get("from", "0")
    return min(int(asked), 10_000_000) if asked.isdecimal() and len(asked) < 9 else 0


def _of_mpps(row: PerformedStepMessage) -> list[ScheduledProcedureStep]:
    return selectors.steps_of_performed([row.performed_id]) if row.performed_id else []


def _of_request(row: CommitmentRequest) -> list[ScheduledProcedureStep]:
    if row.relay_id:
        return []
    study = row.commitment.study_instance_uid if row.commitment else ""
    return selectors.steps_of_study(row.facility_id, study)


def _of_report(row: CommitmentReport) -> list[ScheduledProcedureStep]:
    return _of_request(row.request) if row.request else []


def _of_notice(row: AvailabilityNotice) -> list[ScheduledProcedureStep]:
    return selectors.steps_of_study(row.facility_id, row.study_instance_uid)


def _of_relay(row: RelayedCommitment) -> list[ScheduledProcedureStep]:
    return selectors.steps_by_id(row.facility_id, steps_of_relay(row))


def _performed(row: PerformedStepMessage) -> list[Link]:
    if row.performed_id is None:
        return []
    return [Link(reverse("worklist:performed", args=[row.performed_id]), _("What it performed"))]


def _answers(row: CommitmentRequest) -> list[Link]:
    reports = row.reports.defer("dataset").order_by("pk")[:AROUND_SHOWN]
    found = [
        Link(
            reverse("worklist:commitment-report", args=[one.pk]),
            _("Its answer, %(time)s") % {"time": stamp(one.at)},
        )
        for one in reports
    ]
    if row.commitment_id:
        address = reverse("worklist:commitment", args=[row.commitment_id])
        found.append(Link(address, _("Every image at the archive")))
    return found


def _question(row: CommitmentReport) -> list[Link]:
    if row.request_id is None:
        return []
    return [Link(reverse("worklist:commitment-request", args=[row.request_id]), _("Our request"))]


def _passed_on(row: RelayedCommitment) -> list[Link]:
    requests = row.requests.defer("action_information").select_related("archive").order_by("pk")
    return [
        Link(
            reverse("worklist:commitment-request", args=[one.pk]),
            _("Our request to %(archive)s") % {"archive": one.archive.ae_title},
        )
        for one in requests[:AROUND_SHOWN]
    ]


KINDS = (
    Kind("mpps-message", "mpps", selectors.mpps_message, words.mpps_told, _of_mpps, _performed),
    Kind(
        "commitment-request",
        "commitment-requests",
        selectors.commitment_request,
        words.request_told,
        _of_request,
        _answers,
    ),
    Kind(
        "commitment-report",
        "commitment-reports",
        selectors.commitment_report,
        words.report_told,
        _of_report,
        _question,
    ),
    Kind(
        "availability-notice",
        "availability",
        selectors.availability_notice,
        words.notice_told,
        _of_notice,
    ),
    Kind(
        "relayed",
        "relayed",
        selectors.relayed_commitment,
        words.relayed_told,
        _of_relay,
        _passed_on,
    ),
)
