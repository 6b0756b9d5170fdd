"""Print jobs, one at a time: claim, talk, record."""


def work_once() -> bool:
    """Do one job, if there is one."""
    return False
