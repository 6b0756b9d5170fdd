"""Reads of printers and of what their models accept."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.errors import NotFound
from portal.selectors import user_key
from printing.models import Printer, PrinterModel, PrintJob, PrintPool
from printing.printer_models import SHIPPED_MODELS
from printing.types import Capabilities, Fallback, Quirk

if TYPE_CHECKING:
    from portal.selectors import Person


def printers(*, visible_to: "Person") -> QuerySet[Printer]:
    """Return the printers of a person's facilities, with `waiting`: jobs not ended yet.

    Those alone are looked at, however long the history is.
    """
    jobs = PrintJob.objects.filter(printer=OuterRef("pk"), state__in=PrintJob.ACTIVE)
    waiting = jobs.order_by().values("printer").annotate(count=Count("pk")).values("count")
    return (
        Printer.objects.filter(facility__memberships__user_id=user_key(visible_to))
        .select_related("device", "model")
        .annotate(waiting=Coalesce(Subquery(waiting), 0))
        .order_by("name")
    )


def printer_models(*, visible_to: "Person") -> QuerySet[PrinterModel]:
    """Return the printer models of a person's facilities, by title."""
    return PrinterModel.objects.filter(
        facility__memberships__user_id=user_key(visible_to)
    ).order_by("title")


def is_shipped(model: PrinterModel) -> bool:
    """Say whether a model comes with the portal: one made here stays its facility's own."""
    return model.name in SHIPPED_MODELS and not model.is_own


def printers_by_model(*, visible_to: "Person") -> dict[str, int]:
    """Count a person's printers by the name of their model."""
    rows = Printer.objects.filter(facility__memberships__user_id=user_key(visible_to))
    return dict(rows.values_list("model__name").annotate(Count("pk")).order_by())


def printer_named(*, facility_id: int, name: str) -> Printer:
    """Return the facility's printer of that name, or say which ones there are."""
    known = Printer.objects.filter(facility_id=facility_id).select_related("device", "model")
    found = known.filter(name=name).first()
    if found is None:
        names = ", ".join(known.order_by("name").values_list("name", flat=True)) or "none yet"
        raise NotFound(f"There is no printer “{name}”. Printers are: {names}.")
    return found


def pool_named(*, facility_id: int, name: str) -> PrintPool:
    """Return the facility's pool of that name, or say which ones there are."""
    known = PrintPool.objects.filter(facility_id=facility_id)
    found = known.filter(name=name).first()
    if found is None:
        names = ", ".join(known.order_by("name").values_list("name", flat=True)) or "none yet"
        raise NotFound(f"There is no pool “{name}”. Pools are: {names}.")
    return found


def retry_plan_s(printer: Printer) -> list[int]:
    """Return the pauses before each further attempt: the printer's own plan, or the setting."""
    return list(printer.retry_plan_s or settings.PRINT_RETRY_S)


def action_timeout_s(printer: Printer) -> int:
    """Return how long an N-ACTION may take: the printer's own limit, or the setting."""
    return printer.action_timeout_s or settings.PRINT_ACTION_TIMEOUT_S


def capabilities(printer: Printer) -> Capabilities:
    """Return what a printer takes: its model's word, and over it what a probe learned."""
    model, learned = printer.model, printer.learned

    def told(name: str) -> Any:
        return learned[name] if name in learned else getattr(model, name)

    return Capabilities(
        bits=told("bits"),
        has_color=told("has_color"),
        image_display_formats=tuple(told("image_display_formats")),
        film_size_ids=tuple(told("film_size_ids")),
        medium_types=tuple(told("medium_types")),
        film_destinations=tuple(told("film_destinations")),
        attributes={keyword: tuple(values) for keyword, values in told("attributes").items()},
        film_pixels={size: (pixels[0], pixels[1]) for size, pixels in told("film_pixels").items()},
        drawn_as=dict(told("drawn_as")),
        lut_place=told("lut_place"),
        has_print_job=told("has_print_job"),
        has_annotation=told("has_annotation"),
        has_configuration=bool(learned.get("has_configuration")),
        max_copies=told("max_copies"),
        quirks=frozenset(Quirk(quirk) for quirk in told("quirks") if quirk in list(Quirk)),
    )


def capabilities_shared(printers: Sequence[Printer]) -> Capabilities:
    """Return what each of several printers takes: for films that any of them may get."""
    every = [capabilities(printer) for printer in printers]
    if not every:
        return Capabilities()

    def common(name: str) -> tuple[str, ...]:
        lists = [getattr(takes, name) for takes in every if getattr(takes, name)]  # empty: any
        return tuple(v for v in lists[0] if all(v in each for each in lists)) if lists else ()

    return replace(
        every[0],
        bits=min(takes.bits for takes in every),
        has_color=all(takes.has_color for takes in every),
        image_display_formats=common("image_display_formats"),
        film_size_ids=common("film_size_ids"),
        medium_types=common("medium_types"),
        film_destinations=common("film_destinations"),
        max_copies=min(takes.max_copies for takes in every),
    )


def fallbacks(printer: Printer) -> frozenset[Fallback]:
    """Return the fallbacks that are on for a printer."""
    return frozenset(Fallback(rule) for rule in printer.fallbacks if rule in list(Fallback))
