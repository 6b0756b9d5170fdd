"""An archive asked about a study from the shell, and what it confirmed."""

import sys
import time
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from portal.dicom.errors import DicomError
from portal.errors import NotFound, PortalError
from portal.models import Facility, RemoteAE
from portal.outbound import peer_of
from portal.selectors import processes_alive
from portal.services import facility_named
from portal.types import Actor
from worklist.dicom.archive_query import instances_at
from worklist.models import CommitmentRequest, CommittedInstance, InstanceState, StudyCommitment
from worklist.selectors.clearance_evidence import series_names
from worklist.selectors.commitment_timing import is_round_broken, round_number
from worklist.services.commitment_asking import commitment_ask
from worklist.services.commitment_naming import instances_name, is_reported
from worklist.wording.commitment import instance_rows

FAULT, FAILED, UNANSWERED = 1, 3, 5
LOOK_S = 0.2
WAIT_S = 600
SHOWN = 20
BY = Actor.command("commit")


class Command(BaseCommand):
    """`manage.py commit STUDY_UID --archive AE [--wait [SECONDS]]`."""

    help = (
        "Ask an archive whether it keeps every image of a study, and say what it confirmed. "
        "Without a scanner's report (MPPS) the images are those that the archive itself lists. "
        "Exit status 0: all confirmed; 3: some were not; 5: no answer (yet); 1: nothing was asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take study and archive."""
        parser.add_argument("study", metavar="STUDY_UID", help="Study Instance UID")
        parser.add_argument("--archive", required=True, metavar="AE", help="its AE title")
        parser.add_argument("--series", default="", metavar="UID", help="only this series")
        parser.add_argument("--instance", default="", metavar="UID", help="only this image")
        parser.add_argument("--facility", help="code; the first one unless given")
        parser.add_argument(
            "--wait",
            nargs="?",
            type=float,
            const=WAIT_S,
            default=0,
            metavar="SECONDS",
            help=f"wait for the answer ({WAIT_S} s unless given)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, wait if told to, and say what is confirmed."""
        try:
            facility = facility_named(options["facility"])
            archive = _archive(facility, options["archive"])
            commitment = self._asked(archive, options)
        except (PortalError, DicomError) as error:
            raise CommandError(str(error), returncode=FAULT) from error
        self._wait(commitment, options["wait"])
        asked = _scope(commitment, options)
        self._write(commitment, asked)
        counts = Counter(asked.order_by().values_list("state", flat=True))
        confirmed, expected = counts[InstanceState.COMMITTED], counts.total()
        self.stdout.write(f"{archive.ae_title} confirmed {confirmed} of {expected}")
        if confirmed < expected:
            is_answered = confirmed + counts[InstanceState.FAILED] == expected
            sys.exit(FAILED if is_answered else UNANSWERED)

    def _asked(self, archive: RemoteAE, options: dict[str, Any]) -> StudyCommitment:
        study = options["study"]
        if not is_reported(facility_id=archive.facility_id, study_instance_uid=study):
            self._name(archive, study)
        (commitment,) = commitment_ask(
            facility_id=archive.facility_id,
            study_instance_uid=study,
            archive_id=archive.pk,
            series_instance_uid=options["series"],
            sop_instance_uid=options["instance"],
            by=BY,
        )
        return commitment

    def _name(self, archive: RemoteAE, study: str) -> None:
        """Have the archive name the images: no scanner has."""
        listed = instances_at(peer_of(archive), study)
        if not listed:
            raise NotFound(
                f"No scanner has reported images of {study}, and {archive.ae_title} lists none."
            )
        self.stdout.write(
            f"No scanner has reported this study: nobody but {archive.ae_title} names its "
            f"{len(listed)} images."
        )
        instances_name(
            facility_id=archive.facility_id,
            study_instance_uid=study,
            archive_id=archive.pk,
            references=listed,
            by=BY,
        )

    def _wait(self, commitment: StudyCommitment, seconds: float) -> None:
        """Wait until nothing is on its way any more, or the time is over."""
        if not processes_alive().filter(kind="worker").exists():
            self.stderr.write("No worker is running: nothing goes out until one is started.")
        ends_at = time.monotonic() + seconds
        while _is_open(commitment) and time.monotonic() < ends_at:
            time.sleep(LOOK_S)
        commitment.refresh_from_db()

    def _write(self, commitment: StudyCommitment, asked: QuerySet[CommittedInstance]) -> None:
        """Write what is missing, and why."""
        failed = asked.filter(state=InstanceState.FAILED).order_by("pk")
        device = commitment.device.ae_title if commitment.device else ""
        for row in instance_rows(failed[:SHOWN], series_names(performed_ids=[]), device=device):
            says = f"{row.says} ({row.code})" if row.code else row.says
            self.stdout.write(f"  {row.instance.sop_instance_uid}  {says}. {row.advice}")
        if (count := failed.count()) > SHOWN:
            self.stdout.write(f"  and {count - SHOWN} more")
        if commitment.sentence and commitment.committed < commitment.expected:
            self.stdout.write(f"  {commitment.sentence}")


def _is_open(commitment: StudyCommitment) -> bool:
    """Say whether this round may still bring an answer."""
    commitment.refresh_from_db()
    if commitment.requests.filter(state__in=CommitmentRequest.OPEN).exists():
        return True
    is_left = commitment.instances.filter(asked_at=None).exists()
    is_begun = commitment.attempts > 0
    return is_left and not (is_begun and is_round_broken(commitment, round_number(commitment)))


def _scope(commitment: StudyCommitment, options: dict[str, Any]) -> QuerySet[CommittedInstance]:
    """Return the images that were asked about: all, a series, or one."""
    asked = CommittedInstance.objects.filter(commitment=commitment)
    if options["series"]:
        asked = asked.filter(series_instance_uid=options["series"])
    return asked.filter(sop_instance_uid=options["instance"]) if options["instance"] else asked


def _archive(facility: Facility, ae_title: str) -> RemoteAE:
    archive = (
        RemoteAE.objects.filter(facility=facility, ae_title=ae_title, kind=RemoteAE.Kind.ARCHIVE)
        .select_related("facility")
        .first()
    )
    if archive is None:
        raise NotFound(f"There is no archive “{ae_title}” on the list of {facility.ae_title}.")
    return archive
