"""A modality's own N-ACTION: what is taken, what is refused, and what is written down."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.dicom import status
from portal.models import Alert, AuditEvent, LiveEvent
from tests.worklist.pages import other_facility
from tests.worklist.relaying import (
    CT_IMAGE,
    TRANSACTION,
    asked,
    make_archive,
    make_scanner,
    relayed,
    uids,
)
from worklist.dicom.commitment import action_information
from worklist.dicom.items import IMPLICIT, Element, read, write
from worklist.dicom.texts import put
from worklist.models import CommitmentPolicy, CommitmentRequest, RelayedCommitment, RelayedInstance
from worklist.types.commitment import InstanceReference

pytestmark = pytest.mark.django_db

TRANSACTION_UID, REFERENCES = 0x00081195, 0x00081199
RETIRED_STEP_REFERENCES = 0x00081111


@pytest.fixture
def archive(facility):
    return make_archive(facility)


@pytest.fixture
def ct1(facility, archive):
    return make_scanner(facility)


def test_a_request_is_written_down_before_it_is_answered(ct1, archive):
    """PS3.4 J.3.2.1.2: success means received, no more; the raw request is kept."""
    answer = asked(ct1, *uids(3))

    relay = RelayedCommitment.objects.get()
    assert answer.status == status.SUCCESS
    assert (relay.device, relay.transaction_uid, relay.state) == (ct1, TRANSACTION, "received")
    assert bytes(relay.action_information)
    rows = RelayedInstance.objects.order_by("number")
    assert [row.sop_instance_uid for row in rows] == uids(3)
    assert {(row.archive, row.sop_class_uid, row.state) for row in rows} == {
        (archive, CT_IMAGE, "EXPECTED")
    }
    assert not CommitmentRequest.objects.exists()
    assert AuditEvent.objects.filter(target="relayed_commitment", actor="CT1").count() == 1
    assert LiveEvent.objects.filter(kind="relay").exists()


def test_every_archive_that_the_rule_names_is_to_be_asked(facility, archive):
    """Issue 5, point 5: several archives, by the device's rule; without names every one."""
    second, third = make_archive(facility, "VNA"), make_archive(facility, "OLD")

    every = relayed(make_scanner(facility, "CT1"))
    named = relayed(make_scanner(facility, "CT2", archives=[second, third]))

    assert {row.archive.ae_title for row in every.instances.all()} == {"ARCHIVE", "OLD", "VNA"}
    assert {row.archive for row in named.instances.all()} == {second, third}


def test_a_device_that_is_not_relayed_is_refused_and_nothing_is_kept(facility, ct1):
    """Off by default: 0124H, never answered from our own knowledge."""
    CommitmentPolicy.objects.filter(device=ct1).delete()

    answer = asked(ct1)

    assert answer.status == status.NOT_AUTHORIZED
    assert answer.comment == "Requests of this device are not relayed; ask the archive."
    assert not RelayedCommitment.objects.exists()


def test_the_rule_of_all_other_devices_relays_none(facility, ct1):
    """Issue 5, point 9: per device."""
    CommitmentPolicy.objects.filter(device=ct1).update(device=None)

    assert asked(ct1).status == status.NOT_AUTHORIZED


def test_an_archive_is_never_relayed_itself(facility, archive):
    """It would be asked what it asks, round and round."""
    CommitmentPolicy.objects.create(facility=facility, device=archive, is_relayed=True)

    assert asked(archive).status == status.NOT_AUTHORIZED


def test_a_device_that_could_never_be_told_is_refused_at_once(facility, archive):
    """dcm4chee-arc-light#688: and people are told what to do, once; settled by the next one."""
    device = make_scanner(facility, port=None)

    answers = [asked(device), asked(device, transaction_uid="2.25.2")]

    assert {answer.status for answer in answers} == {status.PROCESSING_FAILURE}
    alert = Alert.objects.get()
    assert "CT1 asks for storage commitment, but has no host and port" in alert.sentence
    assert (alert.kind, alert.address) == ("relay-refused", f"/devices/{device.pk}/")
    assert not RelayedCommitment.objects.exists()
    relayed(make_scanner(facility))
    alert.refresh_from_db()
    assert alert.settled_at


def test_without_an_archive_nothing_is_taken(facility):
    answer = asked(make_scanner(facility))

    assert (answer.status, answer.comment) == (
        status.PROCESSING_FAILURE,
        "No archive to ask; name one in the device's rule.",
    )
    assert Alert.objects.get().kind == "relay-refused"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type_id": 2}, status.NO_SUCH_ACTION_TYPE),
        ({"type_id": None}, status.NO_SUCH_ACTION_TYPE),
        ({"sop_instance_uid": "1.2.840.10008.1.20.1.2"}, status.NO_SUCH_SOP_INSTANCE),
        ({"sop_instance_uid": ""}, status.NO_SUCH_SOP_INSTANCE),
        ({"sop_class_uid": "1.2.840.10008.1.20.2"}, status.NO_SUCH_SOP_CLASS),
    ],
)
def test_another_action_or_instance_is_refused(ct1, changes, code):
    """commitment.md §2: action type other than 1 is 0123H; another instance is 0112H."""
    assert asked(ct1, **changes).status == code
    assert not RelayedCommitment.objects.exists()


