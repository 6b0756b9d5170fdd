"""The account of films: one row for what a printer accepted, marked when it was wasted."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from django.utils import timezone

from printing.models import PageState, PrintedPage, PrintJob, PrintUse, RejectReason

PAPER = "PAPER"
NO_REJECT = ("", RejectReason.EXTRA_COPY.value)
# What a page is about: by it a page is found again in a reprint, whatever its number there.
CONTENT = (
    "pattern",
    "image_display_format",
    "film_size_id",
    "film_orientation",
    "image_boxes",
)


def page_use_record(page: PrintedPage, job: PrintJob) -> None:
    """Bring the account in line with a page that was accepted, failed, or was given up.

    To be called in the transaction of that change, after it, with the job locked; calling it
    twice changes nothing. A page that the printer accepted is film used, whatever becomes of it:
    when the printer says later that it failed, the film is wasted, and when it is sent again,
    that is another film.
    """
    uses = list(_uses(job, [page.number]).filter(copy=page.copy))
    # What was split off as wasted comes after it.
    last = next((use for use in uses if _is_of_this_sending(use, page)), None)
    if page.state in PrintedPage.OUT:
        if last is None:
            _use(page, job, sending=1 + len(uses)).save()
            _waste_taken_over(page, job)
        elif last.is_wasted:
            _mark_good(last, page.copies)
    elif page.state in (PageState.FAILED, PageState.DISCARDED) and last is not None:
        last.is_wasted = True
        last.save(update_fields=["is_wasted"])
        replaced = _films_replaced(page, job)
        if replaced:
            _mark_good(last, min(replaced, last.films))


def sending_begins(page: PrintedPage, job: PrintJob) -> datetime:
    """Return when a page is sent: after what is counted for it, also when the clock went back."""
    last = _uses(job, [page.number]).filter(copy=page.copy).aggregate(last=Max("at"))["last"]
    now = timezone.now()
    return now if last is None else max(now, last + timedelta.resolution)


def _waste_taken_over(page: PrintedPage, job: PrintJob) -> None:
    """Count a film that failed and the reprint in its place as one waste: that of the reprint.

    The reprint says why, in a person's words. One more copy that was wanted replaces no film.
    """
    if job.reprint_of is None or job.reprint_reason in NO_REJECT:
        return
    left = page.copies
    for use in _uses(job.reprint_of, _same_pages(page, job.reprint_of)).filter(is_wasted=True):
        replaced = min(left, use.films)
        if replaced:
            _mark_good(use, replaced)
        left -= replaced


def _films_replaced(page: PrintedPage, job: PrintJob) -> int:
    """Return how many films of a page were printed again before the printer said that it failed."""
    return sum(
        use.films
        for again in job.reprints.exclude(reprint_reason__in=NO_REJECT)
        for use in _uses(again, _same_pages(page, again))
    )


def _same_pages(page: PrintedPage, job: PrintJob) -> list[int]:
    """Return the numbers that a page has in another job: a reprint of some pages counts anew."""
    return [
        other.number
        for other in job.pages.all()
        if all(getattr(other, name) == getattr(page, name) for name in CONTENT)
    ]


def _mark_good(use: PrintUse, films: int) -> None:
    """Take back that films were wasted: so many of them."""
    if use.films > films:
        rest = PrintUse.objects.get(pk=use.pk)
        twins = PrintUse.objects.filter(
            facility_id=use.facility_id,
            job_number=use.job_number,
            page_number=use.page_number,
            copy=use.copy,
        )
        rest.pk, rest.films, rest.sending = None, use.films - films, 1 + twins.count()
        rest.save()
        use.films = films
    use.is_wasted = False
    use.save(update_fields=["films", "is_wasted"])


def _uses(job: PrintJob, page_numbers: Collection[int]) -> QuerySet[PrintUse]:
    return PrintUse.objects.filter(
        facility_id=job.facility_id, job_number=job.pk, page_number__in=page_numbers
    ).order_by("copy", "sending")


def _is_of_this_sending(use: PrintUse, page: PrintedPage) -> bool:
    """Say whether the row counts the film that the page's last N-ACTION made."""
    return page.action_sent_at is None or use.at >= page.action_sent_at


def _use(page: PrintedPage, job: PrintJob, *, sending: int) -> PrintUse:
    printer, now = job.printer, timezone.now()
    medium_type = _granted(page, "MediumType", job.medium_type)
    return PrintUse(
        facility_id=job.facility_id,
        # Never before its N-ACTION, also when the clocks of two hosts differ.
        at=max(now, page.action_sent_at or now),
        job_number=job.pk,
        page_number=page.number,
        copy=page.copy,
        sending=sending,
        films=page.copies,
        printer_name=page.printer_name or printer.name,
        film_size_id=_granted(page, "FilmSizeID", page.film_size_id),
        medium_type=medium_type,
        is_paper=printer.is_ipp or medium_type == PAPER,
        created_by_name=job.created_by_name,
        requesting_unit=job.requesting_unit,
        modality=job.modality,
        patient_id=job.patient_id,
        reprint_reason=job.reprint_reason,
        is_calibration=job.is_calibration,
    )


def _granted(page: PrintedPage, keyword: str, asked: str) -> str:
    """Return what the printer used instead of what was asked for, as far as it said so."""
    granted = [
        str(difference.get("granted", ""))
        for difference in page.differences
        if difference.get("granted")
        and str(difference.get("keyword") or difference.get("attribute", "")).replace(" ", "")
        == keyword
    ]
    return (granted[-1] if granted else asked)[:16]
