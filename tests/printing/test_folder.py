"""Files that scripts put into the watch folder: each becomes one job, or is turned away in words.

Issue 6, line 13. Whoever writes into the folder is not trusted.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from django.db import connections

from portal import services
from portal.models import Alert
from printing.models import JobState, PoolMember, PrintJob, PrintPool, SourceImage
from printing.services import folder as folder_services
from printing.services.printer_queue import printer_accept
from printing.services.quotas import quota_set
from printing.worker import folder, folder_claims
from tests.peers.portal_processes import ROOT, environment, manage
from tests.printing.factories import BY, dicom_file, gray_dataset, make_printer
from tests.waiting import wait_until

ALONE = {"PatientID": "S-1"}


@pytest.fixture
def watched(tmp_path, settings, monkeypatch):
    """A watch folder whose entries count as complete at the first look."""
    monkeypatch.setattr(folder, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(folder, "RETRY_SECONDS", 0)
    for known in (folder._looks, folder._later, folder._tidied, folder._told):
        known.clear()
    settings.PRINT_FOLDER = str(tmp_path)
    return tmp_path


@pytest.fixture
def film(watched, facility, free_port):
    """The folder of a printer called FILM."""
    make_printer(facility, free_port)
    (watched / "FILM").mkdir()
    return watched / "FILM"


def picture(**attributes):
    """Return a DICOM file as bytes; each one is another image."""
    return dicom_file(gray_dataset(np.zeros((8, 8), np.uint8), **(ALONE | attributes)))


def job_folder(film, name="job", files=2, **options):
    """Put a job's folder there, with so many images in it."""
    place = film / name
    place.mkdir()
    for number in range(1, files + 1):
        (place / f"im{number}.dcm").write_bytes(picture(InstanceNumber=str(number)))
    if options:
        (place / "job.json").write_text(json.dumps(options))
    return place


def entries(place):
    """Return what lies in a folder for people to see; ours begins with a dot."""
    return sorted(each.name for each in place.iterdir() if not each.name.startswith("."))


def test_a_file_becomes_a_job_and_goes_to_done(film):
    """The file is moved beside a text whose first line is the job's number, for scripts."""
    (film / "one.dcm").write_bytes(picture())

    assert folder.work_once() is True

    job = PrintJob.objects.get()
    assert (job.printer.name, job.created_by_name, job.pages.count()) == ("FILM", "watch folder", 1)
    assert entries(film) == ["done"]
    assert entries(film / "done") == ["one.dcm", "one.dcm.txt"]
    assert (film / "done" / "one.dcm.txt").read_text().splitlines()[0] == f"job {job.pk}"
    assert not any((film / ".working").iterdir())
    assert folder.work_once() is False


def test_a_folder_is_one_job_with_its_options(film):
    """`job.json` says what the command line of print_images says."""
    job_folder(
        film,
        files=3,
        layout=r"STANDARD\1,2",
        size="8INX10IN",
        orientation="LANDSCAPE",
        copies=2,
        priority="HIGH",
        medium="BLUE FILM",
        hold=True,
    )

    folder.work_once()

    job = PrintJob.objects.get()
    assert (job.number_of_copies, job.print_priority, job.medium_type) == (2, "HIGH", "BLUE FILM")
    assert job.state == JobState.PENDING_HELD
    page = job.pages.order_by("copy", "number").first()
    assert page.image_display_format == r"STANDARD\1,2"
    assert (page.film_size_id, page.film_orientation) == ("8INX10IN", "LANDSCAPE")
    assert {row.number for row in job.pages.all()} == {1, 2}
    assert entries(film / "done") == ["job", "job.txt"]


def order_of(job):
    """Return the instance numbers of a job's images as they follow each other on the film."""
    boxes = [box for page in job.pages.order_by("number") for box in page.image_boxes]
    return [SourceImage.objects.get(pk=box["image_id"]).instance_number for box in boxes]


def test_images_follow_their_names_digits_as_numbers(film):
    """im2 comes before im10; folders in the folder count to the name; what is no image stays."""
    place = job_folder(film, files=10)
    (place / "im3.dcm").rename(place / "zz.dcm")
    (place / "a").mkdir()
    (place / "im7.dcm").rename(place / "a" / "im7.dcm")
    for beside in ("DICOMDIR", "Thumbs.db", ".DS_Store"):
        (place / beside).write_bytes(b"no image")

    folder.work_once()

    assert order_of(PrintJob.objects.get()) == [7, 1, 2, 4, 5, 6, 8, 9, 10, 3]