def without(tag, *, inside=False):
    item = read(action_information(TRANSACTION, [InstanceReference(CT_IMAGE, "2.25.1")]))
    if inside:
        (one,) = item[REFERENCES].value
        item[REFERENCES] = Element("SQ", ({k: v for k, v in one.items() if k != tag},))
    else:
        del item[tag]
    return write(item)


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        (without(TRANSACTION_UID), TRANSACTION_UID),
        (without(REFERENCES), REFERENCES),
        (action_information(TRANSACTION, []), REFERENCES),
        (action_information("", [InstanceReference(CT_IMAGE, "2.25.1")]), TRANSACTION_UID),
        (without(0x00081150, inside=True), 0x00081150),
        (without(0x00081155, inside=True), 0x00081155),
        (b"", TRANSACTION_UID),
    ],
)
def test_a_missing_value_is_named(ct1, raw, tag):
    """PS3.4 Table J.3-1: type 1 all of them; 0115H with the attribute, never an abort."""
    answer = asked(ct1, raw=raw)

    assert answer.status == status.INVALID_ARGUMENT_VALUE
    assert tag in answer.tags
    assert not RelayedCommitment.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x08\x00\x95",
        b"\x08\x00\x95\x11UI\xff\x00" + b"1.2.3",
        b"\xff" * 64,
        action_information("1" * 65, [InstanceReference(CT_IMAGE, "2.25.1")]),
        action_information(TRANSACTION, [InstanceReference(CT_IMAGE, "1" * 70)]),
    ],
)
def test_damaged_bytes_are_refused_with_a_status(ct1, raw):
    assert asked(ct1, raw=raw).status == status.INVALID_ARGUMENT_VALUE
    assert not RelayedCommitment.objects.exists()


def test_an_instance_with_two_classes_is_refused(ct1):
    raw = action_information(
        TRANSACTION, [InstanceReference(CT_IMAGE, "2.25.1"), InstanceReference("1.2.3", "2.25.1")]
    )

    assert asked(ct1, raw=raw).status == status.INVALID_ARGUMENT_VALUE


def test_an_instance_named_twice_is_asked_once(ct1):
    relay = relayed(ct1, "2.25.1", "2.25.2", "2.25.1")

    assert relay.instances.count() == 2


def test_a_transaction_uid_is_taken_once(ct1, facility):
    """PS3.4 J.3.2.1.4: 0131H, for an identical repeat as well; another device may use the same."""
    asked(ct1, *uids(2))

    same, other = asked(ct1, *uids(2)), asked(ct1, *uids(3))

    assert {same.status, other.status} == {status.DUPLICATE_TRANSACTION_UID}
    assert RelayedCommitment.objects.get().instances.count() == 2
    assert asked(make_scanner(facility, "CT2"), *uids(2)).status == status.SUCCESS


def test_retired_references_to_performed_steps_are_ignored(ct1):
    """PS3.4 J.3.2.1.1, retirement note: old modalities still send (0008,1111)."""
    item = read(action_information(TRANSACTION, [InstanceReference(CT_IMAGE, "2.25.1")]))
    step = {}
    put(step, 0x00081150, "UI", "1.2.840.10008.3.1.2.3.3")
    put(step, 0x00081155, "UI", "2.25.99")
    item[RETIRED_STEP_REFERENCES] = Element("SQ", (step,))

    relay = relayed(ct1, raw=write(item))

    assert [one.sop_instance_uid for one in relay.instances.all()] == ["2.25.1"]


def test_implicit_vr_is_read(ct1):
    item = read(action_information(TRANSACTION, [InstanceReference(CT_IMAGE, "2.25.1")]))

    relayed(ct1, raw=write(item, IMPLICIT), transfer_syntax="1.2.840.10008.1.2")


def test_archives_of_another_facility_are_never_asked(facility, archive, ct1):
    make_archive(other_facility(), "NORTHARC")

    assert {row.archive for row in relayed(ct1).instances.all()} == {archive}


def test_a_large_request_takes_as_few_statements_as_a_small_one(facility, archive, ct1):
    """An answer is expected at once, however many images there are: rows go in many at a time."""
    make_archive(facility, "VNA")

    with CaptureQueriesContext(connection) as queries:
        answer = asked(ct1, *uids(3000))

    assert answer.status == 0
    assert RelayedInstance.objects.count() == 6000
    assert len(queries) < 50
