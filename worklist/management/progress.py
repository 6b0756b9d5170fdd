"""How far a long command is: one line that is written over, and only where a person watches."""

import time
from typing import TextIO

CLEAR = "\r\x1b[K"
EVERY_SECONDS = 0.2


class Progress:
    """`3,200 of 10,000 · 210/s · 32 s left` on a terminal; nothing into a pipe or a file."""

    def __init__(self, stream: TextIO, total: int) -> None:
        """Count to `total`; nothing is shown before the first step."""
        self._stream = stream
        self._total = total
        self._is_shown = stream.isatty()
        self._began = self._shown_at = time.monotonic()

    def show(self, done: int) -> None:
        """Show how far it is, a few times a second."""
        now = time.monotonic()
        if not self._is_shown or (now - self._shown_at < EVERY_SECONDS and done < self._total):
            return
        self._shown_at = now
        self._stream.write(CLEAR + line(done, self._total, now - self._began))
        self._stream.flush()

    def clear(self) -> None:
        """Make room for a line of output, or for what comes after the end."""
        if self._is_shown:
            self._stream.write(CLEAR)
            self._stream.flush()


def line(done: int, total: int, seconds: float) -> str:
    """Return the text of the line."""
    if not done or seconds <= 0:
        return f"{done:,} of {total:,}"
    rate = done / seconds
    left = round((total - done) / rate)
    minutes, seconds_left = divmod(left, 60)
    rest = f"{minutes} min {seconds_left} s" if minutes else f"{seconds_left} s"
    return f"{done:,} of {total:,} · {rate:,.0f}/s · {rest} left"
