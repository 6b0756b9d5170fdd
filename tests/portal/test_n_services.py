"""DIMSE-N requests between pynetdicom and our services (PS3.7 10.1, Annex C)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from django.db import OperationalError
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)
from pynetdicom import AE, evt
from pynetdicom.dsutils import decode, encode
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityPerformedProcedureStepRetrieve,
    StorageCommitmentPushModel,
)

from portal import n_services
from portal.dicom import status
from portal.dicom.association import Limits, Peer, associate
from portal.dicom.errors import StatusFailure
from portal.dicom.n_messages import NAnswer, NRequest
from portal.types import Caller

MPPS, RETRIEVE = ModalityPerformedProcedureStep, ModalityPerformedProcedureStepRetrieve
SYNTAXES = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]
CALLER = Caller(device_id=1, facility_id=1, ae_title="CT1")
Service = Callable[[Caller, NRequest], NAnswer]


class Answers:
    """What came back, whole: command set and bytes."""

    def __init__(self, assoc: Any) -> None:
        self.assoc = assoc
        self.command = Dataset()
        self.raw = b""
        assoc.bind(evt.EVT_DIMSE_RECV, self._note)

    def _note(self, event: Any) -> None:
        self.command = event.message.command_set
        self.raw = event.message.data_set.getvalue() if event.message.data_set else b""

    @property
    def dataset(self) -> Dataset:
        syntax = self.assoc.accepted_contexts[0].transfer_syntax[0]
        return decode(
            BytesIO(self.raw), syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated
        )


@contextmanager
def serving(
    service: Service, sop_class: Any = MPPS, syntax: Any = ExplicitVRLittleEndian
) -> Iterator[Answers]:
    """An association with a listener whose every N-service is this one."""
    ae = AE(ae_title="PORTAL")
    ae.add_supported_context(sop_class, syntax)
    handler = n_services.handler_of(service)
    bound = [(event, handler, [sop_class]) for event in n_services.N_EVENTS]
    admitted = (evt.EVT_REQUESTED, lambda event: setattr(event.assoc, "portal_caller", CALLER))
    handlers = [admitted, *n_services.handlers_joined(bound)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    client = AE(ae_title="CT1")
    client.add_requested_context(sop_class, syntax)
    peer = Peer("127.0.0.1", server.server_address[1], "PORTAL", "CT1")
    try:
        with associate(peer, client.requested_contexts, limits=Limits()) as assoc:
            yield Answers(assoc)
    finally:
        server.shutdown()


def dataset(**values: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def raw_of(ds: Dataset, syntax: Any) -> bytes:
    """A dataset as an answer carries it: before deflation."""
    encoded = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian)
    assert encoded is not None
    return encoded


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_request_comes_as_bytes_and_answer_goes_as_bytes(syntax):
    """The service sees no library: bytes in the association's transfer syntax, both ways."""
    seen: list[tuple[Caller, NRequest]] = []
    uid = generate_uid()

    def service(caller: Caller, request: NRequest) -> NAnswer:
        seen.append((caller, request))
        return NAnswer(dataset=raw_of(dataset(StudyID="S1"), syntax))

    with serving(service, syntax=syntax) as peer:
        peer.assoc.send_n_create(dataset(PatientID="P1"), MPPS, uid)
        answered = peer.dataset

    ((caller, request),) = seen
    assert (caller, answered.StudyID) == (CALLER, "S1")
    assert (request.sop_class_uid, request.sop_instance_uid) == (str(MPPS), str(uid))
    assert (request.transfer_syntax, request.address) == (str(syntax), "127.0.0.1")
    sent = decode(
        BytesIO(request.dataset), syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated
    )
    assert sent.PatientID == "P1"


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("operation", ["create", "set"])
def test_failure_carries_the_offending_attributes(syntax, operation):
    """PS3.7 C.5.11, C.5.14: Attribute List of 0106 and 0121, which pynetdicom would leave out."""
    wrong = raw_of(dataset(Modality="CT", PatientID=""), syntax)

    def service(caller: Caller, request: NRequest) -> NAnswer:
        return NAnswer(status.INVALID_ATTRIBUTE_VALUE, "Invalid: Modality", dataset=wrong)

    with serving(service, syntax=syntax) as peer:
        for _ in range(3):  # nothing is left over for the next message
            send(peer, operation)
            assert peer.command.Status == 0x0106
            assert peer.command.ErrorComment == "Invalid: Modality"
            assert (peer.dataset.Modality, peer.dataset.PatientID) == ("CT", "")


def send(peer: Answers, operation: str) -> None:
    """Send an N-CREATE or an N-SET."""
    method = {"create": peer.assoc.send_n_create, "set": peer.assoc.send_n_set}[operation]
    method(dataset(PatientID="P1"), MPPS, generate_uid())


