"""The Print SCU on the wire: what is said, and what is lost."""

import socket
import threading

import pytest

from portal.dicom.association import Limits
from portal.dicom.errors import ConnectFailed, NetworkRetriable
from printing.dicom.request import PrintRequest
from printing.dicom.statuses import (
    OutcomeUnknown,
    Refused,
)
from printing.types import BoxPixels
from tests.peers.printer import film_printer
from tests.peers.printer_faults import faulty_printer
from tests.printing.scu_notes import Notes, page, print_to


@pytest.mark.peer
def test_the_sequence_is_the_standards(tmp_path):
    """PS3.4 H.3: printer, session, then film box by film box; every instance is deleted."""
    notes = Notes()
    with film_printer(tmp_path, "film12", has_log=True) as peer:
        print_to(
            peer.port,
            page(1, layout=r"STANDARD\2,2", count=3, copies=2),
            page(2, copies=2),
            notes=notes,
            request=PrintRequest(
                bits=12,
                print_priority="HIGH",
                medium_type="BLUE FILM",
                film_destination="PROCESSOR",
            ),
        )
        peer.stop()
        said = [(verb, status) for verb, status, _ in peer.messages()]
        created = [ds for verb, _, ds in peer.messages() if verb == "N-CREATE"]

    assert said == [
        (verb, 0)
        for verb in (
            *("N-GET", "N-CREATE"),
            *("N-CREATE", "N-SET", "N-SET", "N-SET", "N-ACTION", "N-DELETE"),
            *("N-CREATE", "N-SET", "N-ACTION", "N-DELETE"),
            "N-DELETE",
        )
    ]
    assert [e.keyword for e in created[0]] == [
        "NumberOfCopies",
        "PrintPriority",
        "MediumType",
        "FilmDestination",
    ]
    assert [e.keyword for e in created[1]] == [
        "ImageDisplayFormat",
        "FilmOrientation",
        "FilmSizeID",
        "ReferencedFilmSessionSequence",
    ]
    assert (notes.sent, notes.accepted) == ([1, 2], [1, 2])


@pytest.mark.peer
@pytest.mark.parametrize(
    ("asked", "bits", "sentence"),
    [
        (page(size="11INX17IN"), 8, "The printer refused Film Size ID 11INX17IN (0106)."),
        (
            page(layout=r"STANDARD\7,7"),
            8,
            r"The printer refused Image Display Format STANDARD\7,7 (0106).",
        ),
        (page(), 12, "The printer refused Bits Stored 12 (0106)."),
    ],
    ids=["size", "layout", "bits"],
)
def test_a_refusal_names_attribute_and_value(tmp_path, asked, bits, sentence):
    """printing.md §3 (10): users cannot tell which attribute was refused; dcmprscp does not say."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, asked, notes=notes, request=PrintRequest(bits=bits))

    assert str(caught.value) == sentence
    assert notes.sent == []


@pytest.mark.peer
def test_a_refused_medium_is_named(tmp_path):
    """The same for the film session, which refuses before any page."""
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(), request=PrintRequest(medium_type="PAPER"))

    assert str(caught.value) == "The printer refused Medium Type PAPER (0106)."


@pytest.mark.peer
def test_a_page_without_pictures_is_a_failure(tmp_path):
    """printing.md §2.4: B603 is called a warning, but no film comes out."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(count=0), notes=notes)

    assert caught.value.status == 0xB603
    assert (notes.sent, notes.accepted) == ([1], [])


@pytest.mark.peer
def test_a_frozen_printer_at_n_action_leaves_the_outcome_unknown(tmp_path):
    """printing.md §2.5: loss after N-ACTION was sent and before its response."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:
        notes.may_go = lambda *sent: peer.freeze() or True
        with pytest.raises(OutcomeUnknown, match="page 1 within 1 s"):
            print_to(peer.port, page(), notes=notes, action_timeout=1)


@pytest.mark.peer
def test_a_printer_frozen_in_a_large_picture_does_not_hold_us_for_ever(tmp_path):
    """A send into a full socket has a limit too; nothing was printed, so it may be repeated."""
    limits = Limits(connect=2, associate=2, message=1, idle=None)
    with film_printer(tmp_path, "film12") as peer:

        def freezing(bits, is_color):
            peer.freeze()
            yield BoxPixels(1, 4000, 4000, 12, bytes(32_000_000))

        asked = page(draw=freezing)
        outcome = []

        def run():
            try:
                print_to(peer.port, asked, limits=limits)
            except NetworkRetriable as error:
                outcome.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(timeout=100)

    assert len(outcome) == 1


def test_nobody_at_the_address():
    """Issue, “Bad input”: a printer address that does not answer."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(ConnectFailed, match=f"Nobody answers at 127.0.0.1:{port}"):
            print_to(port, page())


def test_silence_after_the_tcp_connection():
    """Something listens there, but it is no printer: the association has a limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        limits = Limits(connect=1, associate=1, message=1, idle=None)
        with pytest.raises(NetworkRetriable):
            print_to(silent.getsockname()[1], page(), limits=limits)


def test_an_abort_before_n_action_may_be_repeated(tmp_path):
    """printing.md §2.5: loss before N-ACTION, everything is discarded."""
    notes = Notes()
    with (
        faulty_printer(tmp_path, rules={("N-SET", 1): "abort"}) as peer,
        pytest.raises(NetworkRetriable),
    ):
        print_to(peer.port, page(), notes=notes)

    assert notes.sent == []


def test_an_abort_at_n_action_leaves_the_outcome_unknown(tmp_path):
    """printing.md §2.5."""
    with (
        faulty_printer(tmp_path, rules={("N-ACTION", 1): "abort"}) as peer,
        pytest.raises(OutcomeUnknown),
    ):
        print_to(peer.port, page())


def test_trouble_after_the_last_page_changes_nothing(tmp_path):
    """PS3.4 H.4.1.2.1.3: the end of the association deletes what a lost N-DELETE did not."""
    notes = Notes()
    with faulty_printer(tmp_path, rules={("N-DELETE", 1): "abort"}) as peer:
        print_to(peer.port, page(), notes=notes)

    assert notes.accepted == [1]


def test_the_watcher_ends_the_print_before_the_next_n_action(tmp_path):
    """architecture.md §5: a cancel is obeyed before the next N-ACTION; all is deleted cleanly."""
    notes = Notes(stop_before=2)
    with faulty_printer(tmp_path) as peer:
        print_to(peer.port, page(1), page(2), page(3), notes=notes)

    assert notes.accepted == [1]
    assert peer.requests.count("N-ACTION") == 1
    assert peer.requests[-2:] == ["N-DELETE", "N-DELETE"]


def test_a_watcher_that_is_stopping_ends_it_between_two_pages(tmp_path):
    """Contract: is_stopping is asked between pages; the session is deleted."""
    notes = Notes()
    notes.is_stopping = lambda: len(notes.accepted) == 1
    with faulty_printer(tmp_path) as peer:
        print_to(peer.port, page(1), page(2), notes=notes)

    assert notes.accepted == [1]
    assert peer.requests[-2:] == ["N-DELETE", "N-DELETE"]
