"""Recorded queries for tests: what a device asked, without a socket."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from pynetdicom.dsutils import encode

from portal.dicom.errors import InvalidDataset
from portal.models import RemoteAE
from tests.worklist.modality import identifier
from worklist.dicom import mwl
from worklist.dicom.items import IMPLICIT
from worklist.models import WorklistQuery
from worklist.services.queries import QueryRecord, worklist_queries_record

IMPLICIT_VR = "1.2.840.10008.1.2"


def asked(
    device: RemoteAE,
    *,
    at: datetime | None = None,
    shown: Iterable[int] = (),
    charset: str = "",
    outcome: dict[str, Any] | None = None,
    **keys: Any,
) -> WorklistQuery:
    """A device's question as the listener records it; `outcome` overrides how it went."""
    raw = encode(identifier(charset=charset, **keys), True, True)
    assert raw is not None
    step_ids = tuple(shown)
    try:
        said = mwl.decode(raw, IMPLICIT).sent
    except InvalidDataset:
        said = {}
    moment = at or timezone.now()
    values: dict[str, Any] = {
        "facility_id": device.facility_id,
        "device_id": device.pk,
        "at": moment,
        "address": "127.0.0.1",
        "keys": said,
        "identifier": raw,
        "transfer_syntax": IMPLICIT_VR,
        "is_fuzzy": False,
        "has_timezone": False,
        "character_set": charset,
        "answer_character_sets": ("",) if step_ids else (),
        "matched": len(step_ids),
        "step_ids": step_ids,
        "has_unsupported": False,
        "is_foreign_station": False,
        "status": 0x0000,
        "comment": "",
        "milliseconds": 3,
    }
    worklist_queries_record([QueryRecord(**(values | (outcome or {})))])
    device.refresh_from_db()
    return WorklistQuery.objects.latest("pk")
