"""PDUs of every size, cut and joined in every way (PS3.8 9.3.5, Annex E)."""

import pytest

from tests.peers.raw_datasets import decode
from tests.peers.raw_dicom import RawPeer, associated, connected
from tests.peers.raw_pdus import (
    DATA,
    RELEASE_RP,
    RELEASE_RQ,
    associate_rq,
    echo,
    find_rq,
    pdu,
    pdv,
    query,
    user_item,
)
from tests.worklist.commands import put, run
from tests.worklist.entries import entry
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.raw_questions import identifier, patient_ids

SIZES = (4096, 8192, 16382, 16384, 32768, 65536, 131072, 0)
COMMENTS = "long " * 2000  # LT: 10240 characters at most


@pytest.fixture
def anna(facility):
    """One patient with an exam; her ID."""
    patient = make_patient(facility, name_alphabetic="Tester^Anna")
    make_station(facility, "CT1")
    make_step(facility, patient=patient)
    return patient.patient_id


def test_answers_are_fragmented_as_the_client_says(running_scp, facility, tmp_path):
    """PS3.8 D.1: no PDU is longer than the receiver's maximum; 0 is no limit."""
    make_station(facility, "CT1")
    put(tmp_path, "long.wl", entry(RequestedProcedureComments=COMMENTS))
    assert run(tmp_path)[1] == 0
    asked = identifier(RequestedProcedureComments=b"")
    said = set()
    for size in SIZES:
        with connected(running_scp) as peer:
            peer.associate(user=user_item(size))
            (answer,), final = peer.ask(asked)
            peer.release()
        assert final.status == 0x0000
        assert not size or max(peer.pdu_lengths) <= size
        assert len(peer.pdu_lengths) >= (4 if size == 4096 else 2)
        said.add(answer.dataset)
    (dataset,) = said
    assert decode(dataset)[0x00401400].decode().strip() == COMMENTS.strip()


def test_pdus_may_be_cut_at_every_byte(running_scp, anna):
    """TCP is a stream: where a segment ends means nothing."""
    stream = query(identifier(PatientID=anna.encode()))
    with associated(running_scp) as peer:
        for cut in range(1, len(stream)):
            peer.send(stream[:cut])
            peer.send(stream[cut:])
            answers, final = peer.answers()
            assert (patient_ids(answers), final.status) == ([anna], 0x0000), cut


def test_every_byte_may_come_alone(running_scp, anna):
    """The same, the association's request and release included."""
    with connected(running_scp) as peer:
        dribble(peer, associate_rq())
        peer.accepted()
        dribble(peer, query(identifier()))
        assert patient_ids(peer.answers()[0]) == [anna]
        dribble(peer, pdu(RELEASE_RQ, bytes(4)))
        assert peer.read_pdu()[0] == RELEASE_RP


def dribble(peer: RawPeer, data: bytes) -> None:
    """Send each byte by itself."""
    for byte in data:
        peer.send(bytes((byte,)))


def test_many_pdus_may_come_at_once(running_scp, anna):
    """Seven queries and echoes between them in one segment: each is answered."""
    stream = b"".join(query(identifier(), number) + echo(100 + number) for number in range(7))
    ended = {}
    with associated(running_scp) as peer:
        peer.send(stream)
        while len(ended) < 14:
            message = peer.read_message()
            if message.status == 0x0000:
                ended[message.number(0x0120)] = message.number(0x0100)
        peer.release()
    assert ended == dict.fromkeys(range(7), 0x8020) | {100 + n: 0x8030 for n in range(7)}


def test_fragments_in_every_arrangement(running_scp, anna):
    """PS3.8 E.1: a PDU may carry several PDVs, a message may be of any number of fragments."""
    command, dataset = find_rq(), identifier()
    pieces = {
        "all in one PDU": [pdv(1, 3, command) + pdv(1, 2, dataset)],
        "the command in three": [
            pdv(1, 1, command[:10]) + pdv(1, 1, command[10:11]),
            pdv(1, 3, command[11:]),
            pdv(1, 2, dataset),
        ],
        "the dataset byte by byte": [
            pdv(1, 3, command),
            *(pdv(1, 0, dataset[n : n + 1]) for n in range(len(dataset))),
            pdv(1, 2, b""),
        ],
        "seven bytes a PDV, in one PDU": [
            b"".join(pdv(1, 1, command[n : n + 7]) for n in range(0, len(command), 7))
            + pdv(1, 3, b"")
            + b"".join(pdv(1, 0, dataset[n : n + 7]) for n in range(0, len(dataset), 7))
            + pdv(1, 2, b"")
        ],
    }
    with associated(running_scp) as peer:
        for name, bodies in pieces.items():
            peer.send(b"".join(pdu(DATA, body) for body in bodies))
            answers, final = peer.answers()
            assert (patient_ids(answers), final.status) == ([anna], 0x0000), name
