"""Outbound associations."""

import time
from queue import Empty

import pytest
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification

from portal.dicom.association import Limits, Peer, associate
from portal.dicom.listening import ListenerConfig, listening

LIMITS = Limits(idle=None)


@pytest.fixture
def peer():
    """Somebody who answers an association."""
    contexts = [build_context(Verification)]
    with listening(ListenerConfig("PEER", ("127.0.0.1", 0), contexts, [], is_stock=True)) as server:
        yield Peer("127.0.0.1", server.server_address[1], "PEER", "PORTAL")


def test_an_answer_is_left_to_the_request_that_waits_for_it(peer):
    """pynetdicom 3.0.4: its reactor takes what it finds; a request would wait in vain."""
    answer = C_ECHO()
    answer.MessageIDBeingRespondedTo, answer.Status = 1, 0x0000
    with associate(peer, [build_context(Verification)], limits=LIMITS) as assoc:
        assoc.dimse.msg_queue.put((1, answer))
        deadline = time.monotonic() + 0.5
        try:
            while time.monotonic() < deadline and assoc.is_established:
                assert assoc.dimse.msg_queue.qsize() == 1  # many turns of the reactor later, too
        finally:
            found = assoc.dimse.get_msg(block=True)

    assert found == (1, answer)
    with pytest.raises(Empty):
        assoc.dimse.msg_queue.get_nowait()
