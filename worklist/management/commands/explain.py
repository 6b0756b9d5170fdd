"""Why an exam is, or is not, on a device's worklist, from the shell."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.errors import NotFound, PortalError
from portal.models import Facility, RemoteAE
from portal.services import facility_named
from worklist.models import ScheduledProcedureStep, WorklistQuery
from worklist.selectors.explaining import Explanation, explain
from worklist.selectors.queries import last_query
from worklist.serializers.queries import ExplanationSerializer
from worklist.wording.explanations import facts_of, told
from worklist.wording.keys import key_rows
from worklist.wording.queries import summary_of

NOT_SHOWN, UNKNOWN = 1, 2


class Command(BaseCommand):
    """`manage.py explain --device AE --accession A [--query ID] [--facility F] [--json]`."""

    help = (
        "Say why the exams of an accession number are, or are not, on a device's worklist: "
        "by its last question, or by one that was recorded. "
        "Exit status 0: that question brings them now; 1: not all of them; "
        "2: no such device, exam or question."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take device and accession number."""
        parser.add_argument("--device", required=True, metavar="AE", help="its AE title")
        parser.add_argument("--accession", required=True, metavar="A", help="accession number")
        parser.add_argument("--query", type=int, metavar="ID", help="a recorded query; /queries/")
        parser.add_argument("--facility", help="code; the first one unless given")
        parser.add_argument("--json", action="store_true", help="one JSON list, as the API has it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Explain each exam of the order."""
        try:
            facility = facility_named(options["facility"])
            device = _device(facility, options["device"])
            query = _query(device, options["query"])
            steps = _steps(facility, options["accession"])
        except PortalError as error:
            raise CommandError(str(error), returncode=UNKNOWN) from error
        found = [explain(step=step, device=device, query=query) for step in steps]
        if options["json"]:
            listed = [ExplanationSerializer(explanation).data for explanation in found]
            self.stdout.write(json.dumps(listed, indent=2, ensure_ascii=False, default=str))
        else:
            for explanation in found:
                self._write(explanation)
        if not all(explanation.is_shown for explanation in found):
            sys.exit(NOT_SHOWN)

    def _write(self, explanation: Explanation) -> None:
        """Write the sentence first, then the evidence."""
        words = told(explanation)
        self.stdout.write(words.sentence)
        for sentence in filter(None, (words.detail, *facts_of(explanation))):
            self.stdout.write(f"  {sentence}")
        if explanation.query:
            self.stdout.write(
                f"  Query {explanation.query.pk}: {summary_of(explanation.query.keys)}"
            )
        for row in key_rows(explanation.verdicts):
            values = f"{row.given or '-'} | {row.has or '-'}"
            self.stdout.write(f"  {row.result:<9} {row.label}: {values}  {row.words}".rstrip())


def _device(facility: Facility, ae_title: str) -> RemoteAE:
    device = (
        RemoteAE.objects.filter(facility=facility, ae_title=ae_title)
        .select_related("profile")
        .first()
    )
    if device is None:
        raise NotFound(f"There is no device “{ae_title}” on the list of {facility.ae_title}.")
    return device


def _query(device: RemoteAE, query_id: int | None) -> WorklistQuery | None:
    if query_id is None:
        return last_query(device_id=device.pk)
    query = WorklistQuery.objects.filter(device=device, pk=query_id).first()
    if query is None:
        raise NotFound(f"{device.ae_title} has no query {query_id}, or it is past keeping.")
    return query


def _steps(facility: Facility, accession_number: str) -> list[ScheduledProcedureStep]:
    steps = list(
        ScheduledProcedureStep.objects.filter(
            facility=facility,
            requested_procedure__service_request__accession_number=accession_number,
        ).order_by("pk")
    )
    if not steps:
        raise NotFound(f"There is no exam with accession number {accession_number}.")
    return steps
