"""TLS on its own port: client certificates, silent peers, old versions; with DCMTK's tools."""

import socket
import ssl
import subprocess
import threading
import warnings
from contextlib import contextmanager

import pytest

from portal import processes, services
from portal.dicom.tls import certificate_sha256
from portal.models import Knock, RemoteAE
from tests.peers.certificates import authority, issued
from tests.peers.dcmtk import findscu
from tests.waiting import wait_until
from tests.worklist.factories import make_step

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]
KEYS = ["PatientName", "AccessionNumber", "ScheduledProcedureStepSequence[0].Modality"]


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """The hospital's authority with certificates of ours, of CT1 and CT2; a forger's of CT1."""
    folder = tmp_path_factory.mktemp("certificates")
    hospital, forger = authority(folder, "hospital"), authority(folder, "forger")
    made = {name: issued(folder, name, hospital) for name in ("portal", "ct1", "ct2")}
    return made | {"hospital": hospital, "forged": issued(folder, "forged", forger)}


@pytest.fixture
def ct1(facility, actor):
    device, _ = services.device_set(
        facility_id=facility.pk, ae_title="CT1", host="", port=None, kind="modality", by=actor
    )
    return device


@contextmanager
def tls_port(settings, papers, *, has_ca=True):
    """Listen with TLS; with an authority, only its certificates come in."""
    settings.DICOM_BIND = "127.0.0.1"
    settings.DICOM_TLS_CERT = str(papers["portal"].file)
    settings.DICOM_TLS_KEY = str(papers["portal"].key)
    settings.DICOM_TLS_CA = str(papers["hospital"].file) if has_ca else ""
    with processes.listener(processes.listener_config(port=0, is_shared=False, tls=True)) as server:
        yield server.server_address[1]


@pytest.fixture
def secured(facility, ct1, settings, papers, stack):
    """A TLS port of each of our stacks that asks for client certificates."""
    with tls_port(settings, papers) as port:
        yield port


def with_certificate(papers, name):
    """What DCMTK's tools are told to show, and to trust."""
    own = papers[name]
    return ("+tls", str(own.key), str(own.file), "+cf", str(papers["hospital"].file))


def anonymous(papers):
    return ("+tla", "+cf", str(papers["hospital"].file))


def echoes(port, *options, aet="CT1"):
    """Whether DCMTK's echoscu is answered."""
    command = ["/usr/bin/echoscu", "-to", "5", "-ta", "5", *options, "-aet", aet, "-aec", "PORTAL"]
    run = subprocess.run(
        [*command, "127.0.0.1", str(port)], capture_output=True, timeout=60, check=False
    )
    return run.returncode == 0


def test_a_worklist_is_answered_to_who_shows_its_certificate(secured, ct1, papers, facility):
    """Issue 4-7: DCMTK's TLS findscu, with certificate."""
    make_step(facility)
    RemoteAE.objects.update(certificate_sha256=papers["ct1"].sha256)

    found = findscu(secured, KEYS, options=with_certificate(papers, "ct1"))

    assert (found.status, len(found.answers)) == (0x0000, 1)


def test_nobody_comes_in_without_a_certificate(secured, papers):
    """Issue 4-7: DCMTK's TLS findscu, without certificate; with an authority set, one is needed."""
    assert not echoes(secured, *anonymous(papers))
    assert findscu(secured, KEYS, options=anonymous(papers)).answers == []


def test_a_certificate_of_another_authority_does_not_count(secured, papers):
    assert not echoes(secured, *with_certificate(papers, "forged"))


def test_another_device_may_not_use_the_name(secured, papers):
    """A good certificate, but of CT2: bound titles are for their own certificate only."""
    RemoteAE.objects.update(certificate_sha256=papers["ct1"].sha256)

    assert not echoes(secured, *with_certificate(papers, "ct2"))
    assert echoes(secured, *with_certificate(papers, "ct1"))
    knock = wait_until(Knock.objects.first)
    assert (knock.reason, knock.certificate_sha256) == ("certificate", papers["ct2"].sha256)


def test_a_device_without_a_bound_certificate_may_show_any_of_the_authority(secured, papers):
    assert echoes(secured, *with_certificate(papers, "ct1"))
    assert echoes(secured, *with_certificate(papers, "ct2"))


def test_a_bound_device_does_not_come_in_by_the_plain_port(ct1, papers, running_scp):
    RemoteAE.objects.update(certificate_sha256=papers["ct1"].sha256)

    assert not echoes(running_scp)
    assert wait_until(Knock.objects.first).certificate_sha256 == ""


def test_without_an_authority_the_line_is_only_encrypted(facility, ct1, settings, papers, stack):
    """No client certificate is asked for: then nobody can be bound to one."""
    with tls_port(settings, papers, has_ca=False) as port:
        assert echoes(port, *anonymous(papers))
        RemoteAE.objects.update(certificate_sha256=papers["ct1"].sha256)
        assert not echoes(port, *with_certificate(papers, "ct1"))


def test_silent_connections_hold_up_nobody(secured, papers):
    """Issue 4-7: a silent connection must not stall the others."""
    silent = [socket.create_connection(("127.0.0.1", secured)) for _ in range(20)]
    half = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(*half, server_hostname="x")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    silent[0].sendall(half[1].read()[:20])  # the beginning of a handshake, and no more

    assert echoes(secured, *with_certificate(papers, "ct1"))

    for connection in silent:
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):  # it is still there, and nobody waited for its end
            connection.recv(1)
        connection.close()


def test_a_plain_client_is_dropped_and_the_next_one_served(secured, papers):
    assert not echoes(secured)
    assert echoes(secured, *with_certificate(papers, "ct1"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(secured, papers, version):
    """Issue 4-7: TLS 1.2 and 1.3 only (PS3.15 B.12 has none older, either)."""
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):  # said by our side
        connect(secured, papers, version)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_versions_of_tls_are_spoken(secured, papers, version):
    assert connect(secured, papers, version) == version.name.replace("_", ".")


def connect(port, papers, version):
    """Shake hands in this very version and say which was agreed on."""
    context = ssl.create_default_context(cafile=papers["hospital"].file)
    context.load_cert_chain(papers["ct1"].file, papers["ct1"].key)
    context.set_ciphers("ALL:@SECLEVEL=0")  # else our own side refuses what is to be tried
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
        context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        return secure.version()


def test_the_fingerprint_is_of_the_peers_certificate(papers):
    """What DCMTK shows and what `openssl x509 -fingerprint` prints are the same."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=papers["hospital"].file)
    server.load_cert_chain(papers["portal"].file, papers["portal"].key)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=papers["hospital"].file)
    client.load_cert_chain(papers["ct1"].file, papers["ct1"].key)
    ours, theirs = socket.socketpair()

    def shake():
        with client.wrap_socket(theirs, server_hostname="127.0.0.1") as secure:
            secure.recv(1)

    shaking = threading.Thread(target=shake)
    shaking.start()
    with server.wrap_socket(ours, server_side=True) as secure:
        assert certificate_sha256(secure) == papers["ct1"].sha256
        secure.sendall(b"x")
        shaking.join()
    assert certificate_sha256(None) == ""
    with socket.socket() as plain:
        assert certificate_sha256(plain) == ""
