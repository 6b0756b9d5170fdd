"""Films that are in the printer's own queue: asked about until they are done (PS3.4 H.4.5)."""

import threading


def work_once(stop: threading.Event | None = None) -> bool:
    """Do one piece of work, if there is one."""
    return False
