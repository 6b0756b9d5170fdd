"""Orthanc as an image archive: storage commitment SCP, C-STORE and C-FIND, plain or over TLS.

    with orthanc(portal_port) as archive:      # reports go to 127.0.0.1:portal_port
        made = archive.store(make_instances(3))
        archive.delete(made[0].uid)            # then it is unknown there: 0112H
        archive.freeze(); archive.thaw()       # connects, never answers
        archive.stop(); archive.start()        # gone, and back on the same data
        archive.resend(transaction_uid)        # a report that did not get through, once more
        archive.aim(other_port)                # restarted with reports going elsewhere

Its REST interface is used by the tests alone. It listens on all interfaces (1.10.1 has no option),
and refuses every call and association that is not from loopback and a known AE. What it does in
which case was measured before: reference "commitment.md" §4.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from tests.peers.certificates import Certificate
from tests.peers.ports import free_port
from tests.waiting import wait_until

BINARY = shutil.which("Orthanc")
SC = str(SecondaryCaptureImageStorage)


@dataclass(frozen=True)
class Tls:
    """Mutual TLS of the archive, in both directions."""

    certificate: Certificate
    authority: Certificate


@dataclass(frozen=True)
class Image:
    """A synthetic image as a file's bytes."""

    uid: str
    series: str
    study: str
    content: bytes


def make_instances(count: int, *, study: str = "", patient_id: str = "TEST0001") -> list[Image]:
    """Make tiny Secondary Capture images of one series."""
    study, series = study or generate_uid(), generate_uid()
    return [_image(number, study, series, patient_id) for number in range(1, count + 1)]


def _image(number: int, study: str, series: str, patient_id: str) -> Image:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.PatientName, ds.PatientID, ds.AccessionNumber = "Synthetic^Patient", patient_id, "ACC1"
    ds.PatientBirthDate = ds.PatientSex = ds.ReferringPhysicianName = ds.StudyTime = ""
    ds.StudyDate, ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "20250101", "1", 1, number
    ds.Modality, ds.ConversionType = "OT", "SYN"
    ds.Rows = ds.Columns = 8
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = bytes((x * number) % 256 for x in range(64))
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    file = BytesIO()
    ds.save_as(file, enforce_file_format=True)
    return Image(str(ds.SOPInstanceUID), str(series), str(study), file.getvalue())


@dataclass
class Orthanc:
    """A running archive."""

    directory: Path
    portal_port: int
    portal_ae_title: str = "PORTAL"
    ae_title: str = "ARCHIVE"
    tls: Tls | None = None
    report_timeout: int = 5
    port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        assert BINARY, "Orthanc is not installed (tests/install.sh)"
        (self.directory / "tmp").mkdir(exist_ok=True)
        file = self.directory / "archive.json"
        file.write_text(json.dumps(self._configuration()))
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [BINARY, str(file)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.directory,
                start_new_session=True,
            )
        wait_until(self._is_up, seconds=60, every=0.05)

    def stop(self) -> None:
        """Stop: connections are refused then."""
        process, self._process = self._process, None
        if process is None:
            return
        os.kill(process.pid, signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        assert self._process
        self._process.kill()
        self._process.wait(timeout=10)
        self._process = None

    def freeze(self) -> None:
        """Let connections succeed and nothing answer."""
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)

    def aim(self, portal_port: int) -> None:
        """Send reports elsewhere from now on."""
        self.stop()
        self.portal_port = portal_port
        self.start()

    def store(self, images: list[Image]) -> list[Image]:
        """Take images."""
        for image in images:
            self.rest("/instances", "POST", image.content)
        return images

    def delete(self, uid: str) -> None:
        """Lose an image."""
        for found in self.rest("/tools/lookup", "POST", uid.encode()):
            self.rest(f"/instances/{found['ID']}", "DELETE")

    def jobs(self) -> list[dict[str, Any]]:
        """Return its commitment reports: State, and Content with TransactionUid."""
        found = self.rest("/jobs?expand")
        return [job for job in found if job["Type"] == "StorageCommitmentScp"]

    def job(self, transaction_uid: str) -> dict[str, Any]:
        """Return the last of its reports in a transaction; empty without one."""
        mine = [j for j in self.jobs() if j["Content"]["TransactionUid"] == transaction_uid]
        return mine[-1] if mine else {}

    def resend(self, transaction_uid: str) -> None:
        """Send a report that has failed once more."""
        self.rest(f"/jobs/{self.job(transaction_uid)['ID']}/resubmit", "POST", b"")

    def rest(self, path: str, method: str = "GET", body: bytes | None = None) -> Any:
        """Call its REST interface."""
        url = f"http://127.0.0.1:{self.http_port}{path}"
        request = urllib.request.Request(url, data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            raw = answer.read()
        return json.loads(raw) if raw.strip() else None

    def _is_up(self) -> bool:
        assert self._process
        assert self._process.poll() is None, (self.directory / "log").read_text()
        try:
            self.rest("/system")
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def _configuration(self) -> dict[str, Any]:
        directory = str(self.directory)
        known = {"Host": "127.0.0.1", "UseDicomTls": self.tls is not None}
        rights = dict.fromkeys(["AllowEcho", "AllowStore"], True)
        asks = dict.fromkeys(["AllowFind", "AllowGet", "AllowMove", "AllowStorageCommitment"], True)
        configuration: dict[str, Any] = {
            "Name": "archive",
            "StorageDirectory": f"{directory}/db",
            "IndexDirectory": f"{directory}/db",
            "TemporaryDirectory": f"{directory}/tmp",
            "Plugins": [],
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "ExecuteLuaEnabled": False,
            "DicomAet": self.ae_title,
            "DicomPort": self.port,
            "DicomCheckCalledAet": True,
            "StrictAetComparison": True,
            "DicomCheckModalityHost": True,
            "UnknownSopClassAccepted": False,
            "DicomModalities": {
                "portal": {
                    "AET": self.portal_ae_title,
                    "Port": self.portal_port,
                    "Timeout": self.report_timeout,
                    **known,
                    **rights,
                    **asks,
                },
                # May store, may not ask for commitment.
                "modality": {"AET": "MODALITY1", "Port": 11114, **known, **rights}
                | dict.fromkeys(asks, False),
            },
            "DicomTlsEnabled": self.tls is not None,
            "DicomScuTimeout": self.report_timeout,
            "DicomScpTimeout": 30,
            "ConcurrentJobs": 2,
            "SaveJobs": True,
            "JobsHistorySize": 200,
            "MaximumStorageCacheSize": 0,
            "OverwriteInstances": False,
        }
        for service in ("Echo", "Find", "FindWorklist", "Get", "Move", "Store"):
            configuration[f"DicomAlwaysAllow{service}"] = False
        if self.tls is not None:
            configuration |= {
                "DicomTlsCertificate": str(self.tls.certificate.file),
                "DicomTlsPrivateKey": str(self.tls.certificate.key),
                "DicomTlsTrustedCertificates": str(self.tls.authority.file),
                "DicomTlsRemoteCertificateRequired": True,
            }
        return configuration


@contextmanager
def orthanc(portal_port: int, **options: Any) -> Iterator[Orthanc]:
    """Run an archive until the block ends; its data goes with it."""
    directory = Path(tempfile.mkdtemp(prefix="portal-archive-"))
    archive = Orthanc(directory, portal_port, **options)
    try:
        archive.start()
        yield archive
    finally:
        archive.stop()
        shutil.rmtree(directory, ignore_errors=True)
