"""Fill the product's database with made entries, without files: for lists of a million.

    python -m tests.bench.bulk --count 100000

The same entries as make_worklist writes, through the product's own import: parsed, placed, encoded
and saved by its services, but in larger batches, into an empty database (nothing is looked up), and
without audit and news. Runs with the environment of the product (DATABASE_URL, PORTAL_DATA_DIR).
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from tests.bench.make_worklist import make_entry
from worklist.dicom.entry import SPS_SEQUENCE, parse
from worklist.dicom.items import Element, Item
from worklist.dicom.texts import put
from worklist.types import EntryImport

BATCH = 1000
COLLECT_EVERY = 20 * BATCH
AHEAD = 3  # batches that are made while one is saved
OUTER = (
    (0x00080050, "SH", "accession"),
    (0x00080090, "PN", "referring"),
    (0x00100010, "PN", "patient_name"),
    (0x00100020, "LO", "patient_id"),
    (0x00100030, "DA", "birth_date"),
    (0x00100040, "CS", "sex"),
    (0x00101030, "DS", "weight"),
    (0x00102000, "LO", "medical_alerts"),
    (0x00102110, "LO", "allergies"),
    (0x0020000D, "UI", "study_uid"),
    (0x00321032, "PN", "referring"),
    (0x00321060, "LO", "procedure"),
    (0x00380010, "LO", "admission_id"),
    (0x00380300, "LO", "location"),
    (0x00401001, "SH", "procedure_id"),
    (0x00401003, "SH", "priority"),
)
STEP = (
    (0x00080060, "CS", "modality"),
    (0x00400001, "AE", "station_ae"),
    (0x00400002, "DA", "start_date"),
    (0x00400003, "TM", "start_time"),
    (0x00400006, "PN", "performer"),
    (0x00400007, "LO", "step"),
    (0x00400009, "SH", "step_id"),
    (0x00400010, "SH", "station_name"),
    (0x00400011, "SH", "step_location"),
    (0x00400020, "CS", "status"),
)
EMPTY_OUTER = ((0x00380500, "LO"), (0x00401004, "LO"))
EMPTY_STEP = ((0x00321070, "LO"), (0x00400012, "LO"))


def entry_item(entry: dict[str, str]) -> Item:
    """Return a made entry as the product reads it from a file: as make_worklist writes it."""
    step = _item(entry, STEP, EMPTY_STEP)
    step[0x00400008] = Element("SQ", (_code(entry["step_code"], "BENCH PROTOCOL"),))
    outer = _item(entry, OUTER, EMPTY_OUTER)
    outer[0x00081110] = Element("SQ", ())
    outer[0x001021C0] = Element("US", b"\x04\0")
    outer[0x00321064] = Element("SQ", (_code(entry["procedure_code"], "BENCH PROCEDURE"),))
    outer[SPS_SEQUENCE] = Element("SQ", (dict(sorted(step.items())),))
    return dict(sorted(outer.items()))


def _item(
    entry: dict[str, str], texts: tuple[tuple[int, str, str], ...], empty: tuple[Any, ...]
) -> Item:
    item: Item = {}
    for tag, vr, name in texts:
        put(item, tag, vr, entry[name])
    for tag, vr in empty:
        put(item, tag, vr, "")
    return item


def _code(value: str, meaning: str) -> Item:
    item: Item = {}
    put(item, 0x00080100, "SH", value)
    put(item, 0x00080102, "SH", "99BENCH")
    put(item, 0x00080104, "LO", meaning)
    return item


def made(start: int, stop: int, today: dt.date) -> list[EntryImport]:
    """Return a batch of made entries."""
    return [parse(entry_item(make_entry(index, today)))[0][0] for index in range(start, stop)]


def batches(count: int, today: dt.date) -> Iterator[list[EntryImport]]:
    """Yield all entries in batches, made by another process while the one before is saved."""
    starts = iter(range(0, count, BATCH))
    with ProcessPoolExecutor(1) as pool:
        waiting: list[Future[list[EntryImport]]] = []
        while True:
            for start in starts:
                waiting.append(pool.submit(made, start, min(start + BATCH, count), today))
                if len(waiting) >= AHEAD:
                    break
            if not waiting:
                return
            yield waiting.pop(0).result()


def save(facility_id: int, batch: list[EntryImport]) -> None:
    """Place, save and encode a batch of new entries."""
    from django.db import transaction

    from worklist.services.entries import entries_write
    from worklist.services.import_rows import entry_place
    from worklist.services.import_shelf import Shelf, shelf_save

    shelf = Shelf(facility_id)
    for entry in batch:
        entry_place(shelf, entry)
    with transaction.atomic():
        shelf_save(shelf)
        entries_write(shelf.placed)


def main() -> None:
    """Fill the database."""
    parser = argparse.ArgumentParser(description="Fill the product's database, without files.")
    parser.add_argument("--count", type=int, required=True)
    count = parser.parse_args().count
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from portal.services import facility_named
    from worklist.services.entries import entries_analyze

    facility_id, began, done = facility_named(None).pk, time.monotonic(), 0
    gc.freeze()
    gc.disable()  # rows go by reference count; looking for cycles in them takes most of the time
    for batch in batches(count, dt.date.today()):  # noqa: DTZ011
        save(facility_id, batch)
        done += len(batch)
        if done % COLLECT_EVERY == 0:
            gc.collect()
        rate = done / (time.monotonic() - began)
        sys.stdout.write(f"{done:,} of {count:,}, {rate:,.0f}/s\n")
        sys.stdout.flush()
    entries_analyze()


if __name__ == "__main__":
    main()