def test_files_of_job_json_give_their_order_and_choice(film):
    job_folder(film, files=3)
    (film / "job" / "job.json").write_text('{"files": ["im3.dcm", "im1.dcm", "im3.dcm"]}')

    folder.work_once()

    assert order_of(PrintJob.objects.get()) == [3, 1, 3]


def test_an_entry_is_left_alone_until_nothing_changes(film, monkeypatch):
    """A file that grows is not taken, however long ago its name appeared."""
    monkeypatch.setattr(folder, "SETTLE_SECONDS", 5.0)
    clock = [100.0]
    monkeypatch.setattr(folder.time, "monotonic", lambda: clock[0])
    whole = picture()
    target = film / "slow.dcm"
    for part in (whole[:200], whole[200:400], whole[400:]):
        with target.open("ab") as stream:
            stream.write(part)
        assert folder.work_once() is False
        clock[0] += 4.9
        assert folder.work_once() is False
    clock[0] += 0.2

    assert folder.work_once() is True

    assert PrintJob.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["a.dcm.part", "a.tmp", ".a.dcm.Xy12", "~a.dcm", "a.dcm~", "A.FILEPART", "a.partial"]
)
def test_names_of_unfinished_files_are_never_taken(film, name):
    """Write under another name, then rename: the safest way, whatever the file system."""
    (film / name).write_bytes(picture())
    assert folder.work_once() is False
    (film / name).rename(film / "finished.dcm")

    assert folder.work_once() is True

    assert entries(film / "done") == ["finished.dcm", "finished.dcm.txt"]


def test_a_file_still_written_while_it_is_read_waits(film, monkeypatch):
    """A writer that paused for too long goes on: nothing half is printed."""
    target = film / "slow.dcm"
    target.write_bytes(picture())
    writer = target.open("ab")
    taken_in = folder.image_add

    def image_add(**values):
        image = taken_in(**values)
        if not writer.closed:
            writer.write(b"\0" * 8)
            writer.close()
        return image

    monkeypatch.setattr(folder, "image_add", image_add)

    assert folder.work_once() is False
    assert PrintJob.objects.count() == 0
    assert folder.work_once() is True

    assert PrintJob.objects.count() == 1
    kept = SourceImage.objects.get(pk=PrintJob.objects.get().pages.get().image_boxes[0]["image_id"])
    assert (film / "done" / "slow.dcm").stat().st_size == (
        Path(folder.settings.MEDIA_ROOT) / kept.path
    ).stat().st_size


def refused(film, name="job"):
    """Take the entry; return what the text beside it says, once it is sure that nothing waits."""
    folder.work_once()
    assert PrintJob.objects.count() == 0
    assert entries(film) == ["failed"]
    return (film / "failed" / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "is an object"),
        ("{", "cannot be read"),
        ("[" * 40_000, "cannot be read"),
        ('{"copies": ' + "9" * 5000 + "}", "cannot be read"),
        ('{"copys": 2}', "“copys”, which is not known"),
        ('{"copies": "2"}', "“copies” in job.json is a whole number"),
        ('{"copies": true}', "“copies” in job.json is a whole number"),
        ('{"copies": 0}', "Copies go from 1 to 99"),
        ('{"layout": "STANDARD\\\\0,1"}', "STANDARD"),
        ('{"medium": "\\u0000"}', "cannot be sent to a printer"),
        ('{"files": ["../../etc/passwd"]}', "which is not in the folder"),
        ('{"files": [1]}', "is a list of names"),
        ('{"files": []}', "There is no image in the folder"),
        ('{"facility": "elsewhere"}', "There is no printer “FILM” in facility elsewhere"),
        ('{"hold_until": "tomorrow"}', "a time with its zone"),
        (" " * 70_000, "larger than 64 KB"),
    ],
)
def test_a_job_json_that_says_nonsense_is_refused_in_words(film, text, words):
    """What is not understood is never overlooked: the films would be others than were meant."""
    job_folder(film, note="replaced")
    (film / "job" / "job.json").write_text(text)

    assert words in refused(film)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "one.dcm: The file is empty."),
        (b"no image at all" * 100, "one.dcm: "),
        (picture()[:-40], "one.dcm: "),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(film, content, words):
    (film / "one.dcm").write_bytes(content)

    assert words in refused(film, "one.dcm")


