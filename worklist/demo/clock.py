"""The demonstration's clock: what happened yesterday is written down as of yesterday."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from django.utils import timezone

_moment: ContextVar[datetime | None] = ContextVar("demo_moment", default=None)

Clock = Callable[[datetime | None], None]  # none: the real time


@contextmanager
def demo_clock() -> Iterator[Clock]:
    """Hand over what sets the time that services of this thread take, until the block ends.

    Services say when with timezone.now() and take no time as an argument, which is right for all
    but a demonstration: it has a past. Other threads keep the real time.
    """
    real = timezone.now

    def now() -> datetime:
        return _moment.get() or real()

    def put(moment: datetime | None) -> None:
        # Nothing has happened in the future; and the time is told as the real one tells it.
        _moment.set(moment and min(moment, real()).astimezone(UTC))

    timezone.now = now
    token = _moment.set(None)
    try:
        yield put
    finally:
        _moment.reset(token)
        timezone.now = real
