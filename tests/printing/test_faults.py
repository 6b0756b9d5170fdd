"""Every fault that the printers of the tests can make, and the films that came out (issue 6).

A job of two pages for a real worker; the fault meets the second, or the printer as a whole. Each
row says where the job ends by itself, what is known of each page, and how many films there are.
"""

from dataclasses import replace
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import BasicGrayscalePrintManagementMeta

from printing.dicom.statuses import NOTHING_PRINTED
from printing.models import Printer, PrinterModel, PrintUse
from printing.services import jobs, outcomes
from printing.services.printers import printer_enable
from printing.worker import films, following
from printing.worker import jobs as worker
from tests.peers.printer import film_printer
from tests.peers.sim_printer import Rule, SimPrinter, sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer, page_states
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]
ACTION, IMAGE = "N-ACTION BasicFilmBox", "N-SET BasicGrayscaleImageBox"
SESSION, FILM = "N-CREATE BasicFilmSession", "N-CREATE BasicFilmBox"
PASSING = (0x0110, 0x0213, 0xC601, 0xC602, 0xC605, 0xC6FF)
OUT_OF_STEP = (0x0111, 0x0112, 0x0117, 0x0118, 0x0119, 0x0122, 0x0123, 0xC600, 0xC616)
FOR_GOOD = (0x0105, 0x0106, 0x0120, 0x0121, 0xB602, 0xB603, 0xC603, 0xC613)
WARNINGS = (0x0107, 0x0116, 0xB600, 0xB601, 0xB604, 0xB605, 0xB609, 0xB60A)
DONE = ("completed", ["accepted", "accepted"], 2)
STUCK = ("processing-stopped", ["pending", "pending"], 0)
TOO_SLOW_S = 3


@pytest.fixture(autouse=True)
def _soon(settings):
    settings.PRINT_RETRY_S = [0, 0]


def queued(facility, peer, **values):
    """Queue a job of two pages, each with a picture of its own."""
    printer = make_printer(facility, peer.port, ae_title=peer.ae_title, **values)
    return make_job(printer, [make_image(facility), make_image(facility)])


def outcome(job, peer) -> tuple[str, list[str], int]:
    """Work until nothing is left to do; return what is known, and what came out."""
    while worker.work_once():
        pass
    if isinstance(peer, SimPrinter):
        wait_until(lambda: peer.is_idle)  # nothing more can come out
    printed = peer.printed if isinstance(peer, SimPrinter) else len(peer.films())
    job.refresh_from_db()
    out = sum(use.films for use in PrintUse.objects.all())
    assert out == page_states(job).count("accepted") + page_states(job).count("printed")
    return job.state, page_states(job), printed


def rows() -> dict[str, tuple[Rule, tuple[str, list[str], int]]]:
    """Return the faults of single requests."""
    found: dict[str, tuple[Rule, tuple[str, list[str], int]]] = {}
    for status in (*PASSING, *OUT_OF_STEP):
        found[f"{status:04X} once at N-ACTION"] = Rule(ACTION, 2, status, times=1), DONE
        found[f"{status:04X} once at N-SET"] = Rule(IMAGE, 2, status, times=1), DONE
    for status in FOR_GOOD:
        if status not in NOTHING_PRINTED:  # this printer would print and say that it did not
            known = ("aborted", ["accepted", "refused"], 1)
            found[f"{status:04X} at N-ACTION"] = Rule(ACTION, 2, status), known
        known = ("aborted", ["refused", "pending"], 0)
        found[f"{status:04X} at N-SET"] = Rule("N-SET", status=status), known
    for status in WARNINGS:
        found[f"{status:04X} at every N-CREATE"] = Rule("N-CREATE", status=status), DONE
        found[f"{status:04X} at every N-SET"] = Rule(IMAGE, status=status), DONE
        found[f"{status:04X} at every N-ACTION"] = Rule(ACTION, status=status), DONE
    found["0124"] = Rule(SESSION, status=0x0124), STUCK
    found["0110 always"] = Rule(FILM, status=0x0110), STUCK
    for how in ("is_aborting", "is_dropping"):
        way: dict[str, Any] = {how: True}
        for on in ("N-GET Printer", SESSION, FILM, IMAGE):
            found[f"{how} at {on}"] = Rule(on, 1, times=1, **way), DONE
        for is_done in (False, True):
            known = ("processing-stopped", ["accepted", "unknown"], 1 + is_done)
            found[f"{how} at N-ACTION, {is_done=}"] = Rule(ACTION, 2, is_done=is_done, **way), known
        found[f"{how} at N-DELETE"] = Rule("N-DELETE", 1, times=1, **way), DONE
    unknown = ("processing-stopped", ["accepted", "unknown"], 2)
    found["slow"] = Rule(ACTION, 2, delay=0.3), DONE
    found["too slow before it acts"] = Rule(ACTION, 2, delay=TOO_SLOW_S + 1), unknown
    found["too slow after it acted"] = Rule(ACTION, 2, delay_after=TOO_SLOW_S + 1), unknown
    for request in ("N-GET", SESSION, IMAGE, ACTION):
        found[f"an event within {request}"] = Rule(request, report=(2, "SUPPLY LOW")), DONE
    size = {"FilmSizeID": "A4"}
    found["0116 with another size"] = Rule(FILM, status=0x0116, granted=size), STUCK
    return found