def test_one_bad_file_refuses_the_whole_folder_and_each_is_named(film):
    place = job_folder(film, files=2)
    (place / "x.dcm").write_bytes(b"nothing")
    (place / "y.dcm").write_bytes(b"")

    text = refused(film)

    assert "x.dcm: " in text
    assert "y.dcm: The file is empty." in text


def test_pictures_of_two_patients_on_one_film_need_a_word(film):
    place = job_folder(film, files=1)
    (place / "b.dcm").write_bytes(picture(PatientID="S-2", PatientName="Other^Pat"))
    (place / "job.json").write_text('{"layout": "STANDARD\\\\1,2"}')
    assert "different patients" in refused(film)
    (film / "failed" / "job").rename(film / "again")
    (film / "again" / "job.json").write_text(
        '{"layout": "STANDARD\\\\1,2", "several_patients": true}'
    )

    folder.work_once()

    assert PrintJob.objects.count() == 1


def test_a_folder_for_no_printer_is_answered_too(film, watched):
    (watched / "FLIM").mkdir()
    (watched / "FLIM" / "a.dcm").write_bytes(picture())

    folder.work_once()

    text = (watched / "FLIM" / "failed" / "a.dcm.txt").read_text()
    assert "There is no printer “FLIM”. Printers are: FILM." in text
    assert Alert.objects.get().kind == "print-folder"


def test_failures_raise_one_alert_that_names_no_file(film):
    """An alert leaves the building: no name of a file or patient is in it."""
    for name in ("Doe_John.dcm", "Doe_Jane.dcm"):
        (film / name).write_bytes(b"no image")

    folder.work_once()

    alert = Alert.objects.get()
    assert alert.kind == "print-folder"
    assert "FILM" in alert.sentence
    assert "Doe" not in alert.sentence + alert.key


def test_a_printer_of_several_facilities_has_to_be_told_apart(film, free_port):
    other, _ = services.facility_set(code="north", ae_title="NORTH", name="North", by=BY)
    make_printer(other, free_port)
    (film / "a.dcm").write_bytes(picture())
    job_folder(film, facility="north")

    folder.work_once()

    assert "Several facilities have a printer “FILM”" in (film / "failed" / "a.dcm.txt").read_text()
    assert PrintJob.objects.get().facility == other


def test_entries_wait_while_the_printer_takes_no_new_jobs(film):
    printer = folder_services.folder_target("FILM").printer
    printer_accept(printer_id=printer.pk, is_accepting=False, by=BY)
    (film / "a.dcm").write_bytes(picture())
    assert folder.work_once() is False
    assert entries(film) == ["a.dcm"]

    printer_accept(printer_id=printer.pk, is_accepting=True, by=BY)
    folder.work_once()

    assert PrintJob.objects.count() == 1


def test_a_job_that_a_quota_stops_is_put_into_failed(film, facility):
    quota_set(facility_id=facility.pk, films=1, action="stop", by=BY)
    (film / "a.dcm").write_bytes(picture())
    (film / "b.dcm").write_bytes(picture(InstanceNumber="2"))

    folder.work_once()

    assert PrintJob.objects.count() == 1
    text = next((film / "failed").glob("*.txt")).read_text()
    assert "All units together may use 1 film a month" in text


def test_a_pool_has_a_folder_too(film, watched):
    """Whichever member can take it: the pool's rule decides, not the folder."""
    printer = folder_services.folder_target("FILM").printer
    pool = PrintPool.objects.create(facility=printer.facility, name="All films")
    PoolMember.objects.create(facility=printer.facility, pool=pool, printer=printer)
    (watched / "All films").mkdir()
    (watched / "All films" / "a.dcm").write_bytes(picture())

    folder.work_once()

    job = PrintJob.objects.get()
    assert (job.pool, job.printer) == (pool, printer)


