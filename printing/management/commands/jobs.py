"""Print jobs on the command line."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from printing.models import PrintJob
from printing.selectors.jobs import with_page_counts

NEWEST = 100


class Command(BaseCommand):
    """Say how print jobs stand."""

    help = "State, reasons and pages (asked, accepted, unknown) of one print job, or of the newest."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("id", nargs="?", type=int, metavar="ID")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one job with its log, or a line for each of the newest."""
        jobs = with_page_counts(PrintJob.objects.prefetch_related("pages"))
        if options["id"] is None:
            self._list(list(jobs.order_by("-pk")[:NEWEST]), options["json"])
            return
        job = jobs.filter(pk=options["id"]).first()
        if job is None:
            raise CommandError(f"There is no print job {options['id']}.")
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(job)))
            return
        self.stdout.write(_line(job))
        if job.message:
            self.stdout.write(job.message)
        for event in job.events.all():
            self.stdout.write(f"{event.at:%F %T} {event.text}")

    def _list(self, jobs: list[PrintJob], is_json: bool) -> None:
        if is_json:
            self.stdout.write(json.dumps([_as_json(job) for job in jobs]))
            return
        for job in jobs:
            self.stdout.write(_line(job))


def _as_json(job: Any) -> dict[str, object]:
    return {
        "id": job.pk,
        "printer": job.printer.name,
        "state": job.state,
        "reasons": job.state_reasons,
        "message": job.message,
        "asked": job.pages_asked,
        "accepted": job.pages_accepted,
        "unknown": job.pages_unknown,
        "pages": [{"number": page.number, "state": page.state} for page in job.pages.all()],
    }


def _line(job: Any) -> str:
    reasons = ",".join(job.state_reasons) or "-"
    return (
        f"job {job.pk}: {job.state} {reasons} asked {job.pages_asked} "
        f"accepted {job.pages_accepted} unknown {job.pages_unknown} printer {job.printer.name}"
    )
