"""Relayed commitments, of an exam and all: what a scanner was told beside what archives say."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.errors import NotFound
from portal.looks import LOOKS
from portal.models import RemoteAE
from portal.selectors import actor_for, devices
from worklist.models import RelayedCommitment
from worklist.selectors.relays import relays as relays_of
from worklist.selectors.relays import relays_of_step
from worklist.services.relay_delivery import relay_tell_again
from worklist.views.steps import step_of
from worklist.wording.relay import relay_rows

PAGE_SIZE = 50
OF_EXAM = 20  # the latest ones; the list has all
STATES = {state.value: state.label for state in RelayedCommitment.State}


@dataclass(frozen=True)
class Narrowed:
    """The page's filters, as its address has them."""

    device: str = ""
    state: str = ""
    page: int = 1

    def address(self, page: int = 1) -> str:
        """Return the query string of a page."""
        pairs = [("device", self.device), ("state", self.state), ("page", page if page > 1 else "")]
        return urlencode([pair for pair in pairs if pair[1]])


@require_GET
def relays(request: HttpRequest) -> HttpResponse:
    """List the requests of devices that are passed on, the latest first."""
    return render(request, "worklist/relays.html", _list_context(request))


@require_GET
def relay_list(request: HttpRequest) -> HttpResponse:
    """Answer the list alone: what an open page fetches when something changed."""
    return render(request, "worklist/_relay_list.html", _list_context(request))


@require_GET
def exam_relays(request: HttpRequest, step_id: int) -> HttpResponse:
    """Answer an exam's part: what the scanner itself asked and was told."""
    return render(request, "worklist/_exam_relays.html", _exam_context(request, step_id))


@require_POST
def relay_tell(request: HttpRequest, relay_id: int) -> HttpResponse:
    """Tell a device its result again; answers where the button stood: an exam, or the list."""
    relay = relays_of(visible_to=request.user).filter(pk=relay_id).first()
    if relay is None:
        raise NotFound(_("There is no such request of a device in your facility."))
    relay_tell_again(relay_id=relay.pk, by=actor_for(request.user))
    said = _("%(device)s is told again.") % {"device": relay.device.ae_title}
    exam = request.GET.get("exam", "")
    step_id = int(exam) if exam.isdecimal() else None
    if not request.headers.get("HX-Request"):
        messages.success(request, said)
        back = reverse("exam", args=[step_id]) if step_id else _list_address(request)
        return redirect(back)
    if step_id:
        context = _exam_context(request, step_id) | {"said": said}
        return render(request, "worklist/_exam_relays.html", context)
    return render(request, "worklist/_relay_list.html", _list_context(request) | {"said": said})


def _list_address(request: HttpRequest) -> str:
    narrowed = _narrowed(request.GET)
    return f"{reverse('worklist:relays')}?{narrowed.address(narrowed.page)}"


def _exam_context(request: HttpRequest, step_id: int) -> dict[str, Any]:
    step = step_of(request, step_id)
    found = relays_of_step(step=step, visible_to=request.user)[: OF_EXAM + 1]
    rows = relay_rows(found)
    return {"step": step, "rows": rows[:OF_EXAM], "has_more": len(rows) > OF_EXAM}


def _list_context(request: HttpRequest) -> dict[str, Any]:
    narrowed = _narrowed(request.GET)
    found = relays_of(visible_to=request.user)
    if narrowed.device:
        found = found.filter(device__ae_title=narrowed.device)
    if narrowed.state:
        found = found.filter(state=narrowed.state)
    first = (narrowed.page - 1) * PAGE_SIZE
    rows = relay_rows(found[first : first + PAGE_SIZE + 1])
    return {
        "narrowed": narrowed,
        "rows": rows[:PAGE_SIZE],
        "devices": devices(visible_to=request.user).exclude(
            kind__in=(RemoteAE.Kind.ARCHIVE, RemoteAE.Kind.PRINTER)
        ),
        "states": {value: LOOKS["relay"][value] for value in STATES},
        "query": narrowed.address(narrowed.page),
        "newer": narrowed.address(narrowed.page - 1) if narrowed.page > 1 else "",
        "older": narrowed.address(narrowed.page + 1) if len(rows) > PAGE_SIZE else "",
    }


def _narrowed(address: QueryDict) -> Narrowed:
    state, page = address.get("state", ""), address.get("page", "1")
    return Narrowed(
        device=address.get("device", "")[:16],
        state=state if state in STATES else "",
        page=min(int(page), 10_000) if page.isdecimal() and int(page) else 1,
    )
