"""The commitment board: exams whose images no archive has confirmed, the oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.errors import NotFound
from portal.looks import LOOKS, Look, look_of
from portal.pulse import ago, clock
from portal.selectors import devices
from worklist.models import ScheduledProcedureStep, StudyCommitment
from worklist.selectors.commitments import (
    OPEN,
    CommitmentFilters,
    Place,
    Total,
    board_page,
    exams_of,
    open_totals,
    study_commitments,
    study_counts,
)
from worklist.wording.commitment import timer_words

PAGE_SIZE = 50
State = StudyCommitment.State


@dataclass(frozen=True)
class Asked:
    """The board as its address has it."""

    filters: CommitmentFilters
    after: Place | None = None
    unread: tuple[str, ...] = ()

    @property
    def is_default(self) -> bool:
        """Say whether nothing is narrowed."""
        return self.filters == CommitmentFilters()

    def address(self, **changes: Any) -> str:
        """Return the query string, with changes; a change of a filter begins at the top."""
        changed = replace(self, **({"after": None} | changes))
        filters = changed.filters
        pairs = [("device", title) for title in filters.devices]
        pairs += [("archive", title) for title in filters.archives]
        if filters.state:
            pairs.append(("state", filters.state))
        if changed.after is not None:
            since = changed.after.since.isoformat() if changed.after.since else ""
            pairs.append(("after", f"{changed.after.pk}@{since}"))
        return urlencode(pairs)


@dataclass(frozen=True)
class CommitmentRow:
    """A study at an archive as the board shows it."""

    commitment: StudyCommitment
    step: ScheduledProcedureStep | None

    @property
    def look(self) -> Look:
        """How its state looks."""
        return look_of("commitment", self.commitment.state)

    @property
    def since(self) -> datetime:
        """When its last performed step ended; when we heard of it where nobody said."""
        return self.commitment.ended_at or self.commitment.created_at

    @property
    def next(self) -> str:
        """What happens next, or what went wrong."""
        return timer_words(self.commitment)

    @property
    def title(self) -> str:
        """The exam in words."""
        if self.step is None:
            return _("No order fits this study")
        step = self.step
        return step.description or step.requested_procedure.description or step.modality


@dataclass(frozen=True)
class Scanner:
    """A scanner's open exams, for the line of the oldest."""

    ae_title: str
    count: int
    oldest: datetime
    needs_person: bool
    address: str

    @property
    def age(self) -> str:
        """Since when its oldest exam waits."""
        return ago(self.oldest)


def commitments(request: HttpRequest) -> HttpResponse:
    """Show the board."""
    return render(request, "worklist/commitments.html", _context(request))


def commitment_rows(request: HttpRequest) -> HttpResponse:
    """Answer the list alone: what an open page merges when archives have answered."""
    return render(request, "worklist/_commitments_answer.html", _context(request))


def commitment_of(request: HttpRequest, commitment_id: int) -> StudyCommitment:
    """Return a commitment for this person's eyes."""
    found = study_commitments(visible_to=request.user).filter(pk=commitment_id).first()
    if found is None:
        raise NotFound(_("There is no such commitment in your facility."))
    return found


def commitment_rows_of(
    found: Iterable[StudyCommitment], request: HttpRequest
) -> list[CommitmentRow]:
    """Return rows with their exams; the exams are fetched together."""
    listed = list(found)
    exams = exams_of(listed, visible_to=request.user)
    return [CommitmentRow(one, exams.get(one.pk)) for one in listed]


def _context(request: HttpRequest) -> dict[str, Any]:
    asked = _asked(request.GET)
    found, following = board_page(
        visible_to=request.user, filters=asked.filters, after=asked.after, size=PAGE_SIZE
    )
    totals = open_totals(visible_to=request.user)
    known = devices(visible_to=request.user)
    return {
        "asked": asked,
        "filters": asked.filters,
        "rows": commitment_rows_of(found, request),
        "next_page": asked.address(after=following) if following else "",
        "query": asked.address(after=asked.after),
        "first_page": asked.address(),
        "states": _states(asked, totals),
        "scanners": _scanners(asked, totals),
        "headline": _headline(request, totals),
        "open_count": sum(one.count for one in totals),
        "devices": [one for one in known if one.kind == "modality"],
        "archives": [one for one in known if one.kind == "archive"],
        "looks": LOOKS["commitment"],
    }


