"""One study at an archive: every image, every question and answer, and what a person may do."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.fields import sent
from portal.looks import LOOKS
from portal.pulse import clock
from portal.selectors import actor_for
from worklist.forms import ReasonForm
from worklist.models import InstanceState, StudyCommitment
from worklist.selectors.clearance import clearance_of, clearance_of_study
from worklist.selectors.clearance_evidence import SeriesName
from worklist.selectors.commitment_policies import archive_policy_of
from worklist.selectors.commitments import (
    exams_of,
    instances_of,
    requests_of,
    series_counts,
)
from worklist.services.commitment_asking import commitment_ask
from worklist.services.commitment_loss import LOSABLE, commitment_loss_accept, commitment_loss_undo
from worklist.views.commitments import commitment_of, commitment_rows_of
from worklist.views.rows import exam_row
from worklist.wording.addresses import moved_words
from worklist.wording.clearance import archive_sentence, clearance_told
from worklist.wording.commitment import instance_rows, series_label, timer_words

PAGE_SIZE = 50
FAILED_SHOWN = 20
REQUESTS_SHOWN = 20
CHECK_SHOWN = 10  # SOP Instance UIDs that a cross-check found


@dataclass(frozen=True)
class SeriesRow:
    """A series at an archive: how many of its images are in which state."""

    uid: str
    label: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """How many images it has."""
        return sum(self.counts.values())

    @property
    def confirmed(self) -> int:
        """How many of them the archive confirmed."""
        return self.counts.get(InstanceState.COMMITTED, 0)

    @property
    def tone(self) -> str:
        """The colour of what is wrong with it; none when nothing is."""
        if self.counts.get(InstanceState.FAILED):
            return "bad"
        return "warn" if self.counts.get(InstanceState.UNANSWERED) else ""


def commitment(request: HttpRequest, commitment_id: int) -> HttpResponse:
    """Show a study at an archive, image by image."""
    found = commitment_of(request, commitment_id)
    return render(request, "worklist/commitment.html", _context(request, found))


def commitment_now(request: HttpRequest, commitment_id: int) -> HttpResponse:
    """Answer the page's middle: what it fetches when the study changed."""
    found = commitment_of(request, commitment_id)
    return render(request, "worklist/_commitment_page.html", _context(request, found))


@require_POST
def commitment_asked(request: HttpRequest, commitment_id: int) -> HttpResponse:
    """Have the archive asked now: for all that is open, a series, or one image."""
    found = commitment_of(request, commitment_id)
    commitment_ask(
        facility_id=found.facility_id,
        study_instance_uid=found.study_instance_uid,
        archive_id=found.archive_id,
        series_instance_uid=request.POST.get("series", ""),
        sop_instance_uid=request.POST.get("instance", ""),
        by=actor_for(request.user),
    )
    said = _("%(archive)s is asked now. The answer appears here by itself.")
    return _answered(request, found, said % {"archive": found.archive.ae_title})


def commitment_loss(request: HttpRequest, commitment_id: int) -> HttpResponse:
    """Accept that images are lost, with a reason: on a page of its own."""
    found = commitment_of(request, commitment_id)
    form = ReasonForm(sent(request), is_required=True)
    if request.method == "POST" and form.is_valid():
        commitment_loss_accept(
            commitment_id=found.pk,
            reason=form.cleaned_data["reason"],
            by=actor_for(request.user),
        )
        said = _("It is written down. %(archive)s is not asked again by itself.")
        return _answered(request, found, said % {"archive": found.archive.ae_title})
    context = {"form": form, "row": commitment_rows_of([found], request)[0], "commitment": found}
    context["exam"] = _exam(request, found)
    status = 422 if form.errors else 200
    return render(request, "worklist/commitment_loss.html", context, status=status)


@require_POST
def commitment_loss_back(request: HttpRequest, commitment_id: int) -> HttpResponse:
    """Take an accepted loss back."""
    found = commitment_of(request, commitment_id)
    commitment_loss_undo(commitment_id=found.pk, by=actor_for(request.user))
    return _answered(request, found, _("Taken back: the exam is open again."))


