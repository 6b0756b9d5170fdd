"""When an archive is asked, and for which instances: the timers of storage commitment."""

from worklist.models import PerformedProcedureStep


def commitment_plan(*, performed: PerformedProcedureStep) -> None:
    """Have the archives asked for what an ended performed step made, within its transaction.

    Called by the MPPS services when a step has become final, and again when its study changed.
    """
