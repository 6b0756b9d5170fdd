"""What the demonstration's scanners reported, by the services that real reports go through."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.sop_class import ModalityPerformedProcedureStep

from portal.dicom import status
from portal.dicom.n_messages import NAnswer, NRequest
from portal.models import RemoteAE
from portal.selectors import caller_of
from portal.services import devices_heard
from portal.types import Caller, Heard
from worklist.dicom.questions import identifier_of
from worklist.dicom.simulator import entries, performed
from worklist.dicom.simulator.archive import AE_TITLE
from worklist.dicom.simulator.entries import Entry
from worklist.dicom.simulator.images import SeriesPlan, images, uid_from
from worklist.dicom.simulator.performed import Ended
from worklist.dicom.simulator.shelf import Held, Shelf
from worklist.models import ScheduledProcedureStep
from worklist.services.performed import performed_step_create, performed_step_set
from worklist.services.queries import QueryRecord, worklist_queries_record

UTF_8 = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 192"  # (0008,0005), which stored entries go without


@dataclass(frozen=True)
class Exam:
    """An exam at a scanner: what its list said, and what was made."""

    scanner: RemoteAE
    entry: Entry
    counts: tuple[int, ...] = ()  # images of each series

    @property
    def uid(self) -> str:
        """Return its MPPS' SOP Instance UID: the same every time."""
        return uid_from("demo", self.scanner.ae_title, self.entry.study_instance_uid)

    @property
    def series(self) -> list[SeriesPlan]:
        """Return what was made."""
        study, modality = self.entry.study_instance_uid, self.entry.modality
        return [
            SeriesPlan(study, number, count, modality, self.uid)
            for number, count in enumerate(self.counts, start=1)
        ]


def entry_for(step: ScheduledProcedureStep) -> Entry:
    """Return what a scanner's list says of a step."""
    return entries.entry_of(entries.dataset(UTF_8 + bytes(step.entry.encoded)))


def ask(exam: Exam, step: ScheduledProcedureStep) -> None:
    """Have the scanner asked for its list of that day, and been shown the exam."""
    at, caller = timezone.now(), caller_of(exam.scanner)
    raw = entries.raw(entries.identifier(exam.scanner.ae_title, step.start_date))
    syntax, zone = str(ExplicitVRLittleEndian), timezone.get_current_timezone()
    asked = identifier_of(raw, syntax, caller.profile, zone, False, False)
    devices_heard([Heard(caller.facility_id, caller.device_id, at, has_asked=True)])
    worklist_queries_record(
        [
            QueryRecord(
                facility_id=caller.facility_id,
                device_id=caller.device_id,
                at=at,
                address="127.0.0.1",
                keys=asked.sent,
                identifier=raw,
                transfer_syntax=syntax,
                is_fuzzy=False,
                has_timezone=False,
                character_set="",
                answer_character_sets=("ISO_IR 192",),
                matched=1,
                step_ids=(step.pk,),
                has_unsupported=asked.has_unsupported,
                is_foreign_station=False,
                status=status.SUCCESS,
                comment="",
                milliseconds=3,
            )
        ]
    )


def begin(exam: Exam, at: datetime) -> NAnswer:
    """Report that an exam has begun."""
    return send_create(exam, performed.created(exam.entry, exam.scanner.ae_title, at))


def send_create(exam: Exam, ds: Dataset) -> NAnswer:
    """Send an N-CREATE as it is."""
    answer = performed_step_create(caller=caller_of(exam.scanner), request=_request(exam, ds))
    return _taken(answer)


def end(exam: Exam, at: datetime, *, reason: str = "") -> NAnswer:
    """Report that an exam has ended, with its series."""
    ds = performed.ended(exam.entry, Ended(exam.series, reason, AE_TITLE), at)
    answer = performed_step_set(caller=caller_of(exam.scanner), request=_request(exam, ds))
    return _taken(answer)


def end_unknown(exam: Exam, at: datetime, caller: Caller) -> None:
    """Report the end of an exam whose beginning was never reported."""
    ds = performed.ended(exam.entry, Ended(exam.series, "", AE_TITLE), at)
    performed_step_set(caller=caller, request=_request(exam, ds))


def store(exam: Exam, at: datetime, *, lost: int = 0) -> list[tuple[str, str]]:
    """Put the images into the simulated archive; return those that it has lost, the last ones."""
    shelf, identity = Shelf(settings.SIMULATED_ARCHIVE_DIR), exam.entry.dataset
    made = [ds for plan in exam.series for ds in images(plan, identity, at)]
    gone = made[len(made) - lost :]
    for ds in made:
        shelf.put(_held(ds), entries.file_bytes(ds), lose=lost if ds in gone else 0)
    return [(str(ds.SOPClassUID), str(ds.SOPInstanceUID)) for ds in gone]


def _request(exam: Exam, ds: Dataset) -> NRequest:
    return NRequest(
        sop_class_uid=str(ModalityPerformedProcedureStep),
        sop_instance_uid=exam.uid,
        transfer_syntax=str(ExplicitVRLittleEndian),
        dataset=entries.raw(ds),
        address="127.0.0.1",
    )


def _taken(answer: NAnswer) -> NAnswer:
    if answer.status != status.SUCCESS:
        raise RuntimeError(f"A demonstration report was refused: {answer}")
    return answer


def _held(ds: Dataset) -> Held:
    uids = (ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID)
    return Held(*(str(uid) for uid in uids))
