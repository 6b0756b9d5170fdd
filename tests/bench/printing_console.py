"""The print room's pages over a long queue, a long history and a long account of films."""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta
from typing import Any

from tests.bench.measuring import percentile
from tests.bench.printing_beside import reading
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import say

HISTORY, ACTIVE, USES = 5000, 500, 100_000
PRINTERS = 10
READS = 20
BATCH = 5000
PAGES = {
    "the queue": "/print/",
    "jobs of today": "/print/?state=done",
    "all jobs": "/print/?state=all",
    "all jobs, page 50": "/print/?state=all&page=50",
    "the account, 30 days": "/print/usage/",
    "the account, all of it": "/print/usage/?since=",
}


def console(product: Product, database: str) -> list[Section]:
    """Time the pages, and count their queries."""
    _fill()
    goals = []
    queries = _queries()
    with reading(product) as reader:
        for name, address in PAGES.items():
            reader.read(address)
            times = sorted(reader.timed(address)[0] for _ in range(READS))
            median, p95 = statistics.median(times), percentile(times, 0.95)
            say(f"{database}, {name}: median {median:.0f} ms, p95 {p95:.0f} ms, {queries[name]} q")
            goals += [
                Goal(f"{database}, {name}: median", median, 300, 200, at_most=True, unit=" ms"),
                Goal(f"{database}, {name}: p95", p95, unit=" ms"),
                Goal(f"{database}, {name}: queries", float(queries[name])),
            ]
    title = (
        f"The print room's pages, {database}: {ACTIVE} jobs in the queue, {HISTORY:,} done, "
        f"{USES:,} films accounted for"
    )
    return [Section(title, goals=goals)]


def _queries() -> dict[str, int]:
    """Count the queries of each page, in this process."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_HOST="localhost")
    client.force_login(get_user_model().objects.get(username="technologist"))
    counts = {}
    for name, address in PAGES.items():
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        counts[name] = len(captured)
    return counts


def _fill() -> None:
    """Write the rows of jobs, their films and the account."""
    from django.db import connection
    from django.utils import timezone

    from portal.services import facility_named
    from printing.models import PrintUse
    from tests.bench.printing_beside import technologist
    from tests.printing.factories import make_image, make_printer

    technologist()
    facility, now = facility_named(None), timezone.now()
    printers = [
        make_printer(facility, 9000 + number, name=f"FILM{number}", ae_title=f"FILM{number}")
        for number in range(PRINTERS)
    ]
    images = [make_image(facility, PatientID=f"P{number}") for number in range(50)]
    for start in range(0, HISTORY + ACTIVE, 500):
        _jobs(printers, images, now, range(start, start + 500))
    for start in range(0, USES, BATCH):
        numbers = range(start, start + BATCH)
        PrintUse.objects.bulk_create(_use(facility, now, number) for number in numbers)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _jobs(printers: list[Any], images: list[Any], now: datetime, numbers: range) -> None:
    from printing.models import PrintedPage, PrintJob

    rows = []
    for number in numbers:
        is_done = number < HISTORY
        at = now - timedelta(minutes=5 * (HISTORY + ACTIVE - number))
        rows.append(
            PrintJob(
                facility_id=printers[0].facility_id,
                printer=printers[number % PRINTERS],
                created_by_name=f"person {number % 20}",
                state="completed" if is_done else _state(number),
                modality=("CT", "MR", "CR")[number % 3],
                patient_id=f"P{number % 50}",
                ended_at=at if is_done else None,
            )
        )
    PrintJob.objects.bulk_create(rows)
    PrintedPage.objects.bulk_create(
        PrintedPage(
            facility_id=job.facility_id,
            job=job,
            number=number,
            image_display_format=r"STANDARD\2,2",
            film_size_id="14INX17IN",
            film_orientation="PORTRAIT",
            image_boxes=[
                {"position": box, "image_id": images[(job.pk + box) % len(images)].pk}
                for box in range(1, 5)
            ],
            state="accepted" if job.state == "completed" else "pending",
        )
        for job in rows
        for number in range(1, 1 + job.pk % 4 + 1)
    )


def _state(number: int) -> str:
    """Let one job in fifty wait for a person, and one in ten be held."""
    if number % 50 == 0:
        return "processing-stopped"
    return "pending-held" if number % 10 == 1 else "pending"


def _use(facility: Any, now: datetime, number: int) -> Any:
    from printing.models import PrintUse

    return PrintUse(
        facility=facility,
        at=now - timedelta(minutes=5 * number),  # a year
        job_number=number,
        page_number=1,
        films=1,
        printer_name=f"FILM{number % PRINTERS}",
        film_size_id=("14INX17IN", "8INX10IN", "11INX14IN")[number % 3],
        medium_type=("BLUE FILM", "CLEAR FILM")[number % 2],
        created_by_name=f"person {number % 20}",
        requesting_unit=f"unit {number % 30}",
        modality=("CT", "MR", "CR")[number % 3],
        patient_id=f"P{number % 20_000}",
        reprint_reason="motion" if number % 40 == 0 else "",
    )
