"""What is wrong with the simulated printers: switches on their page, development only."""

import re
import socket
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal import selectors
from portal.errors import InvalidInput, NotFound
from portal.types import Permission
from printing.dicom.simulator import COLOR_TITLE, GRAY_TITLE
from printing.dicom.simulator_faults import (
    LATEST_S,
    STATUS_INFOS,
    STATUSES,
    JobEnd,
    Loss,
    Place,
    PrinterFaults,
    Rejection,
    faults_of,
    faults_set,
)
from printing.dicom.statuses import in_words

LOCAL = "127.0.0.1"
Words = dict[str, str | Promise]
STATES: Words = {
    "NORMAL": gettext_lazy("ready"),
    "WARNING": gettext_lazy("ready, with a warning"),
    "FAILURE": gettext_lazy("cannot print"),
}
REJECTIONS: Words = {
    Rejection.NONE: gettext_lazy("lets everybody in"),
    Rejection.CALLING: gettext_lazy("does not know the portal"),
    Rejection.BUSY: gettext_lazy("has no free association"),
}
PLACES: Words = {
    Place.NOWHERE: gettext_lazy("nothing"),
    Place.SESSION: gettext_lazy("the film session"),
    Place.FILM: gettext_lazy("the film box"),
    Place.IMAGE: gettext_lazy("a picture"),
    Place.PRINT: gettext_lazy("the request to print"),
}
LOSSES: Words = {
    Loss.NEVER: gettext_lazy("keeps the connection"),
    Loss.BEFORE: gettext_lazy("breaks it off and prints nothing"),
    Loss.AFTER: gettext_lazy("prints, and breaks it off before it says so"),
}
JOB_ENDS: Words = {
    JobEnd.DONE: gettext_lazy("comes out"),
    JobEnd.FAILURE: gettext_lazy("jams"),
    JobEnd.NEVER: gettext_lazy("stays in its queue"),
}
SIZE = re.compile(r"[A-Z0-9_]{0,16}")


@dataclass(frozen=True)
class SimulatedPrinter:
    """A simulated printer as its card shows it."""

    ae_title: str
    port: int
    says: str | Promise
    faults: PrinterFaults
    is_up: bool


def printers() -> list[SimulatedPrinter]:
    """Return the simulated printers of this machine."""
    return [
        SimulatedPrinter(
            title,
            port,
            says,
            faults_of(settings.SIMULATED_PRINTER_DIR, title),
            _is_up(port),
        )
        for title, port, says in _known()
    ]


def choices() -> dict[str, object]:
    """Return what a card's lists offer."""
    return {
        "states": STATES,
        "infos": STATUS_INFOS,
        "rejections": REJECTIONS,
        "places": PLACES,
        "losses": LOSSES,
        "job_ends": JOB_ENDS,
        "statuses": [(code, in_words(code)) for code in STATUSES],
    }


@require_POST
def simulated_set(request: HttpRequest, ae_title: str) -> HttpResponse:
    """Change what is wrong with a printer, from now on."""
    if not settings.DEVELOPMENT:
        raise Http404
    _require_operator(request)
    if ae_title not in {title for title, _port, _says in _known()}:
        raise Http404
    faults = PrinterFaults() if "well" in request.POST else _sent(request)
    faults_set(settings.SIMULATED_PRINTER_DIR, ae_title, faults)
    messages.success(request, _("%(printer)s behaves so from now on.") % {"printer": ae_title})
    return redirect("printing:simulated")


def _known() -> list[tuple[str, int, str | Promise]]:
    gray = (GRAY_TITLE, settings.SIMULATED_PRINTER_PORT, gettext_lazy("gray, 8 and 12 bits"))
    says = gettext_lazy("gray and colour, annotations, look-up tables, print jobs")
    color = (COLOR_TITLE, settings.SIMULATED_COLOR_PRINTER_PORT, says)
    return [known for known in (gray, color) if known[1]]


def _sent(request: HttpRequest) -> PrinterFaults:
    """Read the form; what is not on its lists is refused."""
    sent = request.POST
    size = sent.get("film_size_id", "").strip()
    if not SIZE.fullmatch(size):
        raise InvalidInput(_("Write the size as the printer would, like 14INX17IN."), "size")
    status = _number(sent.get("status"), 0xFFFF)
    if status not in STATUSES:
        raise InvalidInput(_("Choose a status from the list."), "status")
    return PrinterFaults(
        printer_status=_chosen(sent.get("printer_status"), STATES, "NORMAL"),
        printer_status_info=_info(sent.get("printer_status_info")),
        rejection=_chosen(sent.get("rejection"), REJECTIONS, Rejection.NONE),
        place=_chosen(sent.get("place"), PLACES, Place.NOWHERE),
        status=status,
        late_s=_number(sent.get("late_s"), LATEST_S),
        loss=_chosen(sent.get("loss"), LOSSES, Loss.NEVER),
        film_size_id=size,
        job_end=_chosen(sent.get("job_end"), JOB_ENDS, JobEnd.DONE),
        film_s=_number(sent.get("film_s"), LATEST_S),
    )


def _chosen(sent: str | None, known: Words, otherwise: str) -> str:
    return sent if sent is not None and sent in known else otherwise


def _info(sent: str | None) -> str:
    return sent if sent in STATUS_INFOS else "NORMAL"


def _number(text: str | None, most: int) -> int:
    return min(int(text), most) if text and text.isdecimal() and len(text) < 10 else 0


def _require_operator(request: HttpRequest) -> None:
    membership = selectors.membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    by = selectors.actor_for(request.user)
    selectors.require(by, membership.facility_id, Permission.FILM_WRITE)


def _is_up(port: int) -> bool:
    """Say whether somebody listens on a simulated printer's port."""
    try:
        with socket.create_connection((LOCAL, port), timeout=0.5):
            return True
    except OSError:
        return False
