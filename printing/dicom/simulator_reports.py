"""Reports of a simulated printer, at any moment of an association (PS3.4 H.4.5, H.4.6).

pynetdicom's own send_n_event_report() takes the next message for the answer, also when that is a
request of the other end; and it mixes the fragments of what two threads send.
"""

import time
from io import BytesIO
from threading import Lock
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import encode

from portal.dicom.association import keep_answers

ANSWER_S = 10.0
LOOK_S = 0.002
DATA_REQUEST, TRANSFER = "Evt9", ("Sta6", "Sta8")  # PS3.8 9.2: P-DATA, and when it may go out


def on_established(event: evt.Event) -> None:
    """Make an association ready for reports: messages go out whole, one after another."""
    one_message_at_a_time(event.assoc)
    drop_late_messages(event.assoc)
    event.assoc.report_lock = Lock()  # one report at a time: the next after its answer


def one_message_at_a_time(assoc: Any) -> None:
    """Keep what two threads send apart, and answers to reports from pynetdicom's reactor."""
    keep_answers(assoc)
    send, lock = assoc.dimse.send_msg, Lock()

    def send_msg(primitive: Any, context_id: int) -> None:
        with lock:
            send(primitive, context_id)

    assoc.dimse.send_msg = send_msg


def drop_late_messages(assoc: Any) -> None:
    """Drop what a thread sends while the association ends: pynetdicom 3.0.4 would fail over it."""
    machine = assoc.dul.state_machine
    act = machine.do_action

    def do_action(event: str) -> None:
        if event == DATA_REQUEST and machine.current_state not in TRANSFER:
            assoc.dul.to_provider_queue.get(block=False)
        else:
            act(event)

    machine.do_action = do_action


def report(
    assoc: Any, ds: Dataset, event_type: int, sop_class: str, uid: str, context_class: str = ""
) -> int | None:
    """Send an N-EVENT-REPORT and return the status of its answer; none where none came."""
    wanted = context_class or sop_class
    known = [c for c in assoc.accepted_contexts if c.abstract_syntax == wanted]
    if not known or not assoc.is_established:
        return None
    syntax = known[0].transfer_syntax[0]
    message = N_EVENT_REPORT()
    message.MessageID = 1  # one at a time
    message.AffectedSOPClassUID, message.AffectedSOPInstanceUID = sop_class, uid
    message.EventTypeID = event_type
    content = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    message.EventInformation = BytesIO(content or b"")
    with assoc.report_lock:
        assoc.dimse.send_msg(message, known[0].context_id)
        return _answer(assoc)


def _answer(assoc: Any) -> int | None:
    """Wait until the next message is an answer; requests before it are the reactor's."""
    limit = time.monotonic() + ANSWER_S
    while assoc.is_established and time.monotonic() < limit:
        waiting = assoc.dimse.peek_msg()[1]
        if getattr(waiting, "MessageIDBeingRespondedTo", None) is not None:
            _, answer = assoc.dimse.get_msg(block=True)
            return int(answer.Status)
        time.sleep(LOOK_S)
    return None
