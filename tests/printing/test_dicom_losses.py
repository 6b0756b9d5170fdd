"""Connections lost at every step: what is certain, and what nobody knows (printing.md §2.5)."""

import ssl
import subprocess
import sys

import pytest
from pydicom.dataset import Dataset
from pynetdicom import service_class

from portal.dicom.association import Peer
from portal.dicom.errors import InvalidDataset, NetworkRetriable
from printing.dicom.request import PrintRequest
from printing.dicom.sending import fragments
from printing.dicom.statuses import Busy, NotSent, OutcomeUnknown
from printing.types import Capabilities
from tests.peers.certificates import authority, issued
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import Notes, page, pixels, print_to

BEFORE = [
    "N-GET Printer",
    "N-CREATE BasicFilmSession",
    "N-CREATE BasicFilmBox",
    "N-SET BasicGrayscaleImageBox",
]


@pytest.mark.parametrize("how", ["is_aborting", "is_dropping"])
@pytest.mark.parametrize("on", BEFORE)
def test_a_loss_before_the_n_action_may_be_repeated(on, how):
    """§2.5: everything is discarded, safe to send again."""
    notes = Notes()
    with (
        sim_printer(rules=[Rule(on, **{how: True})]) as printer,
        pytest.raises(NetworkRetriable),
    ):
        print_to(printer.port, page(), notes=notes)

    assert (notes.sent, printer.printed) == ([], 0)


@pytest.mark.parametrize("how", ["is_aborting", "is_dropping"])
@pytest.mark.parametrize("is_done", [False, True])
def test_a_loss_after_the_n_action_went_out_is_unknown(how, is_done):
    """§2.5: whether the film comes out, only a person can see."""
    notes = Notes()
    rule = Rule("N-ACTION", nth=2, is_done=is_done, **{how: True})
    with sim_printer(rules=[rule]) as printer, pytest.raises(OutcomeUnknown, match="page 2"):
        print_to(printer.port, page(1), page(2), page(3), notes=notes)

    assert (notes.sent, notes.accepted) == ([1, 2], [1])
    assert printer.printed == (2 if is_done else 1)


def test_an_answer_that_comes_too_late_is_unknown():
    """§2.5 (lab): a delay longer than the limit printed the page though the SCU saw nothing."""
    notes = Notes()
    with (
        sim_printer(rules=[Rule("N-ACTION", delay_after=1.5)]) as printer,
        pytest.raises(OutcomeUnknown, match=r"within 0\.5 s"),
    ):
        print_to(printer.port, page(), notes=notes, action_timeout=0.5)

    assert (notes.accepted, printer.printed) == ([], 1)


@pytest.mark.peer
def test_dcmprscp_without_its_database_at_the_n_action(tmp_path):
    """It answers 0110 or drops the connection, and prints nothing: never an acceptance."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:
        notes.may_go = lambda *sent: (tmp_path / "db").rename(tmp_path / "away") or True
        with pytest.raises((OutcomeUnknown, Busy)):
            print_to(peer.port, page(), notes=notes)

    assert notes.accepted == []


@pytest.mark.peer
def test_dcmprscp_without_its_database_at_a_picture(tmp_path):
    """It aborts in the middle of the N-SET: safe to send again."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:

        def drawn(bits, is_color):
            (tmp_path / "db").rename(tmp_path / "away")
            yield pixels()

        with pytest.raises(NetworkRetriable):
            print_to(peer.port, page(draw=drawn), notes=notes)

    assert notes.sent == []


