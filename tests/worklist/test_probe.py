"""Testing an archive’s way back (commitment.md §8-9): what each fault of a scripted one says."""

import threading
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from portal import services
from portal.models import Knock, RemoteAE
from portal.probing import device_probe
from portal.types import Actor
from tests.peers.scripted_archive import (
    Reaction,
    Way,
    committed,
    elsewhere,
    failed,
    scripted_archive,
)
from tests.worklist.expecting import make_archive
from worklist.models import ArchivePolicy, CommitmentReport, CommitmentRequest

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor.command("test")
MISSING = Reaction(report=failed())


@pytest.fixture(autouse=True)
def _patient(settings):
    """A report that comes may take its time."""
    settings.COMMITMENT_PROBE_S = 60


@pytest.fixture
def quick(settings):
    """One that never comes is not waited for any longer than it must."""
    settings.COMMITMENT_PROBE_S = 4


@pytest.fixture
def listening(running_scp):
    """Our listener, with the sign of life that its process gives."""
    services.heartbeat(kind="scp", host="here", pid=1, started_at=timezone.now(), detail="")
    return running_scp


@pytest.fixture(params=["own"])
def stack(request, settings):
    """Storage commitment is pynetdicom's on both stacks: once is enough."""
    settings.DICOM_STACK = request.param
    return request.param


def tried(archive):
    return list(device_probe(RemoteAE.objects.select_related("facility").get(pk=archive.pk), by=BY))


@contextmanager
def reacting(facility, portal_port, *reactions, device="ARCHIVE", **how):
    """An archive on the list that reacts so."""
    with scripted_archive(portal_port, **how) as peer:
        peer.script(*reactions)
        yield make_archive(facility, device, port=peer.port)


def test_all_well_is_said_step_by_step(listening, facility):
    """§8-9: a random unknown UID, and 0112H on the listener."""
    with reacting(facility, listening, MISSING) as archive:
        lines = tried(archive)

    assert [(line.name, line.is_ok) for line in lines] == [
        ("Association and echo", True),
        ("Our listener", True),
        ("Storage commitment", True),
        ("Request", True),
        ("Report back to us", True),
    ]
    assert (
        lines[-1].sentence == "ARCHIVE reported at our listener that it has no such image (0112H)."
    )
    request = CommitmentRequest.objects.get()
    assert (request.purpose, request.state, request.asked_for) == ("probe", "answered", "test")
    assert CommitmentReport.objects.get().verdict == "probe"


@pytest.mark.parametrize("way", [Way.SAME, Way.EARLY])
def test_a_report_on_our_own_association_counts_as_well(listening, facility, way):
    """PS3.4 J.3.3.1.2 note."""
    with reacting(facility, listening, Reaction(report=failed(), way=way)) as archive:
        lines = tried(archive)

    assert lines[-1].is_ok
    assert "on our own association" in lines[-1].sentence


def test_nobody_is_left_on_the_association_when_it_is_over(listening, facility):
    """Its thread asked the database on, of whoever came next."""
    with reacting(facility, listening, MISSING) as archive:
        ArchivePolicy.objects.create(device=archive, linger_s=600)
        tried(archive)
        left = [one.name for one in threading.enumerate() if one.name.startswith("probe-")]

    assert left == []


def test_without_a_listener_of_ours_nothing_is_asked(running_scp, facility):
    with reacting(facility, running_scp, MISSING) as archive:
        lines = tried(archive)

    assert (lines[-1].name, lines[-1].is_ok) == ("Our listener", False)
    assert "run_scp" in lines[-1].advice
    assert not CommitmentRequest.objects.exists()


def test_it_does_not_know_us(facility):
    """PS3.8 Table 9-21: 1/1/3."""
    with strict_archive("ARCHIVE", calling="OTHER") as port:
        line = tried(make_archive(facility, port=port))[-1]

    assert "it does not know our AE title PORTAL" in line.sentence
    assert "enter the portal as PORTAL" in line.advice


def test_it_is_not_called_so(facility):
    """PS3.8 Table 9-21: 1/1/7."""
    with strict_archive("PACS", calling="PORTAL") as port:
        line = tried(make_archive(facility, port=port))[-1]

    assert "it is not called ARCHIVE" in line.sentence


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        ({}, "does not offer storage commitment"),
        ({"transfer_syntax": "1.2.840.10008.1.2.2"}, "in no transfer syntax of ours"),
        ({"scu_role": False, "scp_role": True}, "does not take us in the SCU role"),
    ],
)
def test_it_does_not_offer_what_is_needed(listening, facility, offer, words):
    """PS3.4 J.2.1: SOP class and role are negotiated."""
    with strict_archive("ARCHIVE", calling="PORTAL", offer=offer) as port:
        line = tried(make_archive(facility, port=port))[-1]

    assert (line.name, line.is_ok) == ("Storage commitment", False)
    assert words in line.sentence
    assert not CommitmentRequest.objects.exists()


