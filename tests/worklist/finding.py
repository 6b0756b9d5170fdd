"""Asking the database as a device would, without a socket."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection
from pydicom.config import disable_value_validation
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from portal.models import Facility, RemoteAE
from portal.selectors import caller_of
from portal.types import Actor
from tests.worklist.entries import entry, file_bytes
from tests.worklist.modality import identifier
from tests.worklist.test_dicom_mwl import decoded
from worklist.dicom import entry as entries
from worklist.dicom import files
from worklist.dicom.mwl import MATCHED_IN_STEP
from worklist.models import ScheduledProcedureStep
from worklist.selectors.entries import entries_matching
from worklist.services.imports import entry_import

DAY = date(2026, 11, 21)
_numbers = itertools.count(1)


def found(device: RemoteAE, charset: str = "", **keys: object) -> list[int]:
    """The steps that a query finds, in order."""
    return found_by(device, question(charset, **keys))


def found_by(device: RemoteAE, ds: Dataset, **negotiated: Any) -> list[int]:
    """The steps that an identifier finds, in order; `negotiated` as `mwl.decode` takes it."""
    keys = decoded(ds, **negotiated).keys
    return [row.step_id for row in entries_matching(caller=caller_of(device), keys=keys, today=DAY)]


def question(charset: str = "", **keys: object) -> Dataset:
    """A usual identifier, restricted by `keys`, of the step or of what is around it."""
    ds = identifier(charset)
    step = ds.ScheduledProcedureStepSequence[0]
    with disable_value_validation():  # keys that break a rule are made on purpose
        for keyword, value in keys.items():
            is_of_step = tag_for_keyword(keyword) in MATCHED_IN_STEP
            setattr(step if is_of_step else ds, keyword, value)
    return ds


def booked(facility: Facility, charset: str = "ISO_IR 192", **changes: Any) -> int:
    """Import an entry of another system; `changes` by keyword. Returns the key of its step."""
    number = next(_numbers)
    ids = {"AccessionNumber": f"A{number:05d}", "StudyInstanceUID": f"2.25.{number}00"}
    ids |= {"PatientID": f"P{number:05d}", "RequestedProcedureID": f"R{number:05d}"}
    ids |= {"ScheduledProcedureStepID": f"S{number:05d}"}
    ds = entry(charset, **{**ids, **changes})
    ((one,), _) = entries.parse(files.read_file(file_bytes(ds)))
    entry_import(facility_id=facility.pk, entry=one, by=Actor.command("test"))
    return ScheduledProcedureStep.objects.get(
        requested_procedure__service_request__accession_number=one.values.request.accession_number,
        sps_id=one.values.step.sps_id,
    ).pk


@contextmanager
def hidden(table: str) -> Iterator[None]:
    """Take a table away while the block runs: a database that fails in earnest."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO hidden")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE hidden RENAME TO {table}")
