"""Threads of one worker loop: one looks for work, the others work or wait (no idle crowd)."""

import threading
from queue import Empty, Queue

from portal import processes
from printing.worker import jobs
from tests.waiting import wait_until

THREADS = 5


class Loop:
    """A loop's module: pieces of work from a queue; each begins when all threads have one."""

    def __init__(self):
        self.waiting, self.done = Queue(), []
        self.together = threading.Barrier(THREADS, timeout=30)
        self.looking = self.most_looking = 0
        self.lookers = set()
        self.lock = threading.Lock()

    def take(self, stop):
        """Look; note who does, and how many do at once."""
        with self.lock:
            self.looking += 1
            self.most_looking = max(self.most_looking, self.looking)
            self.lookers.add(threading.get_ident())
        try:
            found = self.waiting.get_nowait()
        except Empty:
            found = None
        with self.lock:
            self.looking -= 1
        if found == "broken":
            raise ValueError("nobody can take this")
        return found

    def do(self, taken, stop):
        """Work as long as the others."""
        if taken == "failing":
            raise ValueError("nobody can do this")
        if isinstance(taken, int):
            self.together.wait()
        self.done.append(taken)


def test_all_threads_work_at_once_and_one_looks(db):
    """A thread that found work lets the next one look; while nothing is there, one does."""
    loop, stop = Loop(), threading.Event()
    turns = processes.Turns(loop)
    threads = [threading.Thread(target=turns.run, args=(stop,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for number in range(2 * THREADS):
            loop.waiting.put(number)
        wait_until(lambda: len(loop.done) == 2 * THREADS)
        assert loop.most_looking == 1
        loop.lookers.clear()
        wait_until(lambda: loop.lookers)
        for each in ("broken", "failing", "last"):  # neither ends a thread, nor keeps its turn
            loop.waiting.put(each)
        wait_until(lambda: "last" in loop.done)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def test_printing_takes_turns():
    """Ten threads for ten printers; an idle worker asks the database for one of them only."""
    loop = processes.loop_of(jobs)
    assert loop.__func__ is processes.Turns.run
