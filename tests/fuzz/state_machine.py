"""Fuzz our upper layer's state machine with real conversations, damaged: `make fuzz`.

Every case is a conversation of an association, mutated and cut into pieces. Whatever comes, the
machine answers with events; when it gives up, its answer is one A-ABORT and it stays silent; what
it keeps is bounded.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from portal.dicom.upper_layer import commands, pdus
from portal.dicom.upper_layer.acceptor import (
    MAX_DATASET,
    MAX_P_DATA,
    Aborted,
    Acceptor,
    Message,
    ReleaseRequested,
    Requested,
    State,
)
from tests.portal.upper_layer_peer import (
    ABORT,
    FIND,
    IMPLICIT,
    RELEASE,
    US,
    associate_rq,
    c_find_rq,
    p_data,
)

INTERESTING = (0, 1, 2, 4, 6, 7, 127, 128, 254, 255)


def conversation(chance: random.Random) -> list[bytes]:
    """Return the PDUs of an association, in an order that is mostly right."""
    said = [associate_rq(chance.choice([0, 7, 4096, 16384]), {FIND: b"\1\1\1\1"})]
    for number in range(chance.randrange(4)):
        has_dataset = chance.random() < 0.8
        field = chance.choice([0x0020, 0x0020, 0x0030, 0x0FFF, 0x8020, 0x0001])
        said.append(p_data(3, c_find_rq(number, has_dataset=has_dataset, field=field)))
        if has_dataset:
            dataset = chance.randbytes(chance.randrange(200))
            said.append(p_data(3, dataset, is_command=False, is_last=chance.random() < 0.9))
    said.append(chance.choice([RELEASE, ABORT, b""]))
    if chance.random() < 0.1:
        chance.shuffle(said)
    return said


def _flip(raw: bytearray, chance: random.Random) -> None:
    raw[chance.randrange(len(raw))] = chance.choice(INTERESTING)


def _cut(raw: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(raw))
    del raw[start : start + chance.randrange(1, 20)]


def _double(raw: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(raw))
    raw[start:start] = raw[start : start + chance.randrange(1, 60)]


def _length(raw: bytearray, chance: random.Random) -> None:
    """Let a length lie: four bytes that could be one."""
    start = chance.randrange(len(raw))
    value = chance.choice([0, 1, 5, 6, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF])
    raw[start : start + 4] = value.to_bytes(4, chance.choice(["big", "little"]))


def _noise(raw: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(raw))
    raw[start:start] = chance.randbytes(chance.randrange(1, 40))


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _cut,
    _double,
    _length,
    _noise,
)


def mutated(pdu: bytes, chance: random.Random) -> bytes:
    """Return the PDU, damaged in up to three places."""
    raw = bytearray(pdu)
    for _ in range(chance.choice([0, 0, 0, 0, 0, 0, 1, 2, 3])):
        if raw:
            chance.choice(MUTATIONS)(raw, chance)
    return bytes(raw)


def pieces(chance: random.Random) -> Iterator[bytes]:
    """Yield a conversation as it arrives: the request mostly first, then in any pieces."""
    said = [mutated(pdu, chance) for pdu in conversation(chance)]
    if chance.random() < 0.9:
        yield said.pop(0)
    stream = b"".join(said)
    while stream:
        size = chance.choice([1, 3, 10, 50, 1000, 100_000])
        yield stream[:size]
        stream = stream[size:]


def run_case(seed: int) -> str:
    """Run one case; return how it ended, or raise where an invariant is broken."""
    chance = random.Random(seed)
    acceptor, ended = Acceptor(US), "open"
    for piece in pieces(chance):
        was_closing = acceptor.is_closing
        for event in acceptor.receive(piece):
            assert not was_closing, "an event after the end"
            ended = _check(acceptor, event)
        assert len(acceptor._buffer) <= MAX_P_DATA + pdus.HEADER.size + len(piece)
        assert len(acceptor._dataset) <= MAX_DATASET + 1
        assert len(acceptor._command) <= commands.MAX_BYTES + MAX_P_DATA
    return ended


def _check(acceptor: Acceptor, event: object) -> str:
    if isinstance(event, Requested):
        results = [
            pdus.ContextResult(context.context_id, pdus.ACCEPTED, IMPLICIT)
            for context in event.request.contexts
        ]
        answer = acceptor.accept(results, {})
        assert answer[0] == pdus.ASSOCIATE_AC
        assert len(answer) == 6 + int.from_bytes(answer[2:6], "big")
        return "accepted"
    if isinstance(event, Message):
        assert event.context_id in acceptor.transfer_syntaxes
        answer = commands.response(commands.C_FIND_RSP, event.command, 0)
        assert acceptor.message(event.context_id, answer)
        return "asked"
    if isinstance(event, ReleaseRequested):
        acceptor.release()
        return "released"
    assert isinstance(event, Aborted)
    assert acceptor.state is State.CLOSING
    assert event.answer in (b"", pdus.abort(event.answer[-1] if event.answer else 0))
    return "aborted by us" if event.answer else "aborted by the peer"


def main() -> None:
    """Run many cases and print how they ended; a failing one prints its seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    options = parser.parse_args()
    ends: Counter[str] = Counter()
    began = time.perf_counter()
    for seed in range(options.seed, options.seed + options.cases):
        try:
            ends[run_case(seed)] += 1
        except Exception:
            sys.stderr.write(f"FAILED with seed {seed}\n")
            raise
    seconds = time.perf_counter() - began
    how = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    sys.stdout.write(
        f"state machine: {options.cases} cases from seed {options.seed} in {seconds:.0f} s: {how}\n"
    )


if __name__ == "__main__":
    main()
