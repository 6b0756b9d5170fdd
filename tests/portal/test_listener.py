"""The door for devices: admission, TLS, TCP settings; on sockets, with our and DCMTK's SCU."""

import socket
import ssl
import subprocess
import time
from contextlib import ExitStack

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from portal import processes, services
from portal.dicom import listening
from portal.models import RemoteAE
from tests.peers.raw_dicom import connected
from tests.peers.raw_pdus import RJ, associate_rq
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ct1(facility, actor):
    device, _ = services.device_set(
        facility_id=facility.pk,
        ae_title="CT1",
        host="127.0.0.1",
        port=104,
        kind="modality",
        by=actor,
    )
    return device


def associate(port, calling="CT1", called="PORTAL", **kwargs):
    ae = AE(ae_title=calling)
    ae.add_requested_context(Verification)
    return ae.associate("127.0.0.1", port, ae_title=called, **kwargs)


def rejection(port, calling="CT1", called="PORTAL"):
    """Result, source and reason of the rejection; pynetdicom's SCU misses one that is quick."""
    with connected(port) as peer:
        peer.send(associate_rq(called=called.encode(), calling=calling.encode()))
        kind, body = peer.read_pdu()
    assert kind == RJ
    return tuple(body[1:])


def test_a_known_device_is_admitted_and_noted(running_scp, ct1):
    assoc = associate(running_scp)

    assert assoc.is_established
    assert assoc.send_c_echo().Status == 0x0000
    assoc.release()
    wait_until(lambda: RemoteAE.objects.get().last_heard_at)


@pytest.mark.parametrize(
    ("calling", "called", "reason"), [("NOBODY", "PORTAL", 3), ("CT1", "WRONG", 7)]
)
def test_strangers_are_rejected_with_the_reason(running_scp, ct1, calling, called, reason):
    """PS3.8 Table 9-21: 1/1/3 calling AE title, 1/1/7 called AE title not recognized."""
    assert rejection(running_scp, calling, called) == (1, 1, reason)


def test_a_disabled_device_is_rejected(running_scp, ct1):
    RemoteAE.objects.update(is_enabled=False)

    assert rejection(running_scp) == (1, 1, 3)


def test_a_device_of_another_facility_is_a_stranger_here(running_scp, ct1, actor):
    services.facility_set(code="east", ae_title="EAST", name="East", by=actor)

    assert rejection(running_scp, called="EAST") == (1, 1, 3)


@pytest.mark.peer
def test_dcmtk_echoscu_is_answered(running_scp, ct1):
    done = subprocess.run(
        ["/usr/bin/echoscu", "-aet", "CT1", "-aec", "PORTAL", "127.0.0.1", str(running_scp)],
        check=False,
    )
    assert done.returncode == 0


def test_our_side_sends_without_delay(stack, facility, monkeypatch):
    """worklist.md §4.2: without TCP_NODELAY every message waits for a delayed ACK."""
    set_on: list[int] = []
    plain = socket.socket.setsockopt

    def note(sock, level, option, value):
        if (level, option) == (socket.IPPROTO_TCP, socket.TCP_NODELAY) and value:
            set_on.append(sock.getsockname()[1])
        return plain(sock, level, option, value)

    monkeypatch.setattr(socket.socket, "setsockopt", note, raising=False)
    config = processes.listener_config(port=0, is_shared=False)
    with processes.listener(config) as server, socket.create_connection(server.server_address):
        wait_until(lambda: server.server_address[1] in set_on)


def test_more_than_ten_devices_at_once(running_scp, ct1):
    """performance.md §1: `AE.maximum_associations` is 10 by default."""
    open_ones = [associate(running_scp) for _ in range(25)]

    assert all(assoc.is_established for assoc in open_ones)
    for assoc in open_ones:
        assoc.release()


def test_a_silent_client_on_the_tls_port_holds_up_nobody(facility, ct1, certificate, settings):
    """performance.md §1, traps: the handshake runs off the accept loop."""
    settings.DICOM_TLS_CERT, settings.DICOM_TLS_KEY = map(str, certificate)
    settings.DICOM_BIND = "127.0.0.1"
    client = ssl.create_default_context(cafile=str(certificate[0]))
    config = processes.listener_config(port=0, is_shared=False, tls=True)
    with processes.listener(config) as server:
        port = server.server_address[1]
        with socket.create_connection(("127.0.0.1", port)):  # says nothing at all
            assoc = associate(port, tls_args=(client, "127.0.0.1"))
            assert assoc.is_established
            assert assoc.send_c_echo().Status == 0x0000
            assoc.release()


def test_a_plain_client_on_the_tls_port_is_dropped(facility, ct1, certificate, settings):
    settings.DICOM_TLS_CERT, settings.DICOM_TLS_KEY = map(str, certificate)
    settings.DICOM_BIND = "127.0.0.1"
    with processes.listener(processes.listener_config(port=0, is_shared=False, tls=True)) as server:
        assoc = associate(server.server_address[1])
        assert not assoc.is_established


def test_two_processes_can_share_the_port(facility, ct1, settings, free_port):
    """architecture.md §2: several processes share one listening socket."""
    settings.DICOM_BIND = "127.0.0.1"
    one = processes.listener_config(port=free_port, is_shared=True)
    two = processes.listener_config(port=free_port, is_shared=True)
    with processes.listener(one), processes.listener(two):
        assoc = associate(free_port)
        assert assoc.is_established
        assoc.release()


def test_stopping_waits_for_nobody_who_asked_for_nothing(facility, settings, monkeypatch):
    """Connections without a request have nothing to finish: also with pynetdicom's stack."""
    settings.DICOM_BIND, settings.DICOM_STACK = "127.0.0.1", "pynetdicom"
    monkeypatch.setattr(listening, "DRAIN_SECONDS", 100)
    config = processes.listener_config(port=0, is_shared=False)
    with ExitStack() as silent:
        with processes.listener(config) as server:
            for _ in range(3):
                silent.enter_context(socket.create_connection(server.server_address))
            wait_until(lambda: len(server.active_associations) == 3)
            began = time.monotonic()
        assert time.monotonic() - began < 50


def test_a_stopped_listener_frees_its_port(facility, ct1, settings, free_port):
    settings.DICOM_BIND = "127.0.0.1"
    for _ in range(2):
        with processes.listener(processes.listener_config(port=free_port, is_shared=False)):
            assoc = associate(free_port)
            assert assoc.is_established
            assoc.release()