def test_what_was_queued_is_removed_when_its_time_is_over_and_failures_stay(film, settings):
    """PORTAL_PRINT_KEEP_S: images of patients do not lie about for ever."""
    (film / "old.dcm").write_bytes(picture())
    job_folder(film, "tree")
    (film / "bad.dcm").write_bytes(b"no image")
    folder.work_once()
    (film / "new.dcm").write_bytes(picture(InstanceNumber="9"))
    folder.work_once()
    long_ago = time.time() - settings.PRINT_KEEP_S - 60
    for text in ("old.dcm.txt", "tree.txt"):
        os.utime(film / "done" / text, (long_ago, long_ago))
    os.utime(film / "failed" / "bad.dcm.txt", (long_ago, long_ago))
    folder._tidied.clear()

    folder.work_once()

    assert entries(film / "done") == ["new.dcm", "new.dcm.txt"]
    assert entries(film / "failed") == ["bad.dcm", "bad.dcm.txt"]


# --- hostile entries ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        b"line\nbreak.dcm",
        b"\x1b[31mred.dcm",
        b"\xff\xfe.dcm",
        b"-rf.dcm",
        b"$(reboot).dcm",
        b"'; DROP TABLE;--.dcm",
        "ünïcödé 画像.dcm".encode(),
        b"n" * 255,
        b" ",
        b"job.json",
        b"done.txt",
    ],
)
@pytest.mark.parametrize("content", [b"no image", None], ids=["refused", "taken"])
def test_hostile_names_are_only_names(film, name, content):
    """Names are bytes; they reach no shell, no other folder, and no log."""
    (film / os.fsdecode(name)).write_bytes(content or picture())

    folder.work_once()

    place = film / ("failed" if content else "done")
    found = {os.fsencode(each.name) for each in place.iterdir()}
    kept = name[: folder_claims.NAME_BYTES]
    assert found == {kept, kept + b".txt"}
    assert PrintJob.objects.count() == (0 if content else 1)
    assert entries(film) == [place.name]


def test_a_name_that_was_used_before_keeps_what_lies_there(film):
    """Results of an earlier entry of the same name are never overwritten."""
    for number in (1, 2, 3):
        (film / "a.dcm").write_bytes(picture(InstanceNumber=str(number)))
        folder.work_once()

    names = entries(film / "done")
    assert len(names) == 6
    assert names[:2] == ["a.dcm", "a.dcm.txt"]
    texts = [(film / "done" / name).read_text() for name in names if name.endswith(".txt")]
    assert len({text.splitlines()[0] for text in texts}) == 3


def test_a_file_whose_text_was_removed_is_not_overwritten_either(film):
    """Somebody cleared the texts away, or put a file into `done` by hand."""
    (film / "done").mkdir()
    (film / "done" / "a.dcm").write_bytes(b"an earlier one")
    (film / "done" / "b.dcm.txt").write_bytes(b"a note of somebody")
    for name in ("a.dcm", "b.dcm"):
        (film / name).write_bytes(picture(InstanceNumber=str(ord(name[0]))))

    folder.work_once()

    assert (film / "done" / "a.dcm").read_bytes() == b"an earlier one"
    assert (film / "done" / "b.dcm.txt").read_bytes() == b"a note of somebody"
    assert PrintJob.objects.count() == 2
    assert len([name for name in entries(film / "done") if "~" in name]) == 4


@pytest.fixture
def secret(tmp_path_factory):
    """An image outside the watch folder that nobody may print or move."""
    place = tmp_path_factory.mktemp("outside")
    (place / "secret.dcm").write_bytes(picture())
    return place


def test_links_are_never_followed(film, secret):
    """To a file, to a folder, inside a job's folder, and deeper: all are refused."""
    (film / "file").symlink_to(secret / "secret.dcm")
    (film / "tree").symlink_to(secret)
    (job_folder(film, "inner") / "x.dcm").symlink_to(secret / "secret.dcm")
    (job_folder(film, "deeper") / "more").symlink_to(secret)
    job_folder(film, "json", files=1)
    (film / "json" / "job.json").symlink_to("/etc/hostname")

    folder.work_once()

    assert PrintJob.objects.count() == 0
    assert SourceImage.objects.count() == 0
    for name in ("file", "tree", "inner", "deeper", "json"):
        text = (film / "failed" / f"{name}.txt").read_text()
        assert "is a link or a device, not a file" in text
    assert entries(secret) == ["secret.dcm"]


