"""Print jobs and reports: followed to their end, answered at any moment (PS3.4 H.4.5, H.4.6)."""

import threading

import numpy as np
import pytest

from portal.dicom.errors import ConnectFailed, Rejected
from printing.dicom.print_job import print_job_statuses
from printing.dicom.printer_status import printer_report
from printing.dicom.request import PrintRequest
from printing.dicom.scu import Peer
from printing.types import Capabilities, LineKind, PrinterReport, PrintJobStatus, Quirk
from tests.peers.ports import free_port
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, sim_printer
from tests.printing.scu_notes import LIMITS, Notes, page, print_to
from tests.waiting import wait_until

FOLLOWED = PrintRequest(Capabilities(has_print_job=True))
SLOW = (("PENDING", "QUEUED", 0), ("PRINTING", "NORMAL", 60))


def peer_of(printer) -> Peer:
    return Peer("127.0.0.1", printer.port, "FILM", "PORTAL")


def states(notes: Notes) -> list[str]:
    return [status.execution_status for status in notes.jobs]


@pytest.mark.parametrize("tag", [0x21000500, 0x21200070])
def test_a_film_is_followed_by_reports(tag):
    """§2.5: events Pending, Printing, Done; the job is named under one tag or the other."""
    notes = Notes()
    with sim_printer(job_tag=tag) as printer:
        print_to(printer.port, page(), notes=notes, request=FOLLOWED, poll_s=60)

    assert states(notes) == ["PENDING", "PRINTING", "DONE"]
    assert {status.print_job_uid for status in notes.jobs} == {notes.answers[1].print_job_uid}
    # The printer may see the release before it looks at the answer to its last report.
    assert [said for _, _, said in printer.reported[:2]] == ["0000"] * 2


def test_a_film_is_followed_by_asking():
    """§2.5: without events, N-GET of Execution Status on the same association."""
    notes = Notes()
    with sim_printer(has_job_events=False) as printer:
        print_to(printer.port, page(), notes=notes, request=FOLLOWED, poll_s=0.05)

    assert states(notes)[-1] == "DONE"
    assert len(states(notes)) == len(set(states(notes)))  # the same again is no news
    assert "N-GET PrintJob 0000" in printer.requests


def test_a_failure_of_the_device_is_told():
    """§2.5: event 4 Failure, with the printer's words."""
    notes = Notes()
    steps = (("PRINTING", "NORMAL", 0.02), ("FAILURE", "FILM JAM", 0))
    with sim_printer(job_steps=steps) as printer:
        print_to(printer.port, page(1), page(2), notes=notes, request=FOLLOWED)

    assert notes.jobs[-1].execution_status_info == "FILM JAM"
    failed = {s.print_job_uid for s in notes.jobs if s.execution_status == "FAILURE"}
    assert failed == {notes.answers[1].print_job_uid, notes.answers[2].print_job_uid}


@pytest.mark.parametrize(("is_committed", "answer"), [(True, "0000"), (False, "0110")])
def test_that_a_film_failed_is_answered_after_it_was_committed(is_committed, answer):
    """§H.4.5.2.1.2: after our answer the printer may forget the job, and the failure with it."""
    heard = []

    def on_heard(status):
        heard.append((status.execution_status, len(printer.reported)))
        return is_committed

    notes = Notes()
    notes.on_heard = on_heard
    with sim_printer(job_steps=(("FAILURE", "FILM JAM", 0),)) as printer:
        # The second film keeps the association open until the first one's answer is there.
        print_to(printer.port, page(1), page(2), notes=notes, request=FOLLOWED)
        answers = [said for _, _, said in printer.reported]

    assert heard[0] == ("FAILURE", 0)  # the printer had no answer yet
    assert answers[0] == answer


def test_no_state_is_told_before_its_page_was_accepted():
    """The row of the page has to know its print job first."""
    notes, told = Notes(), []
    notes.was_accepted = lambda page_id, answer: told.append((answer.print_job_uid, "accepted"))
    notes.jobs = _Telling(told)
    with sim_printer(job_steps=(("DONE", "NORMAL", 0),)) as printer:
        print_to(printer.port, page(1), page(2), notes=notes, request=FOLLOWED)

    for uid in {uid for uid, _ in told}:
        assert [what for one, what in told if one == uid] == ["accepted", "DONE"]


class _Telling(list):
    """Note print job states among everything else that is told."""

    def __init__(self, told: list[tuple[str, str]]) -> None:
        super().__init__()
        self._told = told

    def append(self, status: PrintJobStatus) -> None:
        self._told.append((status.print_job_uid, status.execution_status))


