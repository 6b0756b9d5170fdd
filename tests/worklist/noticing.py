"""Instance availability notifications as archives send them, right or wrong on purpose."""

from typing import Any

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import InstanceAvailabilityNotification

from portal.dicom.association import Limits, Peer, associate

STUDY, SERIES = "1.2.826.1", "1.2.826.1.1"


def uid_of(number: int) -> str:
    """The SOP Instance UID of an image, by its number."""
    return f"{SERIES}.{number}"


def instance(number: int, availability: str = "ONLINE", **changes: Any) -> Dataset:
    """An item of Referenced SOP Sequence; a change to None leaves the attribute out."""
    return made(
        {
            "ReferencedSOPClassUID": CTImageStorage,
            "ReferencedSOPInstanceUID": uid_of(number),
            "InstanceAvailability": availability,
            "RetrieveAETitle": "ARCHIVE",
        }
        | changes
    )


def notice(*instances: Dataset, study: str = STUDY, **changes: Any) -> Dataset:
    """The dataset of an N-CREATE, one series; a change to None leaves the attribute out."""
    series = Dataset()
    series.SeriesInstanceUID = SERIES
    series.ReferencedSOPSequence = list(instances)
    return made(
        {
            "StudyInstanceUID": study,
            "ReferencedPerformedProcedureStepSequence": [],
            "ReferencedSeriesSequence": [series],
        }
        | changes
    )


def made(values: dict[str, Any]) -> Dataset:
    """Return a dataset of these attributes; None leaves one out."""
    ds = Dataset()
    with disable_value_validation():  # what breaks a rule is made on purpose
        for keyword, value in values.items():
            if value is not None:
                setattr(ds, keyword, value)
    return ds


def notify(
    port: int, ds: Dataset, *, aet: str = "ARCHIVE", uid: str | None = "2.25.7", syntax: Any = None
) -> tuple[Dataset, Dataset | None]:
    """Send a notification with pynetdicom; return status and attribute list of the answer."""
    ae = AE(ae_title=aet)
    ae.add_requested_context(InstanceAvailabilityNotification, syntax)
    peer = Peer("127.0.0.1", port, "PORTAL", aet)
    with associate(peer, ae.requested_contexts, limits=Limits()) as assoc:
        answer: tuple[Dataset, Dataset | None] = assoc.send_n_create(
            ds, InstanceAvailabilityNotification, uid
        )
        return answer
