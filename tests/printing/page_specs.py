"""Pages of pydicom's files, and processes that draw them; nothing of Django."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydicom.data import get_testdata_file

from printing.types import BoxSpec, Drawing, PageSpec

CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))
COLOR = Path(str(get_testdata_file("examples_rgb_color.dcm", download=False)))
ROOT = Path(__file__).parents[2]
DRAWING = Drawing(bits=12, film_pixels=(410, 512))


def page(*paths: Path, image_display_format: str = r"STANDARD\2,2", **values: Any) -> PageSpec:
    """Return a page of DICOM files, the first in box 1."""
    boxes = tuple(BoxSpec(place, path, True) for place, path in enumerate(paths, 1))
    return PageSpec(image_display_format, "14INX17IN", "PORTRAIT", False, boxes, **values)


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )


def children() -> list[int]:
    """Return the process ids of this process's children that draw."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        parent = int(text.rpartition(")")[2].split()[1])
        if parent == os.getpid() and b"spawn_main" in command:
            found.append(int(status.parent.name))
    return found