@pytest.mark.parametrize("who", ["is_others_waiting", "is_stopping"])
def test_the_device_is_left_when_somebody_needs_it(who):
    """Contract: when others wait, release and ask later."""
    notes = Notes()
    with sim_printer(job_steps=SLOW) as printer:
        setattr(notes, who, lambda: "PRINTING" in states(notes))
        print_to(printer.port, page(), notes=notes, request=FOLLOWED)
        later = print_job_statuses(
            peer_of(printer), [notes.answers[1].print_job_uid], limits=LIMITS
        )

    assert notes.accepted == [1]
    assert states(notes) == ["PENDING", "PRINTING"]
    assert "The films are followed later" in notes.texts
    assert [(s.execution_status, s.execution_status_info) for s in later] == [
        ("PRINTING", "NORMAL")
    ]


def test_the_device_is_left_after_a_while_without_news():
    """Contract: 30 s without news; the association is released, not broken off."""
    notes = Notes()
    with sim_printer(job_steps=SLOW) as printer:
        print_to(printer.port, page(), notes=notes, request=FOLLOWED, follow_s=2, poll_s=0.1)

    assert states(notes) == ["PENDING", "PRINTING"]
    assert notes.lines[-1].text.endswith("released.")


def test_a_connection_lost_while_following_is_no_failure():
    """The films are accepted: nothing is sent again."""
    notes = Notes()
    with sim_printer(job_steps=SLOW, rules=[Rule("N-GET PrintJob", is_dropping=True)]) as printer:
        print_to(printer.port, page(), notes=notes, request=FOLLOWED, poll_s=0.05)

    assert notes.accepted == [1]
    assert printer.printed == 1


def test_a_printer_switched_off_while_following_is_no_failure():
    """The same without a request under way."""
    notes = Notes()
    with sim_printer(job_steps=SLOW) as printer:
        thread = threading.Thread(target=lambda: wait_until(lambda: notes.jobs) and printer.stop())
        thread.start()
        print_to(printer.port, page(), notes=notes, request=FOLLOWED, poll_s=60)
        thread.join()

    assert notes.accepted == [1]


def test_a_printer_without_print_jobs_is_left_at_once():
    """§2.5: success of the N-ACTION is all there is."""
    notes = Notes()
    with sim_printer(without=frozenset({"job"})) as printer:
        print_to(printer.port, page(), notes=notes, request=FOLLOWED)

    assert (notes.accepted, notes.jobs) == ([1], [])
    assert notes.answers[1].print_job_uid == ""


def test_a_print_job_that_the_printer_forgot_is_gone_not_failed():
    """§2.5: 0112 then means “gone”."""
    with sim_printer() as printer:
        (status,) = print_job_statuses(peer_of(printer), ["1.2.3"], limits=LIMITS)

    assert status == PrintJobStatus("1.2.3", "GONE")


@pytest.mark.peer
def test_a_printer_that_knows_no_print_jobs_says_so(tmp_path):
    """dcmprscp refuses the context."""
    with (
        film_printer(tmp_path, "film8") as peer,
        pytest.raises(Rejected, match="tells nothing about its print jobs") as caught,
    ):
        print_job_statuses(peer_of(peer), ["1.2.3"], limits=LIMITS)

    assert not caught.value.is_transient


def test_a_print_job_whose_state_is_no_state_is_left_out():
    """Hostile or broken: only PENDING, PRINTING, DONE and FAILURE count."""
    notes = Notes()
    rule = Rule("N-GET PrintJob", granted={"ExecutionStatus": "PERHAPS"})
    with sim_printer(job_steps=SLOW) as printer:
        print_to(printer.port, page(), notes=notes, request=FOLLOWED, follow_s=0.1)
        printer.rules.append(rule)
        uid = notes.answers[1].print_job_uid
        assert print_job_statuses(peer_of(printer), [uid], limits=LIMITS) == []


# --- reports of the printer -----------------------------------------------------------------
@pytest.mark.parametrize(
    "on",
    [
        "N-GET Printer",
        "N-CREATE BasicFilmSession",
        "N-CREATE BasicFilmBox",
        "N-SET BasicGrayscaleImageBox",
        "N-ACTION BasicFilmBox",
        "N-DELETE BasicFilmBox",
        "N-DELETE BasicFilmSession",
    ],
)
def test_a_report_between_request_and_answer_is_answered(on):
    """Issue line 1: answered at any moment; the printer waits for it before it goes on."""
    notes = Notes()
    with sim_printer(rules=[Rule(on, report=(2, "SUPPLY LOW"))]) as printer:
        print_to(printer.port, page(), notes=notes)

    assert PrinterReport("WARNING", "SUPPLY LOW") in notes.reports
    (line,) = [line for line in notes.lines if line.kind == LineKind.EVENT]
    assert line.text == "The printer reports: WARNING SUPPLY LOW"
    assert printer.printed == 1


