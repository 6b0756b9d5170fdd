"""Commands and identifiers that lie: a failure status or an abort, and nobody else notices.

Our own stack only: pynetdicom 3.0.4 leaves some of these without an answer.
"""

import struct

import pytest

from tests.peers.raw_datasets import EXPLICIT, Form, encode
from tests.peers.raw_dicom import Closed, RawPeer, associated
from tests.peers.raw_pdus import (
    ABORT,
    BIG,
    DATA,
    IMPLICIT,
    NO_DATASET,
    VERIFICATION,
    WORKLIST,
    command,
    find_rq,
    pdu,
    pdv,
    query,
    ui,
    us,
)
from tests.peers.witness import witness
from tests.worklist.factories import make_station, make_step
from tests.worklist.raw_questions import identifier

pytestmark = pytest.mark.parametrize("stack", ["own"], indirect=True)
PRINTER = "1.2.840.10008.5.1.1.16"
CONTEXTS = (
    (1, WORKLIST, (IMPLICIT,)),
    (3, VERIFICATION, (IMPLICIT,)),
    (5, WORKLIST, (EXPLICIT,)),
    (7, WORKLIST, (BIG,)),
)


@pytest.fixture(autouse=True)
def exam(facility):
    """CT1, and an exam that it would get."""
    make_station(facility, "CT1")
    return make_step(facility)


def outcome(peer: RawPeer) -> int | None:
    """The final status that comes back; none for an abort or the end of the connection."""
    try:
        return peer.answers()[1].status
    except (Closed, ConnectionError):
        return None


def nested(depth: int, syntax: str) -> bytes:
    """Sequences in sequences, each of undefined length and never ended."""
    order = ">" if syntax == BIG else "<"
    tag = struct.pack(order + "HH", 0x0040, 0x0100)
    form = b"" if syntax == IMPLICIT else b"SQ\0\0"
    length = struct.pack(order + "I", 0xFFFFFFFF)
    start = tag + form + length + struct.pack(order + "HH", 0xFFFE, 0xE000) + length
    return start * depth


def nested_exactly(depth: int) -> bytes:
    """The same, well-formed: every length is true."""
    data = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data
        data = struct.pack("<HHI", 0x0040, 0x0100, len(item)) + item
    return data


ELEMENT = struct.pack("<HHI", 0x0010, 0x0020, 4) + b"ABCD"
IDENTIFIERS = {
    "nothing": b"",
    "text": b"SELECT * FROM patients; --",
    "zeros": bytes(200),
    "ones": b"\xff" * 200,
    "an element longer than the rest": struct.pack("<HHI", 0x0010, 0x0020, 0x7FFFFFFF) + b"A",
    "an element of four gigabytes": struct.pack("<HHI", 0x0010, 0x0020, 0xFFFFFFFE) + b"A",
    "a text of undefined length": struct.pack("<HHI", 0x0010, 0x0020, 0xFFFFFFFF) + b"A",
    "half a tag": ELEMENT + b"\x10\x00",
    "half a length": ELEMENT + struct.pack("<HHH", 0x0010, 0x0040, 1),
    "an item outside a sequence": struct.pack("<HHI", 0xFFFE, 0xE000, 4) + b"ABCD",
    "an item longer than its sequence": struct.pack("<HHI", 0x0040, 0x0100, 8)
    + struct.pack("<HHI", 0xFFFE, 0xE000, 5000),
    "3,900 nested items": nested(3900, IMPLICIT),
    "3,900 nested items of true length": nested_exactly(3900),
    "10,000 nested items": nested(10_000, IMPLICIT),
    "10,000 nested items of true length": nested_exactly(10_000),
    "a thousand asterisks": encode({"PatientName": b"*a" * 1000}),
    "a name of question marks": encode({"PatientName": b"?" * 60_000}),
}


