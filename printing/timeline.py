"""What printing knows of an exam's course: its print jobs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.looks import LOOKS, Look, look_of
from portal.pulse import stamp
from portal.types import Course, Link, Stage, TimelineEntry
from printing.models import JobState, PrintJob, PrintJobEvent
from printing.selectors.jobs import print_jobs

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

JOBS_TOLD = 50
LINES_TOLD = 200


def course(
    *,
    step_id: int,
    study_instance_uids: tuple[str, ...],
    visible_to: "AbstractBaseUser | AnonymousUser",
) -> Course:
    """Return what happened to the films of an exam's studies."""
    of_exam = print_jobs(visible_to=visible_to).filter(study_instance_uid__in=study_instance_uids)
    jobs = [*of_exam[:JOBS_TOLD]][::-1]
    lines = PrintJobEvent.objects.filter(job__in=[job.pk for job in jobs]).order_by("-pk")
    return Course(
        entries=(*_entries(jobs), *map(_line, lines[:LINES_TOLD] if jobs else ())),
        stages=tuple(_stages(jobs)),
    )


def _entries(jobs: list[PrintJob]) -> Iterator[TimelineEntry]:
    """Tell each job once, as it stands; how it came there is for "everything"."""
    for job in jobs:
        look = _look(job)
        yield TimelineEntry(
            job.ended_at or job.created_at,
            _title(job, look),
            " ".join(filter(None, (_by(job), job.message))),
            tone=look.tone,
            icon=look.icon,
            kind="job",
            remarks=_remarks(job),
            links=_link(job),
            rank=1,
        )
        if job.ended_at:
            yield TimelineEntry(
                job.created_at,
                _("%(films)s queued for %(printer)s")
                % {"films": _films(job), "printer": job.printer.name},
                _by(job),
                icon="clock",
                kind="job",
                is_main=False,
                links=_link(job),
            )


def _stages(jobs: list[PrintJob]) -> Iterator[Stage]:
    if not jobs:
        yield Stage("printed", _("Printed"), "printer", 80)
        return
    last = jobs[-1]
    look = _look(last)
    note = f"{_films(last)}, {stamp(last.ended_at or last.created_at)}"
    is_done = last.state == JobState.COMPLETED
    label = _("Printed") if is_done else str(look.label)
    yield Stage("printed", label, "printer", 80, note, look.tone)


def _title(job: PrintJob, look: Look) -> str:
    values = {"films": _films(job), "printer": job.printer.name, "state": look.label}
    if "printed" in job.state_reasons:
        return _("%(films)s printed on %(printer)s") % values
    if job.state == JobState.COMPLETED:
        return _("%(films)s sent to %(printer)s") % values
    return _("%(films)s for %(printer)s: %(state)s") % values


def _remarks(job: PrintJob) -> tuple[str, ...]:
    unknown: int = getattr(job, "pages_unknown", 0)
    if not unknown:
        return ()
    sentence = ngettext(
        "Whether %(n)d film came out is not known: look in the tray and decide.",
        "Whether %(n)d films came out is not known: look in the tray and decide.",
        unknown,
    )
    return (sentence % {"n": unknown},)


def _look(job: PrintJob) -> Look:
    """Return how a job looks: by its first reason that has a look, else by its state."""
    reason = next((one for one in job.state_reasons if one in LOOKS["job"]), job.state)
    return look_of("job", reason)


def _films(job: PrintJob) -> str:
    count: int = getattr(job, "pages_asked", 0)
    words = ngettext("%(n)d film", "%(n)d films", count) % {"n": count}
    if job.number_of_copies > 1:
        words = _("%(films)s, %(n)d copies") % {"films": words, "n": job.number_of_copies}
    return words


def _by(job: PrintJob) -> str:
    return _("By %(name)s.") % {"name": job.created_by_name}


def _link(job: PrintJob) -> tuple[Link, ...]:
    return (Link(reverse("printing:job", args=[job.pk]), _("Job %(id)d") % {"id": job.pk}),)


def _line(line: PrintJobEvent) -> TimelineEntry:
    """Tell one line of what was said to the printer."""
    address = reverse("printing:job", args=[line.job_id])
    return TimelineEntry(
        line.at,
        line.text,
        "" if line.status is None else f"{line.status:04X}H",
        icon="message",
        kind="job",
        is_main=False,
        links=(Link(address, _("Job %(id)d") % {"id": line.job_id}),),
        rank=0,
    )
