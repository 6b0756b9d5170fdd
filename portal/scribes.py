"""Threads that write down what came over the network: a few, each with a database connection.

An association may stay open for hours and sends little: a connection for each of them would use up
the database's, and one for each message costs more than the message. These are opened when there
is work, kept while there is more, and closed soon after.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")


class Scribes:
    """At most so many threads that work; each ends when it has had nothing to do for a while."""

    def __init__(self, most: int, idle_seconds: float) -> None:
        self._most, self._idle_seconds = most, idle_seconds
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = self._waiting = self._idle = 0

    def write(self, work: Callable[[], T]) -> T:
        """Have the work done, and wait for it; return or raise what it does."""
        done: Future[T] = Future()
        with self._lock:
            self._jobs.put((done, work))
            self._waiting += 1
            if self._waiting > self._idle and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._serve, name="scribe").start()
        return done.result()

    def _serve(self) -> None:
        try:
            while (job := self._next()) is not None:
                done, work = job
                try:
                    done.set_result(work())
                except BaseException as error:
                    done.set_exception(error)
                del done, work, job  # nothing of it is kept while there is nothing to do
        finally:
            connections.close_all()

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """Return the next job; None when this thread is no longer needed."""
        with self._lock:
            self._idle += 1
        try:
            job = self._jobs.get(timeout=self._idle_seconds)
        except queue.Empty:
            job = None
        with self._lock:
            self._idle -= 1
            if job is None and not self._jobs.empty():  # one came in this very moment
                job = self._jobs.get()
            if job is None:
                self._threads -= 1
            else:
                self._waiting -= 1
        return job
