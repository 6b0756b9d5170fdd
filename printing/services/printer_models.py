"""Writes of printer models: the shipped ones as they are needed, those of a facility as given."""

from typing import Any

from django.db import transaction

from portal.errors import Conflict, InvalidInput, NotFound, StaleVersion
from portal.events import PrintersChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import Printer, PrinterModel
from printing.printer_models import (
    SHIPPED_MODELS,
    InvalidModel,
    ShippedModel,
    model_document,
    read_model,
)
from printing.selectors.printers import is_shipped

NOT_THERE = 0  # the version of a model that is not there yet
FIELDS = (
    "title",
    "bits",
    "image_display_formats",
    "film_size_ids",
    "medium_types",
    "film_destinations",
    "film_pixels",
    "has_color",
    "attributes",
    "drawn_as",
    "lut_place",
    "has_print_job",
    "has_annotation",
    "max_copies",
    "quirks",
    "source",
)


def printer_model_named(*, facility_id: int, name: str) -> PrinterModel:
    """Return the facility's printer model; a shipped one is made, or brought up to date, on use."""
    shipped = SHIPPED_MODELS.get(name)
    known = PrinterModel.objects.filter(facility_id=facility_id)
    found = known.filter(name=name).first()
    if shipped is not None and not (found and found.is_own):
        return _as_shipped(facility_id, shipped, found)
    if found is None:
        names = ", ".join(sorted({*SHIPPED_MODELS, *known.values_list("name", flat=True)}))
        raise InvalidInput(f"There is no printer model “{name}”. Models are: {names}.", "model")
    return found


@transaction.atomic
def printer_model_set(
    *, facility_id: int, document: Any, version: int | None = None, by: Actor
) -> tuple[PrinterModel, bool]:
    """Create or replace a facility's own model from a document; say whether it is new.

    With `version` only as it was seen: NOT_THERE for one that is to be new.
    """
    require(by, facility_id, Permission.PRINTER_MANAGE)
    try:
        model = read_model(document, SHIPPED_MODELS)
    except InvalidModel as error:
        raise InvalidInput(str(error), error.field) from error
    locked = PrinterModel.objects.select_for_update()
    before = locked.filter(facility_id=facility_id, name=model.name).first()
    if model.name in SHIPPED_MODELS and not (before and before.is_own):
        raise InvalidInput(
            f"“{model.name}” comes with the portal and stays as it is: give yours another name.",
            "name",
        )
    _require_version(before, model.name, version)
    row = before or PrinterModel(facility_id=facility_id, name=model.name)
    _fill(row, model)
    row.version = before.version + 1 if before else 1
    row.is_own = True
    row.save()
    _tell(row)
    _audit(row, by, "set")
    return row, before is None


@transaction.atomic
def printer_model_delete(*, model_id: int, version: int | None = None, by: Actor) -> None:
    """Delete a facility's own model that no printer uses."""
    row = PrinterModel.objects.select_for_update().filter(pk=model_id).first()
    if row is None:
        raise NotFound("There is no such printer model.")
    require(by, row.facility_id, Permission.PRINTER_MANAGE)
    _require_version(row, row.name, version)
    if is_shipped(row):
        raise Conflict(f"{row.title} comes with the portal and stays.")
    used = list(Printer.objects.filter(model=row).values_list("name", flat=True))
    if used:
        raise Conflict(f"{row.title} is the model of {', '.join(used)}: give them another first.")
    _audit(row, by, "delete")
    row.delete()


def models_shipped_refresh() -> int:
    """Bring rows of shipped models to what this version ships; return how many changed.

    A facility's own model stays as it is, also when one of its name is shipped later.
    """
    changed = 0
    for row in PrinterModel.objects.filter(name__in=list(SHIPPED_MODELS), is_own=False):
        changed += _refreshed(row.pk)
    return changed


@transaction.atomic
def _refreshed(pk: int) -> bool:
    row = PrinterModel.objects.select_for_update().get(pk=pk)
    if not is_shipped(row) or not _fill(row, SHIPPED_MODELS[row.name]):
        return False
    row.version += 1
    row.save()
    _tell(row)
    return True


def _as_shipped(
    facility_id: int, shipped: ShippedModel, found: PrinterModel | None
) -> PrinterModel:
    if found is None:
        fresh = PrinterModel()
        _fill(fresh, shipped)
        found, _ = PrinterModel.objects.get_or_create(
            facility_id=facility_id,
            name=shipped.name,
            defaults={field: getattr(fresh, field) for field in FIELDS},
        )
    elif _fill(found, shipped):
        found.version += 1
        found.save()
        _tell(found)
    return found


def _require_version(row: PrinterModel | None, name: str, version: int | None) -> None:
    """Refuse to replace what a person did not see."""
    if version is None or version == (row.version if row else NOT_THERE):
        return
    if row is None:
        raise StaleVersion(f"Somebody deleted the model “{name}” meanwhile.")
    if version == NOT_THERE:
        raise Conflict(f"There is a model “{name}” already. Give yours another name.")
    raise StaleVersion(f"Somebody else changed the model “{name}” meanwhile. Look at it again.")


def _fill(row: PrinterModel, model: ShippedModel) -> bool:
    """Put a model's values into a row; say whether that changed anything."""
    document = model_document(model)
    before = {field: getattr(row, field) for field in FIELDS}
    for field in FIELDS:
        setattr(row, field, document[field])
    return before != {field: document[field] for field in FIELDS}


def _tell(row: PrinterModel) -> None:
    ids = list(Printer.objects.filter(model_id=row.pk).values_list("pk", flat=True))
    if ids:
        emit(PrintersChanged(facility_id=row.facility_id, ids=ids))


def _audit(row: PrinterModel, by: Actor, action: str) -> None:
    audit(
        facility_id=row.facility_id,
        by=by,
        action=action,
        target="printer_model",
        target_id=row.pk,
        detail={"name": row.name},
    )
