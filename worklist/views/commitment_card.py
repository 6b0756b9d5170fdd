"""The exam page's card "Safe in the archive": what each archive confirmed, and what is missing."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from worklist.models import StudyCommitment
from worklist.selectors.clearance import ArchiveClearance, Clearance
from worklist.selectors.commitments import series_counts
from worklist.views.clearing import clearance_for
from worklist.views.commitment import SeriesRow, exam_series
from worklist.views.steps import step_of
from worklist.wording.addresses import moved_words
from worklist.wording.clearance import archive_sentence, clearance_told
from worklist.wording.commitment import InstanceRow, instance_rows, timer_words

SERIES_SHOWN = 8
FAILED_SHOWN = 5


@dataclass(frozen=True)
class ArchivePart:
    """One archive on the card."""

    clearance: ArchiveClearance
    sentence: str
    commitment: StudyCommitment | None
    series: list[SeriesRow]
    failed: list[InstanceRow]
    timer: str
    moved: str

    @property
    def bar(self) -> list[tuple[str, int]]:
        """The bar's parts: tone and number of images."""
        rows = self.clearance.commitments
        parts = [
            ("ok", sum(one.committed for one in rows)),
            ("info" if self.is_early else "bad", sum(one.failed for one in rows)),
            ("warn", sum(one.unanswered for one in rows)),
            ("info", sum(one.requested for one in rows)),
        ]
        return [(tone, count) for tone, count in parts if count]

    @property
    def is_early(self) -> bool:
        """Say whether what the archive does not have may still come."""
        return self.clearance.state == StudyCommitment.State.NOT_THERE_YET

    @property
    def left(self) -> int:
        """How many images it was not asked for yet: the empty rest of the bar."""
        return max(0, self.clearance.expected - sum(count for _tone, count in self.bar))

    @property
    def more_series(self) -> int:
        """How many series only the archive's own page lists."""
        return max(0, len(self.series) - SERIES_SHOWN)

    @property
    def more_failed(self) -> int:
        """How many failed images only the archive's own page lists."""
        return max(0, self.clearance.failed_count - len(self.failed))

    @property
    def is_permanent(self) -> bool:
        """Say whether the archive's rule says that it keeps for good what it confirms."""
        return self.clearance.policy.is_permanent


def exam_commitment(request: HttpRequest, step_id: int) -> HttpResponse:
    """Answer the card: what the exam page fetches when an archive has answered."""
    step = step_of(request, step_id)
    clearance = clearance_for(request, step)
    ids = [row.pk for one in clearance.archives for row in one.commitments]
    counts = series_counts(ids)
    context = {
        "step": step,
        "clearance": clearance,
        "told": clearance_told(clearance),
        "archives": [_part(one, clearance, counts) for one in clearance.archives],
        "news": ", ".join(f"commitment-{pk} from:body" for pk in ids),
        "device_title": ", ".join(clearance.devices),
        "series_shown": SERIES_SHOWN,
    }
    return render(request, "worklist/_commitment.html", context)


def _part(
    one: ArchiveClearance, clearance: Clearance, counts: dict[tuple[int, str], Any]
) -> ArchivePart:
    series = [
        row for found in one.commitments for row in exam_series(found, clearance.series, counts)
    ]
    # Where something is wrong comes first when not all are shown.
    if len(series) > SERIES_SHOWN:
        series.sort(key=lambda row: row.confirmed == row.total)
    device = ", ".join(clearance.devices)
    return ArchivePart(
        clearance=one,
        sentence=archive_sentence(one, clearance),
        commitment=one.commitments[0] if one.commitments else None,
        series=series,
        failed=instance_rows(one.failed[:FAILED_SHOWN], clearance.series, device=device),
        timer=" ".join(timer_words(row) for row in one.commitments),
        moved=moved_words(one.archive, one.commitments),
    )
