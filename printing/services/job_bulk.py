"""The same thing done with many jobs: each by itself, with its own answer."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from portal.errors import InvalidInput, PortalError
from portal.types import Actor
from printing.services import job_moves, job_verbs

ACTIONS: dict[str, Callable[..., object]] = {
    "acknowledge": job_verbs.job_acknowledge,
    "hold": job_verbs.job_hold,
    "release": job_verbs.job_release,
    "cancel": job_verbs.job_cancel,
    "retry": job_verbs.job_retry,
    "top": partial(job_verbs.job_reorder, to=job_verbs.TO_TOP),
    "prioritize": job_verbs.job_prioritize,
    "move": job_moves.job_move,
}
MOST = 500


def jobs_do(
    ids: Iterable[int], action: str, by: Actor, **values: Any
) -> list[tuple[int, str | None]]:
    """Do something with each job; return the number of each with none, or why it was not done."""
    if action not in ACTIONS:
        raise InvalidInput(f"Jobs can be: {', '.join(ACTIONS)}.", "action")
    wanted = list(dict.fromkeys(ids))
    if not 1 <= len(wanted) <= MOST:
        raise InvalidInput(f"Choose 1 to {MOST} jobs.", "ids")
    # What is moved to the top one by one would end in reverse.
    order = reversed(wanted) if action == "top" else wanted
    done: dict[int, str | None] = {}
    for job_id in order:
        try:
            ACTIONS[action](job_id=job_id, by=by, **values)
            done[job_id] = None
        except PortalError as error:
            done[job_id] = str(error)
    return [(job_id, done[job_id]) for job_id in wanted]
