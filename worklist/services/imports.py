"""Import of worklist entries: idempotent by accession number and SPS ID (README, decisions)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.errors import InvalidInput
from portal.events import StepsChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from worklist.models import ScheduledProcedureStep
from worklist.services.entries import entries_write, entry_write
from worklist.services.import_rows import Refused, entry_place, is_unchanged
from worklist.services.import_shelf import Shelf, shelf_load, shelf_save
from worklist.types import EntryImport


class Outcome(StrEnum):
    """What became of an entry."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Imported:
    """What became of an entry, and why it was rejected if it was."""

    outcome: Outcome
    reason: str = ""


def entry_import(*, facility_id: int, entry: EntryImport, by: Actor) -> Imported:
    """Import one entry; raise InvalidInput when it is rejected."""
    (done,) = entries_import(facility_id=facility_id, entries=[entry], by=by)
    if done.outcome is Outcome.REJECTED:
        raise InvalidInput(done.reason)
    return done


def entries_import(
    *, facility_id: int, entries: Sequence[EntryImport], by: Actor
) -> list[Imported]:
    """Import a batch in one transaction; one bad entry takes none of the others with it."""
    require(by, facility_id, Permission.ORDER_WRITE)
    try:
        return _import(facility_id, entries, by)
    except (DataError, IntegrityError):
        if len(entries) == 1:
            return [Imported(Outcome.REJECTED, _("The database does not take its values."))]
    done: list[Imported] = []
    for entry in entries:
        done += entries_import(facility_id=facility_id, entries=[entry], by=by)
    return done


def entries_rehearse(*, shelf: Shelf, entries: Sequence[EntryImport], by: Actor) -> list[Imported]:
    """Say what importing a batch would do; the shelf remembers the batches before it.

    Nothing is written or locked: a transaction around a whole dry run would make everybody wait
    who orders or moves an exam meanwhile.
    """
    require(by, shelf.facility_id, Permission.ORDER_WRITE)
    shelf_load(shelf, entries, is_locking=False)
    return [_import_one(shelf, entry) for entry in entries]


@transaction.atomic
def _import(facility_id: int, entries: Sequence[EntryImport], by: Actor) -> list[Imported]:
    shelf = Shelf(facility_id)
    shelf_load(shelf, entries, is_locking=True)
    done = [_import_one(shelf, entry) for entry in entries]
    shelf_save(shelf)
    entries_write(shelf.placed)
    if shelf.placed:
        _tell(shelf, done, by)
    return done


def _import_one(shelf: Shelf, entry: EntryImport) -> Imported:
    key = (entry.values.request.accession_number, entry.values.step.sps_id)
    known = shelf.steps.get(key)
    if known is not None and is_unchanged(known, entry):
        return Imported(Outcome.UNCHANGED)
    try:
        entry_place(shelf, entry)
    except Refused as error:
        return Imported(Outcome.REJECTED, str(error))
    return Imported(Outcome.CREATED if known is None else Outcome.UPDATED)


def _tell(shelf: Shelf, done: list[Imported], by: Actor) -> None:
    """Encode anew what the batch changed besides its own steps; audit, and tell the pages."""
    placed = sorted(step.pk for step in shelf.placed)
    affected = _affected(shelf, set(placed))
    entry_write(affected)
    audit(
        facility_id=shelf.facility_id,
        by=by,
        action="import",
        target="exam",
        target_id=placed[0],
        detail={
            "counts": dict(Counter(one.outcome.value for one in done)),
            "steps": placed,
            "patients_changed": sorted({patient.pk for patient in shelf.changed_patients}),
        },
    )
    emit(StepsChanged(facility_id=shelf.facility_id, ids=sorted({*placed, *affected})))


def _affected(shelf: Shelf, placed: set[int]) -> list[int]:
    """Return the other steps whose patient, order or procedure the batch has changed."""
    orders = {step.requested_procedure.service_request_id for step in shelf.placed}
    of_order = ScheduledProcedureStep.objects.filter(
        requested_procedure__service_request__in=orders
    )
    of_patient = ScheduledProcedureStep.objects.filter(
        requested_procedure__service_request__patient__in=shelf.changed_patients
    )
    keys = {*of_order.values_list("pk", flat=True), *of_patient.values_list("pk", flat=True)}
    return sorted(keys - placed)
