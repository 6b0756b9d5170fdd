"""What processes have in memory, as the kernel tells it."""

import os
import subprocess
import sys
from pathlib import Path

READER = """
import sys
from pathlib import Path
from printing.rendering.frames import open_header, stored_rows

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

header = open_header(Path(sys.argv[1]))
before = resident("VmRSS")
stored_rows(Path(sys.argv[1]), header, 1)
print(resident("VmHWM") - before, header.transfer_syntax)
"""


def in_memory(path: Path) -> int:
    """Return how many bytes of a file, or of files of a folder, this process has mapped in."""
    total, is_wanted = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, _, rest = line.partition(":")
        if "-" in name.split(" ")[0]:
            is_wanted = f" {path}" in line
        elif name == "Rss" and is_wanted:
            total += int(rest.split()[0]) * 1024
    return total


def peak_of_reading(path: Path) -> tuple[int, str]:
    """Return the bytes that reading a frame took at most in a new process, and its syntax."""
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    peak, transfer_syntax = done.stdout.split()
    return int(peak), transfer_syntax