@pytest.mark.peer
def test_dcmprscp_that_is_killed_at_the_n_action(tmp_path):
    """A SIGKILL before the request can arrive: unknown all the same, or certainly not sent."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:
        notes.may_go = lambda *sent: peer.process.kill() or peer.process.wait() or True
        with pytest.raises((OutcomeUnknown, NotSent)):
            print_to(peer.port, page(), notes=notes)
        assert peer.films() == []

    assert notes.accepted == []


def test_a_connection_that_is_gone_before_the_n_action_is_no_question():
    """Nothing was sent: certainly no film, and no person is asked."""
    notes = Notes()
    with sim_printer() as printer:
        notes.may_go = lambda *sent: printer.stop() or True
        with pytest.raises((NotSent, OutcomeUnknown)):
            print_to(printer.port, page(), notes=notes)

    assert (notes.accepted, printer.printed) == ([], 0)


def test_a_watcher_that_fails_before_the_n_action_ends_it():
    """Contract: a database away at that moment means no N-ACTION."""
    notes = Notes()

    def failing(*sent):
        raise OSError("the database is away")

    notes.may_go = failing
    with sim_printer() as printer, pytest.raises(OSError, match="the database is away"):
        print_to(printer.port, page(), notes=notes)

    assert not any(said.startswith("N-ACTION") for said in printer.requests)


def test_a_watcher_that_fails_at_a_report_does_not_lose_an_acceptance():
    """A report between N-ACTION and its answer is told after the page was accepted."""
    notes = Notes()

    class Failing(list):
        def append(self, report):
            if report.status_info == "SUPPLY LOW":
                raise OSError("the database is away")

    notes.reports = Failing()
    rule = Rule("N-ACTION", report=(2, "SUPPLY LOW"))
    with sim_printer(rules=[rule]) as printer, pytest.raises(OSError, match="away"):
        print_to(printer.port, page(), notes=notes)

    assert (notes.accepted, printer.printed) == ([1], 1)


@pytest.mark.parametrize(
    "granted",
    [
        {"ReferencedPrintJobSequencePullStoredPrint": []},
        {"ReferencedPrintJobSequencePullStoredPrint": [Dataset()]},
    ],
    ids=["empty", "without uid"],
)
def test_an_odd_answer_to_the_n_action_is_still_an_acceptance(granted):
    """What stands in the reply decides nothing: the status does."""
    notes = Notes()
    asked = PrintRequest(Capabilities(has_print_job=True))
    with sim_printer(rules=[Rule("N-ACTION", granted=granted)]) as printer:
        print_to(printer.port, page(), notes=notes, request=asked, follow_s=0.1)

    assert (notes.accepted, printer.printed) == ([1], 1)


@pytest.mark.parametrize("reply", [b"\xff" * 7, b"\x00\x21\x00\x05SQ\x00\x00\xff\xff\xff\x7fabc"])
def test_an_unreadable_answer_to_the_n_action_is_still_an_acceptance(reply, monkeypatch):
    """pynetdicom would call it a failure (0110), and the page would be sent again."""
    notes = Notes()
    asked = PrintRequest(Capabilities(has_print_job=True))
    rule = Rule("N-ACTION", granted={"PrinterName": "X"})
    with sim_printer(rules=[rule]) as printer:
        _sending_raw(monkeypatch, reply)
        print_to(printer.port, page(), notes=notes, request=asked, follow_s=0.1)

    assert (notes.accepted, printer.printed) == ([1], 1)


def _sending_raw(monkeypatch, reply: bytes) -> None:
    """Have the printer's next answers to N-ACTION carry these bytes."""
    encode = service_class.encode

    def raw(ds, *syntax):
        is_reply = "ExecutionStatus" not in ds and "PrinterName" in ds and len(ds) <= 2
        return reply if is_reply and "PrinterStatus" not in ds else encode(ds, *syntax)

    monkeypatch.setattr(service_class, "encode", raw)


@pytest.mark.filterwarnings("ignore:The value length:UserWarning")
@pytest.mark.parametrize("uid", ["", "1" + ".1" * 32])
def test_a_film_box_whose_references_have_no_uid(uid):
    """Hostile or broken: no N-SET into nowhere; a UID has 64 characters (PS3.5 9.1)."""
    keyword, box = "ReferencedImageBoxSequence", Dataset()
    box.ReferencedSOPInstanceUID = uid
    with (
        sim_printer(rules=[Rule("N-CREATE BasicFilmBox", granted={keyword: [box]})]) as peer,
        pytest.raises(InvalidDataset, match=keyword),
    ):
        print_to(peer.port, page())


def test_tls(tmp_path):
    """PS3.15 B.12: the same film over TLS."""
    trusted = authority(tmp_path, "trusted")
    own = issued(tmp_path, "film", trusted)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(own.file, own.key)
    client = ssl.create_default_context(cafile=str(trusted.file))
    client.check_hostname = False
    notes = Notes()
    with sim_printer(tls=server) as printer:
        peer = Peer("127.0.0.1", printer.port, "FILM", "PORTAL", tls=client)
        print_to(printer.port, page(side=900), notes=notes, peer=peer)
        assert (printer.printed, notes.accepted) == (1, [1])


# --- sending --------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 7, 10, 11, 100, 4090])
def test_fragments_are_the_whole_and_no_more(size):
    """PS3.8 Annex E: every one full but the last, and only that one is marked."""
    parts = (bytes(range(11)), b"", memoryview(bytes(range(200, 210))), b"\0")

    found = list(fragments(parts, size))

    assert b"".join(piece for piece, _ in found) == b"".join(parts)
    assert all(len(piece) == size for piece, _ in found[:-1])
    assert [is_last for _, is_last in found] == [False] * (len(found) - 1) + [True]


MEASURE = """
import mmap, sys, threading
from portal.dicom.association import Limits
from printing.dicom.request import PrintRequest
from printing.types import BoxPixels
from tests.printing.scu_notes import page, print_to

def drawn(bits, is_color):
    with open(sys.argv[2], "rb") as file:
        held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    yield BoxPixels(1, 5100, 4200, 12, memoryview(held))

def own_kilobytes():
    return int(open("/proc/self/status").read().split("RssAnon:")[1].split()[0])

def sample():
    while not stop.wait(0.005):
        seen.append(own_kilobytes())

stop, seen = threading.Event(), [own_kilobytes()]
thread = threading.Thread(target=sample)
thread.start()
limits = Limits(message=60, idle=None)
print_to(int(sys.argv[1]), page(draw=drawn), request=PrintRequest(bits=12), limits=limits)
stop.set()
thread.join()
print((max(seen) - seen[0]) // 1024)
"""


@pytest.mark.peer
def test_a_picture_of_43_mb_is_sent_from_where_it_lies(tmp_path):
    """Issue line 15: pynetdicom by itself would hold it three times over (printing.md §4.1)."""
    pixels = tmp_path / "pixels"
    pixels.write_bytes(bytes(4200 * 5100 * 2))
    with film_printer(tmp_path / "film", "film12") as peer:
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, str(peer.port), str(pixels)],
            check=True,
            capture_output=True,
            text=True,
        )
        (film,) = peer.films()

    assert film.images[1].shape == (5100, 4200)
    assert int(measured.stdout) < 16  # megabytes of memory of its own
