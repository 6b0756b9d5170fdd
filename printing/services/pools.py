"""Pools of printers: several behind one name, set up by people."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from portal.errors import InvalidInput, NotFound, StaleVersion
from portal.events import PrintersChanged, emit
from portal.selectors import require
from portal.services import audit
from portal.types import Actor, Permission
from printing.models import PoolMember, Printer, PrintJob, PrintPool
from printing.services.pool_choice import pool_candidates

__all__ = ["pool_candidates", "pool_delete", "pool_set"]


@transaction.atomic
def pool_set(
    *,
    facility_id: int,
    name: str,
    printer_ids: Sequence[int],
    pool_id: int | None = None,
    strategy: str = PrintPool.Strategy.FAILOVER,
    is_accepting: bool = True,
    version: int | None = None,
    by: Actor,
) -> PrintPool:
    """Create a pool, or change it; the order of its printers is the order they are asked in."""
    require(by, facility_id, Permission.PRINTER_MANAGE)
    name = name.strip()
    if not name or len(name) > 64:
        raise InvalidInput("A pool needs a name of 1 to 64 characters.", "name")
    if strategy not in PrintPool.Strategy.values:
        raise InvalidInput("A pool works by failover or by balance.", "strategy")
    members = _members(facility_id, printer_ids)
    pool = PrintPool(facility_id=facility_id)
    if pool_id is not None:
        pool = _locked(pool_id, facility_id)
        _require_seen(pool, version)
        pool.version += 1
    pool.name, pool.strategy, pool.is_accepting = name, strategy, is_accepting
    try:
        with transaction.atomic():
            pool.save()
    except IntegrityError as error:
        raise InvalidInput(f"There is a pool “{name}” already.", "name") from error
    pool.members.all().delete()
    PoolMember.objects.bulk_create(
        PoolMember(facility_id=facility_id, pool=pool, printer=printer, rank=rank)
        for rank, printer in enumerate(members, 1)
    )
    emit(PrintersChanged(facility_id=facility_id, ids=[printer.pk for printer in members]))
    _audit(pool, by, "set", {"name": name, "printers": [printer.name for printer in members]})
    return pool


@transaction.atomic
def pool_delete(*, pool_id: int, version: int | None = None, by: Actor) -> None:
    """Remove a pool; its jobs stay with the printers that they are planned for."""
    # Jobs before their printers and pools: workers lock in this order too.
    list(PrintJob.objects.select_for_update().filter(pool=pool_id, state__in=PrintJob.ACTIVE))
    pool = _locked(pool_id)
    require(by, pool.facility_id, Permission.PRINTER_MANAGE)
    _require_seen(pool, version)
    ids = list(pool.members.values_list("printer_id", flat=True))
    detail: dict[str, object] = {"name": pool.name}
    pool_pk = pool.pk
    pool.delete()
    pool.pk = pool_pk
    emit(PrintersChanged(facility_id=pool.facility_id, ids=ids))
    _audit(pool, by, "delete", detail)


def _members(facility_id: int, printer_ids: Sequence[int]) -> list[Printer]:
    if len(set(printer_ids)) != len(printer_ids):
        raise InvalidInput("A printer is in a pool once.", "printer_ids")
    found = Printer.objects.filter(facility_id=facility_id).in_bulk(list(printer_ids))
    if len(found) != len(printer_ids) or not found:
        raise InvalidInput("A pool has one or more printers of this facility.", "printer_ids")
    members = [found[printer_id] for printer_id in printer_ids]
    if len({printer.is_ipp for printer in members}) > 1:
        raise InvalidInput("A pool has film printers, or paper printers, not both.", "printer_ids")
    return members


def _locked(pool_id: int, facility_id: int | None = None) -> PrintPool:
    pools = PrintPool.objects.select_for_update().filter(pk=pool_id)
    pool = (pools if facility_id is None else pools.filter(facility_id=facility_id)).first()
    if pool is None:
        raise NotFound("There is no such pool of printers.")
    return pool


def _require_seen(pool: PrintPool, version: int | None) -> None:
    if version not in (None, pool.version):
        raise StaleVersion("Somebody else changed this pool meanwhile. Look at it again.")


def _audit(pool: PrintPool, by: Actor, action: str, detail: dict[str, object]) -> None:
    audit(
        facility_id=pool.facility_id,
        by=by,
        action=action,
        target="pool of printers",
        target_id=pool.pk,
        detail=detail,
    )
