"""Our own listener on sockets: who is handed over, how many there may be, and when time is up."""

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connections
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    Verification,
)

from portal.dicom.listening import ListenerConfig, listening
from portal.dicom.services import CallingAETitleUnknown, FindAnswer, FindRequest, Requestor
from tests.peers.raw_dicom import Closed, RawPeer, associated, connected
from tests.peers.raw_pdus import ABORT, RJ, RQ, associate_rq, echo, pdu, query, user_item
from tests.waiting import wait_until

LIMITS = {"acse": 2, "dimse": 2, "network": 3}


def admit(requestor: Requestor) -> str:
    """Admit everybody but MALLORY."""
    if requestor.calling_ae_title == "MALLORY":
        raise CallingAETitleUnknown
    return requestor.calling_ae_title


def find(caller: str, request: FindRequest) -> Iterator[FindAnswer]:
    """Answer as many rows as the identifier says, each of 1 kB."""
    for number in range(int(request.identifier or b"0")):
        if request.delivery.is_cancelled:
            return
        yield FindAnswer(
            0xFF00, struct.pack("<HHL", 8, 0x50, 1016) + b"%016d" % number * 63 + b"x" * 8
        )
    yield FindAnswer()


def config(**changes: Any) -> ListenerConfig:
    """A listener for MPPS as well, which our own stack does not speak."""
    sop_classes = (Verification, ModalityWorklistInformationFind, ModalityPerformedProcedureStep)
    base = ListenerConfig(
        ae_title="PORTAL",
        address=("127.0.0.1", 0),
        contexts=[build_context(sop_class) for sop_class in sop_classes],
        handlers=[
            (evt.EVT_C_ECHO, lambda event: 0x0000),
            (evt.EVT_N_CREATE, lambda event: (0x0000, None)),
        ],
        admit=admit,
        finds={str(ModalityWorklistInformationFind): find},
        on_desk_end=connections.close_all,
    )
    return replace(base, **changes)


@contextmanager
def port_of(**changes: Any) -> Iterator[int]:
    """Listen; yields the port."""
    with listening(config(**changes)) as server:
        yield server.server_address[1]


def mpps(port: int, **kwargs: Any) -> Any:
    """Associate for MPPS and the worklist together, as some modalities do."""
    ae = AE(ae_title="CT1")
    for sop_class in (ModalityWorklistInformationFind, ModalityPerformedProcedureStep):
        ae.add_requested_context(sop_class)
    ae.add_requested_context(Verification)
    return ae.associate("127.0.0.1", port, ae_title="PORTAL", **kwargs)


def test_what_our_stack_does_not_speak_is_handed_to_pynetdicom():
    """The common case is ours; an association that proposes anything else is served too."""
    with port_of() as port:
        assoc = mpps(port)
        assert assoc.is_established
        assert assoc.send_c_echo().Status == 0x0000
        status, _ = assoc.send_n_create(None, ModalityPerformedProcedureStep, "2.25.7")
        assert status.Status == 0x0000
        assoc.release()
        assert assoc.is_released


def test_a_request_in_pieces_is_handed_over_whole():
    """What was read before the decision is read again by the other stack."""
    contexts = ((1, str(ModalityPerformedProcedureStep), ("1.2.840.10008.1.2",)),)
    contexts += ((3, str(Verification), ("1.2.840.10008.1.2",)),)
    raw = associate_rq(contexts)
    with port_of() as port, connected(port) as peer:
        for start in range(0, len(raw), 25):
            peer.send(raw[start : start + 25])
        accepted = peer.accepted()
        assert accepted.results == {1: 0, 3: 0}
        peer.send(echo())
        assert peer.read_message().status == 0x0000
        peer.release()


