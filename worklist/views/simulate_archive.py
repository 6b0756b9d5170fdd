"""The simulated archive's card: what is wrong with it, and what it holds."""

import socket
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal import selectors
from portal.errors import InvalidInput
from portal.models import RemoteAE
from portal.services import device_set
from worklist.dicom.simulator.archive import AE_TITLE
from worklist.dicom.simulator.faults import (
    LATEST_S,
    MOST_LOST,
    REASONS,
    Faults,
    Reaction,
    faults_of,
    faults_set,
)
from worklist.dicom.simulator.shelf import Shelf, StudyHeld
from worklist.models import ScheduledProcedureStep
from worklist.selectors.steps import scheduled_steps
from worklist.views.consoles import console_of
from worklist.views.simulating import LOCAL, facility_of, number_of, scanners_of, simulated
from worklist.wording import simulation as words

HELD = 12


@dataclass(frozen=True)
class Holding:
    """A study at the archive, and the exam that it is of."""

    study: StudyHeld
    step: ScheduledProcedureStep | None


@require_POST
@simulated
def archive_set(request: HttpRequest) -> HttpResponse:
    """Change what is wrong with the archive, from now on."""
    sent = request.POST
    faults = Faults(
        lost=number_of(sent.get("lost"), MOST_LOST),
        reaction=next((one for one in Reaction if one == sent.get("reaction")), Reaction.REPORTS),
        late_s=number_of(sent.get("late_s"), LATEST_S),
        reason=number_of(sent.get("reason"), 0xFFFF),
        is_same_association="is_same_association" in sent,
        has_notices="has_notices" in sent,
    )
    if faults.reason not in (0, *REASONS):
        raise InvalidInput(_("Choose a reason from the list."), "reason")
    faults_set(settings.SIMULATED_ARCHIVE_DIR, faults)
    return _archive_answer(request, _("The archive behaves so from now on."))


@require_POST
@simulated
def archive_empty(request: HttpRequest) -> HttpResponse:
    """Have the archive forget every image."""
    Shelf(settings.SIMULATED_ARCHIVE_DIR).empty()
    return _archive_answer(request, _("The archive has lost everything."))


@require_POST
@simulated
def archive_add(request: HttpRequest) -> HttpResponse:
    """Put the simulated archive on the facility's list of devices."""
    device_set(
        facility_id=facility_of(request).pk,
        ae_title=AE_TITLE,
        host=LOCAL,
        port=settings.SIMULATED_ARCHIVE_PORT,
        kind=RemoteAE.Kind.ARCHIVE,
        by=selectors.actor_for(request.user),
    )
    return _archive_answer(request, _("The portal asks the simulated archive from now on."))


@require_GET
@simulated
def archive_card(request: HttpRequest) -> HttpResponse:
    """Answer the archive's card: what the page fetches when something was sent."""
    return render(request, "worklist/_simulate_archive.html", archive_context(request))


def archive_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the archive's card shows: switches, and studies of this facility's exams."""
    faults = faults_of(settings.SIMULATED_ARCHIVE_DIR)
    studies = Shelf(settings.SIMULATED_ARCHIVE_DIR).studies()
    steps = {
        step.requested_procedure.study_instance_uid: step
        for step in scheduled_steps(visible_to=request.user).filter(
            requested_procedure__study_instance_uid__in=[
                one.study_instance_uid for one in studies[: HELD * 4]
            ]
        )
    }
    devices = selectors.devices(visible_to=request.user)
    device = devices.filter(facility=facility_of(request), ae_title=AE_TITLE).first()
    in_hand = (console_of(scanner).entry for scanner in scanners_of(request))
    own = {entry.study_instance_uid for entry in in_hand if entry is not None}
    held = [
        Holding(one, steps.get(one.study_instance_uid))
        for one in studies
        if one.study_instance_uid in steps or one.study_instance_uid in own
    ]
    return {
        "reactions": words.REACTIONS,
        "outcomes": words.REASON_CHOICES,
        "faults": faults,
        "faults_words": words.faults_words(faults),
        "held": held[:HELD],
        "archive": device,
        "archive_title": AE_TITLE,
        "is_archive_up": _is_up(settings.SIMULATED_ARCHIVE_PORT),
    }


def _archive_answer(request: HttpRequest, message: str) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        messages.success(request, message)
        return redirect("/simulate/#archive")
    context = archive_context(request) | {"message": message}
    return render(request, "worklist/_simulate_archive.html", context)


def _is_up(port: int) -> bool:
    """Say whether somebody listens on the simulated archive's port."""
    try:
        with socket.create_connection((LOCAL, port), timeout=0.5):
            return True
    except OSError:
        return False
