"""Instance Availability Notification (PS3.4 Annex R): what is taken, refused, kept and counted."""

from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom import AE
from pynetdicom.dimse_primitives import N_CREATE
from pynetdicom.sop_class import InstanceAvailabilityNotification

from portal.dicom.association import Limits, Peer, associate
from portal.models import DeviceProfile
from tests.peers.clients import dcmjs_create
from tests.worklist.expecting import make_archive
from tests.worklist.factories import make_device
from tests.worklist.noticing import SERIES, STUDY, instance, made, notice, notify, uid_of
from worklist.dicom.items import tag_name
from worklist.models import AvailabilityNotice, AvailableInstance, StudyCommitment

pytestmark = pytest.mark.django_db(transaction=True)
State = StudyCommitment.State


@pytest.fixture
def archive(facility):
    """An archive that may associate."""
    return make_archive(facility)


@pytest.fixture
def strict(archive):
    """The same, with a strict profile."""
    archive.profile, _ = DeviceProfile.objects.update_or_create(
        facility=archive.facility, name="strict", defaults={"is_strict": True}
    )
    archive.save()
    return archive


def test_a_notification_is_kept_and_every_instance_remembered(running_scp, archive):
    """PS3.4 R.3.2: N-CREATE; answered 0000H when it has committed."""
    status, _ = notify(running_scp, notice(instance(1), instance(2, "NEARLINE")))

    assert status.Status == 0x0000
    kept = AvailabilityNotice.objects.get()
    assert (kept.status, kept.instance_count, kept.sop_instance_uid) == (0, 2, "2.25.7")
    assert (kept.device, kept.study_instance_uid) == (archive, STUDY)
    rows = AvailableInstance.objects.order_by("sop_instance_uid")
    assert list(rows.values_list("sop_instance_uid", "availability", "retrieve_ae_title")) == [
        (uid_of(1), "ONLINE", "ARCHIVE"),
        (uid_of(2), "NEARLINE", "ARCHIVE"),
    ]


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_every_transfer_syntax_is_read(running_scp, archive, syntax):
    status, _ = notify(running_scp, notice(instance(1)), syntax=syntax)

    assert status.Status == 0x0000
    assert AvailableInstance.objects.get().sop_instance_uid == uid_of(1)


@pytest.mark.peer
def test_dcmjs_dimse_notifies(running_scp, archive):
    """An implementation of another maker."""
    item = {
        "ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "ReferencedSOPInstanceUID": uid_of(1),
        "InstanceAvailability": "ONLINE",
        "RetrieveAETitle": "ARCHIVE",
    }
    series = {"SeriesInstanceUID": SERIES, "ReferencedSOPSequence": [item]}
    elements = {"StudyInstanceUID": STUDY, "ReferencedSeriesSequence": [series]}
    sent = (running_scp, str(InstanceAvailabilityNotification), "ARCHIVE", "2.25.9")

    answer = dcmjs_create(*sent, elements | {"ReferencedPerformedProcedureStepSequence": []})
    refused = dcmjs_create(*sent, {"ReferencedSeriesSequence": [series]})

    assert answer["status"] == 0x0000
    assert AvailableInstance.objects.get().sop_instance_uid == uid_of(1)
    assert (refused["status"], refused["comment"]) == (0x0120, "(0020,000D) missing.")


@pytest.mark.parametrize(
    ("changed", "code", "tag"),
    [
        ({"StudyInstanceUID": None}, 0x0120, 0x0020000D),
        ({"StudyInstanceUID": ""}, 0x0121, 0x0020000D),
        ({"StudyInstanceUID": "1.2.x"}, 0x0106, 0x0020000D),
        ({"ReferencedSeriesSequence": None}, 0x0120, 0x00081115),
        ({"ReferencedSeriesSequence": []}, 0x0121, 0x00081115),
        ({"ReferencedSeriesSequence": [Dataset()]}, 0x0120, 0x0020000E),
    ],
)
def test_type_1_attributes_are_needed(running_scp, archive, changed, code, tag):
    """PS3.4 Table R.3.2-1, PS3.7 10.1.5.1.6: refused with the attribute named, and kept."""
    status, _ = notify(running_scp, notice(instance(1), **changed))

    assert status.Status == code
    assert tag_name(tag) in status.ErrorComment
    assert AvailabilityNotice.objects.get().status == code
    assert not AvailableInstance.objects.exists()


@pytest.mark.parametrize(
    ("changed", "code", "tag"),
    [
        ({"ReferencedSOPClassUID": None}, 0x0120, 0x00081150),
        ({"ReferencedSOPInstanceUID": ""}, 0x0121, 0x00081155),
        ({"InstanceAvailability": None}, 0x0120, 0x00080056),
        ({"InstanceAvailability": "SOMEWHERE"}, 0x0106, 0x00080056),
        ({"RetrieveAETitle": None}, 0x0120, 0x00080054),
    ],
)
def test_type_1_attributes_of_every_instance_are_needed(running_scp, archive, changed, code, tag):
    """PS3.4 Table R.3.2-1: one bad item, and nothing of the notification counts."""
    status, _ = notify(running_scp, notice(instance(1), instance(2, **changed)))

    assert (status.Status, status.ErrorComment[:11]) == (code, tag_name(tag))
    assert not AvailableInstance.objects.exists()


