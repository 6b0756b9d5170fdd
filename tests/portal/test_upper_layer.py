"""Our own upper layer without a socket: PS3.8 9.2 and 9.3, byte by byte and state by state."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import pdu
from pynetdicom.dimse_messages import C_FIND_RSP as PeerFindRsp
from pynetdicom.dimse_primitives import C_FIND
from pynetdicom.pdu_primitives import A_ASSOCIATE

from portal.dicom.services import CalledAETitleUnknown
from portal.dicom.upper_layer import commands, pdus
from portal.dicom.upper_layer.acceptor import (
    MAX_DATASET,
    Aborted,
    Acceptor,
    Message,
    ReleaseRequested,
    Requested,
    State,
)
from tests.portal.upper_layer_peer import (
    ABORT,
    FIND,
    RELEASE,
    US,
    associate_rq,
    c_find_rq,
    opened,
    p_data,
)


def test_request_is_read_as_the_standard_lays_it_out():
    """PS3.8 Table 9-11: titles, contexts in order, maximum length, extended negotiation."""
    acceptor = Acceptor(US)

    (event,) = acceptor.receive(associate_rq(max_length=4096, extended={FIND: b"\1\1\1\1"}))

    assert isinstance(event, Requested)
    request = event.request
    assert (request.called_ae_title, request.calling_ae_title) == ("PORTAL", "CT1")
    assert [context.context_id for context in request.contexts] == [1, 3]
    assert request.contexts[1].abstract_syntax == FIND
    assert (request.max_length, request.extended) == (4096, {FIND: b"\1\1\1\1"})
    assert acceptor.state is State.AWAITING_DECISION


def test_acceptance_is_read_by_another_implementation():
    """PS3.8 Table 9-17: pynetdicom's decoder finds what we meant; AE titles come back as sent."""
    acceptor = Acceptor(US)
    acceptor.receive(associate_rq())
    results = [
        pdus.ContextResult(1, pdus.ABSTRACT_SYNTAX_UNKNOWN, "1.2.840.10008.1.2"),
        pdus.ContextResult(3, pdus.ACCEPTED, "1.2.840.10008.1.2.1"),
    ]

    raw = acceptor.accept(results, {FIND: b"\1\1\0\0"})

    answer = pdu.A_ASSOCIATE_AC()
    answer.decode(raw)
    assert raw[10:42] == b"PORTAL".ljust(16) + b"CT1".ljust(16)
    primitive = answer.to_primitive()
    assert isinstance(primitive, A_ASSOCIATE)
    found = primitive.presentation_context_definition_results_list
    assert [(context.context_id, context.result) for context in found] == [(1, 3), (3, 0)]
    assert found[1].transfer_syntax == ["1.2.840.10008.1.2.1"]
    assert primitive.maximum_length_received == US.max_length
    assert acceptor.transfer_syntaxes == {3: "1.2.840.10008.1.2.1"}


def test_rejection_and_release_and_abort_have_their_bytes():
    """PS3.8 9.3.4, 9.3.7, 9.3.8."""
    assert pdus.associate_rj(CalledAETitleUnknown()) == bytes.fromhex("03000000000400010107")
    assert pdus.release_rp() == bytes.fromhex("06000000000400000000")
    assert pdus.abort(pdus.UNEXPECTED_PDU) == bytes.fromhex("07000000000400000202")


@pytest.mark.parametrize("kind", range(1, 8))
@pytest.mark.parametrize("state", ["request", "decision", "open"])
def test_every_pdu_in_every_state(state, kind):
    """PS3.8 Table 9-10: AE-6, DT-2, AR-2 and AA-3 where they belong, else AA-8 (AA-1 in Sta2)."""
    acceptor = opened(until=state)
    expected = {
        ("request", pdus.ASSOCIATE_RQ): Requested,
        ("open", pdus.P_DATA): Message,
        ("open", pdus.RELEASE_RQ): ReleaseRequested,
    }.get((state, kind), Aborted)
    sent = {
        pdus.ASSOCIATE_RQ: associate_rq(),
        pdus.P_DATA: p_data(3, c_find_rq(has_dataset=False)),
    }.get(kind, pdus.HEADER.pack(kind, 4) + bytes(4))

    (event,) = acceptor.receive(sent)

    assert isinstance(event, expected)
    if isinstance(event, Aborted):
        is_the_peers = kind == pdus.ABORT
        assert event.answer == (b"" if is_the_peers else pdus.abort(pdus.UNEXPECTED_PDU))
        assert acceptor.is_closing
        assert acceptor.receive(associate_rq()) == []  # AA-6: ignored from now on


def test_pdus_may_be_split_anywhere():
    """A stream has no borders: every split of a whole conversation gives the same events."""
    said = associate_rq()
    asked = p_data(3, c_find_rq()) + p_data(3, b"identifier", is_command=False) + RELEASE
    for cut in range(len(said)):
        acceptor = Acceptor(US)
        assert acceptor.receive(said[:cut]) == []
        assert len(acceptor.receive(said[cut:])) == 1
    whole = opened().receive(asked)
    assert len(whole) == 2
    for cut in range(1, len(asked)):
        acceptor = opened()
        assert acceptor.receive(asked[:cut]) + acceptor.receive(asked[cut:]) == whole


def test_a_message_may_come_in_fragments_over_many_pdus():
    """PS3.8 E.1: fragments of command and dataset, several PDVs in one PDU."""
    command, dataset = c_find_rq(), bytes(range(256)) * 3
    raw = b""
    for start in range(0, len(command), 7):
        last = start + 7 >= len(command)
        raw += p_data(3, command[start : start + 7], is_last=last)
    both = p_data(3, dataset[:5], is_command=False, is_last=False)[6:]
    both += p_data(3, dataset[5:], is_command=False)[6:]
    raw += pdus.HEADER.pack(pdus.P_DATA, len(both)) + both

    (event,) = opened().receive(raw)

    assert isinstance(event, Message)
    assert (event.context_id, event.dataset) == (3, dataset)
    assert (event.command.field, event.command.message_id) == (commands.C_FIND_RQ, 7)


