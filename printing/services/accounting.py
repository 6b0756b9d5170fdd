"""The account of films: one row for what a printer accepted, marked when it was wasted."""

from django.utils import timezone

from printing.models import PageState, PrintedPage, PrintJob, PrintUse, RejectReason

# A page that went out again has a row for each time: the copy's number and so many thousands.
AGAIN = 1000


def page_use_record(page: PrintedPage, job: PrintJob) -> None:
    """Bring the account in line with a page that was accepted, failed, or was given up.

    To be called in the transaction of that change, after it, with the job locked; calling it
    twice changes nothing. A page that the printer accepted is film used, whatever becomes of it:
    when the printer says later that it failed, the film is wasted, and when it is sent again,
    that is another film.
    """
    uses = PrintUse.objects.filter(
        facility_id=job.facility_id, job_number=job.pk, page_number=page.number
    )
    earlier = [use for use in uses.order_by("pk") if use.copy % AGAIN == page.copy % AGAIN]
    # What was split off as wasted comes after it.
    last = next((use for use in earlier if _is_of_this_sending(use, page)), None)
    if page.state in PrintedPage.OUT:
        if last is None:
            _use(page, job, films=page.copies, times=len(earlier)).save()
        else:
            _mark_good(last, page, job, times=len(earlier))
    elif page.state in (PageState.FAILED, PageState.DISCARDED) and last is not None:
        last.reprint_reason = RejectReason.PRINTER_FAULT
        last.save(update_fields=["reprint_reason"])


def _is_of_this_sending(use: PrintUse, page: PrintedPage) -> bool:
    """Say whether the row counts the film that the page's last N-ACTION made."""
    return page.action_sent_at is None or use.at >= page.action_sent_at


def _mark_good(use: PrintUse, page: PrintedPage, job: PrintJob, *, times: int) -> None:
    """Take back that a film was wasted; of several copies those that came out."""
    if use.reprint_reason == job.reprint_reason:
        return  # it was never wasted
    if use.films > page.copies:
        wasted = _use(page, job, films=use.films - page.copies, times=times)
        wasted.reprint_reason, wasted.at = RejectReason.PRINTER_FAULT, use.at
        wasted.save()
        use.films = page.copies
    use.reprint_reason = job.reprint_reason
    use.save(update_fields=["films", "reprint_reason"])


def _use(page: PrintedPage, job: PrintJob, *, films: int, times: int) -> PrintUse:
    printer = job.printer
    return PrintUse(
        facility_id=job.facility_id,
        at=timezone.now(),
        job_number=job.pk,
        page_number=page.number,
        copy=page.copy + AGAIN * times,
        films=films,
        printer_name=page.printer_name or printer.name,
        film_size_id=_granted(page, "FilmSizeID", page.film_size_id),
        medium_type=_granted(page, "MediumType", job.medium_type),
        is_paper=printer.is_ipp,
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
        if str(difference.get("keyword") or difference.get("attribute", "")).replace(" ", "")
        == keyword
    ]
    return (granted[-1] if granted else asked)[:16]
