"""A polite client that asks all the time, while others misbehave: did it notice anything?"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.peers.raw_datasets import encode
from tests.peers.raw_dicom import associated
from tests.waiting import wait_until

SECONDS = 30  # an answer that waited for somebody else takes longer, or never comes
KEYS = {"PatientID": b"", "ScheduledProcedureStepSequence": [{"Modality": b""}]}


@dataclass
class Noticed:
    """What a polite client lived through."""

    served: int = 0
    slowest: float = 0.0
    troubles: list[str] = field(default_factory=list)


@contextmanager
def witness(port: int) -> Iterator[Noticed]:
    """Ask in new associations until the block ends, then insist that every answer came in time."""
    noticed, is_over = Noticed(), threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            started = time.monotonic()
            try:
                with associated(port) as peer:
                    _, final = peer.ask(encode(KEYS))
                    peer.release()
                if final.status:
                    noticed.troubles.append(f"{final.status:04X}")
            except Exception as error:
                noticed.troubles.append(repr(error))
            noticed.slowest = max(noticed.slowest, time.monotonic() - started)
            noticed.served += 1

    thread = threading.Thread(target=ask, name="witness")
    thread.start()
    try:
        wait_until(lambda: noticed.served)
        yield noticed
        after = noticed.served
        wait_until(lambda: noticed.served > after)
    finally:
        is_over.set()
        thread.join(timeout=60)
    assert noticed.troubles == []
    assert noticed.slowest < SECONDS