@pytest.mark.parametrize(
    ("what", "raw"),
    [
        ("no such PDU", bytes.fromhex("ff000000000400000000")),
        ("4 GB announced", bytes.fromhex("0400ffffffff")),
        ("an abort of 65 bytes", bytes.fromhex("070000000041")),
        ("PDV length 0", bytes.fromhex("04000000000600000000") + bytes(2)),
        ("PDV longer than its PDU", bytes.fromhex("040000000006000000ff0301")),
        ("PDV cut off", bytes.fromhex("0400000000030000 00".replace(" ", ""))),
        ("context that was not accepted", p_data(5, c_find_rq())),
        ("dataset before its command", p_data(3, b"data", is_command=False)),
        ("command instead of the dataset", p_data(3, c_find_rq()) * 2),
        ("message over two contexts", p_data(3, c_find_rq()) + p_data(1, b"x", is_command=False)),
        ("command of another group", p_data(3, b"\x08\0\x05\0\0\0\0\0")),
        ("command cut off", p_data(3, c_find_rq()[:-1])),
        ("command without field", p_data(3, b"\0\0\x10\x01\x02\0\0\0\x07\0")),
        ("command of 20 kB", p_data(3, b"\0" * 20_000)),
        ("element longer than its command", p_data(3, b"\0\0\0\x01\xff\xff\0\0\0\0")),
    ],
)
def test_nonsense_is_aborted(what, raw):
    """AA-8: an A-ABORT by the service provider, then nothing is expected any more."""
    acceptor = opened()

    *_, event = acceptor.receive(raw)

    assert isinstance(event, Aborted), what
    assert event.answer[:2] == b"\x07\0"
    assert event.answer[8] == 2
    assert acceptor.is_closing


@pytest.mark.parametrize(
    ("what", "broken"),
    [
        ("too short", lambda raw: raw[:6] + raw[6:40]),
        ("item longer than the PDU", lambda raw: raw[:76] + b"\xff\xff" + raw[78:]),
        ("no contexts", lambda raw: raw[:74] + raw[74 : 74 + 4 + 21]),
        ("even context ID", lambda raw: raw.replace(b"\x20\0\0\x2e\x01", b"\x20\0\0\x2e\x02")),
        ("maximum length of 3", lambda raw: associate_rq(max_length=3)),
        ("two contexts with one ID", lambda raw: associate_rq(context_ids=(1, 1))),
    ],
)
def test_malformed_requests_are_aborted(what, broken):
    """PS3.8 9.3.2: lengths that lie, and items that must be there."""
    raw = broken(associate_rq())
    raw = raw[:2] + struct.pack(">L", len(raw) - 6) + raw[6:]

    (event,) = Acceptor(US).receive(raw)

    assert isinstance(event, Aborted), what
    assert event.answer


def test_an_endless_dataset_is_kept_to_a_limit_and_then_aborted():
    """Bad input: an identifier of 100 MB costs 64 kB and ends with an abort, early."""
    acceptor = opened()
    acceptor.receive(p_data(3, c_find_rq()))
    chunk = p_data(3, bytes(60_000), is_command=False, is_last=False)
    sent = 0
    events = []
    while not events and sent < 100_000_000:
        events = acceptor.receive(chunk)
        sent += 60_000
        assert len(acceptor._dataset) <= MAX_DATASET + 1

    assert isinstance(events[-1], Aborted)
    assert sent < 2_000_000


@given(payload=st.binary(max_size=3000), limit=st.integers(7, 4000) | st.just(0))
def test_no_pdu_is_longer_than_the_peer_takes(payload, limit):
    """PS3.8 D.1: the maximum length counts what follows the PDU's header; 0 is no limit."""
    raw = pdus.p_data(3, payload, limit, is_command=False)

    found, last = b"", []
    while raw:
        _, length = pdus.HEADER.unpack_from(raw)
        assert not limit or length <= limit
        for _, control, fragment in pdus.pdvs(raw[6 : 6 + length]):
            found += fragment
            last.append(control & pdus.LAST_PDV)
        raw = raw[6 + length :]
    assert found == payload
    assert last[-1] == pdus.LAST_PDV
    assert not any(last[:-1])


@pytest.mark.parametrize(
    ("status", "comment", "tags"),
    [(0x0000, "", ()), (0xA900, "Not text.", (0x00400100, 0x00100010)), (0xFE00, "", ())],
)
def test_answers_have_the_bytes_of_another_implementation(status, comment, tags):
    """PS3.7 Table 9.3-4: the command set as pynetdicom encodes it, element by element."""
    primitive = C_FIND()
    primitive.MessageIDBeingRespondedTo = 7
    primitive.AffectedSOPClassUID = FIND
    primitive.Status = status
    if comment:
        primitive.ErrorComment = comment
        primitive.OffendingElement = list(tags)
    peer = PeerFindRsp()
    peer.primitive_to_message(primitive)
    (pdv,) = (fragment for pdata in peer.encode_msg(3, 16382) for fragment in [pdata])
    expected = pdv.presentation_data_value_list[0][1][1:]
    request = commands.parse(c_find_rq())

    raw = commands.response(commands.C_FIND_RSP, request, status, comment=comment, tags=tags)

    assert raw == expected


def test_an_abort_by_the_peer_is_not_answered():
    """AA-3."""
    (event,) = opened().receive(ABORT)

    assert event == Aborted("The peer aborted.")
