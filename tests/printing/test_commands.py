"""`print_images` and `jobs`: what scripts rely on (architecture.md §3)."""

import json
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from printing.models import PageState, PrinterModel, PrintJob
from printing.services import jobs, pools, printers
from printing.worker.jobs import work_once
from tests.peers.printer import film_printer
from tests.peers.sim_printer import sim_printer
from tests.printing.factories import BY, make_image, make_job, make_printer, page_states
from tests.printing.samples import sample
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

CT, MR, CINE = "CT_small.dcm", "MR_small.dcm", "SC_rgb_rle_2frame.dcm"


def run(*arguments):
    """Return exit status, standard output's lines, and standard error."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
        status = 0
    except SystemExit as exit_:
        status = exit_.code
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return status, out.getvalue().splitlines(), err.getvalue()


def print_images(*names, printer="FILM", options=()):
    files = [str(sample(name)) if "/" not in name else name for name in names]
    return run("print_images", *files, "--printer", printer, *options)


@pytest.fixture
def printer(facility):
    return make_printer(facility, 21_190)


def test_it_queues_and_ends_with_the_job(printer):
    """Ends with 0 once the row has committed; the last line is `job ID`; sends nothing itself."""
    status, out, err = print_images(CT, MR)

    job = PrintJob.objects.get()
    assert (status, out[-1], err) == (0, f"job {job.pk}", "")
    assert (job.state, job.pages.count()) == ("pending", 2)
    page = job.pages.first()
    assert (page.image_display_format, page.film_size_id) == (r"STANDARD\1,1", "14INX17IN")


def test_one_page_for_each_box_full(printer):
    """Each frame of a multi-frame file is a picture of its own, in order."""
    options = ["--layout", r"STANDARD\2,1", "--size", "8INX10IN", "--copies", "3", "--plain"]
    print_images(CT, CINE, MR, options=options)

    job = PrintJob.objects.get()
    assert (job.number_of_copies, job.is_plain) == (3, True)
    assert [len(page.image_boxes) for page in job.pages.all()] == [2, 2]
    frames = [box["frame"] for page in job.pages.all() for box in page.image_boxes]
    assert frames == [1, 1, 2, 1]
    assert {page.film_size_id for page in job.pages.all()} == {"8INX10IN"}


def test_how_it_is_printed_is_said(printer):
    """Issue line 13: what the pages can choose, scripts can."""
    options = ["--orientation", "LANDSCAPE", "--medium", "BLUE FILM", "--priority", "HIGH"]
    later = ["--hold-until", "2126-11-21T18:00", "--label", "WARD 3", "--color", "gray"]

    status, _, err = print_images(CT, options=[*options, *later])

    assert (status, err) == (0, "")
    job = PrintJob.objects.get()
    assert job.pages.get().film_orientation == "LANDSCAPE"
    assert (job.medium_type, job.print_priority) == ("BLUE FILM", "HIGH")
    assert (job.film_session_label, job.is_color) == ("WARD 3", False)
    until = timezone.localtime(job.hold_until)  # the clock of this site
    assert (job.state, f"{until:%Y-%m-%dT%H:%M}") == ("pending-held", "2126-11-21T18:00")


def test_a_job_waits_for_a_release(printer):
    print_images(CT, options=["--hold"])

    job = PrintJob.objects.get()
    assert (job.state, job.state_reasons) == ("pending-held", ["job-hold-until-specified"])


def test_a_pool_takes_the_job(facility, printer):
    """The size is that of the printer which is asked first."""
    pools.pool_set(facility_id=facility.pk, name="All", printer_ids=[printer.pk], by=BY)

    assert run("print_images", str(sample(CT)), "--pool", "All")[0] == 0
    status, _, err = run("print_images", str(sample(CT)), "--pool", "None")

    assert PrintJob.objects.get().pool.name == "All"
    assert (status, err) == (1, "There is no pool “None”. Pools are: All.")
    with pytest.raises(CommandError, match="required"):
        call_command("print_images", str(sample(CT)))


def test_an_unusable_file_ends_with_2_and_queues_nothing(printer, tmp_path):
    """2 = a file cannot be used; each one is named with its sentence."""
    letter = tmp_path / "letter.txt"
    letter.write_text("not a picture" * 100)

    status, out, err = print_images(CT, str(letter), str(tmp_path / "missing.dcm"))

    assert (status, out) == (2, [])
    assert err.splitlines() == [
        "letter.txt: The file is neither a DICOM file nor a PNG or JPEG picture.",
        "missing.dcm: The file cannot be read: No such file or directory.",
    ]
    assert not PrintJob.objects.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--layout", "DIAMOND"], "not a layout"),
        (["--size", "large"], "cannot be sent"),
        (["--copies", "0"], "Copies go from"),
        (["--facility", "nowhere"], "no facility"),
        (["--medium", "blue"], "cannot be sent"),
        (["--label", "a\\b"], "label"),
        (["--hold-until", "2020-01-01T00:00"], "over already"),
        (["--color", "color"], "does not print colour"),
    ],
)
def test_senseless_options_end_with_one_sentence(printer, options, words):
    """Exit status 1, as every command of the portal."""
    status, _, err = print_images(CT, options=options)

    assert status == 1
    assert words in err


def test_an_unknown_printer(facility):
    """The sentence names the printers there are."""
    status, _, err = print_images(CT, printer="NONE")

    assert (status, err) == (1, "There is no printer “NONE”. Printers are: none yet.")


def test_waiting_ends_with_5_when_the_time_is_over(printer):
    """5 = still waiting when SECONDS ran out; the job stays queued."""
    status, out, err = print_images(CT, options=["--wait", "0.3"])

    job = PrintJob.objects.get()
    assert (status, out[-1], job.state) == (5, f"job {job.pk}", "pending")
    assert err.startswith("pending")


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
def test_waiting_ends_with_0_when_every_page_was_accepted(facility, tmp_path):
    """0 = every page accepted by the printer."""
    with film_printer(tmp_path, "film12") as peer:
        make_printer(facility, peer.port)

        status, out, _ = with_worker(lambda: print_images(CT, MR, options=["--wait", "100"]))

        assert status == 0
        assert len(peer.films()) == 2
    assert out[-1] == f"job {PrintJob.objects.get().pk}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
def test_waiting_ends_with_0_also_when_the_printer_has_not_said_done_yet(facility):
    """Every page is accepted: that is 0, whether or not Done comes before SECONDS run out."""
    slow = (("PENDING", "QUEUED", 0.0), ("PRINTING", "NORMAL", 3600.0))
    with sim_printer(has_job_events=False, job_steps=slow) as peer:
        printer = make_printer(facility, peer.port, ae_title=peer.ae_title, follow_s=3600)
        PrinterModel.objects.update(has_print_job=True)
        status, _, err = with_worker(lambda: print_images(CT, options=["--wait", "15"]))

        assert peer.printed == 1
    assert status == 0, err
    assert page_states(printer.jobs.get()) == ["accepted"]


@pytest.mark.parametrize("text", ["yesterday", "2026-13-45T00:00"])
def test_a_time_that_is_none_is_said(printer, text):
    status, _, err = print_images(CT, options=["--hold-until", text])

    assert status in (1, 2)  # 2 from a shell
    assert f"“{text}” is no time such as 2026-11-21T18:00." in err


@pytest.mark.parametrize("text", ["nan", "-1"])
def test_a_wait_that_never_ends_or_is_over_is_said(printer, text):
    status, _, err = print_images(CT, options=[f"--wait={text}"])

    assert status in (1, 2)  # 2 from a shell
    assert f"“{text}” is no number of seconds." in err


@pytest.mark.django_db(transaction=True)
@pytest.mark.peer
def test_waiting_ends_with_4_when_the_printer_refuses(facility, tmp_path):
    """4 = refused or aborted."""
    with film_printer(tmp_path, "film8") as peer:
        make_printer(facility, peer.port, model="generic-8bit")

        status, _, err = with_worker(
            lambda: print_images(CT, options=["--size", "A3", "--wait", "100"])
        )

    assert status == 4
    assert "The printer refused Film Size ID A3 (0106)." in err


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_with_3_only_when_no_retry_is_planned_any_more(facility, free_port):
    """3 = stopped, needs a person."""
    make_printer(facility, free_port, retry_plan_s=[1])

    status, _, err = with_worker(lambda: print_images(CT, options=["--wait", "100"]))

    assert status == 3
    assert "pending connecting-to-device Nobody answers" in err
    assert "Given up after 2 attempts." in err


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_with_4_when_the_job_is_cancelled(facility, printer):
    """4: nothing more will come."""

    def cancel():
        try:
            job = wait_until(PrintJob.objects.first)
            jobs.job_cancel(job_id=job.pk, by=BY)
        finally:
            connections.close_all()

    thread = threading.Thread(target=cancel)
    thread.start()
    status, _, err = print_images(CT, options=["--wait", "100"])
    thread.join()

    assert status == 4
    assert "Cancelled by test." in err


def with_worker(act):
    """Run while one worker works."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            try:
                work_once(stop)
            finally:
                connections.close_all()
            stop.wait(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        return act()
    finally:
        stop.set()
        thread.join()


def test_jobs_tells_one_job(facility, printer):
    """State, reasons, pages asked, accepted, unknown."""
    job = make_job(printer, [make_image(facility)] * 3)
    job.pages.filter(number=1).update(state=PageState.ACCEPTED)
    job.pages.filter(number=2).update(state=PageState.UNKNOWN)
    printers.printer_enable(printer_id=printer.pk, is_enabled=False, by=BY)

    _, out, _ = run("jobs", str(job.pk))
    _, found, _ = run("jobs", str(job.pk), "--json")

    assert out[:2] == [
        f"job {job.pk}: pending printer-stopped asked 3 accepted 1 unknown 1 printer FILM",
        "FILM is stopped: Paused by test.",
    ]
    assert json.loads(found[0]) == {
        "id": job.pk,
        "printer": "FILM",
        "state": "pending",
        "reasons": ["printer-stopped"],
        "message": "FILM is stopped: Paused by test.",
        "asked": 3,
        "accepted": 1,
        "unknown": 1,
        "pages": [
            {"number": n, "copy": 1, "copies": 1, "state": state, "printer": "", "warnings": []}
            for n, state in ((1, "accepted"), (2, "unknown"), (3, "pending"))
        ],
    }


def test_jobs_lists_the_newest_first(facility, printer):
    """Without an ID."""
    made = [make_job(printer, [make_image(facility)]).pk for _ in range(2)]

    _, out, _ = run("jobs")
    _, found, _ = run("jobs", "--json")

    assert [line.split(":")[0] for line in out] == [f"job {pk}" for pk in reversed(made)]
    assert [job["id"] for job in json.loads(found[0])] == made[::-1]


@pytest.mark.parametrize("unknown", [["9"], ["--printer", "NOWHERE"]])
def test_jobs_does_not_know_a_job_or_printer(db, unknown):
    """One sentence, exit status 1: a misspelt printer is not one without jobs."""
    assert run("jobs", *unknown)[0] == 1


def test_jobs_are_listed_by_state_and_printer(facility, printer):
    other = make_printer(facility, 21_191, name="FILM2")
    one, two = (make_job(each, [make_image(facility)]) for each in (printer, other))
    jobs.job_hold(job_id=two.pk, by=BY)

    assert run("jobs", "--state", "pending-held")[1] == [
        f"job {two.pk}: pending-held job-hold-until-specified "
        "asked 1 accepted 0 unknown 0 printer FILM2"
    ]
    assert run("jobs", "--printer", "FILM")[1][0].startswith(f"job {one.pk}:")


@pytest.mark.parametrize(
    ("verb", "state"), [("hold", "pending-held"), ("cancel", "canceled"), ("top", "pending")]
)
def test_something_is_done_with_a_job(facility, printer, verb, state):
    """What scripts may do; decisions about films are for who sees them."""
    job = make_job(printer, [make_image(facility)])

    status, out, _ = run("jobs", str(job.pk), "--do", verb)

    job.refresh_from_db()
    assert (status, job.state) == (0, state)
    assert out[0].startswith(f"job {job.pk}: {state}")
    assert run("jobs", str(job.pk), "--do", "release")[0] == (0 if verb == "hold" else 1)
    assert run("jobs", "--do", "hold")[0] == 1
