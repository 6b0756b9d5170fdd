"""Changes while queries run: what they cost, and that each is in the very next answer."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.bench import wire
from tests.bench.measuring import Shape, Target, measure, requests_of
from tests.bench.peers import ROOT
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run, say
from tests.bench.verifying import ask_once
from tests.bench.worklist_queries import encode, identifier

PER_SECOND = 50
NEXT_ANSWERS = 200


def updates(run: Run) -> Section:
    """Rounds with and without 50 changes a second, in turn; then the next-answer check."""
    shape = Shape("q1", "assoc", 32)
    requests = requests_of(run.manifest(1000), shape.query)
    timing = replace(run.timing, duration=max(run.timing.duration, 4.0))
    pairs, rates = [], []
    errors: dict[str, int] = {}
    with Product() as product:
        product.load(run.worklist(1000))
        with product.listening(run.next_port()) as ours:
            run.check(ours, run.manifest(1000), [shape.query])
            for turn in range(max(run.timing.rounds, 2)):
                quiet = measure(ours, shape, requests, timing, seed=turn)
                with changing(product) as count:
                    began, before = time.monotonic(), count()
                    busy = measure(ours, shape, requests, timing, seed=turn)
                    rates.append((count() - before) / (time.monotonic() - began))
                pairs.append((quiet["per_second"], busy["per_second"]))
                say(f"{pairs[-1][0]:.0f} q/s quiet, {pairs[-1][1]:.0f} with {rates[-1]:.0f}/s")
                errors |= quiet["errors"] | busy["errors"]
            stale = stale_answers(product, ours)
    kept = statistics.median(busy / quiet for quiet, busy in pairs)
    rate = statistics.median(rates)
    name = f"{shape}: share of the rate lost to {rate:.0f} changes a second"
    goals = [
        Goal(name, None if errors else 100 * (1 - kept), 20, at_most=True, unit=" %"),
        Goal(f"stale answers in {NEXT_ANSWERS} changes", float(stale), 0, at_most=True),
    ]
    told = "; ".join(f"{quiet:.0f} and {busy:.0f}" for quiet, busy in pairs)
    remark = f"Queries/s without and with changes: {told}. Errors: {errors or 'none'}."
    return Section("Changes while queries run", goals=goals, remarks=[remark])


@contextmanager
def changing(product: Product) -> Iterator[Callable[[], int]]:
    """Change exams in another process until the block ends; yields how many it did so far."""
    command = [sys.executable, "-m", "tests.bench.changing", "--per-second", str(PER_SECOND)]
    with subprocess.Popen(
        command, cwd=ROOT, env=product.env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
        done = [0]

        def follow(lines: Iterable[str]) -> None:
            for line in lines:
                done[0] = int(line)

        reader = threading.Thread(target=follow, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            yield lambda: done[0]
        finally:
            process.terminate()
            reader.join()


def change_steps(per_second: int) -> None:
    """Arrive today's exams and undo that, one by one, by the product's own services."""
    import django

    django.setup()
    from portal.types import Actor
    from worklist.models import ScheduledProcedureStep
    from worklist.services.steps import scheduled_step_set_status, scheduled_step_undo

    by = Actor.command("bench")
    steps = ScheduledProcedureStep.objects.order_by("pk").values_list("pk", "status")[:500]
    statuses = dict(steps)
    keys = list(statuses)
    print(0, flush=True)  # noqa: T201
    began, done = time.monotonic(), 0
    while True:
        key = keys[done % len(keys)]
        if statuses[key] == "ARRIVED":  # as a round before may have left it
            statuses[key] = scheduled_step_undo(step_id=key, reason="bench", by=by).status
        else:
            step = scheduled_step_set_status(step_id=key, status="ARRIVED", by=by)
            statuses[key] = step.status
        done += 1
        print(done, flush=True)  # noqa: T201
        time.sleep(max(0.0, began + done / per_second - time.monotonic()))


def stale_answers(product: Product, target: Target) -> int:
    """Change an exam, ask for it at once, many times; count the answers that do not show it."""
    product.django()
    from portal.types import Actor
    from worklist.models import WorklistEntry
    from worklist.services.steps import scheduled_step_set_status, scheduled_step_undo

    entry = WorklistEntry.objects.order_by("-pk").first()
    assert entry is not None
    asked = identifier(AccessionNumber=entry.accession_number)
    asked.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus = ""
    request = encode(asked)
    by, stale = Actor.command("bench"), 0
    for number in range(NEXT_ANSWERS):
        if number % 2:
            scheduled_step_undo(step_id=entry.pk, reason="bench", by=by)
        else:
            scheduled_step_set_status(step_id=entry.pk, status="ARRIVED", by=by)
        wanted = b"SCHEDULED" if number % 2 else b"ARRIVED"
        (answer,) = ask_once(target, request)
        stale += wanted not in wire.elements(answer)[0x0040, 0x0100]
    from django.db import connections

    connections.close_all()
    return stale


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Change exams without pause.")
    parser.add_argument("--per-second", type=int, default=PER_SECOND)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    change_steps(parser.parse_args().per_second)
