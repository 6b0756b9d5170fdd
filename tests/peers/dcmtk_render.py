"""DCMTK's dcm2pnm as an independent renderer of DICOM images."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

TOOLS = {"": "dcm2pnm", "jpeg": "dcmj2pnm", "jls": "dcml2pnm"}


def rendered(
    path: Path,
    *,
    window: str | tuple[float, float],
    bits: int = 8,
    frame: int = 1,
    codec: str = "",
    has_overlays: bool = False,
    is_color: bool = False,
) -> np.ndarray[Any, Any]:
    """Return gray values (or RGB) of one frame.

    A window is the file's nth, its nth VOI LUT (`lut 1`), `min-max`, `none`, or (c, w).
    """
    if isinstance(window, tuple):
        options = ["+Ww", str(window[0]), str(window[1])]
    elif window.startswith("lut "):
        options = ["+Wl", window[4:]]
    else:
        options = {"min-max": ["+Wm"], "none": ["-W"]}.get(window, ["+Wi", window])
    if not has_overlays:
        options.append("-O")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.pnm"
        depth = ["+op"] if bits == 8 else ["+opn", str(bits)]
        subprocess.run(
            [TOOLS[codec], "+F", str(frame), *options, *depth, str(path), str(target)],
            check=True,
            capture_output=True,
            timeout=60,
        )
        shown = _shown(target.read_bytes())
    if shown.ndim == 3 and not is_color:
        return shown @ np.array([0.299, 0.587, 0.114])
    return shown


def _shown(pnm: bytes) -> np.ndarray[Any, Any]:
    """Read PGM or PPM, raw or plain."""
    lines = [line for line in pnm.split(b"\n", 20) if not line.startswith(b"#")]
    magic, columns, rows = lines[0].strip(), *(int(n) for n in lines[1].split())
    samples = 3 if magic in {b"P3", b"P6"} else 1
    if magic in {b"P2", b"P3"}:
        text = b" ".join(line for line in pnm.splitlines() if not line.startswith(b"#"))
        values = np.array(text.split()[4:], dtype=np.float64)
    else:
        values = np.frombuffer(pnm[-rows * columns * samples :], np.uint8).astype(np.float64)
    if samples == 3:
        return values.reshape(rows, columns, 3)
    return values.reshape(rows, columns)
