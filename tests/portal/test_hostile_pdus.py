"""Malformed PDUs: an abort, a rejection or the end of the connection, never silence (PS3.8 9.3).

Our own stack only: pynetdicom 3.0.4 leaves the peer waiting in half a dozen of these cases.
"""

import socket
import struct

import pytest

from portal import services
from tests.peers.raw_dicom import Closed, RawPeer, associated, connected
from tests.peers.raw_pdus import (
    ABORT,
    AC,
    DATA,
    IMPLICIT,
    RELEASE_RP,
    RELEASE_RQ,
    RJ,
    RQ,
    WORKLIST,
    associate_rq,
    echo,
    echo_rq,
    item,
    pdu,
    pdv,
    user_item,
)
from tests.peers.witness import witness

pytestmark = pytest.mark.parametrize("stack", ["own"], indirect=True)
GOOD = associate_rq()
HEAD = GOOD[6:74]  # protocol version, titles


@pytest.fixture
def ct1(facility, actor):
    """A device that may come in."""
    return services.device_set(
        facility_id=facility.pk,
        ae_title="CT1",
        host="127.0.0.1",
        port=104,
        kind="modality",
        by=actor,
    )


def of(*items: bytes) -> bytes:
    """An A-ASSOCIATE-RQ with these items only."""
    return pdu(RQ, HEAD + b"".join(items))


CONTEXT = item(0x10, b"1.2.840.10008.3.1.1.1")
LYING = struct.pack(">B3x", 1) + item(0x30, WORKLIST.encode(), 9999) + item(0x40, IMPLICIT.encode())
NAMELESS = struct.pack(">B3x", 1) + item(0x40, IMPLICIT.encode())
# What comes instead of an A-ASSOCIATE-RQ.
FIRST = {
    "a type that is none": pdu(0x55, b"nonsense"),
    "another protocol": b"GET / HTTP/1.1\r\nHost: portal\r\n\r\n",
    "zeros": bytes(64),
    "no body": pdu(RQ),
    "a short body": pdu(RQ, GOOD[6:40]),
    "a length too small": pdu(RQ, GOOD[6:], 80),
    "data first": pdu(DATA, pdv(1, 3, echo_rq())),
    "an acceptance": pdu(AC, GOOD[6:]),
    "a rejection": pdu(RJ, bytes(4)),
    "a release": pdu(RELEASE_RQ, bytes(4)),
    "a release response": pdu(RELEASE_RP, bytes(4)),
    "an abort": pdu(ABORT, bytes(4)),
    "an item too long": of(CONTEXT, item(0x20, b"", 60000)),
    "an item too short": of(CONTEXT, item(0x20, NAMELESS, 2), user_item()),
    "a syntax too long": of(CONTEXT, item(0x20, LYING), user_item()),
    "a context without abstract syntax": of(CONTEXT, item(0x20, NAMELESS), user_item()),
    "a UID that is none": associate_rq(((1, "\u00e9" * 40, (IMPLICIT,)),)),
    "user information too long": of(CONTEXT, item(0x50, item(0x51, b"\0\0@\0", 400))),
    "a maximum length of one byte": associate_rq(user=item(0x50, item(0x51, b"\1"))),
    "four gigabytes": pdu(RQ, GOOD[6:], 0xFFFFFFFF),
    "a context without transfer syntax": associate_rq(((1, WORKLIST, ()),)),
    "a context without number": of(CONTEXT, item(0x20, b""), user_item()),
}
REJECTED = {
    "protocol version 0": (associate_rq(protocol=0), (1, 2, 2)),
    "another application context": (associate_rq(application_context="1.2.3"), (1, 1, 2)),
    "a called AE title of spaces": (associate_rq(called=b" " * 16), (1, 1, 7)),
    "a calling AE title of spaces": (associate_rq(calling=b" " * 16), (1, 1, 3)),
}


def first_of(peer: RawPeer) -> int | None:
    """The type of what comes back; none when the connection ends without."""
    try:
        return peer.read_pdu()[0]
    except Closed:
        return None


def test_no_association_begins_with_nonsense(running_scp, ct1):
    """PS3.8 Table 9-10, AA-1 and AA-8: an abort, a rejection, or nothing but the end."""
    with witness(running_scp):
        for name, sent in FIRST.items():
            with connected(running_scp) as peer:
                peer.send(sent)
                came = first_of(peer)
                if came == AC:  # what could be understood was; the rest has to be refused then
                    assert "too" not in name, name
                    peer.send(echo(context=1))
                    came = first_of(peer)
                assert came in {ABORT, RJ, None}, name


def test_what_cannot_be_accepted_is_rejected_with_the_reason(running_scp, ct1):
    """PS3.8 Table 9-21; which of two reasons comes first is ours to choose."""
    for name, (sent, reason) in REJECTED.items():
        with connected(running_scp) as peer:
            peer.send(sent)
            kind, body = peer.read_pdu()
            assert (kind, tuple(body[1:])) == (RJ, reason), name


def test_ae_titles_that_are_none(running_scp, ct1):
    """PS3.5 6.2: AE is of the default repertoire, without backslash and control characters."""
    for title in (b"\xff\xfe", "Рентген".encode(), b"A\\B", bytes(16), b"\x1b$B"):
        for sent in (associate_rq(called=title), associate_rq(calling=title)):
            with connected(running_scp) as peer:
                peer.send(sent)
                assert first_of(peer) in {ABORT, RJ, None}, title


def test_a_pdu_that_never_ends_ends_with_the_connection(running_scp, ct1):
    """A length that lies upwards: the other side waits, and so do we, until it hangs up."""
    with connected(running_scp) as peer:
        peer.send(pdu(RQ, GOOD[6:], len(GOOD) + 100))
        peer.socket.shutdown(socket.SHUT_WR)
        assert first_of(peer) in {ABORT, None}


# What comes in an open association.
LATER = {
    "a second request": GOOD,
    "an acceptance": pdu(AC, GOOD[6:]),
    "a type that is none": pdu(0x99, bytes(8)),
    "a release response": pdu(RELEASE_RP, bytes(4)),
    "a PDV of length 0": pdu(DATA, pdv(3, 3, echo_rq(), 0)),
    "a PDV of length 1": pdu(DATA, pdv(3, 3, echo_rq(), 1)),
    "a PDV longer than its PDU": pdu(DATA, pdv(3, 3, echo_rq(), 5000)),
    "a context that was not negotiated": pdu(DATA, pdv(77, 3, echo_rq())),
    "a command that is none": pdu(DATA, pdv(3, 3, b"\xff" * 30)),
    "an empty command": pdu(DATA, pdv(3, 3, b"")),
    "four gigabytes": pdu(DATA, bytes(100), 0xFFFFFFFF),
    "a dataset before its command": pdu(DATA, pdv(3, 2, bytes(20))),
    "a release of the wrong length": pdu(RELEASE_RQ, bytes(100_000)),
}


def test_nonsense_ends_an_association_and_no_other(running_scp, ct1):
    """PS3.8 Table 9-10, AA-8: an A-ABORT by the provider."""
    with witness(running_scp), associated(running_scp) as other:
        for name, sent in LATER.items():
            with associated(running_scp) as peer:
                peer.send(sent)
                assert first_of(peer) in {ABORT, None}, name
        other.send(echo())
        assert other.read_message().status == 0x0000
        other.release()
