"""Every row of printing.md §2.4 with a real peer: dcmprscp where it can send it, else ours."""

import pytest

from portal.dicom.errors import Rejected
from printing.dicom import attributes
from printing.dicom.request import PrintRequest
from printing.dicom.statuses import (
    FAILURES,
    NO_MEDIA,
    WORDS,
    Busy,
    MediaNeeded,
    NotAdmitted,
    PrinterNotReady,
    Refused,
    SessionFault,
    is_failure,
)
from printing.types import Capabilities
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import Notes, page, print_to, print_with

KNOWN = Capabilities(attributes=dict.fromkeys(attributes.OPTIONAL, ()))
SESSION, FILM = "N-CREATE BasicFilmSession", "N-CREATE BasicFilmBox"
IMAGE, ACTION = "N-SET BasicGrayscaleImageBox", "N-ACTION BasicFilmBox"


# --- 0000 -----------------------------------------------------------------------------------
def test_0000_means_accepted():
    """0000: accepted, not printed; nothing to warn of, nothing that differs."""
    notes = Notes()
    with sim_printer() as printer:
        print_to(printer.port, page(), notes=notes)

    answer = notes.answers[1]
    assert (answer.status, answer.warnings, answer.differences) == (0, (), ())
    assert answer.print_job_uid == ""


# --- 0107, 0116 -----------------------------------------------------------------------------