def test_only_archives_may_notify(running_scp, facility):
    """Issue 5-5: what a modality says of an archive counts for nothing; kept all the same."""
    make_device(facility, "CT1")

    status, _ = notify(running_scp, notice(instance(1)), aet="CT1")

    assert status.Status == 0x0124
    assert AvailabilityNotice.objects.get().status == 0x0124
    assert not AvailableInstance.objects.exists()


def test_what_is_beyond_the_table_is_let_pass_and_flagged(running_scp, archive):
    """PS3.4 R.3.2.1.1 forbids the SCU optional attributes; archives send them all the same."""
    ds = notice(instance(1), ReferencedPerformedProcedureStepSequence=None, PatientID="SYNTH1")

    status, _ = notify(running_scp, ds)

    assert status.Status == 0x0000
    comment = AvailabilityNotice.objects.get().comment
    assert "(0010,0020) is not of this service." in comment
    assert "(0008,1111) is missing." in comment


@pytest.mark.parametrize(
    ("changed", "code", "tag"),
    [
        ({"PatientID": "SYNTH1"}, 0x0105, 0x00100020),
        ({"ReferencedPerformedProcedureStepSequence": None}, 0x0120, 0x00081111),
    ],
)
def test_a_strict_profile_refuses_that(running_scp, strict, changed, code, tag):
    """PS3.4 R.3.2.1.1, PS3.7 10.1.5.1.6."""
    status, _ = notify(running_scp, notice(instance(1), **changed))

    assert (status.Status, status.ErrorComment[:11]) == (code, tag_name(tag))


def test_performed_steps_that_it_names_are_not_trusted(running_scp, archive):
    """commitment.md §3: archives have got these references wrong; nothing depends on them."""
    wrong = made({"ReferencedSOPClassUID": "1.2", "ReferencedSOPInstanceUID": "not.a.uid"})

    status, _ = notify(
        running_scp, notice(instance(1), ReferencedPerformedProcedureStepSequence=[wrong])
    )

    assert status.Status == 0x0000
    assert b"not.a.uid" in bytes(AvailabilityNotice.objects.get().dataset)


def test_a_notification_without_a_uid_is_given_one(running_scp, archive):
    """PS3.7 10.1.5.1.3: the SCP assigns it where the SCU does not."""
    status, _ = notify(running_scp, notice(instance(1)), uid=None)

    assert status.Status == 0x0000
    assert AvailabilityNotice.objects.get().sop_instance_uid.startswith("2.25.")


def test_repeats_are_expected_and_the_newest_counts(running_scp, archive):
    """commitment.md §3: repeats; the last word of an archive is what holds."""
    notify(running_scp, notice(instance(1), instance(2)))
    notify(running_scp, notice(instance(1), instance(2)))
    notify(running_scp, notice(instance(2, "UNAVAILABLE")), uid="2.25.8")

    assert AvailabilityNotice.objects.count() == 3
    found = AvailableInstance.objects.order_by("sop_instance_uid")
    assert [row.availability for row in found] == ["ONLINE", "UNAVAILABLE"]


def test_a_strict_profile_takes_no_other_notification_under_the_same_uid(running_scp, strict):
    """PS3.7 10.1.5.1.6: 0111H; the very same once more is a repeat after a lost answer."""
    assert notify(running_scp, notice(instance(1)))[0].Status == 0x0000
    assert notify(running_scp, notice(instance(1)))[0].Status == 0x0000
    assert notify(running_scp, notice(instance(2)))[0].Status == 0x0111


def test_garbage_is_answered_and_kept(running_scp, archive):
    """Never an abort: the archive gets a status, we keep the bytes."""
    ae = AE(ae_title="ARCHIVE")
    ae.add_requested_context(InstanceAvailabilityNotification, ExplicitVRLittleEndian)
    peer = Peer("127.0.0.1", running_scp, "PORTAL", "ARCHIVE")
    garbage = b"\x20\x00\x0d\x00UI\xff\x00" + b"1.2"
    with associate(peer, ae.requested_contexts, limits=Limits()) as assoc:
        request = N_CREATE()
        request.MessageID = 1
        request.AffectedSOPClassUID = InstanceAvailabilityNotification
        request.AttributeList = BytesIO(garbage)
        assoc._reactor_checkpoint.clear()
        assoc.dimse.send_msg(request, assoc.accepted_contexts[0].context_id)
        _, answer = assoc.dimse.get_msg(block=True)
        assoc._reactor_checkpoint.set()

    assert answer.Status == 0x0110
    assert bytes(AvailabilityNotice.objects.get().dataset) == garbage
