"""Orthanc in the part of a scanner: asks the portal for commitment and shows what it was told."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.peers.ports import free_port
from tests.waiting import wait_until


@dataclass
class OrthancScanner:
    """A running one; `ask` over its web interface."""

    dicom_port: int
    http_port: int

    def ask(self, references: list[tuple[str, str]]) -> str:
        """Have it send an N-ACTION; return its Transaction UID."""
        pairs = [
            {"SOPClassUID": sop_class, "SOPInstanceUID": sop_instance}
            for sop_class, sop_instance in references
        ]
        body = {"DicomInstances": pairs}
        answer = self._call("/modalities/portal/storage-commitment", body)
        return str(answer["ID"])

    def is_refused(self, references: list[tuple[str, str]]) -> bool:
        """Say whether its N-ACTION was answered with a failure."""
        try:
            self.ask(references)
        except urllib.error.HTTPError as error:
            with error:
                return error.code == 500
        return False

    def report(self, transaction_uid: str) -> dict[str, Any]:
        """Return what it was told."""
        return self._call(f"/storage-commitment/{transaction_uid}")

    def _call(self, path: str, body: Any = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def is_up(self) -> bool:
        """Say whether it answers."""
        try:
            self._call("/system")
        except OSError:
            return False
        return True


@contextmanager
def orthanc_scanner(portal_port: int, ae_title: str = "SCANNER") -> Iterator[OrthancScanner]:
    """Run it until the block ends; only the portal may talk to it."""
    scanner = OrthancScanner(free_port(), free_port())
    with TemporaryDirectory() as folder:
        config = Path(folder, "scanner.json")
        config.write_text(json.dumps(_config(scanner, portal_port, ae_title, folder)))
        log = Path(folder, "log")
        with log.open("wb") as output:
            started = subprocess.Popen(
                ["Orthanc", str(config)], stdout=output, stderr=output, cwd=folder
            )
        try:
            wait_until(lambda: scanner.is_up() or started.poll() is not None, seconds=60)
            assert started.poll() is None, log.read_text()
            yield scanner
        finally:
            started.terminate()
            started.wait(timeout=60)


def _config(
    scanner: OrthancScanner, portal_port: int, ae_title: str, folder: str
) -> dict[str, Any]:
    portal = {
        "AET": "PORTAL",
        "Host": "127.0.0.1",
        "Port": portal_port,
        "AllowStorageCommitment": True,
    }
    denied = ("Echo", "Find", "FindWorklist", "Get", "Move", "Store")
    return {
        "Name": "scanner",
        "StorageDirectory": f"{folder}/db",
        "IndexDirectory": f"{folder}/db",
        "TemporaryDirectory": folder,
        "Plugins": [],
        "HttpPort": scanner.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAet": ae_title,
        "DicomPort": scanner.dicom_port,
        "DicomCheckCalledAet": True,
        "DicomCheckModalityHost": True,
        "DicomScuTimeout": 10,
        "DicomModalities": {"portal": portal},
        **{f"DicomAlwaysAllow{name}": False for name in denied},
    }
