"""Associations as odd clients propose them (PS3.8 9.3.2, PS3.7 D.3.3)."""

import struct

import pytest

from tests.peers.raw_datasets import FORMS
from tests.peers.raw_dicom import connected
from tests.peers.raw_pdus import (
    BIG,
    EXPLICIT,
    IMPLICIT,
    VERIFICATION,
    WORKLIST,
    echo,
    extended_item,
    item,
    role_item,
    user_item,
)
from tests.worklist.factories import make_patient, make_station, make_step
from tests.worklist.raw_questions import identifier, patient_ids

PRINT = "1.2.840.10008.5.1.1.9"
JPEG = "1.2.840.10008.1.2.4.50"
ONE = ((1, WORKLIST, (IMPLICIT,)),)


@pytest.fixture
def anna(facility):
    """One patient with an exam; her ID."""
    patient = make_patient(facility, name_alphabetic="Tester^Anna")
    make_station(facility, "CT1")
    make_step(facility, patient=patient)
    return patient.patient_id


def test_many_contexts(running_scp, anna):
    """PS3.8 9.3.2.2: IDs are odd, 1 to 255, so 128 contexts; each is usable under its own ID."""
    contexts = tuple((number, WORKLIST, (IMPLICIT,)) for number in range(1, 256, 2))
    with connected(running_scp) as peer:
        accepted = peer.associate(contexts)
        assert accepted.results == dict.fromkeys(range(1, 256, 2), 0)
        for number in (1, 127, 255):
            answers, final = peer.ask(identifier(), context=number)
            assert {message.context for message in (*answers, final)} == {number}
            assert patient_ids(answers) == [anna]
        peer.release()


def test_one_abstract_syntax_in_several_contexts(running_scp, anna):
    """PS3.8 7.1.1.13: each context has a transfer syntax of its own."""
    syntaxes = {1: IMPLICIT, 3: EXPLICIT, 5: BIG}
    contexts = tuple((number, WORKLIST, (syntax,)) for number, syntax in syntaxes.items())
    with connected(running_scp) as peer:
        assert peer.associate(contexts).syntaxes == syntaxes
        for number, syntax in syntaxes.items():
            answers, _ = peer.ask(identifier(FORMS[syntax]), context=number)
            assert patient_ids(answers, FORMS[syntax]) == [anna]


def test_what_we_do_not_know_is_rejected_context_by_context(running_scp, anna):
    """PS3.8 Table 9-18: 3 abstract syntax, 4 transfer syntaxes not supported; the rest works."""
    contexts = (
        (1, PRINT, (IMPLICIT, EXPLICIT)),
        (3, WORKLIST, (JPEG,)),
        (5, WORKLIST, (JPEG, EXPLICIT)),
        (7, VERIFICATION, (IMPLICIT,)),
    )
    with connected(running_scp) as peer:
        accepted = peer.associate(contexts)
        assert accepted.results == {1: 3, 3: 4, 5: 0, 7: 0}
        assert accepted.syntaxes[5] == EXPLICIT
        answers, _ = peer.ask(identifier(FORMS[EXPLICIT]), context=5)
        assert patient_ids(answers, FORMS[EXPLICIT]) == [anna]
        peer.send(echo(context=7))
        assert peer.read_message().status == 0x0000


def test_nothing_acceptable_is_still_an_association(running_scp, anna):
    """PS3.8 9.3.3: an A-ASSOCIATE-AC in which every context is rejected; it can be released."""
    with connected(running_scp) as peer:
        assert peer.associate(((1, PRINT, (IMPLICIT,)),)).results == {1: 3}
        peer.release()


def test_asynchronous_operations_are_refused(running_scp, anna):
    """PS3.7 D.3.3.3: no answer, or 1 and 1, is the synchronous default (the issue, 5)."""
    window = item(0x53, struct.pack(">HH", 0, 0))
    with connected(running_scp) as peer:
        accepted = peer.associate(ONE, user=user_item(extra=window))
        assert accepted.user.get(0x53, [struct.pack(">HH", 1, 1)]) == [struct.pack(">HH", 1, 1)]
        answers, _ = peer.ask(identifier())
        assert patient_ids(answers) == [anna]


def test_user_identity_and_roles_change_nothing(running_scp, anna):
    """PS3.7 D.3.3.7, D.3.3.4: we never claim the role of a user of Modality Worklist."""
    identity = item(0x58, struct.pack(">BBH", 2, 0, 4) + b"user" + struct.pack(">H", 4) + b"word")
    with connected(running_scp) as peer:
        accepted = peer.associate(ONE, user=user_item(extra=role_item(1, 1) + identity))
        assert 0x59 not in accepted.user  # no positive response was requested
        for answer in accepted.user.get(0x54, []):
            assert answer[-2:] == b"\1\0"
        answers, _ = peer.ask(identifier())
        assert patient_ids(answers) == [anna]


@pytest.mark.parametrize("proposed", [b"\1\1\1\1", b"\1\1\1", b"\1\1", b"\0\0\0\0"])
def test_extended_negotiation(running_scp, anna, proposed):
    """PS3.4 K.5.1: byte 3 fuzzy person names, byte 4 time zone; never more than was proposed."""
    with connected(running_scp) as peer:
        accepted = peer.associate(ONE, user=user_item(extra=extended_item(proposed)))
        (answer,) = accepted.user[0x56]
        length = int.from_bytes(answer[:2], "big")
        assert answer[2 : 2 + length].decode() == WORKLIST
        agreed = answer[2 + length :]
        assert agreed[2:4] == proposed[2:4]  # we support both
        answers, _ = peer.ask(identifier())
        assert patient_ids(answers) == [anna]


def test_absent_and_foreign_user_information(running_scp, anna, stack):
    """PS3.7 D.3.3, PS3.8 9.3.1: no version name, no maximum length, items of a later edition."""
    unknown, users = b"", [user_item(version=None), user_item(version="")]
    if stack == "own":  # pynetdicom 3.0.4 aborts where it does not know an item, or misses one
        unknown = item(0x77, b"unknown")
        users += [user_item(None), user_item(extra=item(0x5F, b"of a later edition"))]
    for user in users:
        with connected(running_scp) as peer:
            accepted = peer.associate(ONE, user=user, items=unknown)
            assert accepted.max_pdu == 0 or accepted.max_pdu >= 4096
            assert accepted.user[0x52][0]
            answers, _ = peer.ask(identifier())
            assert patient_ids(answers) == [anna]
