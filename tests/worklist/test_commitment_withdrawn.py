"""An archive that announces as unavailable what it had confirmed (PS3.4 R.3.2)."""

from typing import Any

import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import CTImageStorage

from portal.dicom.n_messages import NRequest
from portal.models import Alert
from portal.types import Caller
from tests.worklist.clearing import answer, check, make_safe
from tests.worklist.committing import alerts
from tests.worklist.noticing import made, notice
from worklist.dicom.commitment import EXPLICIT_LITTLE_ENDIAN
from worklist.models import StudyCommitment
from worklist.selectors.clearance import Unmet, clearance_of
from worklist.services.availability import availability_record
from worklist.services.commitment_recount import commitment_recount
from worklist.wording.clearance import clearance_told

pytestmark = pytest.mark.django_db


def _announce(commitment: StudyCommitment, *availabilities: str) -> None:
    """Have its archive notify of its first images."""
    rows = commitment.instances.order_by("pk")
    items = [
        made(
            {
                "ReferencedSOPClassUID": CTImageStorage,
                "ReferencedSOPInstanceUID": row.sop_instance_uid,
                "InstanceAvailability": one,
                "RetrieveAETitle": "ARCHIVE",
            }
        )
        for row, one in zip(rows, availabilities, strict=False)
    ]
    raw = DicomBytesIO()
    raw.is_little_endian, raw.is_implicit_VR = True, False
    write_dataset(raw, notice(*items, study=commitment.study_instance_uid))
    archive = commitment.archive
    answered = availability_record(
        caller=Caller(archive.pk, archive.facility_id, archive.ae_title),
        request=NRequest(
            sop_class_uid="1.2.840.10008.5.1.4.33",
            sop_instance_uid="",
            dataset=raw.getvalue(),
            transfer_syntax=EXPLICIT_LITTLE_ENDIAN,
        ),
    )
    assert answered.status == 0


def test_what_was_confirmed_and_is_announced_as_gone_is_never_safe(facility: Any) -> None:
    """The archive's later word counts: an alert, and a condition that names how many."""
    step = make_safe(facility)
    commitment = StudyCommitment.objects.get()

    _announce(commitment, "UNAVAILABLE", "ONLINE", "UNAVAILABLE")

    found = clearance_of(step=step)
    assert not found.is_clear
    assert [one.kind for one in found.archives[0].unmet] == [Unmet.WITHDRAWN]
    words = clearance_told(found)
    assert words.tone == "bad"
    assert "ARCHIVE confirmed 2 images that it announced as unavailable" in words.detail
    assert "Safe" not in words.sentence
    assert alerts() == ["commitment-withdrawn"]
    assert "had confirmed 2 images of an exam" in Alert.objects.get().sentence


def test_it_ends_when_the_images_are_back_or_confirmed_anew(facility: Any) -> None:
    """Either the next announcement, or the answer to a question that was asked since."""
    step = make_safe(facility)
    commitment = StudyCommitment.objects.get()
    _announce(commitment, "UNAVAILABLE")
    _announce(commitment, "NEARLINE")
    assert (clearance_of(step=step).is_clear, alerts()) == (True, [])

    _announce(commitment, "UNAVAILABLE")
    assert alerts() == ["commitment-withdrawn"]
    check(answer(StudyCommitment.objects.get()))
    commitment_recount(StudyCommitment.objects.get())

    assert (clearance_of(step=step).is_clear, alerts()) == (True, [])


def test_what_was_never_confirmed_is_told_as_failed_only(facility: Any) -> None:
    """UNAVAILABLE before the archive was asked takes nothing back."""
    make_safe(facility)
    commitment = StudyCommitment.objects.get()
    commitment.instances.update(state="REQUESTED", answered_at=None)

    _announce(commitment, "UNAVAILABLE")

    assert alerts() == []
