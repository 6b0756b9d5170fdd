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
from worklist.services.import_rows import Refused, Shelf, entry_place, is_unchanged, shelf_load
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
    *, facility_id: int, entries: Sequence[EntryImport], by: Actor, is_dry_run: bool = False
) -> list[Imported]:
    """Import a batch in one transaction; one bad entry takes none of the others with it."""
    require(by, facility_id, Permission.ORDER_WRITE)
    try:
        return _import(facility_id, entries, by, is_dry_run)
    except (DataError, IntegrityError):
        if len(entries) == 1:
            return [Imported(Outcome.REJECTED, _("The database does not take its values."))]
    done: list[Imported] = []
    for entry in entries:
        done += entries_import(
            facility_id=facility_id, entries=[entry], by=by, is_dry_run=is_dry_run
        )
    return done


@transaction.atomic
def _import(
    facility_id: int, entries: Sequence[EntryImport], by: Actor, is_dry_run: bool
) -> list[Imported]:
    shelf = shelf_load(facility_id, entries)
    done: list[Imported] = []
    placed: dict[int, ScheduledProcedureStep] = {}
    for entry in entries:
        done.append(_import_one(shelf, entry, placed))
    entries_write(placed.values())
    affected = _affected(shelf, placed)
    entry_write(affected)
    counts = Counter(one.outcome.value for one in done)
    if placed:
        audit(
            facility_id=facility_id,
            by=by,
            action="import",
            target="exam",
            target_id=min(placed),
            detail={
                "counts": dict(counts),
                "steps": sorted(placed),
                "patients_changed": sorted(shelf.changed_patients),
            },
        )
        emit(StepsChanged(facility_id=facility_id, ids=sorted({*placed, *affected})))
    if is_dry_run:
        transaction.set_rollback(True)
    return done


def _import_one(
    shelf: Shelf, entry: EntryImport, placed: dict[int, ScheduledProcedureStep]
) -> Imported:
    key = (entry.values.request.accession_number, entry.values.step.sps_id)
    known = shelf.steps.get(key)
    if known is not None and is_unchanged(known, entry):
        return Imported(Outcome.UNCHANGED)
    try:
        step = entry_place(shelf, entry)
    except Refused as error:
        return Imported(Outcome.REJECTED, str(error))
    placed[step.pk] = step
    return Imported(Outcome.CREATED if known is None else Outcome.UPDATED)


def _affected(shelf: Shelf, placed: dict[int, ScheduledProcedureStep]) -> list[int]:
    """Return the other steps whose patient or procedure the batch has changed."""
    procedures = {step.requested_procedure_id for step in placed.values()}
    of_procedure = ScheduledProcedureStep.objects.filter(requested_procedure__in=procedures)
    of_patient = ScheduledProcedureStep.objects.filter(
        requested_procedure__service_request__patient__in=shelf.changed_patients
    )
    keys = {*of_procedure.values_list("pk", flat=True), *of_patient.values_list("pk", flat=True)}
    return sorted(keys - set(placed))
