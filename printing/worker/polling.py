"""Printers asked how they are, while no job runs (Printer N-GET, IPP Get-Printer-Attributes)."""

import threading


def work_once(stop: threading.Event | None = None) -> bool:
    """Do one piece of work, if there is one."""
    return False
