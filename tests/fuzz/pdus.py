"""Mutated real PDUs on a socket: whatever comes, the connection ends and others are served.

`python -m tests.fuzz.pdus --cases 100000` runs against a `run_scp` of its own; a failure prints the
seed that makes it again (`--seed`). The test suite runs a few seconds' worth.
"""

import argparse
import random
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.peers.portal_processes import environment, manage, process
from tests.peers.raw_datasets import Form, encode
from tests.peers.raw_dicom import Closed, RawPeer, associated, connected
from tests.peers.raw_pdus import (
    ABORT,
    AC,
    BIG,
    DATA,
    EXPLICIT,
    IMPLICIT,
    RELEASE_RP,
    RELEASE_RQ,
    RJ,
    VERIFICATION,
    WORKLIST,
    associate_rq,
    cancel,
    echo,
    extended_item,
    find_rq,
    item,
    pdu,
    pdv,
    query,
    role_item,
    user_item,
)
from tests.waiting import wait_until

CONTEXTS = (
    (1, WORKLIST, (IMPLICIT,)),
    (3, VERIFICATION, (IMPLICIT,)),
    (5, WORKLIST, (EXPLICIT, IMPLICIT)),
    (7, WORKLIST, (BIG,)),
)
KEYS = {
    "SpecificCharacterSet": b"ISO_IR 192",
    "PatientName": b"Tester*",
    "PatientID": b"",
    "ScheduledProcedureStepSequence": [
        {
            "Modality": b"CT",
            "ScheduledProcedureStepStartDate": b"20200101-20301231",
            "ScheduledProtocolCodeSequence": [{"CodeValue": b""}],
        }
    ],
}
EXTRA = extended_item(b"\1\1\1\1") + role_item(1, 0) + item(0x53, struct.pack(">HH", 1, 1))
# What a polite client sends before and after it has an association.
REQUESTS = (associate_rq(CONTEXTS), associate_rq(CONTEXTS, user=user_item(4096, EXTRA)))
MESSAGES = (
    query(encode(KEYS)),
    query(encode(KEYS, Form(EXPLICIT)), context=5),
    query(encode(KEYS, Form(EXPLICIT, is_undefined=True)), context=5),
    query(encode(KEYS, Form(BIG)), context=7),
    query(encode(KEYS)) + cancel(),
    echo() + query(encode(KEYS)) + echo(),
    pdu(DATA, pdv(1, 3, find_rq()) + pdv(1, 0, encode(KEYS)[:50]) + pdv(1, 2, encode(KEYS)[50:])),
    echo() + pdu(RELEASE_RQ, bytes(4)),
    query(encode(KEYS)) + pdu(ABORT, bytes(4)),
)
NUMBERS = tuple(
    struct.pack(form, value)
    for form, values in (
        (">B", (0, 1, 2, 3, 4, 0x7F, 0x80, 0xFF)),
        (">H", (0, 1, 0x7FFF, 0xFFFF)),
        (">I", (0, 1, 6, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)),
        ("<I", (1, 6, 0x7FFFFFFF, 0xFFFFFFFE)),
    )
    for value in values
)


def flip(data: bytearray, chance: random.Random) -> None:
    """Turn one bit over."""
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(data: bytearray, chance: random.Random) -> None:
    """Put a number that lengths and types are compared with somewhere, mostly near the front."""
    at = chance.randrange(min(len(data), chance.choice((12, 80, len(data)))))
    number = chance.choice(NUMBERS)
    data[at : at + len(number)] = number


def cut(data: bytearray, chance: random.Random) -> None:
    """Take some bytes out, the end perhaps."""
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 2, 4, 8, 50, len(data)))]


def repeat(data: bytearray, chance: random.Random) -> None:
    """Say something twice, at another place."""
    at, size = chance.randrange(len(data)), chance.choice((1, 4, 8, 30, 200))
    where = chance.randrange(len(data))
    data[where:where] = data[at : at + size] * chance.choice((1, 1, 1, 100))


def scribble(data: bytearray, chance: random.Random) -> None:
    """Replace some bytes by noise."""
    at = chance.randrange(len(data))
    data[at : at + 20] = chance.randbytes(chance.randrange(1, 40))


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flip,
    overwrite,
    overwrite,
    cut,
    repeat,
    scribble,
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a message that was changed in one to four places."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        if changed:
            chance.choice(MUTATIONS)(changed, chance)
    return bytes(changed)


def case(port: int, seed: str) -> None:
    """Play one case: a mutated request, or mutated messages in an association."""
    chance = random.Random(seed)
    source = f"127.0.0.{chance.randrange(2, 60)}"  # one address would run out of ports
    with connected(port, source=source, seconds=15) as peer:
        if chance.random() < 0.4:
            data = mutated(chance.choice(REQUESTS), chance)
        else:
            peer.send(chance.choice(REQUESTS))
            peer.accepted()
            data = mutated(b"".join(chance.choices(MESSAGES, k=chance.randrange(1, 3))), chance)
        try:
            at = 0
            while at < len(data):
                size = chance.choice((1, 7, 100, len(data)))
                peer.send(data[at : at + size])
                at += size
            peer.socket.shutdown(1)
        except OSError:
            pass  # it has had enough already
        require_end(peer)


def require_end(peer: RawPeer) -> None:
    """Read until the connection ends: in time, and nothing but PDUs."""
    try:
        while True:
            kind, _ = peer.read_pdu()
            assert kind in {AC, RJ, DATA, RELEASE_RP, ABORT}, f"a PDU of type {kind}"
    except Closed:
        pass


def still_serves(port: int) -> None:
    """Insist that a polite client is served."""
    with associated(port) as peer:
        _, final = peer.ask(encode(KEYS))
        assert final.status == 0x0000
        peer.release()


def fuzz(port: int, *, cases: int, seed: int) -> None:
    """Play so many cases; a failure names the seed of its case."""
    for number in range(cases):
        try:
            case(port, f"{seed}:{number}")
            if number % 200 == 0:
                still_serves(port)
        except (AssertionError, OSError, Closed, struct.error) as error:
            raise AssertionError(f"seed {seed}, case {number}: {error!r}") from error
    still_serves(port)


def main() -> int:
    """Run against a process of our own, and say how it went in one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder), PORTAL_LOG_LEVEL="ERROR")
        port = int(env["PORTAL_DICOM_PORT"])
        manage(env, "migrate", "-v", "0")
        manage(env, "device", "set", "CT1", "--kind", "modality", "--host", "::1", "--port", "104")
        with process(env, "run_scp") as running:
            wait_until(lambda: _is_up(port), seconds=60, every=0.2)
            before, started = _memory(running.pid), time.monotonic()
            try:
                fuzz(port, cases=chosen.cases, seed=chosen.seed)
            except AssertionError as error:
                sys.stdout.write(f"PDU fuzzing failed: {error}\n")
                return 1
            seconds, grown = time.monotonic() - started, _memory(running.pid) - before
    sys.stdout.write(
        f"PDU fuzzing: {chosen.cases} cases, 0 failed, seed {chosen.seed}, {seconds:.0f} s, "
        f"memory {grown / (1 << 20):+.0f} MB\n"
    )
    return 0


def _is_up(port: int) -> bool:
    try:
        still_serves(port)
    except (OSError, Closed):
        return False
    return True


def _memory(pid: int) -> int:
    """Bytes that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    sys.exit(main())
