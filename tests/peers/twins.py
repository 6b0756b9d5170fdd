"""Both DICOM stacks asked the same: what a test asked of one is asked of both, byte by byte.

At the end of a test that ran on our own stack, pynetdicom's stack is started on the same database,
and every C-FIND that any client of the test has sent goes to both again, from raw bytes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from portal.dicom.listening import ListenerConfig, listening
from portal.dicom.services import Find, FindAnswer, FindRequest
from portal.models import Facility
from portal.types import Caller
from tests.peers.raw_dicom import Message, associated
from tests.peers.raw_pdus import WORKLIST, extended_item, user_item

MAX_COMPARED = 40
MAX_ANSWERS = 300


class Asked(NamedTuple):
    """A C-FIND as it reached us."""

    facility_id: int
    calling: str
    transfer_syntax: str
    identifier: bytes
    extended: bytes


class Twins:
    """Notes what is asked of our own stack; asks both at the end."""

    def __init__(self, config: ListenerConfig) -> None:
        self._asked: dict[Asked, None] = {}
        self.config = replace(
            config, finds={uid: self._noting(find) for uid, find in config.finds.items()}
        )

    def _noting(self, find: Find) -> Find:
        def noted(caller: Caller, request: FindRequest) -> Iterator[FindAnswer]:
            agreed = bytes((1, 1, request.is_fuzzy, request.has_timezone))
            extended = agreed if request.is_fuzzy or request.has_timezone else b""
            asked = Asked(
                caller.facility_id,
                caller.ae_title,
                request.transfer_syntax,
                request.identifier,
                extended,
            )
            if len(self._asked) < MAX_COMPARED:
                self._asked[asked] = None
            return find(caller, request)

        return noted

    def compare(self, port: int, other: ListenerConfig) -> None:
        """Ask both; fail at the first byte that differs."""
        asked, self._asked = list(self._asked), {}
        if not asked:
            return
        with listening(other) as server:
            for one in asked:
                ours = _answers(port, one)
                theirs = _answers(server.server_address[1], one)
                assert ours == theirs, f"the stacks differ on {one}"


def _answers(port: int, asked: Asked) -> Any:
    """Return everything that the answer consists of; who is not admitted gets the same refusal."""
    called = Facility.objects.get(pk=asked.facility_id).ae_title
    contexts = ((1, WORKLIST, (asked.transfer_syntax,)),)
    extra = extended_item(asked.extended) if asked.extended else b""
    try:
        with associated(
            port,
            contexts,
            called=called.encode(),
            calling=asked.calling.encode(),
            user=user_item(extra=extra),
        ) as peer:
            pending, final = peer.ask(asked.identifier)
            peer.release()
    except AssertionError as refused:
        return refused.args
    return [_bytes(message) for message in (*pending[:MAX_ANSWERS], final)]


def _bytes(message: Message) -> tuple[int, dict[int, bytes], bytes]:
    return message.context, message.elements, message.dataset


@contextmanager
def twins(config: Callable[[bool], ListenerConfig]) -> Iterator[Any]:
    """Listen with our own stack; before it ends, compare it. `config` takes `is_stock`."""
    both = Twins(config(False))
    with listening(both.config) as server:
        yield server
        both.compare(server.server_address[1], config(True))
