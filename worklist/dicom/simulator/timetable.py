"""Things to be done later: each in a thread of its own when its time has come."""

import threading
import time
from collections.abc import Callable


class Timetable:
    """What is to be done when; a later appointment under the same key takes the place."""

    def __init__(self) -> None:
        self._due: dict[object, tuple[float, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="simulated-archive", daemon=True)

    def start(self) -> None:
        """Begin to look at the clock."""
        self._thread.start()

    def stop(self) -> None:
        """Forget what was still to be done."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join()

    def put(self, key: object, seconds: float, job: Callable[[], None]) -> None:
        """Have the job done so many seconds from now."""
        with self._changed:
            self._due[key] = (time.monotonic() + seconds, job)
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._is_stopped:
                now = time.monotonic()
                for key in [key for key, (due, _) in self._due.items() if due <= now]:
                    _, job = self._due.pop(key)
                    threading.Thread(target=job, name="simulated-archive-job", daemon=True).start()
                earliest = min((due for due, _ in self._due.values()), default=None)
                self._changed.wait(None if earliest is None else max(0.0, earliest - now))