@contextmanager
def strict_archive(title, *, calling, offer=None):
    """Somebody who is particular about titles, and offers no more than told."""
    ae = AE(ae_title=title)
    ae.require_called_aet = True
    ae.require_calling_aet = [calling]
    ae.add_supported_context(Verification)
    if offer:
        ae.add_supported_context(StorageCommitmentPushModel, **offer)
    handlers = [(evt.EVT_C_ECHO, lambda event: 0x0000)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    yield server.server_address[1]
    server.shutdown()


@pytest.mark.parametrize(
    ("reaction", "words", "advice"),
    [
        (Reaction(aborts=True), "broke the association off", "allow storage commitment for PORTAL"),
        (Reaction(status=0x0124, comment="not you"), "0124H, “not you”", "let PORTAL ask"),
    ],
)
def test_it_does_not_take_the_request(listening, facility, reaction, words, advice):
    """commitment.md §4: Orthanc aborts where it does not let somebody ask."""
    with reacting(facility, listening, reaction) as archive:
        line = tried(archive)[-1]

    assert (line.name, line.is_ok) == ("Request", False)
    assert words in line.sentence
    assert advice in line.advice


@pytest.mark.usefixtures("quick")
def test_no_report_comes_since_it_was_told_another_port(listening, facility, settings, free_port):
    """§3: the report goes to the host and port that were entered at the archive."""
    settings.DICOM_PORT = listening
    with reacting(facility, free_port, MISSING) as archive:
        line = tried(archive)[-1]

    assert line.sentence == "ARCHIVE sent no report within 4 s: nobody knocked at our door."
    assert f"AE title PORTAL, host 127.0.0.1, port {listening} without TLS" in line.advice
    assert CommitmentRequest.objects.get().state == "unanswered"


class Wrongly:
    """Makes an archive report under other titles than those it was asked by."""

    def __init__(self, peer, **titles):
        self._peer, self._titles = peer, titles

    def __call__(self, asked):
        report = failed()(asked)
        threading.Timer(0.2, self._peer.report, (report,), self._titles).start()
        return elsewhere("1.2.3")(asked)


@pytest.mark.parametrize(
    ("titles", "words", "advice"),
    [
        ({"called": "WRONG"}, "knocked for “WRONG”: nobody", "enter PORTAL as the AE title"),
        ({"calling": "STRANGER"}, "from “STRANGER”, which is not on the list", "call itself ARCH"),
        ({"calling": "OTHER"}, "but from OTHER, not from ARCHIVE", "to OTHER"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_the_report_comes_under_a_wrong_title(listening, facility, titles, words, advice):
    make_archive(facility, "OTHER")
    with scripted_archive(listening) as peer:
        wrongly = Wrongly(peer, **titles)
        peer.script(Reaction(report=lambda asked: wrongly(asked), delay_s=60))
        line = tried(make_archive(facility, port=peer.port))[-1]

    assert (line.name, line.is_ok) == ("Report back to us", False)
    assert words in line.sentence
    assert advice in line.advice


@pytest.mark.usefixtures("quick")
def test_the_report_comes_to_another_facility(listening, facility):
    other, _ = services.facility_set(code="north", ae_title="NORTH", name="North", by=BY)
    make_archive(other)
    with scripted_archive(listening) as peer:
        wrongly = Wrongly(peer, called="NORTH")
        peer.script(Reaction(report=lambda asked: wrongly(asked), delay_s=60))
        line = tried(make_archive(facility, port=peer.port))[-1]

    assert "another facility of this portal" in line.sentence


@pytest.mark.usefixtures("quick")
def test_others_who_knock_meanwhile_are_not_taken_for_the_archive(listening, facility, knock_of):
    with reacting(facility, listening, Reaction(report=None)) as archive:
        timer = threading.Timer(1, knock_of, ("MR7", "10.9.9.9"))
        timer.start()
        line = tried(archive)[-1]
        timer.join()

    assert "nobody knocked" in line.sentence
    assert "Others were turned away meanwhile: MR7 from 10.9.9.9." in line.sentence


@pytest.fixture
def knock_of(facility):
    """Have somebody turned away."""

    def knock(calling, address):
        now = timezone.now()
        Knock.objects.create(
            facility=facility,
            called_ae_title="PORTAL",
            calling_ae_title=calling,
            address=address,
            reason="calling-unknown",
            first_at=now,
            last_at=now,
        )
        connections.close_all()

    return knock


def test_an_archive_that_confirms_everything_is_found_out(listening, facility):
    """What it says of an image that does not exist tells what its word is worth."""
    with reacting(facility, listening, Reaction(report=committed)) as archive:
        line = tried(archive)[-1]

    assert not line.is_ok
    assert line.sentence == "ARCHIVE confirmed an image that does not exist."


def test_another_reason_is_told(listening, facility):
    with reacting(facility, listening, Reaction(report=failed(reason=0x0110))) as archive:
        line = tried(archive)[-1]

    assert not line.is_ok
    assert "says 0110H in place of 0112H" in line.sentence


def test_a_wrong_event_type_is_told_but_the_way_is_good(listening, facility):
    """PS3.4 Table J.3-2: failures are event type 2; the content counts."""
    with reacting(facility, listening, Reaction(report=failed(), event_type=1)) as archive:
        line = tried(archive)[-1]

    assert line.is_ok
    assert "the content counts" in line.sentence


def test_the_command_says_every_step_and_exits_with_0(listening, facility, capsys):
    with reacting(facility, listening, MISSING):
        call_command("device", "test", "ARCHIVE")

    out = capsys.readouterr().out
    assert out.count("\n") == 5
    assert "Report back to us: ARCHIVE reported at our listener" in out


@pytest.mark.usefixtures("quick")
def test_the_command_fails_with_what_to_do(listening, facility, free_port, capsys):
    with reacting(facility, free_port, MISSING), pytest.raises(CommandError) as failure:
        call_command("device", "test", "ARCHIVE")

    assert "nobody knocked at our door. At ARCHIVE, enter: AE title PORTAL" in str(failure.value)
    assert "Request: ARCHIVE took the request" in capsys.readouterr().out