def test_a_file_exchanged_for_a_link_while_it_is_taken_is_refused(film, secret, monkeypatch):
    """Between the look and the reading somebody swaps the file: it is opened without links."""
    place = job_folder(film, files=1)
    listed = folder.files_of

    def files_of(parent, name):
        found = listed(parent, name)
        way = film / ".working"
        inside = next(way.rglob("im1.dcm"))
        inside.unlink()
        inside.symlink_to(secret / "secret.dcm")
        return found

    monkeypatch.setattr(folder, "files_of", files_of)

    assert place.name == "job"
    assert "“im1.dcm” cannot be read" in refused(film)


def test_no_special_file_blocks_the_worker(film):
    """A FIFO without a writer would hang whoever opens it."""
    os.mkfifo(film / "fifo")
    os.mkfifo(job_folder(film) / "fifo")

    folder.work_once()

    assert entries(film / "failed") == ["fifo", "fifo.txt", "job", "job.txt"]


def test_printers_folders_that_are_links_are_left_alone(film, watched, secret, free_port):
    make_printer(folder_services.folder_target("FILM").printer.facility, free_port, name="TWO")
    (watched / "TWO").symlink_to(secret)
    (watched / "loose.dcm").write_bytes(picture())

    assert folder.work_once() is False

    assert entries(secret) == ["secret.dcm"]
    assert PrintJob.objects.count() == 0


@pytest.mark.parametrize("place", ["done", "failed", ".working"])
def test_our_own_folders_are_not_used_through_links(film, secret, place):
    """`done` as a link to elsewhere: nothing is written there, and nothing is queued twice."""
    (film / place).symlink_to(secret)
    (film / "a.dcm").write_bytes(picture() if place != "failed" else b"no image")

    for _ in range(3):
        folder.work_once()

    assert entries(secret) == ["secret.dcm"]
    assert PrintJob.objects.count() == (1 if place == "done" else 0)
    (film / place).unlink()
    folder.work_once()
    assert PrintJob.objects.count() == (0 if place == "failed" else 1)
    assert entries(film) == ["failed" if place == "failed" else "done"]


def test_a_huge_file_is_refused_without_filling_the_disk(film, settings):
    """A sparse file of a terabyte: no byte of it beyond the limit is copied."""
    settings.UPLOAD_MAX_BYTES = 1 << 20
    with (film / "huge.dcm").open("wb") as stream:
        stream.write(picture())
        stream.truncate(1 << 40)

    assert "larger than 1 MB" in refused(film, "huge.dcm")
    assert not any(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*"))


def test_a_folder_of_too_many_or_too_deep_is_refused(film, monkeypatch):
    monkeypatch.setattr(folder_claims, "MAX_FILES", 20)
    place = film / "many"
    place.mkdir()
    for number in range(30):
        (place / str(number)).touch()
    (film / "deep" / "/".join("d" * 40)).mkdir(parents=True)

    folder.work_once()

    assert "more than 20 files" in (film / "failed" / "many.txt").read_text()
    assert "more than 8 deep" in (film / "failed" / "deep.txt").read_text()


def test_an_entry_that_may_not_be_moved_hinders_no_other(film, monkeypatch):
    """Somebody else's folder without the right to write: it stays, the rest goes on."""
    job_folder(film, "a")
    job_folder(film, "b")
    rename = os.rename

    def guarded(source, target, **fds):
        if source == "a":
            raise PermissionError(13, "Permission denied")
        rename(source, target, **fds)

    monkeypatch.setattr(folder_claims.os, "rename", guarded)

    folder.work_once()

    assert PrintJob.objects.count() == 1
    assert entries(film) == ["a", "done"]


def test_a_full_disk_delays_and_loses_nothing(film, monkeypatch):
    """No room for the images: the entry waits, and is queued once there is room."""
    (film / "a.dcm").write_bytes(picture())
    taken_in = folder.image_add

    def full(**values):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "image_add", full)
    assert folder.work_once() is False
    assert folder.work_once() is False
    monkeypatch.setattr(folder, "image_add", taken_in)

    assert folder.work_once() is True

    assert PrintJob.objects.count() == 1
    assert entries(film / "done") == ["a.dcm", "a.dcm.txt"]


# --- two workers, and workers that die --------------------------------------------------------