def test_identifiers_that_lie_are_refused(running_scp):
    """Table K.4-1: A900 (or another failure), and the association lives on."""
    with witness(running_scp), associated(running_scp, CONTEXTS) as peer:
        for name, raw in IDENTIFIERS.items():
            peer.send(query(raw))
            status = outcome(peer)
            assert status in {0xA900, 0xA700, 0xC001} or name.startswith("a name of"), (
                name,
                status,
            )
        for context, syntax in ((5, EXPLICIT), (7, BIG)):
            for raw in (nested(3000, syntax), nested(10_000, syntax), b"\xff" * 64):
                peer.send(query(raw, context=context))
                assert outcome(peer) in {0xA900, 0xA700, 0xC001}
            answers, final = peer.ask(identifier(Form(syntax)), context=context)
            assert (len(answers), final.status) == (1, 0x0000)


FIND = {
    0x0002: ui(WORKLIST),
    0x0100: us(0x0020),
    0x0110: us(7),
    0x0700: us(0),
    0x0800: us(1),
}


def without(number: int) -> dict[int, bytes]:
    return {key: value for key, value in FIND.items() if key != number}


def test_commands_that_lie(running_scp):
    """PS3.7 9.3.2.1, Annex C: a failure status or an abort; a wrong group length does no harm."""
    asked = pdu(DATA, pdv(1, 2, identifier()))
    harmless = {
        "group length too small": command(FIND, 4),
        "group length too large": command(FIND, 4000),
        "another priority": command(FIND | {0x0700: us(77)}),
    }
    wrong = {
        "no message ID": command(without(0x0110)),
        "no SOP class": command(without(0x0002)),
        "no command field": command(without(0x0100)),
        "no dataset type": command(without(0x0800)),
        "an unknown command": command(FIND | {0x0100: us(0x1234)}),
        "a response": command(FIND | {0x0100: us(0x8020), 0x0900: us(0)}),
        "a print request": command(FIND | {0x0002: ui(PRINTER), 0x0100: us(0x0110)}),
        "a message ID of nine bytes": command(FIND | {0x0110: bytes(9)}),
        "another SOP class": command(FIND | {0x0002: ui(PRINTER)}),
        "no dataset": command(FIND | {0x0800: us(NO_DATASET)}),
    }
    with witness(running_scp):
        for name, sent in harmless.items():
            with associated(running_scp, CONTEXTS) as peer:
                peer.send(pdu(DATA, pdv(1, 3, sent)) + asked)
                assert outcome(peer) in {0x0000, None}, name
        for name, sent in wrong.items():
            with associated(running_scp, CONTEXTS) as peer:
                peer.send(pdu(DATA, pdv(1, 3, sent)) + (asked if name != "no dataset" else b""))
                status = outcome(peer)
                assert status is None or status >= 0x0100, name


def test_a_dataset_where_none_should_be(running_scp):
    """PS3.7 9.3.5.1: C-ECHO has none; who sends one is answered or aborted, not left waiting."""
    echo = command({0x0002: ui(VERIFICATION), 0x0100: us(0x0030), 0x0110: us(9), 0x0800: us(1)})
    for context, sent in ((3, echo), (1, find_rq(dataset=NO_DATASET))):
        with associated(running_scp, CONTEXTS) as peer:
            dataset = pdu(DATA, pdv(context, 2, ELEMENT))
            peer.send(pdu(DATA, pdv(context, 3, sent)) + dataset)
            assert outcome(peer) in {0x0000 if context == 3 else 0xA900, None}
    with associated(running_scp, CONTEXTS) as peer:
        assert len(peer.ask(identifier())[0]) == 1


def test_a_flood_of_requests_is_cut_off(running_scp):
    """Without an asynchronous window one request at a time is due; a hundred are an abort."""
    with witness(running_scp), associated(running_scp, CONTEXTS) as peer:
        peer.send(b"".join(query(identifier(), number) for number in range(100)))
        assert ABORT in peer.ending()