ROWS = rows()


@pytest.mark.parametrize("fault", ROWS)
def test_a_request_that_goes_wrong(facility, settings, fault):
    """peers/printer/README.md: statuses, delays, aborts, events, by sim_printer."""
    rule, known = ROWS[fault]
    if fault.startswith("too slow"):  # only there: a busy machine is slow at every request
        settings.PRINT_ACTION_TIMEOUT_S = TOO_SLOW_S
    with sim_printer(rules=[rule]) as peer:
        job = queued(facility, peer)

        assert outcome(job, peer) == known


PRINTERS: dict[str, tuple[dict[str, Any], tuple[str, list[str], int]]] = {
    **{
        f"rejected {source}.{reason}": ({"rejection": (1, source, reason)}, STUCK)
        for source, reason in ((1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2))
    },
    **{f"busy 3.{reason}": ({"rejection": (2, 3, reason)}, STUCK) for reason in (1, 2)},
    "another AE title": ({"is_checking_ae_title": True, "ae_title": "OTHER"}, STUCK),
    "no gray": ({"without": frozenset({"gray"})}, STUCK),
    "no more than gray": (
        {"without": frozenset({"color", "job", "annotation", "lut", "config"})},
        DONE,
    ),
    "implicit VR only": ({"without": frozenset({"explicit"})}, DONE),
    "one film box at a time": ({"is_one_box": True}, DONE),
    "UIDs of its own": ({"uids": "replaced"}, DONE),
    "FAILURE": (
        {"status": {"PrinterStatus": "FAILURE", "PrinterStatusInfo": "COVER OPEN"}},
        STUCK,
    ),
    "no film": (
        {"status": {"PrinterStatus": "FAILURE", "PrinterStatusInfo": "SUPPLY EMPTY"}},
        ("pending", ["pending", "pending"], 0),
    ),
    "WARNING": ({"status": {"PrinterStatus": "WARNING", "PrinterStatusInfo": "SUPPLY LOW"}}, DONE),
    "events after each print": ({"printer_events": ((2, "SUPPLY LOW", 0.0), (1, "", 0.0))}, DONE),
}


@pytest.mark.parametrize("fault", PRINTERS)
def test_a_printer_that_is_otherwise(facility, fault):
    """peers/printer/README.md: rejections, contexts, printer status, by sim_printer."""
    being, known = PRINTERS[fault]
    with sim_printer(**being) as peer:
        job = queued(facility, peer)
        if fault == "another AE title":
            job.printer.device.ae_title = "FILM"
            job.printer.device.save()

        assert outcome(job, peer) == known


@pytest.mark.parametrize("rejection", [(1, 1, 3), (2, 3, 2)])
def test_a_rejection_that_ends(facility, rejection):
    """The jobs wait, and are printed once, when a person has seen to it."""
    with sim_printer(rejection=rejection) as peer:
        job = queued(facility, peer)
        assert outcome(job, peer) == STUCK

        peer.rejection = None
        printer_enable(printer_id=job.printer_id, is_enabled=True, by=BY)
        job.refresh_from_db()
        if job.state == "processing-stopped":
            jobs.job_retry(job_id=job.pk, by=BY)

        assert outcome(job, peer) == DONE


@pytest.mark.parametrize("tag", [0x21000500, 0x21200070])
@pytest.mark.parametrize("has_events", [True, False])
def test_a_print_job_that_fails(facility, tag, has_events):
    """§2.5: FAILURE by event, or by asking; named under one tag or the other."""
    steps = (("PENDING", "QUEUED", 0.0), ("FAILURE", "FILM JAM", 0.0))
    with sim_printer(job_steps=steps, job_tag=tag, has_job_events=has_events) as peer:
        job = queued(facility, peer)
        PrinterModel.objects.update(has_print_job=True)

        while worker.work_once() or following.work_once():
            pass

        assert peer.printed == 0
    job.refresh_from_db()
    assert (job.state, page_states(job)) == ("processing-stopped", ["failed", "failed"])