@pytest.mark.parametrize("operation", ["create", "set"])
@pytest.mark.parametrize("tags", [(0x00100020,), (0x00100020, 0x00080060)])
def test_failure_names_the_offending_attributes(operation, tags):
    """PS3.7 C.5.13, C.5.17: Attribute Identifier List, in an N-CREATE's answer as well."""

    def service(caller: Caller, request: NRequest) -> NAnswer:
        return NAnswer(status.MISSING_ATTRIBUTE, "Missing", tags)

    with serving(service) as peer:
        send(peer, operation)
        found = peer.command.AttributeIdentifierList
        length = peer.command.CommandGroupLength

    assert [found] if isinstance(found, int) else list(found) == list(tags)
    assert peer.raw == b""
    raw = encode(peer.command, True, True)
    assert raw is not None
    assert length == len(raw) - 12  # PS3.7 6.3.1: without itself


def test_error_id_and_comment_go_out():
    """PS3.4 Table F.7.2-2; Error Comment is LO: 64 characters of ASCII."""

    def service(caller: Caller, request: NRequest) -> NAnswer:
        return NAnswer(status.PROCESSING_FAILURE, "ü" + "x" * 80, error_id=0xA710)

    with serving(service) as peer:
        send(peer, "set")

    assert (peer.command.Status, peer.command.ErrorID) == (0x0110, 0xA710)
    assert peer.command.ErrorComment == "?" + "x" * 63


@pytest.mark.parametrize("given", ["", None])
def test_assigned_instance_uid_is_returned(given):
    """PS3.7 10.1.5.1.4: in the answer when the request had none."""
    assigned = str(generate_uid())

    def service(caller: Caller, request: NRequest) -> NAnswer:
        assert request.sop_instance_uid == ""
        return NAnswer(sop_instance_uid=assigned)

    with serving(service) as peer:
        peer.assoc.send_n_create(dataset(PatientID="P1"), MPPS, given)

    assert (peer.command.Status, peer.command.AffectedSOPInstanceUID) == (0, assigned)
    assert peer.raw == b""


def test_warning_carries_dataset_and_tags():
    """PS3.7 C.4.2: 0107 is a warning, the operation was performed."""

    def service(caller: Caller, request: NRequest) -> NAnswer:
        raw = raw_of(dataset(StudyID="S1"), ExplicitVRLittleEndian)
        return NAnswer(status.ATTRIBUTE_LIST_ERROR, "Unknown", (0x00280010,), dataset=raw)

    with serving(service) as peer:
        send(peer, "create")

    assert (peer.command.Status, peer.command.AttributeIdentifierList) == (0x0107, 0x00280010)
    assert peer.dataset.StudyID == "S1"


@pytest.mark.parametrize("wanted", [[], [0x00100020], [0x00100020, 0x00080060]])
def test_attributes_of_an_n_get(wanted):
    """PS3.7 10.1.2.1.4: the Attribute Identifier List, none meaning all."""
    seen: list[NRequest] = []

    def service(caller: Caller, request: NRequest) -> NAnswer:
        seen.append(request)
        return NAnswer()

    with serving(service, RETRIEVE) as peer:
        peer.assoc.send_n_get(wanted, RETRIEVE, generate_uid())

    assert seen[0].attributes == tuple(wanted)


@pytest.mark.parametrize("type_id", [0, 1, 2])
def test_action_and_event_types_come_as_they_are(type_id):
    """PS3.7 10.1.4, 10.1.1: also a zero, which is none of ours."""
    seen: list[NRequest] = []

    def service(caller: Caller, request: NRequest) -> NAnswer:
        seen.append(request)
        return NAnswer()

    with serving(service, StorageCommitmentPushModel) as peer:
        uid = generate_uid()
        peer.assoc.send_n_action(
            dataset(TransactionUID=uid), type_id, StorageCommitmentPushModel, uid
        )

    assert seen[0].type_id == type_id
    assert seen[0].dataset


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (StatusFailure("why", 0x0124, "Not yours"), 0x0124, "Not yours"),
        (OperationalError("gone"), 0x0110, "The portal cannot write this down now."),
        (ValueError("a bug"), 0x0110, "The request could not be processed."),
    ],
)
def test_errors_become_statuses_and_the_association_lives(error, expected, words):
    """Our table from errors to DIMSE-N statuses; nothing of the error itself goes out."""

    def service(caller: Caller, request: NRequest) -> NAnswer:
        raise error

    with serving(service) as peer:
        for _ in range(2):
            send(peer, "set")
            assert (peer.command.Status, peer.command.ErrorComment) == (expected, words)


def test_operations_go_by_sop_class():
    """PS3.7 C.5.19 (0211H): an operation that the SOP class of the context does not have."""
    handler = n_services.handler_of(lambda caller, request: NAnswer())
    ((_, joined),) = n_services.handlers_joined([(evt.EVT_N_SET, handler, [RETRIEVE])])
    ae = AE(ae_title="PORTAL")
    ae.add_supported_context(MPPS)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_SET, joined)])
    client = AE(ae_title="CT1")
    client.add_requested_context(MPPS)
    peer = Peer("127.0.0.1", server.server_address[1], "PORTAL", "CT1")
    try:
        with associate(peer, client.requested_contexts, limits=Limits()) as assoc:
            answer, _ = assoc.send_n_set(dataset(PatientID="P1"), MPPS, generate_uid())
    finally:
        server.shutdown()

    assert answer.Status == 0x0211
