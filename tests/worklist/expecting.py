"""Archives and what is expected there, for tests; all synthetic."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from pydicom.uid import CTImageStorage

from portal import services
from portal.models import Facility, RemoteAE
from tests.worklist.factories import BY
from worklist.models import CommittedInstance, StudyCommitment


def make_archive(facility: Facility, ae_title: str = "ARCHIVE", **values: Any) -> RemoteAE:
    """An archive on the allow-list."""
    given = {"host": "127.0.0.1", "port": 104, "kind": "archive", "profile": "default"} | values
    return services.device_set(facility_id=facility.pk, ae_title=ae_title, by=BY, **given)[0]


def make_commitment(
    archive: RemoteAE, study: str, instances: list[str], *, series: str = "1.2.3", **values: Any
) -> StudyCommitment:
    """What is expected of a study at an archive; to be asked in two minutes unless told else."""
    now = timezone.now()
    made = StudyCommitment.objects.create(
        facility_id=archive.facility_id,
        archive=archive,
        study_instance_uid=study,
        created_at=now,
        expected=len(instances),
        **{"next_ask_at": now + timedelta(minutes=2), "asked_for": "mpps", **values},
    )
    CommittedInstance.objects.bulk_create(
        CommittedInstance(
            commitment=made,
            series_instance_uid=series,
            number=number,
            sop_class_uid=CTImageStorage,
            sop_instance_uid=uid,
        )
        for number, uid in enumerate(instances, start=1)
    )
    return made
