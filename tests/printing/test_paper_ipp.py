"""Documents to a real CUPS by IPP, and what became of them (RFC 8011)."""

import subprocess
from collections.abc import Callable

import pytest

from printing.paper import ipp, ipp_printer
from printing.paper.ipp_errors import (
    IppNoMedia,
    IppNotReached,
    IppNotReady,
    IppRefused,
    IppUnanswered,
)
from tests.peers.cups import Cups
from tests.printing.papering import document, send
from tests.waiting import wait_until


def is_at(uri: str, number: int, status: str) -> Callable[[], bool]:
    return lambda: ipp.job_status(uri, number).execution_status == status


def test_a_document_comes_out_once_with_its_copies(cupsd: Cups):
    """RFC 8011 4.2.1: Print-Job; who asked and how often stand with it."""
    taken = send(cupsd.uri, document(pages=2), copies=3)

    wait_until(is_at(cupsd.uri, taken.job_id, "DONE"))
    (out,) = cupsd.documents()
    assert "Pages:           2" in subprocess.check_output(["pdfinfo", str(out)], text=True)
    assert cupsd.copies(taken.job_id) == 3
    assert "Dr. Weiß" in cupsd.jobs()[taken.job_id]
    assert taken.ignored == ()


def test_the_printer_tells_its_paper_and_what_it_is(cupsd: Cups):
    """RFC 8011 4.2.5: Get-Printer-Attributes."""
    state = ipp_printer.queue_state(cupsd.uri)

    state.require_ready()
    assert state.report.status == "NORMAL"
    assert state.report.details["model"] == "Test Paper"
    assert state.media_default == "iso_a4_210x297mm"
    assert "iso_a3_297x420mm" in state.media_supported


def test_ink_and_warnings_are_told(cupsd: Cups):
    """CUPS: marker-names and marker-levels; printer-state-reasons in its own words."""
    cupsd.tell(
        "says",
        "ATTR: marker-names=Black,Cyan,Waste\nATTR: marker-levels=4,80,-1\n"
        "ATTR: marker-low-levels=10,10,10\nSTATE: +toner-low-warning\n",
    )
    taken = send(cupsd.uri)
    wait_until(is_at(cupsd.uri, taken.job_id, "DONE"))

    report = wait_until(lambda: _with_supplies(cupsd))

    assert report.supplies == (
        {"name": "Black", "level": 4, "says": "low"},
        {"name": "Cyan", "level": 80, "says": ""},
        {"name": "Waste", "level": None, "says": ""},
    )
    assert report.status == "WARNING"
    assert "toner-low-warning" in report.status_info


def _with_supplies(cupsd: Cups):
    report = ipp_printer.queue_state(cupsd.uri).report
    return report if report.supplies else None


def test_a_printer_without_paper_is_waited_for(cupsd: Cups):
    """RFC 8011 5.4.12: media-needed."""
    cupsd.tell("says", "STATE: +media-needed-error\n")
    cupsd.tell("wait")
    send(cupsd.uri)
    wait_until(lambda: ipp_printer.queue_state(cupsd.uri).is_without_media)

    with pytest.raises(IppNoMedia, match="has no paper"):
        ipp_printer.queue_state(cupsd.uri).require_ready()


def test_a_queue_that_takes_no_jobs_says_why(cupsd: Cups):
    """RFC 8011 5.4.23: printer-is-accepting-jobs; refused when sent all the same."""
    cupsd.run("cupsreject", "-r", "moving house", "paper")

    with pytest.raises(IppNotReady, match=r"takes no jobs\. It says: moving house"):
        ipp_printer.queue_state(cupsd.uri).require_ready()
    with pytest.raises(IppNotReady, match="0506"):
        send(cupsd.uri)
    assert cupsd.jobs() == {}


def test_a_stopped_queue_says_why(cupsd: Cups):
    """RFC 8011 5.4.11: printer-state stopped."""
    cupsd.run("cupsdisable", "-r", "drum is worn", "paper")

    with pytest.raises(IppNotReady, match=r"is stopped\. It says: drum is worn"):
        ipp_printer.queue_state(cupsd.uri).require_ready()
    assert ipp_printer.queue_state(cupsd.uri).report.status == "FAILURE"


