"""What a modality is told: the designated archives' answers put together by its rule."""

import pytest

from tests.worklist.relaying import (
    EXPLICIT,
    TRANSACTION,
    answered,
    make_archive,
    make_scanner,
    relayed,
    uids,
)
from worklist.dicom.commitment import report_of

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = uids(3)


def told(relay):
    """Event type, committed instances, and reasons of the others."""
    relay.refresh_from_db()
    report = report_of(bytes(relay.report), EXPLICIT)
    assert report.transaction_uid == TRANSACTION
    committed = [one.sop_instance_uid for one in report.committed]
    return relay.event_type, committed, {one.sop_instance_uid: one.reason for one in report.failed}


@pytest.fixture
def archive(facility):
    return make_archive(facility)


def test_all_committed_is_event_type_one(facility, archive):
    """PS3.4 J.3.3.1.2: type 1, the modality's own Transaction UID, every instance, its order."""
    relay = answered(relayed(make_scanner(facility), THREE, ONE, TWO))

    assert relay.state == "ready"
    assert told(relay) == (1, [THREE, ONE, TWO], {})


def test_failures_carry_the_archives_reason_whatever_number_it_is(facility, archive):
    """PS3.4 Table J.3-2: committed and failed together; PS3.3 C.14.1.1 and any other number."""
    relay = answered(relayed(make_scanner(facility), *uids(3)), failed={TWO: 0x0112, THREE: 0xC001})

    assert told(relay) == (2, [ONE], {TWO: 0x0112, THREE: 0xC001})


def test_nothing_committed_leaves_the_first_sequence_out(facility, archive):
    relay = answered(relayed(make_scanner(facility), ONE), failed={ONE: 0x0112})

    assert told(relay) == (2, [], {ONE: 0x0112})


def test_nothing_is_told_while_an_answer_is_open(facility, archive):
    """Never claim: success of our own N-ACTION, or silence, is no commitment."""
    relay = relayed(make_scanner(facility), *uids(2))
    relay.instances.filter(sop_instance_uid=ONE).update(state="COMMITTED")
    relay.instances.filter(sop_instance_uid=TWO).update(state="UNANSWERED")

    answered(relay, archive=make_archive(facility, "OTHER"))

    relay.refresh_from_db()
    assert (relay.state, relay.report) == ("received", None)


def test_given_up_archives_are_told_as_a_processing_failure(facility, archive):
    """After the plan is used up the modality gets its answer: 0110H, never a commitment."""
    relay = relayed(make_scanner(facility), *uids(2))
    relay.instances.filter(sop_instance_uid=TWO).update(state="UNANSWERED", reason=0x0110)
    relay.instances.filter(sop_instance_uid=ONE).update(state="COMMITTED")

    answered(relay, archive=make_archive(facility, "OTHER"))

    assert told(relay) == (2, [ONE], {TWO: 0x0110})


def test_all_archives_must_have_committed(facility, archive):
    vna = make_archive(facility, "VNA")
    relay = relayed(make_scanner(facility, needs="all"), *uids(2))

    assert answered(relay, archive=archive).state == "received"
    answered(relay, archive=vna, failed={TWO: 0x0213})

    assert told(relay) == (2, [ONE], {TWO: 0x0213})


def test_what_one_of_all_archives_has_refused_need_not_wait_for_the_others(facility, archive):
    make_archive(facility, "VNA")
    relay = relayed(make_scanner(facility, needs="all"), ONE)

    answered(relay, archive=archive, failed={ONE: 0x0112})

    assert told(relay) == (2, [], {ONE: 0x0112})


def test_any_one_archive_is_enough_where_the_rule_says_so(facility, archive):
    vna = make_archive(facility, "VNA")
    relay = relayed(make_scanner(facility, needs="any"), *uids(2))

    assert answered(relay, archive=archive, failed={TWO: 0x0112}).state == "received"
    answered(relay, archive=vna, failed={ONE: 0x0112})

    assert told(relay) == (1, [ONE, TWO], {})


def test_any_waits_for_nobody_once_all_is_committed(facility, archive):
    make_archive(facility, "VNA")
    relay = relayed(make_scanner(facility, needs="any"), *uids(2))

    assert answered(relay, archive=archive).state == "ready"
    assert told(relay) == (1, uids(2), {})


def test_what_was_made_up_is_not_changed_by_a_later_answer(facility, archive):
    """The report is made once: whoever is told twice is told the same (at least once)."""
    vna = make_archive(facility, "VNA")
    relay = relayed(make_scanner(facility, needs="all"), ONE)
    answered(relay, archive=archive, failed={ONE: 0x0112})
    before = told(relay)

    answered(relay, archive=archive)
    answered(relay, archive=vna)

    assert told(relay) == before