# --- B600 … B60A ----------------------------------------------------------------------------
@pytest.mark.peer
def test_b600_goes_on(tmp_path):
    """Memory allocation ignored (dcmprscp): go on."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:
        request = PrintRequest(KNOWN, attributes={"MemoryAllocation": "64"})
        print_to(peer.port, page(), notes=notes, request=request)
        assert len(peer.films()) == 1

    assert [code for code, _ in notes.answers[1].warnings] == [0xB600]


def test_b601_goes_on():
    """Collation not supported: films print one by one."""
    notes = Notes()
    printer = print_with(Rule(ACTION, status=0xB601), page(1), page(2), notes=notes)

    assert (printer.printed, notes.accepted) == (2, [1, 2])
    assert notes.answers[2].status == 0xB601


@pytest.mark.peer
def test_b603_is_a_failure(tmp_path):
    """Empty page (dcmprscp): nothing is printed, whatever the code is called."""
    notes = Notes()
    with film_printer(tmp_path, "film8") as peer:
        with pytest.raises(Refused) as caught:
            print_to(peer.port, page(count=0), notes=notes)
        assert peer.films() == []

    assert (caught.value.status, notes.accepted) == (0xB603, [])


def test_b602_is_a_failure():
    """The same of a session."""
    notes = Notes()
    with pytest.raises(Refused) as caught:
        print_with(Rule(ACTION, status=0xB602), notes=notes)

    assert (caught.value.status, notes.accepted) == (0xB602, [])


@pytest.mark.parametrize("on", [IMAGE, ACTION])
def test_b609_warns_loudly(on):
    """Picture cropped: anatomy may be missing."""
    notes = Notes()
    printer = print_with(Rule(on, status=0xB609), notes=notes)

    ((code, words),) = notes.answers[1].warnings
    assert (code, printer.printed) == (0xB609, 1)
    assert "A PICTURE WAS CROPPED" in words


# --- refused for good -----------------------------------------------------------------------
@pytest.mark.peer
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"attributes": {"Trim": "YES"}}, 0x0105),
        ({"medium_type": "PAPER"}, 0x0106),
        ({"film_destination": "BIN_9"}, 0x0106),
        ({"attributes": {"AnnotationDisplayFormatID": "X"}}, 0x0105),
    ],
    ids=["trim", "medium", "destination", "annotation"],
)
def test_0105_and_0106_are_for_good(tmp_path, asked, code):
    """Permanent for this printer profile (dcmprscp)."""
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(), request=PrintRequest(KNOWN, **asked))

    assert caught.value.status == code


@pytest.mark.peer
def test_0120_is_for_good(tmp_path):
    """A mandatory attribute without a value (dcmprscp)."""
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(layout=""))

    assert caught.value.status in {0x0120, 0x0121}


@pytest.mark.parametrize("code", [0x0120, 0x0121])
def test_0120_and_0121_name_what_is_missing(code):
    """Name the attribute, where the printer does."""
    rule = Rule(IMAGE, status=code, tags=(0x20200030,))
    with pytest.raises(Refused) as caught:
        print_with(rule)

    assert caught.value.tags == (0x20200030,)
    assert f"({code:04X})" in str(caught.value)


@pytest.mark.parametrize("code", [0xC603, 0xC613])
@pytest.mark.parametrize("on", [IMAGE, ACTION])
def test_c603_and_c613_are_for_good(on, code):
    """Picture larger than the box: scale, or allow decimate."""
    notes = Notes()
    with pytest.raises(Refused) as caught:
        print_with(Rule(on, status=code), notes=notes)

    assert (caught.value.status, notes.accepted) == (code, [])


# --- later ----------------------------------------------------------------------------------
@pytest.mark.parametrize("code", [0x0110, 0x0213, 0xC605])
@pytest.mark.parametrize("on", [SESSION, FILM, IMAGE, ACTION])
def test_processing_failure_resources_and_memory_may_pass(on, code):
    """0110, 0213, C605: retry later with backoff; one film of two is out."""
    notes = Notes()
    rule = Rule(on, nth=1 if on == SESSION else 2, status=code, comment="try later")
    with (
        sim_printer(rules=[rule]) as printer,
        pytest.raises(Busy, match="It says: try later") as caught,
    ):
        print_to(printer.port, page(1), page(2), notes=notes)

    assert caught.value.status == code
    assert notes.accepted == ([] if on == SESSION else [1])
    assert printer.printed == len(notes.accepted)


@pytest.mark.parametrize("code", [0xC601, 0xC602])
def test_c601_and_c602_may_pass(code):
    """Print queue full: the film is lost with the association, the page starts again."""
    notes = Notes()
    with sim_printer(rules=[Rule(ACTION, nth=2, status=code)]) as printer, pytest.raises(Busy):
        print_to(printer.port, page(1), page(2), notes=notes)

    assert (printer.printed, notes.sent, notes.accepted) == (1, [1, 2], [1])


# --- out of step ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "code", [0x0111, 0x0112, 0x0118, 0x0119, 0x0122, 0x0123, 0xC600, 0xC616, 0x0117]
)
@pytest.mark.parametrize("on", [FILM, IMAGE, ACTION])
def test_what_is_out_of_step_needs_a_new_association(on, code):
    """Programming or session error: new association, once (worker/jobs.py)."""
    with sim_printer(rules=[Rule(on, status=code)]) as printer, pytest.raises(SessionFault):
        print_to(printer.port, page())

    assert printer.printed == 0


def test_c616_does_not_arise_from_our_sequence():
    """Film box by film box, each printed and deleted: a printer with room for one takes ten."""
    notes = Notes()
    with sim_printer(is_one_box=True) as printer:
        print_to(printer.port, *(page(n) for n in range(1, 11)), notes=notes)

    assert printer.printed == 10


def test_c616_does_not_arise_from_looking_for_a_culprit():
    """What is tried is deleted before the next try (PS3.4 H.4.2.2.3)."""
    request = PrintRequest(KNOWN, attributes={"Trim": "YES", "MaxDensity": "300"})
    with (
        sim_printer(is_one_box=True, refused=frozenset({"Trim"})) as printer,
        pytest.raises(Refused, match=r"refused Trim YES \(0105\)"),
    ):
        print_to(printer.port, page(), request=request)


# --- not admitted ---------------------------------------------------------------------------
@pytest.mark.parametrize("on", ["N-GET", SESSION, FILM, IMAGE, ACTION])
def test_0124_stops_the_queue(on):
    """Not authorised: configuration error."""
    rule = Rule(on, status=0x0124)
    if on == "N-GET":  # it prints all the same
        assert print_with(rule).printed == 1
        return
    with pytest.raises(NotAdmitted):
        print_with(rule)


@pytest.mark.parametrize(
    ("rejection", "words", "is_transient"),
    [
        ((1, 1, 1), "no reason given", False),
        ((1, 1, 2), "it does not know the application context", False),
        ((1, 1, 3), "it does not know our AE title PORTAL", False),
        ((1, 1, 7), "it is not called FILM", False),
        ((1, 2, 2), "it does not support our protocol version", False),
        ((2, 3, 1), "temporary congestion", True),
        ((2, 3, 2), "it has no free association", True),
    ],
)
def test_a_rejection_in_words(rejection, words, is_transient):
    """Issue line 2: association rejections in words (printing.md §3 (19))."""
    with sim_printer(rejection=rejection) as printer, pytest.raises(Rejected) as caught:
        print_to(printer.port, page())

    assert str(caught.value) == f"FILM at 127.0.0.1:{printer.port} rejected us: {words}."
    assert caught.value.is_transient is is_transient


def test_a_printer_that_prints_no_gray_films_says_so():
    """The context is refused, others of the association are not."""
    request = PrintRequest(Capabilities(has_print_job=True))
    with sim_printer(without=frozenset({"gray"})) as printer, pytest.raises(Rejected) as caught:
        print_to(printer.port, page(), request=request)

    assert "does not support Basic Grayscale Print Management" in str(caught.value)
    assert not caught.value.is_transient


# --- printer status -------------------------------------------------------------------------
@pytest.mark.parametrize("info", sorted(NO_MEDIA))
def test_a_printer_without_film_waits_for_a_person(info):
    """Contract: SUPPLY EMPTY, NO SUPPLY MGZ, BAD SUPPLY MGZ."""
    status = {"PrinterStatus": "FAILURE", "PrinterStatusInfo": info}
    with sim_printer(status=status) as printer, pytest.raises(MediaNeeded, match=info):
        print_to(printer.port, page())

    assert not any("N-CREATE" in said for said in printer.requests)


@pytest.mark.parametrize("info", ["FILM JAM", "PRINTER OFFLINE", "A NEW ONE"])
def test_a_printer_that_cannot_print_is_believed(info):
    """PS3.2 E.4.2: SCUs stop on FAILURE; unknown terms are shown as they come."""
    status = {"PrinterStatus": "FAILURE", "PrinterStatusInfo": info}
    with sim_printer(status=status) as printer, pytest.raises(PrinterNotReady, match=info) as got:
        print_to(printer.port, page())

    assert type(got.value) is PrinterNotReady


# --- the table ------------------------------------------------------------------------------
def test_every_status_of_the_table_has_words_and_a_consequence():
    """No status is shown as a bare number; warnings go on, all others have a kind."""
    warnings = {0x0107, 0x0116, 0xB600, 0xB601, 0xB604, 0xB605, 0xB609, 0xB60A}
    failures = {0x0105, 0x0106, 0x0120, 0x0121, 0x0110, 0x0213, 0xC605, 0x0111, 0x0112, 0x0117}
    failures |= {0x0118, 0x0119, 0x0122, 0x0123, 0x0124, 0xC600, 0xC601, 0xC602, 0xC603, 0xC613}
    failures |= {0xC616, 0xB602, 0xB603}

    assert set(WORDS) == warnings | failures
    assert set(FAILURES) == failures
    assert not any(is_failure(code) for code in warnings)
    assert all(is_failure(code) for code in failures)
