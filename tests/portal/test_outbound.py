"""The way to a device: plain, or over TLS; and why there is none (with DCMTK's tools as peers)."""

import socket
import subprocess
import threading
from contextlib import contextmanager

import pytest
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import CTImageStorage, Verification

from portal.dicom.association import Limits, associate
from portal.dicom.errors import ConnectFailed, NetworkError
from portal.dicom.tls import WayFault, way_fault
from portal.echo import echo
from portal.outbound import client_tls, peer_of
from portal.probing import device_probe, our_address
from portal.types import Actor
from tests.peers.certificates import authority, issued
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.peer]
LIMITS = Limits(idle=None)
BY = Actor.command("test")


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """The hospital's authority with certificates of ours and of an archive; another authority's."""
    folder = tmp_path_factory.mktemp("certificates")
    hospital, forger = authority(folder, "hospital"), authority(folder, "forger")
    made = {name: issued(folder, name, hospital) for name in ("portal", "archive")}
    forged = {name: issued(folder, name, forger) for name in ("forged", "alien")}
    return made | forged | {"hospital": hospital, "forger": forger}


@pytest.fixture
def ours(settings, papers):
    """Our own certificate, and whom we trust."""
    settings.DICOM_TLS_CERT = str(papers["portal"].file)
    settings.DICOM_TLS_KEY = str(papers["portal"].key)
    settings.DICOM_TLS_CA = str(papers["hospital"].file)


@contextmanager
def storescp(port, folder, *options):
    """DCMTK's storescp, which answers C-ECHO too."""
    command = ["/usr/bin/storescp", "-od", str(folder), *options, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            wait_until(lambda: is_open(port))
            yield port
        finally:
            process.terminate()
            process.communicate()


def is_open(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def with_tls(papers, name="archive", trusted="hospital"):
    own = papers[name]
    return ("+tls", str(own.key), str(own.file), "+cf", str(papers[trusted].file))


def device_at(make_device, port, **values):
    given = {"host": "127.0.0.1", "port": port, "kind": "viewer"} | values
    return make_device("STORE", **given)


@pytest.mark.usefixtures("ours")
def test_a_device_with_tls_is_reached_over_tls(make_device, papers, free_port, tmp_path):
    """PS3.15 B.12: mutual TLS, each with a certificate of the hospital's authority."""
    with storescp(free_port, tmp_path, *with_tls(papers)):
        result = echo(device_at(make_device, free_port, has_tls=True))

    assert result.is_ok, result.sentence


@pytest.mark.usefixtures("ours")
def test_every_association_of_ours_goes_the_same_way(make_device, papers, free_port, tmp_path):
    device = device_at(make_device, free_port, has_tls=True)
    contexts = [build_context(CTImageStorage), build_context(Verification)]
    with (
        storescp(free_port, tmp_path, *with_tls(papers)),
        associate(peer_of(device), contexts, limits=LIMITS) as assoc,
    ):
        assert len(assoc.accepted_contexts) == 2


def test_a_device_without_tls_is_reached_plain(make_device, free_port, tmp_path):
    with storescp(free_port, tmp_path):
        device = device_at(make_device, free_port)
        assert peer_of(device).tls is None
        assert echo(device).is_ok


def test_a_device_without_an_address_is_said(make_device):
    with pytest.raises(ConnectFailed, match="STORE has no address"):
        peer_of(device_at(make_device, None, host=""))


def test_tls_needs_somebody_to_trust(make_device, settings, free_port):
    settings.DICOM_TLS_CA = ""
    result = echo(device_at(make_device, free_port, has_tls=True))

    assert not result.is_ok
    assert "PORTAL_DICOM_TLS_CA" in result.sentence


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    ("options", "has_tls", "fault", "words"),
    [
        ((), True, WayFault.PEER_IS_PLAIN, "speaks no TLS at this port"),
        (("archive", "hospital"), False, WayFault.WE_ARE_PLAIN, "speaks TLS at this port"),
        (("forged", "hospital"), True, WayFault.PEER_NOT_TRUSTED, "no authority that the portal"),
        (("archive", "forger"), True, WayFault.WE_ARE_NOT_TRUSTED, "does not accept the portal"),
    ],
)
def test_tls_faults_are_told_apart(
    make_device, papers, free_port, tmp_path, options, has_tls, fault, words
):
    """commitment.md §8-9: a test tells TLS faults apart, with what to do."""
    device = device_at(make_device, free_port, has_tls=has_tls)
    with storescp(free_port, tmp_path, *(with_tls(papers, *options) if options else ())):
        context = client_tls() if has_tls else None
        assert way_fault("127.0.0.1", free_port, context) == fault
        (line,) = device_probe(device, by=BY)

    assert not line.is_ok
    assert words in line.advice


@pytest.mark.usefixtures("ours")
def test_where_all_is_well_there_is_no_fault(papers, free_port, tmp_path):
    with storescp(free_port, tmp_path, *with_tls(papers)):
        assert way_fault("127.0.0.1", free_port, client_tls()) is None
    with storescp(free_port, tmp_path):
        assert way_fault("127.0.0.1", free_port, None) is None
    assert way_fault("127.0.0.1", free_port, None) is None  # nobody there: not for want of TLS


@pytest.mark.usefixtures("ours")
def test_a_silent_port_holds_up_nobody():
    """It accepts and says nothing: no TLS, whatever it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = []
        thread = threading.Thread(
            target=lambda: found.append(way_fault("127.0.0.1", port, client_tls()))
        )
        thread.start()
        thread.join(timeout=100)

    assert found == [WayFault.PEER_IS_PLAIN]


@pytest.mark.usefixtures("ours")
def test_a_network_fault_of_tls_is_one_of_ours(make_device, free_port, tmp_path):
    """Callers know one family of errors."""
    device = device_at(make_device, free_port, has_tls=True)
    with (
        storescp(free_port, tmp_path),
        pytest.raises(NetworkError),
        associate(peer_of(device), [build_context(Verification)], limits=LIMITS),
    ):
        pass


def test_our_address_is_the_one_that_leads_there():
    assert our_address("127.0.0.1") == "127.0.0.1"
    assert our_address("nowhere.invalid")
