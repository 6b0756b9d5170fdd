"""A place for documents while they are made; what a killed process left there is removed."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LEFT_S = 86_400  # a document takes minutes


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """Yield a directory below `root` that is gone afterwards; no memory disk: films are large."""
    place = root / "paper"
    place.mkdir(parents=True, exist_ok=True)
    for left in place.iterdir():
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_S:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=place) as made:
        yield Path(made)