# --- dcmprscp ---------------------------------------------------------------------------------

REFUSED = ("aborted", ["refused", "pending"], 0)
ASKED: dict[str, tuple[str, dict[str, Any], tuple[str, list[str], int]]] = {
    "0106: a size": ("film8", {"film_size_id": "A3"}, REFUSED),
    "0106: a layout": ("film8", {"image_display_format": r"STANDARD\5,5"}, REFUSED),
    "0106: a medium": ("film8", {"medium_type": "MAMMO CLEAR FILM"}, REFUSED),
    "0106: a destination": ("film8", {"film_destination": "BIN_9"}, REFUSED),
    "0106: a magnification": ("film8", {"attributes": {"MagnificationType": "X"}}, REFUSED),
    "0106: 12 bits": ("film8", {}, REFUSED),
    "0105: an attribute": ("film8", {"attributes": {"Trim": "YES"}}, REFUSED),
    "B600": ("film12", {"attributes": {"MemoryAllocation": "64"}}, DONE),
    "implicit VR only": ("picky", {"film_size_id": "8INX10IN"}, DONE),
}


@pytest.mark.parametrize("fault", ASKED)
def test_dcmprscp_is_asked_for_what_it_has_not(facility, tmp_path, fault):
    """peers/printer/README.md: statuses that dcmprscp gives by itself."""
    model, asked, known = ASKED[fault][0], dict(ASKED[fault][1]), ASKED[fault][2]
    with film_printer(tmp_path, model) as peer:
        bits = 8 if model in ("film8", "picky") and fault != "0106: 12 bits" else 12
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title, fallbacks=[])
        every = {"MagnificationType": [], "Trim": [], "MemoryAllocation": []}
        PrinterModel.objects.update(
            bits=bits, film_size_ids=[], medium_types=[], film_destinations=[], attributes=every
        )
        Printer.objects.update(film_destination=asked.pop("film_destination", "PROCESSOR"))
        printer.refresh_from_db()
        job = make_job(printer, [make_image(facility), make_image(facility)], **asked)

        assert outcome(job, peer) == known


@pytest.mark.parametrize("moment", ["before N-SET", "before N-ACTION"])
def test_dcmprscp_loses_its_database(facility, tmp_path, moment, monkeypatch):
    """README: A-ABORT, or 0110, or a dropped connection; nothing is printed, nothing claimed."""
    with film_printer(tmp_path, "film8") as peer:
        job = queued(facility, peer, model="generic-8bit")
        sent, away = outcomes.page_sent, tmp_path / "away"
        if moment == "before N-SET":
            (tmp_path / "db").rename(away)
        else:
            monkeypatch.setattr(
                outcomes,
                "page_sent",
                lambda **v: sent(**v) and bool((tmp_path / "db").rename(away)),
            )
        worker.work_once()

        assert not list(away.glob("SP_*"))
        assert "accepted" not in page_states(job)
        monkeypatch.undo()
        away.rename(tmp_path / "db")
        job.refresh_from_db()
        if job.state == "processing-stopped":  # dropped: only a person sees that nothing came out
            jobs.page_decide(job_id=job.pk, page_number=1, verdict="send-again", by=BY)

        assert outcome(job, peer) == DONE


def test_dcmprscp_is_busy_with_somebody_else(facility, tmp_path, monkeypatch):
    """README: a second association gets no answer until the first is over."""
    with film_printer(tmp_path, "film8") as peer:
        job = queued(facility, peer, model="generic-8bit", retry_plan_s=[0, 3600])
        other = AE("OTHER")
        other.add_requested_context(BasicGrayscalePrintManagementMeta)
        held = other.associate("127.0.0.1", peer.port)
        assert held.is_established
        with monkeypatch.context() as patch:
            patch.setattr(films, "LIMITS", replace(films.LIMITS, associate=1))
            assert outcome(job, peer) == ("pending", ["pending", "pending"], 0)
        held.release()

        jobs.job_retry(job_id=job.pk, by=BY)

        assert outcome(job, peer) == DONE


def test_dcmprscp_is_switched_off_and_on(facility, tmp_path):
    """README: connection refused; then each film comes out once."""
    with film_printer(tmp_path, "film8", is_running=False) as peer:
        job = queued(facility, peer, model="generic-8bit")
        while worker.work_once():
            pass
        job.refresh_from_db()
        assert (job.state, job.state_reasons[0]) == ("processing-stopped", "job-stopped")
        assert Printer.objects.get().state == "stopped"

        peer.start()
        jobs.job_retry(job_id=job.pk, by=BY)

        assert outcome(job, peer) == DONE
