"""Outbound associations: every way they fail has its own error and its own sentence."""

import socket
import threading
from contextlib import contextmanager

import pytest
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import BasicGrayscalePrintManagementMeta, Verification

from portal.dicom.association import Limits, Peer, associate, require_answer
from portal.dicom.errors import Aborted, ConnectFailed, NetworkRetriable, Rejected, TimedOut

LIMITS = Limits()
SHORT = Limits(connect=2, associate=2, message=1, idle=5)  # for who is silent


def echo(port, host="127.0.0.1", called="DEVICE", context=Verification, limits=LIMITS):
    peer = Peer(host, port, called, "PORTAL")
    with associate(peer, [build_context(context)], limits=limits) as assoc:
        return require_answer(assoc, assoc.send_c_echo(), "C-ECHO", limits.message)


@pytest.fixture
def device():
    """A Verification SCP called DEVICE that knows PORTAL only."""
    servers = []

    def start(handlers=(), **limits):
        ae = AE(ae_title="DEVICE")
        ae.add_supported_context(Verification)
        ae.require_called_aet = True
        ae.require_calling_aet = limits.get("calling", ["PORTAL"])
        ae.maximum_associations = limits.get("maximum", 10)
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
        servers.append(server)
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()


def test_an_answer_is_a_status_code(device):
    assert echo(device()) == 0x0000


def test_nobody_there(free_port):
    with pytest.raises(ConnectFailed, match=f"Nobody answers at 127.0.0.1:{free_port}"):
        echo(free_port)


def test_no_such_host():
    with pytest.raises(ConnectFailed, match=r"no host called nowhere\.invalid"):
        echo(104, host="nowhere.invalid")


def test_rejections_are_told_in_words(device):
    """PS3.8 9.3.4: result, source, reason become a sentence (printing.md §3, 19)."""
    with pytest.raises(Rejected, match="does not know our AE title PORTAL") as calling:
        echo(device(calling=["OTHER"]))
    with pytest.raises(Rejected, match="it is not called WRONG"):
        echo(device(), called="WRONG")
    with pytest.raises(Rejected, match="supports nothing that we asked for"):
        echo(device(), context=BasicGrayscalePrintManagementMeta)
    assert not calling.value.is_transient


def test_a_full_device_may_be_asked_again(device):
    port = device(maximum=1)
    peer = Peer("127.0.0.1", port, "DEVICE", "PORTAL")
    with (
        associate(peer, [build_context(Verification)], limits=LIMITS),
        pytest.raises(Rejected, match="no free association") as refusal,
    ):
        echo(port)
    assert refusal.value.is_transient


def test_an_abort_instead_of_an_answer(device):
    """pynetdicom returns an empty status after an abort (printing.md §4.3)."""

    def abort(event):
        event.assoc.abort()
        return 0x0000

    with pytest.raises(NetworkRetriable):
        echo(device([(evt.EVT_C_ECHO, abort)]))


def test_silence_is_a_named_time_limit(device):
    done = threading.Event()

    def wait(event):
        done.wait(60)
        return 0x0000

    with pytest.raises((TimedOut, Aborted), match="C-ECHO"):
        echo(device([(evt.EVT_C_ECHO, wait)]), limits=SHORT)
    done.set()


def test_a_listener_that_never_answers_the_association():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NetworkRetriable):
        echo(server.getsockname()[1], limits=SHORT)


def test_a_rejection_that_comes_at_once_is_not_overlooked():
    """pynetdicom 3.0.4 sees a closed connection, and forgets to look whether it was answered."""
    with listening() as port:
        for _ in range(150):
            with pytest.raises(Rejected, match="does not know our AE title"):
                echo(port)


@contextmanager
def listening():
    """A peer in C's speed: it rejects while the requestor's threads still wake up."""
    rejection = bytes.fromhex("03000000000400010103")
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            client.sendall(rejection)
            client.recv(65536)
            client.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
