"""A folder that is watched for files to print."""

import threading


def work_once(stop: threading.Event | None = None) -> bool:
    """Do one piece of work, if there is one."""
    return False
