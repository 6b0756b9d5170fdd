"""Storage commitment: an exam of 20,000 images in chunks, and pages over a million instances."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.bench import mpps_wire
from tests.bench.browsing import PASSWORD, Reader
from tests.bench.measuring import percentile
from tests.bench.peers import ROOT
from tests.bench.performed import pairs_of, report
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, say
from tests.peers.portal_processes import free_ports, process, wait_ready
from tests.peers.postgresql import postgresql

IMAGES, SERIES = 20_000, 40
EXAMS, EACH = 2000, 500  # a million instances
BATCH = 5000
READS = 30


def committing(run: Run) -> list[Section]:
    """Measure both on PostgreSQL, with pages, listener and workers in processes of their own."""
    with postgresql() as url, Product(url) as product, ExitStack() as stack:
        product.env["PORTAL_COMMITMENT_SETTLE_S"] = "0"
        product.load(run.worklist(100))
        _technologist(product)
        archive_port = free_ports(1)[0]
        address = ["--host", "127.0.0.1", "--port", str(archive_port), "--kind", "archive"]
        product.manage("device", "set", "ARCHIVE", *address)
        stack.enter_context(_archive(archive_port, int(product.env["PORTAL_DICOM_PORT"])))
        stack.enter_context(_portal(product))
        return [_large_exam(product), _million(product)]


def _technologist(product: Product) -> None:
    product.django()
    from portal.services import user_set
    from portal.types import Actor

    by = Actor.command("bench")
    user_set(name="technologist", role="technologist", facility=None, password=PASSWORD, by=by)


def _large_exam(product: Product) -> Section:
    from worklist.models import ScheduledProcedureStep, StudyCommitment

    step = ScheduledProcedureStep.objects.order_by("pk").first()
    if step is None:
        raise SystemExit("there is no exam")
    study = step.requested_procedure.study_instance_uid
    dicom = ("127.0.0.1", int(product.env["PORTAL_DICOM_PORT"]))
    pair = pairs_of(product, SERIES, IMAGES // SERIES)[0]
    began = time.perf_counter()
    report(dicom, [pair])
    taken = time.perf_counter() - began
    reader, times = Reader(int(product.env["PORTAL_HTTP_PORT"])), []
    address, done = f"/exams/{step.pk}/", 0
    while done < IMAGES and time.perf_counter() - began < 600:
        times.append(reader.timed(address)[0])
        row = StudyCommitment.objects.filter(study_instance_uid=study).first()
        done = row.committed if row else 0
    whole = time.perf_counter() - began
    say(f"{done} of {IMAGES} committed in {whole:.1f} s, {len(times)} pages")
    goals = [
        Goal("instances committed", float(done), IMAGES),
        Goal("from N-CREATE to the last chunk's report", whole, unit=" s"),
        Goal("N-CREATE and N-SET of 20,000 instances, answered after", taken, unit=" s"),
        Goal(
            "exam page meanwhile: median", statistics.median(times), 300, at_most=True, unit=" ms"
        ),
        Goal(
            "exam page meanwhile: p95",
            percentile(sorted(times), 0.95),
            300,
            at_most=True,
            unit=" ms",
        ),
    ]
    return Section("An exam of 20,000 instances", goals=goals)


def _million(product: Product) -> Section:
    step_id = _load(product)
    reader = Reader(int(product.env["PORTAL_HTTP_PORT"]))
    goals = []
    for name, address in (
        ("commitment board", "/commitment/"),
        ("exam page", f"/exams/{step_id}/"),
        ("reconcile queue", "/reconcile/"),
    ):
        reader.read(address)
        times = sorted(reader.timed(address)[0] for _ in range(READS))
        median, p95 = statistics.median(times), percentile(times, 0.95)
        say(f"{name}: median {median:.0f} ms, p95 {p95:.0f} ms")
        goals += [
            Goal(f"{name}: median", median, 200, at_most=True, unit=" ms"),
            Goal(f"{name}: p95", p95, 200, at_most=True, unit=" ms"),
        ]
    return Section(f"{EXAMS * EACH:,} instance rows", goals=goals)


def _load(product: Product) -> int:
    """Write a million instances of exams of the last weeks; return one of the linked exams."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from portal.models import RemoteAE
    from worklist.models import CommittedInstance, ScheduledProcedureStep, StudyCommitment

    archive = RemoteAE.objects.get(ae_title="ARCHIVE")
    device = RemoteAE.objects.get(ae_title="BENCH")
    now = timezone.now()
    studies = StudyCommitment.objects.bulk_create(
        StudyCommitment(
            facility_id=archive.facility_id,
            archive=archive,
            device=device,
            study_instance_uid=f"1.2.826.0.1.3680043.8.498.77.{number}",
            state="failed" if number % 50 == 0 else "committed",
            expected=EACH,
            committed=EACH - 2 * (number % 50 == 0),
            failed=2 * (number % 50 == 0),
            created_at=now,
            ended_at=now - timedelta(minutes=10 * number),
            first_asked_at=now,
            last_answer_at=now,
        )
        for number in range(EXAMS)
    )
    for start in range(0, EXAMS, BATCH // EACH):
        CommittedInstance.objects.bulk_create(
            row
            for study in studies[start : start + BATCH // EACH]
            for row in _instances(CommittedInstance, study)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    found = ScheduledProcedureStep.objects.filter(performed_references__isnull=False).first()
    return int(found.pk) if found else 0


def _instances(model: Any, study: Any) -> Iterator[Any]:
    for number in range(EACH):
        is_missing = study.state == "failed" and number < 2
        yield model(
            commitment=study,
            series_instance_uid=f"{study.study_instance_uid}.1",
            number=number,
            sop_class_uid=mpps_wire.SECONDARY_CAPTURE,
            sop_instance_uid=f"{study.study_instance_uid}.1.{number}",
            state="FAILED" if is_missing else "COMMITTED",
            reason=0x0112 if is_missing else None,
            answered_at=study.last_answer_at,
        )


@contextmanager
def _portal(product: Product) -> Iterator[None]:
    with ExitStack() as stack:
        for command in (("run_scp",), ("run_worker",)):
            stack.enter_context(process(product.env, *command))
        port = product.env["PORTAL_HTTP_PORT"]
        stack.enter_context(
            process(product.env, "uvicorn", "portal.asgi:application", "--port", port)
        )
        wait_ready(product.env)
        yield


@contextmanager
def _archive(port: int, portal_port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.bench.fast_archive", str(port), str(portal_port)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as archive:
        assert archive.stdout is not None
        archive.stdout.readline()
        try:
            yield
        finally:
            archive.terminate()
