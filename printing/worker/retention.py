"""Pixels of printed films, kept for exact reprints, removed when their time is over."""

import threading


def work_once(stop: threading.Event | None = None) -> bool:
    """Do one piece of work, if there is one."""
    return False
