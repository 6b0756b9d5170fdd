"""What is written on paper beside a film: whose it is, who printed it and when, which page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from printing.models import PrintJob
from printing.paper.sheets import Captions, Sheet
from printing.rendering.text import displayed_name
from printing.types import PageSpec


@dataclass(frozen=True)
class JobOnPaper:
    """Who asked for a job, its name on sheets and in print queues, and how many films it has."""

    asked_by: str
    source: str  # names no patient
    films: int


def no_true_size_sentence(number: int) -> str:
    """Say why a film is not printed, and what to do."""
    return _(
        "Film %(n)s has pictures in true size and is larger than the paper. Choose larger paper, "
        "or take the true size off."
    ) % {"n": number}


def captions(
    sheet: Sheet, page: tuple[int, int], *, printed_by: str, printed_at: datetime, source: str
) -> Captions:
    """Return the lines of page n of m; `source` names the job or film."""
    number, total = page
    shown_at = date_format(localtime(printed_at), "Y-m-d H:i")
    size = _("scale %(n)s %%") % {"n": sheet.percent}
    film = f"{sheet.spec.title} " if sheet.spec.title else ""
    return Captions(
        patient=patient_line(sheet.spec),
        warning=_("NOT FOR DIAGNOSIS"),
        left=_("%(source)s, printed by %(name)s, %(at)s")
        % {"source": source, "name": printed_by, "at": shown_at},
        right=film + _("Page %(n)s of %(m)s, %(size)s") % {"n": number, "m": total, "size": size},
    )


def patient_line(spec: PageSpec) -> str:
    """Return whom the pictures of a page show: name, ID, birth date, sex of each patient."""
    people = dict.fromkeys(
        (displayed_name(box.text.patient_name), *box.text.patient) for box in spec.boxes
    )
    named = [", ".join(part for part in person if part) for person in people]
    found = [person for person in named if person]
    if not found:
        return _("No patient is named in the pictures.")
    if len(found) < 2:
        return found[0]
    return _("%(count)s patients: %(names)s") % {"count": len(found), "names": " | ".join(found)}


def job_on_paper(job_id: int) -> JobOnPaper:
    """Return what is written on each sheet of a job."""
    job = PrintJob.objects.select_related("facility").get(pk=job_id)
    films = job.pages.aggregate(last=Max("number"))["last"] or 0
    return JobOnPaper(job.created_by_name, job_source(job_id, job.facility.name), films)


def job_source(job_id: int, facility: str) -> str:
    """Return what stands on paper and in print queues for a job."""
    return _("%(facility)s, job %(id)s") % {"facility": facility, "id": job_id}


def film_source(film_ids: Sequence[int], facility: str) -> str:
    """Return what stands on paper for films that were not queued."""
    return _("%(facility)s, film %(id)s") % {"facility": facility, "id": film_ids[0]}