def exam_series(
    found: StudyCommitment, names: dict[str, SeriesName], counts: dict[tuple[int, str], Any]
) -> list[SeriesRow]:
    """Return the series of a study at an archive, in the scanner's order."""
    rows = [
        SeriesRow(uid, series_label(names.get(uid), uid), states)
        for (commitment_id, uid), states in counts.items()
        if commitment_id == found.pk
    ]
    return sorted(rows, key=lambda row: names[row.uid].number if row.uid in names else 10**9)


def _context(request: HttpRequest, found: StudyCommitment) -> dict[str, Any]:
    step = exams_of([found], visible_to=request.user).get(found.pk)
    clearance = (
        clearance_of(step=step)
        if step
        else clearance_of_study(
            facility_id=found.facility_id, study_instance_uid=found.study_instance_uid
        )
    )
    mine = next(one for one in clearance.archives if one.archive.pk == found.archive_id)
    device = found.device.ae_title if found.device else ", ".join(clearance.devices)
    names = clearance.series
    failed = instances_of(found, state=InstanceState.FAILED)[:FAILED_SHOWN]
    asked = list(requests_of(found)[: REQUESTS_SHOWN + 1])
    told = clearance_told(clearance)
    return _list_context(request, found, names, device) | {
        "commitment": found,
        "row": commitment_rows_of([found], request)[0],
        "exam": exam_row(step, visible_to=request.user) if step else None,
        "told": told,
        "sentence": archive_sentence(mine, clearance),
        "timer": _timer(found, told.detail),
        "moved": moved_words(found.archive, [found]),
        "policy": archive_policy_of(found.archive),
        "failed": instance_rows(failed, names, device=device),
        "more_failed": found.failed - FAILED_SHOWN,
        "series": exam_series(found, names, series_counts([found.pk])),
        "requests": asked[:REQUESTS_SHOWN],
        "rounds": asked[0].attempt if asked else 0,
        "has_older_requests": len(asked) > REQUESTS_SHOWN,
        "more_there": found.check_more[:CHECK_SHOWN],
        "fewer_there": found.check_fewer[:CHECK_SHOWN],
        "check_shown": CHECK_SHOWN,
        "is_losable": found.state in LOSABLE and found.committed < found.expected,
        "device_title": device,
    }


def _timer(found: StudyCommitment, detail: str) -> str:
    """Return what happens next, unless what stands beside it says when."""
    words = timer_words(found)
    is_told = found.next_ask_at is not None and clock(found.next_ask_at) in detail
    return "" if words in detail or (is_told and not found.sentence) else words


def _list_context(
    request: HttpRequest, found: StudyCommitment, names: dict[str, SeriesName], device: str
) -> dict[str, Any]:
    """Return one page of images, behind the last one of the page before."""
    state = request.GET.get("state", "")
    state = state if state in InstanceState.values else ""
    series = request.GET.get("series", "")
    after = request.GET.get("after", "")
    number = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    some = list(instances_of(found, state=state, series=series, after=number)[: PAGE_SIZE + 1])
    pairs = [("state", state), ("series", series)]
    narrowed = [pair for pair in pairs if pair[1]]
    following = some[PAGE_SIZE - 1].pk if len(some) > PAGE_SIZE else None
    return {
        "instances": instance_rows(some[:PAGE_SIZE], names, device=device),
        "state": state,
        "shown_series": series,
        "shown_series_label": series_label(names.get(series), series) if series else "",
        "states": LOOKS["committed-instance"],
        "query": urlencode([*narrowed, ("after", number)] if number else narrowed),
        "first_page": urlencode(narrowed),
        "next_page": urlencode([*narrowed, ("after", following)]) if following else "",
        "is_first_page": number == 0,
    }


def _exam(request: HttpRequest, found: StudyCommitment) -> Any:
    step = exams_of([found], visible_to=request.user).get(found.pk)
    return exam_row(step, visible_to=request.user) if step else None


def _answered(request: HttpRequest, found: StudyCommitment, message: str) -> HttpResponse:
    """Answer htmx with what was done; a form without script with the page it came from."""
    if request.headers.get("HX-Request"):
        return render(request, "portal/_toast.html", {"message": message})
    messages.success(request, message)
    return redirect("worklist:commitment", found.pk)
