"""Identifiers as bytes, for peers made of bytes."""

from typing import Any

from tests.peers.raw_datasets import FORMS, Form, decode, encode
from tests.peers.raw_dicom import Message
from tests.peers.raw_pdus import IMPLICIT

STEP: dict[Any, Any] = {
    "Modality": b"",
    "ScheduledStationAETitle": b"",
    "ScheduledProcedureStepStartDate": b"",
    "ScheduledProcedureStepID": b"",
}


def keys(*, step: dict[Any, Any] | None = None, **others: Any) -> dict[Any, Any]:
    """A short identifier with one step item."""
    return {
        "PatientName": b"",
        "PatientID": b"",
        "ScheduledProcedureStepSequence": [STEP | (step or {})],
        **others,
    }


def identifier(form: Form = FORMS[IMPLICIT], **given: Any) -> bytes:
    """The same as bytes."""
    return encode(keys(**given), form)


def patient_ids(answers: list[Message], form: Form = FORMS[IMPLICIT]) -> list[str]:
    """Who was found."""
    return [decode(answer.dataset, form)[0x00100020].decode() for answer in answers]
