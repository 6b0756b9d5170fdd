"""Jobs from the watch folder: what `job.json` may say, and queueing each entry once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from portal.errors import InvalidInput, NotFound
from portal.models import AuditEvent, Facility
from portal.services import audit
from portal.services_alerts import alert_raise
from portal.types import Actor
from printing.models import Printer, PrintJob, PrintPool
from printing.services.image_jobs import images_print

BY = Actor.command("watch folder")
CLAIM = "watch folder claim"  # target of the audit events that mark what was queued
MAX_OPTIONS_BYTES = 64 * 1024
# What `job.json` may say -> its type, and the argument of `images_print` that it becomes.
OPTIONS: dict[str, tuple[type, str]] = {
    "layout": (str, "image_display_format"),
    "size": (str, "film_size_id"),
    "orientation": (str, "film_orientation"),
    "copies": (int, "number_of_copies"),
    "priority": (str, "print_priority"),
    "medium": (str, "medium_type"),
    "plain": (bool, "is_plain"),
    "color": (bool, "is_color"),
    "label": (str, "film_session_label"),
    "hold": (bool, "is_held"),
    "several_patients": (bool, "is_mixing_confirmed"),
}
# What it may say besides.
OTHER_OPTIONS: dict[str, type] = {
    "facility": str,
    "files": list,
    "hold_until": str,
}
TYPES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list of names"}


@dataclass(frozen=True)
class Target:
    """Where the entries of a folder go: a printer, or a pool of them."""

    facility_id: int
    printer: Printer
    pool: PrintPool | None = None

    @property
    def name(self) -> str:
        """The name that people know it by."""
        return self.pool.name if self.pool else self.printer.name

    @property
    def is_accepting(self) -> bool:
        """Say whether new jobs are let in now; else entries wait in their folder."""
        return self.pool.is_accepting if self.pool else self.printer.is_accepting


def options_of(text: bytes) -> dict[str, Any]:
    """Return what a `job.json` asks for; refuse what is not known, rather than overlook it."""
    if len(text) > MAX_OPTIONS_BYTES:
        raise InvalidInput(f"job.json is larger than {MAX_OPTIONS_BYTES >> 10} KB.")
    try:
        options = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("job.json cannot be read: it is not JSON in UTF-8.") from error
    if not isinstance(options, dict):
        raise InvalidInput("job.json is an object: {…}.")
    types = {key: kind for key, (kind, _) in OPTIONS.items()} | OTHER_OPTIONS
    for key, value in options.items():
        kind = types.get(key)
        if kind is None:
            known = ", ".join(sorted(types))
            raise InvalidInput(
                f"job.json says “{_short(key)}”, which is not known. Known: {known}."
            )
        if type(value) is not kind:
            raise InvalidInput(f"“{key}” in job.json is {TYPES[kind]}.")
    if not all(isinstance(name, str) for name in options.get("files", [])):
        raise InvalidInput("“files” in job.json is a list of names.")
    _hold_until(options)
    return options


def folder_targets(name: str) -> list[Target]:
    """Return the printers and pools of that name, in all facilities."""
    printers = Printer.objects.filter(name=name).select_related("device", "model")
    found = [Target(printer.facility_id, printer) for printer in printers.order_by("pk")]
    for pool in PrintPool.objects.filter(name=name).order_by("pk"):
        member = pool.members.select_related("printer").first()
        if member is not None:
            found.append(Target(pool.facility_id, member.printer, pool))
    return found


def folder_target(name: str, facility_code: str = "") -> Target:
    """Return the one printer or pool of that name; a printer goes before a pool."""
    found = folder_targets(name)
    if facility_code:
        facility = Facility.objects.filter(code=facility_code).first()
        found = [target for target in found if facility and target.facility_id == facility.pk]
    if not found:
        where = f" in facility {_short(facility_code)}" if facility_code else ""
        names = Printer.objects.order_by("name").values_list("name", flat=True).distinct()
        known = ", ".join(names[:50]) or "none yet"
        raise NotFound(f"There is no printer “{_short(name)}”{where}. Printers are: {known}.")
    if len({target.facility_id for target in found}) > 1:
        raise InvalidInput(
            f"Several facilities have a printer “{_short(name)}”. Say in job.json which one is "
            'meant: {"facility": "its code"}.'
        )
    return found[0]


def folder_job_of(claim: str) -> int | None:
    """Return the number of the job that an entry of the folder became already."""
    known = AuditEvent.objects.filter(
        facility__in=Facility.objects.all(), target=CLAIM, target_id=claim
    ).first()  # with the facility, since the index begins with it
    return int(known.detail["job"]) if known else None


@transaction.atomic
def folder_job_queue(
    *, claim: str, target: Target, image_ids: Sequence[int], options: Mapping[str, Any]
) -> PrintJob:
    """Queue an entry of the folder, marked in the same transaction: never a second time.

    A worker that is killed before it moved the files away leaves the mark; whoever finds the
    files asks `folder_job_of` first.
    """
    values: dict[str, Any] = {
        name: options[key] for key, (_, name) in OPTIONS.items() if key in options
    }
    values.setdefault("film_size_id", target.printer.film_size_id)
    job = images_print(
        facility_id=target.facility_id,
        printer_id=None if target.pool else target.printer.pk,
        pool_id=target.pool.pk if target.pool else None,
        image_ids=image_ids,
        hold_until=_hold_until(options),
        by=BY,
        **values,
    )
    audit(
        facility_id=target.facility_id,
        by=BY,
        action="queue",
        target=CLAIM,
        target_id=claim,
        detail={"job": job.pk},
    )
    return job


def folder_failed(name: str) -> None:
    """Raise the alarm over files that were not queued: whoever put them there may not look."""
    found = folder_targets(name)
    facility = found[0].facility_id if found else _first_facility_id()
    if facility is None:
        return
    whose = found[0].name if found else "a printer that is not known"
    alert_raise(
        facility_id=facility,
        kind="print-folder",
        key=f"watch folder {whose}",
        sentence=f"Files for {whose} in the watch folder were not queued. The texts in the folder "
        "“failed” there say why.",
    )


def _hold_until(options: Mapping[str, Any]) -> datetime | None:
    text = options.get("hold_until")
    if text is None:
        return None
    try:
        until = parse_datetime(text)
    except ValueError:
        until = None
    if until is None or not is_aware(until):
        raise InvalidInput(
            "“hold_until” in job.json is a time with its zone, such as 2026-11-24T06:00:00+01:00."
        )
    return until


def _first_facility_id() -> int | None:
    return Facility.objects.order_by("pk").values_list("pk", flat=True).first()


def _short(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:64]