def test_reports_while_large_pictures_go_out():
    """PS3.8 Annex E: no fragment of another message between those of a picture."""
    notes = Notes()
    events = tuple((1, f"E{n}", 0.005) for n in range(20))
    with sim_printer(printer_events=events, job_steps=SLOW) as printer:
        # Each page sets the reports off once more; the printer hears the answers to all of them.
        notes.is_others_waiting = lambda: len(printer.reported) >= 2 * (len(events) + 2)
        print_to(printer.port, page(1), page(2, side=2000), notes=notes, request=FOLLOWED)
        images = [film.images[1].pixels for film in printer.pages]
        answers = {answer for _, _, answer in printer.reported}

    ramp = (np.arange(2000 * 2000) % 256).reshape(2000, 2000)
    assert (images[1] == ramp).all()
    assert (notes.accepted, answers) == ([1, 2], {"0000"})
    assert len(notes.reports) == 1 + 2 * len(events)


@pytest.mark.parametrize(("kind", "answer"), [(3, "0000"), (9, "0113")])
def test_reports_are_answered_as_they_deserve(kind, answer):
    """PS3.4 H.4.6.2.1: 1 Normal, 2 Warning, 3 Failure; another type is 0113."""
    notes = Notes()
    with sim_printer(printer_events=((kind, "FILM JAM", 0),), job_steps=SLOW) as printer:
        notes.is_others_waiting = lambda: bool(
            [said for name, _, said in printer.reported if name == "Printer"]
        )
        print_to(printer.port, page(), notes=notes, request=FOLLOWED)

    assert ("Printer", kind, answer) in printer.reported
    expected = [PrinterReport("FAILURE", "FILM JAM")] if kind == 3 else []
    assert notes.reports[1:] == expected


# --- status by itself -----------------------------------------------------------------------
@pytest.mark.peer
def test_dcmprscp_tells_its_status(tmp_path):
    """dcmprscp refuses the Printer class alone, and N-GET of more than two attributes."""
    with film_printer(tmp_path, "film8") as peer:
        report = printer_report(peer_of(peer), limits=LIMITS, capabilities=Capabilities())

    assert (report.status, report.status_info, report.details) == ("NORMAL", "NORMAL", {})


def test_a_printer_tells_who_it_is_and_what_it_lacks():
    """PS3.3 C.13.9: name, make, model; a supply that is low."""
    status = {"PrinterStatus": "WARNING", "PrinterStatusInfo": "SUPPLY LOW"}
    with sim_printer(status=status) as printer:
        report = printer_report(peer_of(printer), limits=LIMITS, capabilities=Capabilities())

    assert (report.status, report.status_info) == ("WARNING", "SUPPLY LOW")
    assert report.supplies == ({"name": "film", "level": None, "says": "SUPPLY LOW"},)
    assert report.details["PrinterName"] == printer.ae_title


@pytest.mark.parametrize(
    ("without", "capabilities"),
    [
        (frozenset({"gray"}), Capabilities(has_color=True)),
        (frozenset({"color"}), Capabilities(has_color=True)),
        (frozenset(), Capabilities(quirks=frozenset({Quirk.NO_LONE_STATUS}))),
        (frozenset(), Capabilities(quirks=frozenset({Quirk.IMPLICIT_ONLY}))),
    ],
)
def test_a_status_rides_on_whatever_the_printer_takes(without, capabilities):
    """PS3.4 H.3.1."""
    with sim_printer(without=without) as printer:
        report = printer_report(peer_of(printer), limits=LIMITS, capabilities=capabilities)

    assert report.status == "NORMAL"


def test_a_printer_that_does_not_tell():
    """A refused N-GET, or one that is known to tell nothing: an empty status."""
    silent = Capabilities(quirks=frozenset({Quirk.NO_STATUS}))
    with sim_printer(rules=[Rule("N-GET", status=0x0110)]) as printer:
        refused = printer_report(peer_of(printer), limits=LIMITS, capabilities=Capabilities())
        assert printer.associations == 1
        not_asked = printer_report(peer_of(printer), limits=LIMITS, capabilities=silent)
        assert printer.associations == 1

    assert refused == not_asked == PrinterReport()


def test_a_printer_that_is_off():
    """The error of portal.dicom.errors, for whoever polls."""
    peer = Peer("127.0.0.1", free_port(), "FILM", "PORTAL")
    with pytest.raises(ConnectFailed):
        printer_report(peer, limits=LIMITS, capabilities=Capabilities())
