"""One side speaks TLS and the other does not: nobody is served, and the list of knocks says why."""

import socket
import subprocess

import pytest

from portal import processes, services_knocks
from portal.errors import Conflict
from portal.models import Knock
from tests.peers.certificates import authority, issued
from tests.portal.pages import said
from tests.waiting import wait_until

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """The hospital's authority with certificates of ours and of ARCHIVE; another authority's."""
    folder = tmp_path_factory.mktemp("certificates")
    hospital, forger = authority(folder, "hospital"), authority(folder, "forger")
    made = {name: issued(folder, name, hospital) for name in ("portal", "archive")}
    return made | {"hospital": hospital, "forger": forger, "forged": issued(folder, "f", forger)}


@pytest.fixture
def tls_port(transactional_db, facility, settings, papers, stack):
    """Our TLS port, on each of our stacks."""
    settings.DICOM_BIND = "127.0.0.1"
    settings.DICOM_TLS_CERT = str(papers["portal"].file)
    settings.DICOM_TLS_KEY = str(papers["portal"].key)
    settings.DICOM_TLS_CA = str(papers["hospital"].file)
    with processes.listener(processes.listener_config(port=0, is_shared=False, tls=True)) as server:
        yield server.server_address[1]


def echoes(port, *options):
    """Whether DCMTK's echoscu is answered."""
    command = ["/usr/bin/echoscu", "-to", "5", "-ta", "5", *options, "-aet", "ARCHIVE"]
    run = subprocess.run(
        [*command, "-aec", "PORTAL", "127.0.0.1", str(port)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return run.returncode == 0


def with_certificate(papers, name, trusted="hospital"):
    own = papers[name]
    return ("+tls", str(own.key), str(own.file), "+cf", str(papers[trusted].file))


def test_tls_at_the_plain_port_is_noted(running_scp, papers):
    """commitment.md §4: an archive with TLS on, and our plain port entered there."""
    assert not echoes(running_scp, *with_certificate(papers, "archive"))

    knock = wait_until(Knock.objects.first)
    assert (knock.reason, knock.address) == ("tls-on-plain", "127.0.0.1")
    assert (knock.calling_ae_title, knock.called_ae_title, knock.facility) == ("", "", None)


def test_plain_at_the_tls_port_is_noted(tls_port):
    assert not echoes(tls_port)

    assert wait_until(Knock.objects.first).reason == "tls-failed"


def test_a_certificate_that_one_side_does_not_accept_is_noted(tls_port, papers):
    assert not echoes(tls_port, *with_certificate(papers, "forged"))
    assert not echoes(tls_port, *with_certificate(papers, "archive", trusted="forger"))

    assert wait_until(Knock.objects.filter(times=2).first).reason == "tls-failed"


def test_who_only_looks_whether_the_port_is_open_is_not_noted(tls_port, papers):
    """Load balancers do so every few seconds."""
    for _ in range(3):
        socket.create_connection(("127.0.0.1", tls_port)).close()
    assert not echoes(tls_port)  # noted, so whatever came before would be as well

    assert wait_until(Knock.objects.first).times == 1


def test_the_list_says_it_in_plain_words_and_offers_no_admission(administrator, knock, actor):
    for reason in ("tls-on-plain", "tls-failed"):
        row = knock(reason=reason, calling_ae_title="", called_ae_title="", facility_id=None)
        page = said(administrator.get("/devices/"))

        assert "Somebody" in page
        assert ("Point it to the TLS port" in page) is (reason == "tls-on-plain")
        assert ("No TLS came about" in page) is (reason == "tls-failed")
        assert "Admit" not in page
        with pytest.raises(Conflict, match="Nobody knows who that was"):
            services_knocks.knock_admit(knock_id=row.pk, by=actor)
