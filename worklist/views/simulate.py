"""The simulated department: consoles of scanners, an archive with faults; development only."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.dicom.association import Peer
from portal.errors import Conflict, InvalidInput, NotFound
from portal.models import RemoteAE
from worklist.dicom.simulator.archive import AE_TITLE
from worklist.dicom.simulator.journal import Journal
from worklist.models import ScheduledProcedureStep, Station
from worklist.selectors.steps import scheduled_steps
from worklist.views import consoles
from worklist.views.consoles import Console, Wires, Wish
from worklist.views.simulate_archive import archive_context
from worklist.views.simulating import LOCAL, facility_of, number_of, scanners_of, simulated
from worklist.wording import simulation as words

LISTED = 40


@dataclass(frozen=True)
class Card:
    """A console for the page: the device, what it has in hand, and the exam's page."""

    device: RemoteAE
    station: Station | None
    console: Console
    step: ScheduledProcedureStep | None
    problem: str = ""

    @property
    def last(self) -> words.Told | None:
        """What was sent last, in words."""
        if not self.console.messages:
            return None
        one = self.console.messages[-1]
        return words.said_told(one.at, one.sender, one.receiver, one.said)


@require_GET
@simulated
def simulate(request: HttpRequest) -> HttpResponse:
    """Show the department."""
    cards = [_card(request, device) for device in scanners_of(request)]
    cards.sort(key=lambda card: (card.station is None, card.station and card.station.position))
    context = {"cards": cards, **_choices(), **archive_context(request), **_messages(request)}
    return render(request, "worklist/simulate.html", context)


@require_POST
@simulated
def console_act(request: HttpRequest, device_id: int, name: str) -> HttpResponse:
    """Press a button of a console; answer its card, or the page."""
    device = scanners_of(request).filter(pk=device_id).first()
    if device is None:
        raise NotFound(_("There is no such scanner in your facility."))
    if name not in consoles.ACTS:
        raise Http404
    problem = ""
    try:
        consoles.act(name, _wires(request, device), _wish(request))
    except (Conflict, InvalidInput) as error:
        problem = str(error)
    if not request.headers.get("HX-Request"):
        if problem:
            messages.error(request, problem)
        return redirect(f"/simulate/#console-{device.pk}")
    context = {"card": _card(request, device, problem), **_choices()}
    answer = render(request, "worklist/_simulate_console.html", context)
    answer["HX-Trigger"] = "simulated"  # the archive and the messages refetch themselves
    return answer


@require_GET
@simulated
def message_list(request: HttpRequest) -> HttpResponse:
    """Answer the running list of messages."""
    return render(request, "worklist/_simulate_messages.html", _messages(request))


def _card(request: HttpRequest, device: RemoteAE, problem: str = "") -> Card:
    console = consoles.console_of(device)
    station = Station.objects.filter(device=device).order_by("position", "pk").first()
    step = None
    if console.entry is not None and console.entry.sps_id:
        found = scheduled_steps(visible_to=request.user).filter(
            facility_id=device.facility_id,
            requested_procedure__study_instance_uid=console.entry.study_instance_uid,
            sps_id=console.entry.sps_id,
        )
        step = found.first()
    return Card(device, station, console, step, problem)


def _wires(request: HttpRequest, device: RemoteAE) -> Wires:
    station = Station.objects.filter(device=device).order_by("position", "pk").first()
    host = LOCAL if settings.DICOM_BIND in {"0.0.0.0", "::"} else settings.DICOM_BIND  # noqa: S104
    return Wires(
        device,
        Peer(host, settings.DICOM_PORT, device.facility.ae_title, device.ae_title),
        Peer(LOCAL, settings.SIMULATED_ARCHIVE_PORT, AE_TITLE, device.ae_title),
        station.modality if station else "OT",
    )


def _wish(request: HttpRequest) -> Wish:
    sent = request.POST
    flavour = sent.get("flavour", "")
    return Wish(
        exam=sent.get("exam", ""),
        listed=sent.get("listed", ""),
        entry=sent.get("entry", ""),
        flavour=flavour if flavour in consoles.FLAVOURS else "listed",
        count=number_of(sent.get("count"), consoles.MOST_IMAGES + 1),
        reason=sent.get("reason", ""),
    )


def _choices() -> dict[str, Any]:
    return {
        "flavours": words.FLAVOURS,
        "reasons": words.DISCONTINUED,
        "most_images": consoles.MOST_IMAGES,
    }


def _messages(request: HttpRequest) -> dict[str, Any]:
    """Return the latest messages of this facility's consoles and of the archive with them."""
    scanners = list(scanners_of(request))
    facility = facility_of(request)
    told = [
        words.said_told(one.at, one.sender, one.receiver, one.said)
        for device in scanners
        for one in consoles.console_of(device).messages
        if one.said.verb != "C-STORE" or not one.said.is_ok  # the archive tells what it kept
    ]
    names = {device.ae_title for device in scanners} | {facility.ae_title}
    lines = Journal(settings.SIMULATED_ARCHIVE_DIR).lines()
    told += [words.line_told(line, AE_TITLE) for line in lines if line.peer in names]
    told.sort(key=lambda one: one.at, reverse=True)
    return {"told": told[:LISTED]}
