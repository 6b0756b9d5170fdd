"""The Print SCU: what each answer of a printer means."""

import pytest

from portal.dicom.errors import NetworkRetriable, Rejected
from printing.dicom.statuses import (
    FAILURES,
    WORDS,
    Busy,
    NotAdmitted,
    PrinterNotReady,
    Refused,
    SessionFault,
    is_failure,
)
from printing.types import PrinterReport
from tests.peers.printer_faults import faulty_printer
from tests.printing.scu_notes import Notes, page, print_to


def test_a_printer_that_reports_failure_gets_nothing(tmp_path):
    """PS3.2 E.4.2: SCUs stop on FAILURE; the printer's own words are shown."""
    status = {"PrinterStatus": "FAILURE", "PrinterStatusInfo": "FILM JAM"}
    with (
        faulty_printer(tmp_path, status=status) as peer,
        pytest.raises(PrinterNotReady, match="It says: FILM JAM"),
    ):
        print_to(peer.port, page())

    assert peer.requests == ["N-GET"]


def test_a_warning_of_the_printer_is_noted(tmp_path):
    """PS3.2 E.4.2: SCUs go on with WARNING."""
    notes = Notes()
    status = {"PrinterStatus": "WARNING", "PrinterStatusInfo": "SUPPLY LOW"}
    with faulty_printer(tmp_path, status=status) as peer:
        print_to(peer.port, page(), notes=notes)

    assert "The printer warns: SUPPLY LOW" in notes.texts
    assert notes.accepted == [1]


def test_a_printer_that_does_not_tell_its_status_prints_all_the_same(tmp_path):
    """A refused N-GET is no reason not to print."""
    notes = Notes()
    with faulty_printer(tmp_path, rules={("N-GET", 1): 0x0112}) as peer:
        print_to(peer.port, page(), notes=notes)

    assert notes.accepted == [1]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x0110, Busy),
        (0x0213, Busy),
        (0xC601, Busy),
        (0xC602, Busy),
        (0xC605, Busy),
        (0xC999, Busy),
        (0x0111, SessionFault),
        (0x0112, SessionFault),
        (0x0119, SessionFault),
        (0xC616, SessionFault),
        (0x0124, NotAdmitted),
        (0xC603, Refused),
        (0xB602, Refused),
    ],
)
def test_failures_of_n_action_by_what_to_do(tmp_path, code, kind):
    """printing.md §2.4, and the comment of the printer in its own words."""
    notes = Notes()
    rules = {("N-ACTION", 1): code}
    with (
        faulty_printer(tmp_path, rules=rules, comment="door open") as peer,
        pytest.raises(kind, match=f"{code:04X}") as caught,
    ):
        print_to(peer.port, page(), notes=notes)

    assert type(caught.value) is kind
    assert notes.accepted == []
    if not 0xB600 <= code <= 0xB6FF:
        assert str(caught.value).endswith("It says: door open")


@pytest.mark.parametrize("code", [0x0107, 0x0116, 0xB600, 0xB604, 0xB605, 0xB609, 0xB60A])
def test_warnings_go_on_and_are_noted(tmp_path, code):
    """printing.md §2.4: go on; what was cropped is said loudly."""
    notes = Notes()
    with faulty_printer(tmp_path, rules={("N-SET", 1): code}) as peer:
        print_to(peer.port, page(), notes=notes)

    assert notes.accepted == [1]
    assert f"({code:04X})" in notes.texts


def test_values_that_the_printer_changed_are_noted(tmp_path):
    """printing.md §2.4: 0116, compare the returned attributes with the request."""
    notes = Notes()
    with faulty_printer(
        tmp_path, rules={("N-CREATE", 2): 0x0116}, granted={"FilmOrientation": "LANDSCAPE"}
    ) as peer:
        print_to(peer.port, page(), notes=notes)

    assert "The printer uses Film Orientation LANDSCAPE instead of PORTRAIT." in notes.texts
    (difference,) = notes.answers[1].differences
    assert (difference.keyword, difference.asked) == ("FilmOrientation", "PORTRAIT")


def test_an_event_report_between_request_and_answer_is_answered(tmp_path):
    """printing.md §2.5: printer events may come at any time."""
    notes = Notes()
    with faulty_printer(tmp_path, event_before=("N-SET", 1)) as peer:
        print_to(peer.port, page(), notes=notes)

    assert "The printer reports: WARNING SUPPLY LOW" in notes.texts
    assert notes.reports[-1] == PrinterReport("WARNING", "SUPPLY LOW")
    assert notes.accepted == [1]


@pytest.mark.parametrize("reason", [1, 3, 7])
def test_a_rejection_says_why(tmp_path, reason):
    """printing.md §3 (19): no unreadable numbers."""
    with (
        faulty_printer(tmp_path, rejection=reason) as peer,
        pytest.raises(Rejected, match="FILM at 127") as caught,
    ):
        print_to(peer.port, page())

    assert not caught.value.is_transient


def test_a_printer_with_too_few_boxes_is_refused(tmp_path):
    """printing.md §2.6 (5): the references decide which picture stands where."""
    with (
        faulty_printer(tmp_path, granted={"ReferencedImageBoxSequence": []}) as peer,
        pytest.raises(Refused, match="there is none for picture 1"),
    ):
        print_to(peer.port, page())


def test_every_failure_of_the_table_has_words():
    """A status is never shown as a bare number."""
    assert set(FAILURES) <= set(WORDS)
    assert not is_failure(0x0000)
    assert not any(is_failure(code) for code in (0x0001, 0x0107, 0x0116, 0xB600, 0xB60A))
    assert all(is_failure(code) for code in FAILURES)


def test_a_refusal_without_a_culprit_is_still_a_sentence(tmp_path):
    """Nothing was sent that could be left out."""
    with (
        faulty_printer(tmp_path, rules={("N-CREATE", 0): 0x0106}) as peer,
        pytest.raises(Refused) as caught,
    ):
        print_to(peer.port, page())

    assert str(caught.value) == (
        "The printer refused the Film Session: invalid attribute value (0106)."
    )


def test_a_connection_lost_between_two_pages_keeps_what_was_accepted(tmp_path):
    """printing.md §2.5: resume from the first page not accepted."""
    notes = Notes()
    with (
        faulty_printer(tmp_path, rules={("N-DELETE", 1): "abort"}) as peer,
        pytest.raises(NetworkRetriable),
    ):
        print_to(peer.port, page(1), page(2), notes=notes)

    assert (notes.sent, notes.accepted) == ([1], [1])
