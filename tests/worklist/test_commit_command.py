"""`manage.py commit`: an archive asked from the shell, by real associations on loopback."""

import threading
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from tests.peers.listing_archive import listing_archive
from tests.peers.scripted_archive import Reaction, failed
from tests.worklist.committing import make_archive, make_performed, planned, work
from worklist.models import CommittedInstance, StudyCommitment

pytestmark = pytest.mark.django_db(transaction=True)


def commit(study, *arguments):
    """Run the command; its lines and its exit status."""
    out, err = StringIO(), StringIO()
    try:
        call_command("commit", study, *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return out.getvalue().splitlines(), end.code
    return out.getvalue().splitlines(), 0


@contextmanager
def working():
    """A worker beside the command, as in `serve`."""
    stop = threading.Event()

    def loop():
        try:
            while not stop.is_set():
                if not work():
                    stop.wait(0.05)
        finally:
            connections.close_all()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=100)


def test_all_confirmed_ends_with_0(facility, archive_peer):
    """Contract: the last line `AE confirmed n of m`, exit 0."""
    make_archive(facility, archive_peer.port)
    performed = make_performed(facility, 3)

    with working():
        lines, code = commit(performed.study_instance_uid, "--archive", "ARCHIVE", "--wait", "100")

    assert (lines[-1], code) == ("ARCHIVE confirmed 3 of 3", 0)
    assert len(archive_peer.asked) == 1


def test_some_failed_ends_with_3_and_names_them(facility, archive_peer):
    """Contract: exit 3; each failed image with its reason and what to do."""
    make_archive(facility, archive_peer.port)
    archive_peer.script(Reaction(report=failed(1, 0x0122)))
    performed = make_performed(facility, 3)

    with working():
        lines, code = commit(performed.study_instance_uid, "--archive", "ARCHIVE", "--wait", "100")

    assert (lines[-1], code) == ("ARCHIVE confirmed 2 of 3", 3)
    assert "does not keep images of this kind (0122H)" in lines[0]


def test_no_answer_ends_with_5(facility, archive_peer):
    """Contract: exit 5, unanswered; without --wait nobody waits."""
    make_archive(facility, archive_peer.port)
    performed = make_performed(facility, 2)

    lines, code = commit(performed.study_instance_uid, "--archive", "ARCHIVE")

    assert (lines[-1], code) == ("ARCHIVE confirmed 0 of 2", 5)
    assert archive_peer.asked == []


def test_a_refusal_is_not_waited_out(facility, archive_peer):
    """N-ACTION refused: the round is over, its sentence is shown."""
    make_archive(facility, archive_peer.port)
    archive_peer.script(Reaction(status=0x0110))
    performed = make_performed(facility, 2)

    with working():
        lines, code = commit(performed.study_instance_uid, "--archive", "ARCHIVE", "--wait", "100")

    assert code == 5
    assert "0110H" in " ".join(lines)


def test_one_image_is_judged_by_itself(facility, archive_peer):
    """Issue 5-5: per exam, series or instance."""
    make_archive(facility, archive_peer.port)
    performed = make_performed(facility, 3)
    (commitment,) = planned(performed)
    uid = commitment.instances.order_by("pk")[1].sop_instance_uid
    # Not due by itself: a worker that looks before the command does would ask about all three.
    StudyCommitment.objects.update(next_ask_at=timezone.now() + timedelta(hours=1))

    with working():
        lines, code = commit(
            performed.study_instance_uid, "--archive", "ARCHIVE", "--instance", uid, "--wait", "100"
        )

    assert (lines[-1], code) == ("ARCHIVE confirmed 1 of 1", 0)
    assert archive_peer.asked[0].uids == [uid]


def test_without_a_report_the_archive_names_the_images(facility, settings):
    """Contract: no MPPS: the set is read by C-FIND, its source is ARCHIVE, never "clear"."""
    settings.COMMITMENT_SETTLE_S = 0
    study = "1.2.826.5"
    with listing_archive({study: {"1.2.826.5.1": ["1.2.826.5.1.1", "1.2.826.5.1.2"]}}) as peer:
        make_archive(facility, peer.peer.port, peer.peer.called_ae_title)
        lines, code = commit(study, "--archive", peer.peer.called_ae_title)

    assert code == 5
    assert "No scanner has reported this study" in lines[0]
    assert lines[-1].endswith("confirmed 0 of 2")
    sources = set(CommittedInstance.objects.values_list("source", flat=True))
    assert sources == {"archive"}


@pytest.mark.parametrize(
    ("study", "archive", "sentence"),
    [
        ("1.2.3", "NOBODY", "There is no archive “NOBODY”"),
        ("1.2.3", "ARCHIVE", "Nobody answers at"),
    ],
)
def test_what_cannot_be_asked_says_why_and_ends_with_1(
    facility, free_port, study, archive, sentence
):
    """Exit 1: nothing was asked."""
    make_archive(facility, free_port)

    with pytest.raises(CommandError, match=sentence) as error:
        commit(study, "--archive", archive)

    assert error.value.returncode == 1
    assert not StudyCommitment.objects.exists()