def test_a_queue_that_is_not_there_is_refused(cupsd: Cups):
    """RFC 8011 B.1.4.7: client-error-not-found."""
    with pytest.raises(IppRefused, match="no such queue"):
        send(cupsd.uri.replace("paper", "papyrus"))


def test_a_document_is_followed_through_the_printers_queue(cupsd: Cups):
    """RFC 8011 5.3.7: pending or processing, then completed."""
    cupsd.tell("wait")
    first, second = send(cupsd.uri), send(cupsd.uri)

    wait_until(is_at(cupsd.uri, first.job_id, "PRINTING"))
    assert ipp.job_status(cupsd.uri, second.job_id).execution_status == "PENDING"
    cupsd.tell_no_more("wait")
    wait_until(is_at(cupsd.uri, second.job_id, "DONE"))

    assert len(cupsd.documents()) == 2


def test_a_document_cancelled_at_the_printer_has_failed(cupsd: Cups):
    """RFC 8011 5.3.7: canceled; in words."""
    cupsd.run("cupsdisable", "paper")
    taken = send(cupsd.uri)
    cupsd.run("cancel", f"paper-{taken.job_id}")

    status = ipp.job_status(cupsd.uri, taken.job_id)

    assert status.execution_status == "FAILURE"
    assert "cancelled in the printer's own queue" in status.execution_status_info


def test_a_document_that_the_printer_gives_up_has_failed(cupsd: Cups):
    """RFC 8011 5.3.7: aborted, with the printer's words."""
    cupsd.tell("fail")
    taken = send(cupsd.uri)

    wait_until(is_at(cupsd.uri, taken.job_id, "FAILURE"))

    assert "aborted by the printer" in ipp.job_status(cupsd.uri, taken.job_id).execution_status_info
    assert cupsd.documents() == []


def test_a_document_that_the_queue_forgot_is_gone(cupsd: Cups):
    """RFC 8011 B.1.4.7: not found is not the same as failed."""
    taken = send(cupsd.uri)
    wait_until(is_at(cupsd.uri, taken.job_id, "DONE"))
    cupsd.run("cancel", "-a", "-x", "paper")

    assert ipp.job_status(cupsd.uri, taken.job_id).execution_status == "GONE"


def test_a_document_is_taken_back_before_it_prints(cupsd: Cups):
    """RFC 8011 4.3.3: Cancel-Job; too late once it has ended."""
    cupsd.run("cupsdisable", "paper")
    taken = send(cupsd.uri)

    assert ipp.cancel_document(cupsd.uri, taken.job_id, user="Dr. Weiß")
    assert not ipp.cancel_document(cupsd.uri, taken.job_id, user="Dr. Weiß")
    assert ipp.job_status(cupsd.uri, taken.job_id).execution_status == "FAILURE"


def test_a_printer_that_is_off_was_sent_nothing(cupsd: Cups):
    """Nothing went out: it may be sent again."""
    cupsd.stop()

    with pytest.raises(IppNotReached, match="refused"):
        send(cupsd.uri)


def test_a_printer_that_falls_silent_leaves_the_outcome_unknown(cupsd: Cups):
    """printing.md §2.5: it may come out after all, and here it does, once."""
    cupsd.freeze()
    with pytest.raises(IppUnanswered, match="did not answer within 1 s"):
        send(cupsd.uri, timeout=1)
    cupsd.thaw()

    wait_until(cupsd.documents)
    assert len(cupsd.documents()) == 1


def test_a_silent_printer_that_is_only_asked_was_not_reached(cupsd: Cups, monkeypatch):
    """A question may be asked again."""
    monkeypatch.setattr(ipp_printer, "ASK_SECONDS", 0.5)
    cupsd.freeze()

    with pytest.raises(IppNotReached):
        ipp_printer.queue_state(cupsd.uri)
