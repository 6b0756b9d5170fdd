"""DCMTK's tools as peers: another maker's view of what we send.

By full path: pynetdicom installs tools of the same names into the virtual environment.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset


@dataclass(frozen=True)
class Found:
    """What findscu got: the answers, the final and the pending statuses, and all it said."""

    answers: list[Dataset]
    status: int | None
    pending: list[int]
    returncode: int
    output: str


def findscu(
    port: int,
    keys: Sequence[str | bytes],
    *,
    aet: str = "CT1",
    aec: str = "PORTAL",
    options: tuple[str, ...] = (),
) -> Found:
    """Ask for a worklist as DCMTK does; `keys` as on its command line (`PatientName=A*`)."""
    with tempfile.TemporaryDirectory() as folder:
        command: list[str | bytes] = ["/usr/bin/findscu", "-W", "-d", "-X", "-od", folder]
        command += ["-aet", aet, "-aec", aec, *options]
        for key in keys:
            command += ["-k", key]
        run = subprocess.run(
            [*command, "127.0.0.1", str(port)], capture_output=True, timeout=60, check=False
        )
        answers = [dcmread(path, force=True) for path in sorted(Path(folder).glob("rsp*.dcm"))]
    output = (run.stdout + run.stderr).decode("utf-8", "replace")
    codes = [int(code, 16) for code in re.findall(r"DIMSE Status\s*: 0x([0-9a-fA-F]{4})", output)]
    pending = [code for code in codes if code in (0xFF00, 0xFF01)]
    final = [code for code in codes if code not in (0xFF00, 0xFF01)]
    return Found(answers, final[-1] if final else None, pending, run.returncode, output)


def echoscu(
    port: int, *, aet: str = "CT1", aec: str = "PORTAL"
) -> subprocess.CompletedProcess[str]:
    """Verify as DCMTK does."""
    return subprocess.run(
        ["/usr/bin/echoscu", "-aet", aet, "-aec", aec, "127.0.0.1", str(port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