def test_two_workers_at_once_queue_each_entry_once(transactional_db, film):
    for number in range(12):
        (film / f"{number}.dcm").write_bytes(picture(InstanceNumber=str(number)))
    failures = []

    def work():
        try:
            barrier.wait(timeout=60)
            for _ in range(30):
                folder.work_once()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    numbers = [order_of(job)[0] for job in PrintJob.objects.all()]
    assert sorted(numbers) == list(range(12))
    assert len(entries(film / "done")) == 24
    assert entries(film) == ["done"]


def test_a_claim_of_a_living_worker_is_not_taken_over(film):
    (film / "a.dcm").write_bytes(picture())
    with (
        folder_claims.directory_in(os.open(film.parent, os.O_RDONLY), "FILM") as place,
        folder_claims.entry_claimed(place, "a.dcm") as claim,
    ):
        assert claim is not None
        assert folder.work_once() is False
        assert PrintJob.objects.count() == 0

    assert folder.work_once() is True

    assert PrintJob.objects.count() == 1


SETUP = """
from tests.printing.factories import make_printer, BY
from portal.models import Facility
make_printer(Facility.objects.get(code="main"), 9, name="FILM")
"""
# A worker that is killed at a point of its work, as kill -9 does it: nothing is tidied up.
DYING = """
import os, signal
from printing.services import folder as services
from printing.worker import folder, folder_claims
folder.SETTLE_SECONDS = 0
die = lambda *values, **named: os.kill(os.getpid(), signal.SIGKILL)
{point}
folder.work_once()
"""
POINTS = {
    "after taking it": "folder.folder_services.folder_job_of = die",
    "before the commit": "services.audit = die",
    "between queueing and moving away": "folder.entry_put_away = die",
    "between text and moving away": (
        "rename = os.rename\n"
        "folder_claims.os.rename = lambda source, *rest, **fds: "
        "rename(source, *rest, **fds) if PrintJob.objects.count() == {before} else die()"
    ),
}
WORKING = "from printing.worker import folder; folder.SETTLE_SECONDS = 0; folder.work_once()"
COUNT = "from printing.models import PrintJob; print('jobs', PrintJob.objects.count())"


def test_a_worker_killed_at_any_point_queues_nothing_twice_and_loses_nothing(tmp_path):
    """kill -9 of a real process; the next one finds its claim free, and asks for its mark."""
    watched = tmp_path / "watched"
    (watched / "FILM").mkdir(parents=True)
    data = tmp_path / "data"
    data.mkdir()
    env = environment(data, PORTAL_PRINT_FOLDER=str(watched))
    manage(env, "migrate", "--verbosity", "0")
    manage(env, "shell", "-c", SETUP)
    for number, (name, point) in enumerate(POINTS.items()):
        (watched / "FILM" / f"{number}.dcm").write_bytes(picture(InstanceNumber=str(number)))
        code = "from printing.models import PrintJob\n" + DYING.format(
            point=point.replace("{before}", str(number))
        )
        killed = subprocess.run(
            [sys.executable, "manage.py", "shell", "-c", code],
            cwd=ROOT,
            env=env,
            timeout=60,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, name
        assert entries(watched / "FILM") in ([], ["done"]), name  # taken, and not put away
        assert f"{number}.dcm" not in {p.name for p in (watched / "FILM" / "done").glob("*")}

        manage(env, "shell", "-c", WORKING)

        assert f"jobs {number + 1}\n" in manage(env, "shell", "-c", COUNT), name
        assert (watched / "FILM" / "done" / f"{number}.dcm").exists(), name
        text = (watched / "FILM" / "done" / f"{number}.dcm.txt").read_text()
        assert text.startswith(f"job {number + 1}\n"), name
    assert not any((watched / "FILM" / ".working").iterdir())


def test_run_worker_watches_the_folder(tmp_path):
    """`manage.py run_worker --only printing.folder` takes real files with its real patience."""
    from tests.peers.portal_processes import process

    watched, data = tmp_path / "watched", tmp_path / "data"
    (watched / "FILM").mkdir(parents=True)
    data.mkdir()
    env = environment(data, PORTAL_PRINT_FOLDER=str(watched))
    manage(env, "migrate", "--verbosity", "0")
    manage(env, "shell", "-c", SETUP)
    with process(env, "run_worker", "--only", "printing.folder"):
        (watched / "FILM" / "a.dcm").write_bytes(picture())
        wait_until((watched / "FILM" / "done" / "a.dcm").exists)

    assert "jobs 1\n" in manage(env, "shell", "-c", COUNT)
