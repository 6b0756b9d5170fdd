"""Testing and comparing a real archive: Orthanc, plain and over TLS (commitment.md §4, §8-8, 9)."""

from contextlib import contextmanager

import pytest
from django.utils import timezone

from portal import processes, services
from portal.models import RemoteAE
from portal.outbound import peer_of
from portal.probing import device_probe
from portal.types import Actor
from tests.peers.certificates import authority, issued
from tests.peers.orthanc import SC, Tls, make_instances, orthanc
from tests.worklist.expecting import make_archive, make_commitment
from worklist.dicom.archive_query import instances_at
from worklist.models import ArchivePolicy, StudyCommitment
from worklist.types.commitment import InstanceReference
from worklist.worker.cross_check import work_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]
BY = Actor.command("test")


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """The hospital's authority, with certificates of ours and of the archive."""
    folder = tmp_path_factory.mktemp("certificates")
    hospital = authority(folder, "hospital")
    made = {name: issued(folder, name, hospital) for name in ("portal", "archive")}
    return made | {"hospital": hospital}


@pytest.fixture
def ports(facility, settings, papers):
    """Our listener, on a plain and on a TLS port; yields both."""
    settings.DICOM_BIND = "127.0.0.1"
    settings.DICOM_TLS_CERT = str(papers["portal"].file)
    settings.DICOM_TLS_KEY = str(papers["portal"].key)
    settings.DICOM_TLS_CA = str(papers["hospital"].file)
    settings.COMMITMENT_PROBE_S = 6
    services.heartbeat(kind="scp", host="here", pid=1, started_at=timezone.now(), detail="")
    plain = processes.listener_config(port=0, is_shared=False)
    secure = processes.listener_config(port=0, is_shared=False, tls=True)
    with processes.listener(plain) as one, processes.listener(secure) as other:
        settings.DICOM_PORT = one.server_address[1]
        settings.DICOM_TLS_PORT = other.server_address[1]
        yield settings.DICOM_PORT, settings.DICOM_TLS_PORT


@contextmanager
def archive_at(facility, portal_port, *, tls=None, **options):
    """Orthanc on the list of devices; yields the peer and the device."""
    with orthanc(portal_port, tls=tls, **options) as peer:
        device = make_archive(facility, port=peer.port, has_tls=tls is not None)
        ArchivePolicy.objects.create(device=device, linger_s=0)  # it never uses our association
        yield peer, device


def tls_of(papers):
    return Tls(papers["archive"], papers["hospital"])


def tried(device):
    return list(device_probe(RemoteAE.objects.select_related("facility").get(pk=device.pk), by=BY))


def test_all_well(ports, facility, settings):
    """commitment.md §8-9: harmless on Orthanc, which answers 0112H on a new association."""
    settings.COMMITMENT_PROBE_S = 60
    with archive_at(facility, ports[0]) as (_, device):
        lines = tried(device)

    assert [line.is_ok for line in lines] == [True] * 5, lines
    assert "reported at our listener that it has no such image" in lines[-1].sentence


def test_all_well_over_tls(ports, facility, papers):
    with archive_at(facility, ports[1], tls=tls_of(papers)) as (_, device):
        lines = tried(device)

    assert [line.is_ok for line in lines] == [True] * 5, lines


def test_it_does_not_let_us_ask(ports, facility):
    """AllowStorageCommitment false: accepted, and aborted at the N-ACTION."""
    facility.ae_title = "MODALITY1"
    facility.save()
    with archive_at(facility, ports[0]) as (_, device):
        line = tried(device)[-1]

    assert (line.name, line.is_ok) == ("Request", False)
    assert "broke the association off" in line.sentence
    assert "allow storage commitment for MODALITY1" in line.advice


def test_another_port_was_entered_there(ports, facility, free_port):
    with archive_at(facility, free_port) as (_, device):
        line = tried(device)[-1]

    assert (line.name, line.is_ok) == ("Report back to us", False)
    assert "nobody knocked at our door" in line.sentence
    assert f"AE title PORTAL, host 127.0.0.1, port {ports[0]} without TLS" in line.advice
    assert f"port {ports[1]} with TLS" in line.advice


def test_it_speaks_tls_to_our_plain_port(ports, facility, papers):
    """commitment.md §4: archive TLS and plain listener: N-ACTION well, no report."""
    with archive_at(facility, ports[0], tls=tls_of(papers)) as (_, device):
        line = tried(device)[-1]

    assert f"spoke TLS at our port {ports[0]}, which speaks none" in line.sentence
    assert f"enter port {ports[1]}, or switch TLS off" in line.advice


def test_it_speaks_no_tls_to_our_tls_port(ports, facility):
    with archive_at(facility, ports[1]) as (_, device):
        line = tried(device)[-1]

    assert f"reached our TLS port {ports[1]}, but no TLS came about" in line.sentence
    assert f"or enter port {ports[0]}" in line.advice


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"portal_ae_title": "OTHER"}, "it does not know our AE title PORTAL"),
        ({"ae_title": "PACS"}, "it is not called ARCHIVE"),
    ],
)
def test_a_wrong_ae_title(ports, facility, names, words):
    with archive_at(facility, ports[0], **names) as (_, device):
        (line,) = tried(device)

    assert words in line.sentence
    assert "enter the portal as PORTAL at 127.0.0.1" in line.advice


@pytest.mark.parametrize("has_tls", [False, True])
def test_we_speak_otherwise_than_it_does(ports, facility, papers, has_tls):
    """The tick “Encrypted connection” at the device is wrong."""
    tls = None if has_tls else tls_of(papers)
    with archive_at(facility, ports[0], tls=tls) as (_, device):
        RemoteAE.objects.filter(pk=device.pk).update(has_tls=has_tls)
        (line,) = tried(device)

    assert not line.is_ok
    assert ("speaks no TLS" if has_tls else "speaks TLS") in line.advice


@pytest.mark.parametrize("has_tls", [False, True])
def test_its_list_is_compared_with_what_was_named(ports, facility, papers, has_tls):
    """§8-8: MPPS says three, the archive has two of them, and one that nobody named."""
    images = make_instances(4)
    named = [image.uid for image in images[:3]]
    tls = tls_of(papers) if has_tls else None
    with archive_at(facility, ports[has_tls], tls=tls) as (peer, device):
        peer.store(images)
        peer.delete(images[0].uid)
        now = timezone.now()
        answered = {"next_ask_at": None, "committed": 2, "failed": 1, "last_answer_at": now}
        make_commitment(device, images[0].study, named, next_check_at=now, **answered)
        listed = instances_at(peer_of(device), images[0].study)
        unknown = instances_at(peer_of(device), "1.2.3.4")
        assert work_once()

    assert set(listed) == {(image.series, InstanceReference(SC, image.uid)) for image in images[1:]}
    assert unknown == ()
    found = StudyCommitment.objects.get()
    assert (found.check_count, found.check_sentence) == (3, "")
    assert (found.check_more, found.check_fewer) == ([images[3].uid], [images[0].uid])


def test_an_archive_that_is_switched_off_is_asked_later(ports, facility):
    with archive_at(facility, ports[0]) as (peer, device):
        peer.stop()
        now = timezone.now()
        make_commitment(device, "1.2.3", ["1.2.3.4"], next_check_at=now, last_answer_at=now)
        assert work_once()

    found = StudyCommitment.objects.get()
    assert "Nobody answers" in found.check_sentence
    assert found.next_check_at > now
