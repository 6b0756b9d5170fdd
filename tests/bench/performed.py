"""MPPS messages: 20 scanners report at once, and each message is committed before its answer."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, evt

from tests.bench import mpps_wire
from tests.bench.measuring import percentile
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, say
from tests.peers.postgresql import postgresql

ASSOCIATIONS = 20
PER_SECOND = 100
SERIES, IMAGES = 2, 30
EXAMS = 1000

Pair = tuple[bytes, bytes]  # N-CREATE and N-SET of one exam


def performed(run: Run) -> Section:
    """Measure the product on PostgreSQL, and beside it pynetdicom that keeps nothing."""
    with postgresql() as url, Product(url) as product:
        product.load(run.worklist(EXAMS))
        pairs = pairs_of(product)
        processes = 2
        with product.listening(run.next_port(), processes=processes) as target:
            address = (target.host, target.port)
            half = len(pairs) // 2
            paced = report(address, pairs[:half], per_second=PER_SECOND)
            free = report(address, pairs[half:])
        wrong = _check(product, len(pairs))
    with nothing(run.next_port()) as address:
        ceiling = report(address, pairs[:half])
    say(f"{free['per_second']:.0f} messages/s, ceiling {ceiling['per_second']:.0f}")
    goals = [
        Goal("MPPS messages/s, 20 associations, no pause", free["per_second"], 100, unit=" /s"),
        Goal("the same at 100 a second: reached", paced["per_second"], 98, unit=" /s"),
        Goal("at 100 a second: p50", paced["p50_ms"], unit=" ms"),
        Goal("at 100 a second: p95", paced["p95_ms"], unit=" ms"),
        Goal("share of pynetdicom with an empty handler", _percent(free, ceiling), unit=" %"),
        Goal("messages refused, or not in the database", float(wrong), 0, at_most=True),
    ]
    remark = f"{processes} processes of `run_scp`, PostgreSQL; {SERIES} series of {IMAGES} images."
    return Section("MPPS", goals=goals, remarks=[remark])


def _percent(one: dict[str, float], other: dict[str, float]) -> float:
    return 100 * one["per_second"] / other["per_second"]


def pairs_of(product: Product, series: int = SERIES, images: int = IMAGES) -> list[Pair]:
    """Encode what scanners report about the exams of the list, in its order."""
    product.django()
    from worklist.models import ScheduledProcedureStep

    procedure, order = "requested_procedure", "requested_procedure__service_request"
    columns = {
        "sps_id": "sps_id",
        "accession_number": f"{order}__accession_number",
        "study_instance_uid": f"{procedure}__study_instance_uid",
        "requested_procedure_id": f"{procedure}__requested_procedure_id",
        "patient_id": f"{order}__patient__patient_id",
        "patient_name": f"{order}__patient__name_alphabetic",
    }
    rows = ScheduledProcedureStep.objects.order_by("pk").values_list(*columns.values())[:EXAMS]
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return [_pair(row, number, series, images) for number, row in enumerate(found)]


def _pair(row: Mapping[str, Any], number: int, series: int, images: int) -> Pair:
    uid = f"2.25.{10**30 + number}"
    ended = mpps_wire.completed(f"2.25.{10**31 + number}", series, images)
    return (
        mpps_wire.request("N-CREATE", uid, mpps_wire.create(row)),
        mpps_wire.request("N-SET", uid, ended),
    )


def report(
    address: tuple[str, int], pairs: list[Pair], per_second: float | None = None
) -> dict[str, float]:
    """Send all pairs over the associations; return rate and times; raise when one is refused."""
    times: list[float] = []
    failures: list[str] = []
    queue: Iterator[tuple[int, Pair]] = iter(enumerate(pairs))
    lock, began = threading.Lock(), time.perf_counter()

    def scan() -> None:
        scanner = mpps_wire.Scanner(address, "PORTAL")
        while True:
            with lock:
                number, pair = next(queue, (0, None))
            if pair is None:
                break
            for place, message in enumerate(pair):
                if per_second:
                    due = began + (2 * number + place) / per_second
                    time.sleep(max(0.0, due - time.perf_counter()))
                sent = time.perf_counter()
                status = scanner.send(message)
                times.append(time.perf_counter() - sent)
                if status:
                    failures.append(f"{status:04X}H")
        scanner.close()

    _together(scan)
    if failures:
        raise SystemExit(f"{len(failures)} messages refused: {sorted(set(failures))}")
    return {
        "per_second": len(times) / (time.perf_counter() - began),
        "p50_ms": 1e3 * statistics.median(times),
        "p95_ms": 1e3 * percentile(sorted(times), 0.95),
    }


def _together(work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(ASSOCIATIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _check(product: Product, exams: int) -> int:
    """Return how many exams are not what their scanner reported."""
    from worklist.models import PerformedProcedureStep, ScheduledProcedureStep

    whole = PerformedProcedureStep.objects.filter(
        status="COMPLETED", image_count=SERIES * IMAGES, references__step__status="COMPLETED"
    )
    completed = ScheduledProcedureStep.objects.filter(status="COMPLETED")
    return (exams - whole.count()) + (exams - completed.count())


@contextmanager
def nothing(port: int) -> Iterator[tuple[str, int]]:
    """Run pynetdicom's server with a handler that keeps nothing, until the block ends."""
    ae = AE(ae_title="PORTAL")
    ae.maximum_associations = ASSOCIATIONS
    ae.add_supported_context(mpps_wire.MPPS)
    done: Callable[[evt.Event], tuple[int, None]] = lambda event: (0x0000, None)  # noqa: E731
    handlers = [(evt.EVT_N_CREATE, done), (evt.EVT_N_SET, done), (evt.EVT_CONN_OPEN, _no_delay)]
    server = ae.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        yield "127.0.0.1", port
    finally:
        server.shutdown()


def _no_delay(event: evt.Event) -> None:
    import socket

    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