def _states(asked: Asked, totals: list[Total]) -> list[dict[str, Any]]:
    """Return the tabs: open ones counted, closed ones not, since they only ever grow."""
    counts: dict[str, int] = {}
    for one in totals:
        counts[one.state] = counts.get(one.state, 0) + one.count
    tabs = [{"value": "", "label": _("Open"), "count": sum(counts.values())}]
    for state in (*OPEN, State.COMMITTED, State.LOSS_ACCEPTED):
        look = look_of("commitment", state)
        tabs.append({"value": state, "label": str(look.label), "count": counts.get(state)})
    for tab in tabs:
        value = str(tab["value"])
        tab["is_current"] = value == asked.filters.state
        tab["address"] = asked.address(filters=replace(asked.filters, state=value))
    return [tab for tab in tabs if tab["count"] or tab["is_current"] or tab["value"] not in OPEN]


def _scanners(asked: Asked, totals: list[Total]) -> list[Scanner]:
    """Return for each scanner how many of its exams are open, and since when the oldest."""
    by_device: dict[str, list[Total]] = {}
    for one in totals:
        by_device.setdefault(one.device, []).append(one)
    found = [
        Scanner(
            ae_title=title,
            count=sum(one.count for one in some),
            oldest=min(one.oldest for one in some),
            needs_person=any(one.needing_people for one in some),
            address=asked.address(
                filters=replace(asked.filters, devices=(title,) if title else (), state="")
            ),
        )
        for title, some in by_device.items()
    ]
    return sorted(found, key=lambda one: one.oldest)


def _headline(request: HttpRequest, totals: list[Total]) -> dict[str, str]:
    """Return the page's first sentence: does a person have to act, and for which scanner first."""
    counts = study_counts(visible_to=request.user)
    if not counts.open:
        return {
            "tone": "ok",
            "icon": "shield-check",
            "sentence": _("No exam waits for an archive."),
            "detail": _("A new one appears here by itself when a scanner ends it."),
        }
    oldest = min(totals, key=lambda one: one.oldest)
    device = oldest.device or _("a scanner that nobody named")
    detail = _("The oldest: %(device)s, since %(time)s.") % {
        "device": device,
        "time": clock(oldest.oldest),
    }
    if not counts.needing_people:
        sentence = ngettext(
            "%(n)d exam is not confirmed yet; nobody has to do anything.",
            "%(n)d exams are not confirmed yet; nobody has to do anything.",
            counts.open,
        )
        said = {"tone": "info", "icon": "hourglass", "sentence": sentence % {"n": counts.open}}
        return said | {"detail": detail}
    sentence = ngettext(
        "%(n)d exam needs a person: do not clear it from its scanner.",
        "%(n)d exams need a person: do not clear them from their scanners.",
        counts.needing_people,
    )
    said = {
        "tone": "bad",
        "icon": "shield-x",
        "sentence": sentence % {"n": counts.needing_people},
    }
    return said | {"detail": detail}


def _asked(address: QueryDict) -> Asked:
    """Read the address; what cannot be read is left out and said."""
    unread = []
    state = address.get("state", "")
    if state and state not in State.values:
        unread.append(state)
        state = ""
    after = address.get("after", "")
    place = _place(after)
    if after and place is None:
        unread.append(after)
    filters = CommitmentFilters(
        devices=tuple(title for title in address.getlist("device") if title),
        archives=tuple(title for title in address.getlist("archive") if title),
        state=state,
    )
    return Asked(filters, place, (*unread,))


def _place(typed: str) -> Place | None:
    number, _sign, moment = typed.partition("@")
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    try:
        since = parse_datetime(moment)
    except ValueError:
        return None
    return Place(since, int(number)) if since and since.tzinfo else None
