"""What an archive lists of a study: C-FIND, Study Root (PS3.4 C.6.2), against right and wrong."""

import socket
import threading

import pytest
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement
from pydicom.uid import CTImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from portal.dicom.association import Limits, Peer
from portal.dicom.errors import (
    Aborted,
    ConnectFailed,
    NetworkRetriable,
    Rejected,
    StatusFailure,
    TimedOut,
)
from tests.peers.listing_archive import listing_archive
from worklist.dicom.archive_query import NotListed, Reading, Stopped, instances_at
from worklist.types.commitment import InstanceReference

SERIES_UID = 0x0020000E
STUDY = "1.2.826.5"
SERIES = {"1.2.826.5.1": ["1.2.826.5.1.1", "1.2.826.5.1.2"], "1.2.826.5.2": ["1.2.826.5.2.1"]}
QUICK = Reading(limits=Limits(connect=2, associate=2, message=1, idle=5))  # for who is silent


def test_series_first_then_the_exact_set_of_each():
    """PS3.4 C.6.2.1: Study Root is asked level by level, with the unique keys above."""
    with listing_archive({STUDY: SERIES}) as archive:
        found = instances_at(archive.peer, STUDY)

    assert found == tuple(
        (series, InstanceReference(str(CTImageStorage), uid))
        for series, uids in SERIES.items()
        for uid in uids
    )
    levels = [(q.QueryRetrieveLevel, q.get("SeriesInstanceUID")) for q in archive.asked]
    assert levels == [("SERIES", ""), ("IMAGE", "1.2.826.5.1"), ("IMAGE", "1.2.826.5.2")]


def test_a_study_that_it_does_not_have_is_nothing_and_no_error():
    with listing_archive() as archive:
        assert instances_at(archive.peer, STUDY) == ()


def test_an_archive_that_states_no_counts_is_believed():
    """PS3.4 C.3.4: Number of Series Related Instances is optional."""
    with listing_archive({STUDY: SERIES}, states_counts=False) as archive:
        assert len(instances_at(archive.peer, STUDY)) == 3


def test_fewer_than_it_says_is_no_answer():
    """Some archives cut their answers without a word: that would look like lost images."""
    with (
        listing_archive({STUDY: SERIES}, stated=500) as archive,
        pytest.raises(NotListed, match="says that a series has 500 images, but lists 2"),
    ):
        instances_at(archive.peer, STUDY)


@pytest.mark.parametrize("code", [0xA700, 0xA900, 0xC001, 0xFE00])
def test_a_failure_status_is_no_answer(code):
    """PS3.4 Table C.4-1; FE00 without a C-CANCEL of ours, too."""
    with (
        listing_archive({STUDY: SERIES}, final=code) as archive,
        pytest.raises(StatusFailure, match=f"C-FIND with {code:04X}H"),
    ):
        instances_at(archive.peer, STUDY)


def test_what_is_not_of_the_question_does_not_count():
    """Some archives ignore keys that they do not know at that level."""

    def change(answer):
        if answer.get("SOPInstanceUID") == "1.2.826.5.1.2":
            answer.SeriesInstanceUID = "1.2.826.99"

    with listing_archive({STUDY: SERIES}, change=change, states_counts=False) as archive:
        assert len(instances_at(archive.peer, STUDY)) == 2


@pytest.mark.parametrize("value", ["", "x.y", "1." * 40])
def test_answers_without_a_uid_are_no_answer(value):
    def change(answer):
        answer[SERIES_UID] = DataElement(SERIES_UID, "UI", value, validation_mode=IGNORE)

    with (
        listing_archive({STUDY: SERIES}, change=change) as archive,
        pytest.raises(NotListed, match="names nothing by a UID"),
    ):
        instances_at(archive.peer, STUDY)


def test_too_many_answers_are_cancelled():
    """PS3.4 C.4.1.1.3: C-CANCEL, and what was read until then is no answer."""
    many = {STUDY: {"1.2.826.5.1": [f"1.2.826.5.1.{n}" for n in range(3000)]}}
    waiting = threading.Event()

    def slowly(event):
        if event.identifier.QueryRetrieveLevel == "IMAGE":
            waiting.wait(0.002)

    with listing_archive(many, before_answer=slowly) as archive:
        with pytest.raises(NotListed, match="more than 5 answers"):
            instances_at(archive.peer, STUDY, Reading(most=5))
        assert archive.was_cancelled.wait(60)


def test_who_does_not_obey_a_cancel_is_left():
    many = {STUDY: {"1.2.826.5.1": [f"1.2.826.5.1.{n}" for n in range(1500)]}}
    with listing_archive(many) as archive, pytest.raises(NotListed):
        instances_at(archive.peer, STUDY, Reading(most=5))


def test_it_is_ended_when_we_stop():
    with listing_archive({STUDY: SERIES}) as archive, pytest.raises(Stopped):
        instances_at(archive.peer, STUDY, Reading(is_stopped=lambda: True))


def test_all_of_it_has_one_time_limit():
    with (
        listing_archive({STUDY: SERIES}) as archive,
        pytest.raises(TimedOut, match="did not list the study within 0 s"),
    ):
        instances_at(archive.peer, STUDY, Reading(seconds=0))


def test_silence_has_a_time_limit():
    done = threading.Event()
    with listing_archive({STUDY: SERIES}, before_answer=lambda event: done.wait(60)) as archive:
        with pytest.raises((TimedOut, Aborted), match="C-FIND"):
            instances_at(archive.peer, STUDY, QUICK)
        done.set()


def test_an_abort_in_the_middle_is_no_answer():
    with (
        listing_archive(
            {STUDY: SERIES}, before_answer=lambda event: event.assoc.abort()
        ) as archive,
        pytest.raises(NetworkRetriable),
    ):
        instances_at(archive.peer, STUDY)


def test_nobody_there(free_port):
    with pytest.raises(ConnectFailed, match="Nobody answers"):
        instances_at(Peer("127.0.0.1", free_port, "ARCHIVE", "PORTAL"), STUDY)


def test_an_archive_that_cannot_be_queried_says_so():
    ae = AE(ae_title="ARCHIVE")
    ae.add_supported_context(Verification)
    server = ae.start_server(("127.0.0.1", 0), block=False)
    peer = Peer("127.0.0.1", server.server_address[1], "ARCHIVE", "PORTAL")
    with pytest.raises(Rejected, match="supports nothing that we asked for"):
        instances_at(peer, STUDY)
    server.shutdown()


def test_a_frozen_archive_is_left_after_its_time():
    with socket.create_server(("127.0.0.1", 0)) as frozen, pytest.raises(NetworkRetriable):
        instances_at(Peer("127.0.0.1", frozen.getsockname()[1], "A", "P"), STUDY, QUICK)
