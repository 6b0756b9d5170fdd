"""Print jobs on the command line."""

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.errors import PortalError
from portal.types import Actor
from printing.models import JobState, Printer, PrintJob
from printing.selectors.jobs import with_page_counts
from printing.services import jobs as services

NEWEST = 100
BY = Actor.command("jobs")
VERBS: dict[str, Callable[..., PrintJob]] = {
    "hold": services.job_hold,
    "release": services.job_release,
    "cancel": services.job_cancel,
    "retry": services.job_retry,
    "acknowledge": services.job_acknowledge,
    "top": lambda **values: services.job_reorder(to="top", **values),
}


class Command(BaseCommand):
    """Say how print jobs stand, and do something with one."""

    help = (
        "State, reasons and pages (asked, accepted, unknown) of one print job, or of the newest. "
        "What became of a page whose outcome is unknown is said by who stands at the printer, "
        "on the page of the print queue."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("id", nargs="?", type=int, metavar="ID")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument(
            "--state", choices=JobState.values, action="append", help="only these; may be repeated"
        )
        parser.add_argument("--printer", metavar="NAME", help="only those of this printer")
        parser.add_argument("--do", choices=VERBS, help="do this with job ID first")
        parser.add_argument("--reason", default="", help="why it is cancelled")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one job with its log, or a line for each of the newest."""
        if options["do"]:
            self._do(options)
        jobs = with_page_counts(PrintJob.objects.prefetch_related("pages"))
        if options["id"] is None:
            if options["state"]:
                jobs = jobs.filter(state__in=options["state"])
            if options["printer"]:
                if not Printer.objects.filter(name=options["printer"]).exists():
                    raise CommandError(f"There is no printer “{options['printer']}”.")
                jobs = jobs.filter(printer__name=options["printer"])
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

    def _do(self, options: dict[str, Any]) -> None:
        if options["id"] is None:
            raise CommandError(f"Say which job to {options['do']}: its number.")
        values = {"reason": options["reason"]} if options["do"] == "cancel" else {}
        try:
            VERBS[options["do"]](job_id=options["id"], by=BY, **values)
        except PortalError as error:
            raise CommandError(str(error)) from error

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
        "pages": [
            {
                "number": page.number,
                "copy": page.copy,
                "copies": page.copies,
                "state": page.state,
                "printer": page.printer_name,
                "warnings": page.warnings,
            }
            for page in job.pages.all()
        ],
    }


def _line(job: Any) -> str:
    reasons = ",".join(job.state_reasons) or "-"
    return (
        f"job {job.pk}: {job.state} {reasons} asked {job.pages_asked} "
        f"accepted {job.pages_accepted} unknown {job.pages_unknown} printer {job.printer.name}"
    )
