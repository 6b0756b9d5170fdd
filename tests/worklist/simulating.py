"""What tests of the simulated department share: the archive, and who listens to its reports."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, evt
from pynetdicom.sop_class import (
    InstanceAvailabilityNotification,
    StorageCommitmentPushModel,
)

from portal.dicom.association import Peer
from worklist.dicom.simulator import scanner
from worklist.dicom.simulator.archive import simulated_archive
from worklist.dicom.simulator.faults import Faults, faults_set
from worklist.dicom.simulator.images import SeriesPlan, images

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
STUDY = "2.25.4711"


@dataclass
class Heard:
    """What a requester was told: commitment reports and availability notices."""

    port: int
    reports: "queue.Queue[tuple[int, Dataset]]" = field(default_factory=queue.Queue)
    notices: "queue.Queue[Dataset]" = field(default_factory=queue.Queue)


@contextmanager
def listening_requester(ae_title: str = "PORTAL") -> Iterator[Heard]:
    """Somebody who asks for commitment and takes the report on its own port."""
    ae = AE(ae_title=ae_title)
    ae.supported_contexts = [
        build_context(StorageCommitmentPushModel),
        build_context(InstanceAvailabilityNotification),
    ]
    ae.supported_contexts[0].scu_role = ae.supported_contexts[0].scp_role = True
    heard = Heard(0)

    def on_report(event: Any) -> tuple[int, None]:
        heard.reports.put((event.event_type, event.event_information))
        return 0x0000, None

    def on_notice(event: Any) -> tuple[int, None]:
        heard.notices.put(event.attribute_list)
        return 0x0000, None

    handlers = [(evt.EVT_N_EVENT_REPORT, on_report), (evt.EVT_N_CREATE, on_notice)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    heard.port = server.server_address[1]
    try:
        yield heard
    finally:
        server.shutdown()


@dataclass
class Archive:
    """A running simulated archive, its folder, and who hears of it."""

    port: int
    directory: Path
    heard: Heard

    def peer(self, calling: str = "PORTAL") -> Peer:
        """Return the way to it."""
        return Peer("127.0.0.1", self.port, "SIMARCHIVE", calling)

    def set(self, **faults: Any) -> None:
        """Switch faults on."""
        faults_set(self.directory, Faults(**faults))

    def store(self, plan: SeriesPlan) -> scanner.Said:
        """Send a series to it as a scanner would."""
        return scanner.store(self.peer("CT1"), images(plan, identity(), AT))


@contextmanager
def archive_in(directory: Path) -> Iterator[Archive]:
    """Run the simulated archive for a test."""
    with (
        listening_requester() as heard,
        simulated_archive(
            ("127.0.0.1", 0),
            directory,
            portal=("127.0.0.1", heard.port),
            portal_ae_title="PORTAL",
        ) as server,
    ):
        yield Archive(server.server_address[1], directory, heard)


def identity(**values: str) -> Dataset:
    """Return a synthetic patient."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID, ds.AccessionNumber = "Wang^XiaoDong=王^小东", "SYN-1", "A1"
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def series(count: int = 5, number: int = 1, study: str = STUDY) -> SeriesPlan:
    """Return a series to be made."""
    return SeriesPlan(study, number, count, "CT")


def references(plan: SeriesPlan) -> list[tuple[str, str]]:
    """Return what is asked for: class and instance of each image."""
    return [(plan.sop_class_uid, uid) for uid in plan.instance_uids]