def test_a_request_over_tls_is_handed_over(certificate):
    """Encrypted bytes cannot be looked at without taking them."""
    cert, key = certificate
    server, client = (
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
    server.load_cert_chain(cert, key)
    client.check_hostname = False
    client.load_verify_locations(cert)
    with port_of(ssl_context=server) as port:
        assoc = mpps(port, tls_args=(client, None))
        assert assoc.is_established
        assert assoc.send_c_echo().Status == 0x0000
        assoc.release()


def test_strangers_are_rejected_by_our_own_stack():
    """PS3.8 Table 9-21: 1/1/3."""
    with port_of() as port, connected(port) as peer:
        peer.send(associate_rq(calling=b"MALLORY"))
        kind, body = peer.read_pdu()

        assert (kind, body[1:]) == (RJ, bytes((1, 1, 3)))


def test_one_address_may_not_take_all_associations():
    """Bad input: the surplus is rejected as transient (2/3/2), a flood not answered at all."""
    with port_of(max_per_address=3, max_associations=100) as port:
        held = [RawPeer(port) for _ in range(3)]
        for peer in held:
            peer.associate()
        with connected(port) as surplus:
            surplus.send(associate_rq())
            assert surplus.read_pdu() == (RJ, bytes((0, 2, 3, 2)))
        with associated(port, source="127.0.0.2") as other:
            other.send(echo())
            assert other.read_message().status == 0x0000
        held[0].socket.close()
        wait_until(lambda: _is_admitted(port))
        for peer in held:
            peer.socket.close()


def _is_admitted(port: int) -> bool:
    with connected(port) as peer:
        peer.send(associate_rq())
        return peer.read_pdu()[0] == 2


def test_who_says_nothing_is_ended_by_the_clock():
    """PS3.8 9.1.4: ARTIM; the rest of the world is served meanwhile."""
    with port_of(limits=LIMITS) as port, connected(port) as silent, connected(port) as slow:
        slow.send(associate_rq()[:40])
        with associated(port) as polite:
            polite.send(echo())
            assert polite.read_message().status == 0x0000
        assert silent.ending() == [ABORT]
        assert slow.ending() == [ABORT]


def test_an_idle_association_and_half_a_message_are_aborted():
    """The time for a message runs from its first byte, that of an association from its last."""
    with port_of(limits=LIMITS) as port, associated(port) as idle, associated(port) as halfway:
        halfway.send(echo()[:-3])

        assert idle.ending() == [ABORT]
        assert halfway.ending() == [ABORT]


def test_a_peer_that_stops_reading_gets_everything_later():
    """Answers wait for the peer, not in our memory; others are served meanwhile."""
    user = user_item(max_pdu=4096)
    with port_of() as port, associated(port, user=user) as slow:
        slow.send(query(b"4000"))
        with associated(port) as other:
            pending, final = other.ask(b"40")
            assert (len(pending), final.status) == (40, 0x0000)
        pending, final = slow.answers()

    assert [int(message.dataset[8:24]) for message in pending] == list(range(4000))
    assert final.status == 0x0000
    assert max(slow.pdu_lengths) <= 4096


def test_a_desk_survives_whatever_happens():
    """An association that breaks in the middle of an answer takes nobody along."""
    with port_of() as port:
        for _ in range(8):  # more than there are desks
            with associated(port) as peer:
                peer.send(query(b"3000"))
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with associated(port) as peer:
            assert len(peer.ask(b"3")[0]) == 3


def test_a_handler_that_fails_at_the_end_costs_no_desk():
    """Whatever a handler raises when its association breaks: the threads live on."""

    def failing(caller: str, request: FindRequest) -> Iterator[FindAnswer]:
        try:
            yield from find(caller, request)
        finally:
            if request.identifier == b"3000":
                raise RuntimeError("a fault")

    with port_of(finds={str(ModalityWorklistInformationFind): failing}) as port:
        for _ in range(8):
            with associated(port) as peer:
                peer.send(query(b"3000"))
                peer.read_message()
        with associated(port) as peer:
            assert len(peer.ask(b"3")[0]) == 3


def test_stopping_ends_what_is_open():
    """SIGTERM: open associations get some seconds, then an A-ABORT."""
    with port_of() as port:
        peer = RawPeer(port)
        peer.associate()
    assert peer.ending() in ([ABORT], [])
    with pytest.raises((Closed, OSError)):
        RawPeer(port).associate()
    peer.socket.close()


def test_a_second_request_on_an_open_association_is_aborted():
    """PS3.8 Table 9-10, Sta6: AA-8."""
    with port_of() as port, associated(port) as peer:
        peer.send(associate_rq())

        assert peer.ending() == [ABORT]


def test_nonsense_is_aborted_before_anybody_is_asked():
    """AA-1."""
    with port_of() as port, connected(port) as peer:
        peer.send(pdu(RQ, b"nonsense"))

        assert peer.ending() == [ABORT]
