"""The import command as a person runs it: folders of other makers, dry run, progress, Ctrl-C."""

import io
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.dicom.errors import InvalidDataset
from portal.models import AuditEvent
from portal.types import Actor
from tests.bench.bulk import made as made_in_bulk
from tests.bench.make_worklist import entry_dataset, make_entry
from tests.peers.portal_processes import ROOT, environment, manage
from tests.waiting import wait_until
from tests.worklist.commands import put, run
from tests.worklist.entries import entry, file_bytes
from worklist.dicom.entry import parse
from worklist.dicom.files import read_file
from worklist.management.commands import import_worklist
from worklist.management.progress import Progress, line
from worklist.models import ScheduledProcedureStep, WorklistEntry
from worklist.services import imports
from worklist.services.imports import entries_import

BY = Actor.command("test")


def numbered(number: int, **changes):
    """Entry number so-and-so: an order and a study of its own."""
    return entry(AccessionNumber=f"A{number}", StudyInstanceUID=f"2.25.{number + 1}", **changes)


@pytest.mark.django_db
def test_dcmtk_layout_one_folder_for_each_called_ae_title(facility, tmp_path):
    """architecture.md §3: DCMTK keeps DIR/<called AE>/*.wl beside a lockfile."""
    for number, title in enumerate(["CT1", "MR1", "deeper/US1"]):
        folder = tmp_path / title
        folder.mkdir(parents=True)
        (folder / "lockfile").touch()
        put(folder, "a.wl", numbered(number))

    lines, code = run(tmp_path)

    assert (lines[-1], code) == ("3 created, 0 updated, 0 unchanged, 0 rejected", 0)


@pytest.mark.django_db
def test_orthanc_layout_flat_folder_with_anything_beside(facility, tmp_path):
    """The plugin reads *.wl of one folder; other files there are not ours."""
    put(tmp_path, "A.WL", numbered(1))
    put(tmp_path, "b.wl", numbered(2))
    (tmp_path / "README").write_text("How to fill this folder")

    assert run(tmp_path)[0][-1] == "2 created, 0 updated, 0 unchanged, 0 rejected"


@pytest.mark.django_db
def test_what_is_no_readable_file_is_told_and_stops_nothing(facility, tmp_path):
    """A pipe would never end; a folder may be called like an entry; a name may be any bytes."""
    os.mkfifo(tmp_path / "pipe.wl")
    (tmp_path / "folder.wl").mkdir()
    (tmp_path / "gone.wl").symlink_to(tmp_path / "nowhere")
    put(tmp_path, os.fsdecode(b"M\xfcller.wl"), numbered(1))

    lines, code = run(tmp_path)

    told = "\n".join(lines)
    assert "pipe.wl: rejected. It is no file." in told
    assert "gone.wl: rejected. There is no such file." in told
    assert "M\\xfcller.wl: created" in told
    assert (lines[-1], code) == ("1 created, 0 updated, 0 unchanged, 2 rejected", 1)


@pytest.mark.django_db
def test_quiet_tells_only_what_is_rejected(facility, tmp_path):
    """-v 0, for a nightly job."""
    put(tmp_path, "a.wl", entry())
    (tmp_path / "b.wl").write_bytes(b"")

    lines, code = run(tmp_path, "-v", "0")

    assert [line.partition(": ")[2] for line in lines[:-1]] == ["rejected. It is empty."]
    assert code == 1


@pytest.mark.django_db
def test_dry_run_is_exact_across_batches(facility, tmp_path, monkeypatch):
    """A later batch of a dry run knows what the earlier ones would have left."""
    monkeypatch.setattr(import_worklist, "BATCH", 2)
    for number in range(3):
        put(tmp_path, f"{number}.wl", numbered(number))
    put(tmp_path, "again.wl", numbered(0))
    put(tmp_path, "later.wl", numbered(1, ScheduledProcedureStepStartTime="1500"))
    put(tmp_path, "other.wl", numbered(7, PatientName="Else^Some", PatientBirthDate="19900101"))
    put(tmp_path, "study.wl", entry(AccessionNumber="A9", StudyInstanceUID="2.25.3"))

    rehearsed, _ = run(tmp_path, "--dry-run")
    assert not ScheduledProcedureStep.objects.exists()
    real, _ = run(tmp_path)

    assert rehearsed == real
    assert real[-1] == "3 created, 1 updated, 1 unchanged, 2 rejected"
    assert run(tmp_path, "--dry-run")[0] == run(tmp_path)[0]


@pytest.mark.django_db
def test_dry_run_writes_nothing(facility, tmp_path, django_assert_max_num_queries):
    """Neither rows nor audit, and no lock is held while it reads."""
    put(tmp_path, "a.wl", entry())
    before = AuditEvent.objects.count()

    with django_assert_max_num_queries(20) as queries:
        run(tmp_path, "--dry-run")

    statements = [one["sql"].split()[0] for one in queries.captured_queries]
    assert set(statements) == {"SELECT"}
    assert AuditEvent.objects.count() == before


@pytest.mark.django_db
def test_changed_order_reaches_all_its_procedures(facility, tmp_path):
    """One entry gives the order another physician: the other procedure's entry says so too."""
    put(tmp_path, "a.wl", entry())
    second = {"RequestedProcedureID": "RP2", "ScheduledProcedureStepID": "S2"}
    put(tmp_path, "b.wl", entry(StudyInstanceUID="2.25.9", **second))
    run(tmp_path)

    put(tmp_path, "a.wl", entry(ReferringPhysicianName="Changed^Doctor"))
    run(tmp_path / "a.wl")

    assert all(b"Changed^Doctor" in bytes(row.encoded) for row in WorklistEntry.objects.all())
    assert WorklistEntry.objects.count() == 2


@pytest.mark.django_db
def test_interruption_keeps_whole_batches_and_says_how_far_it_got(facility, tmp_path, monkeypatch):
    """Ctrl-C: what was imported stays, the rest is not there, the same command goes on."""
    monkeypatch.setattr(import_worklist, "BATCH", 2)
    for number in range(6):
        put(tmp_path, f"{number}.wl", numbered(number))
    calls = []

    def interrupted(**kwargs):
        calls.append(kwargs)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return entries_import(**kwargs)

    monkeypatch.setattr(import_worklist, "entries_import", interrupted)
    lines, code = run(tmp_path)

    assert code == import_worklist.INTERRUPTED
    assert lines[-2].startswith("Stopped after 4 of 6 files; what was imported stays.")
    assert lines[-1] == "4 created, 0 updated, 0 unchanged, 0 rejected"
    assert WorklistEntry.objects.count() == 4
    monkeypatch.undo()
    assert run(tmp_path)[0][-1] == "2 created, 0 updated, 4 unchanged, 0 rejected"


@pytest.mark.django_db(transaction=True)
def test_interruption_within_a_batch_leaves_nothing_of_it(facility, tmp_path, monkeypatch):
    """Rows and entry commit together, or not at all."""
    put(tmp_path, "a.wl", entry())

    def interrupted(steps):
        raise KeyboardInterrupt

    monkeypatch.setattr(imports, "entries_write", interrupted)
    lines, code = run(tmp_path)

    assert code == import_worklist.INTERRUPTED
    assert lines[-1] == "0 created, 0 updated, 0 unchanged, 0 rejected"
    assert not ScheduledProcedureStep.objects.exists()


def test_ctrl_c_at_a_terminal_shows_progress_and_ends_in_order(tmp_path):
    """The real thing: a process with a terminal for its progress, SIGINT in the middle."""
    env = environment(tmp_path / "data")
    manage(env, "migrate", "-v", "0")
    folder = tmp_path / "wl"
    folder.mkdir()
    raw = file_bytes(entry())
    for number in range(3000):
        accession = f"{number:04d}".encode()
        text = raw.replace(b"SH\x02\x00A1", b"SH\x04\x00" + accession)
        (folder / f"{number}.wl").write_bytes(text.replace(b"2.25.1", b"2." + accession))
    ours, theirs = pty.openpty()
    command = [sys.executable, "manage.py", "import_worklist", str(folder)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        # A shell's background job ignores SIGINT, and what it starts inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        wait_until(lambda: "created" in process.stdout.readline(), seconds=60)
        shown = ""
        while " left" not in shown:
            shown += os.read(ours, 1000).decode()
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()
    os.close(ours)

    assert process.returncode == import_worklist.INTERRUPTED
    assert "Traceback" not in out + shown
    stopped, closing = out.splitlines()[-2:]
    done = int(stopped.split()[2].replace(",", ""))
    assert done % import_worklist.BATCH == 0
    assert closing.startswith(f"{done} created")


def test_progress_is_shown_on_a_terminal_only():
    """Nothing into a pipe or a file; on a terminal rate and time left."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        progress = Progress(stream, 10)
        progress.show(10)
        progress.clear()

    assert pipe.getvalue() == ""
    assert "10 of 10" in terminal.getvalue()
    assert line(3200, 10_000, 16.0) == "3,200 of 10,000 · 200/s · 34 s left"
    assert line(100, 100_000, 10.0) == "100 of 100,000 · 10/s · 166 min 30 s left"
    assert line(0, 5, 0.0) == "0 of 5"


GOOD = file_bytes(entry("ISO_IR 100", PatientName="José^A"))


@settings(max_examples=400)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8), st.data()
)
def test_no_damage_to_a_file_brings_anything_but_a_sentence(changes, data):
    """The issue, "Bad input": bytes changed anywhere, then cut anywhere."""
    raw = bytearray(GOOD)
    for place, value in changes:
        raw[place] = value
    end = data.draw(st.integers(0, len(raw)))

    with suppress(InvalidDataset):
        parse(read_file(bytes(raw[:end])))


def test_bulk_entries_are_those_of_the_files(tmp_path: Path):
    """tests/bench/bulk.py makes what make_worklist writes and the import reads."""
    import datetime as dt

    today = dt.date(2026, 11, 21)
    for number, one in enumerate(made_in_bulk(0, 40, today)):
        ds = entry_dataset(make_entry(number, today))
        ((read,), _) = parse(read_file(file_bytes(ds)))
        assert one == read
