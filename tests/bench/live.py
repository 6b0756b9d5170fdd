"""From a service's change in one process to the changed row in a browser: the live pages."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.measuring import percentile
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.peers.portal_processes import process, wait_ready

ROUNDS = 60
CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}
WATCH = """id => {
  const note = () => {
    const row = document.getElementById(id);
    window.seen = row ? [row.innerText, Date.now()] : null;
  };
  new MutationObserver(note).observe(document.body, {subtree: true, childList: true});
}"""


def live() -> Section:
    """Serve the demo department and watch one row in Chromium."""
    with Product() as product:
        product.manage("seed_demo")
        with process(product.env, "serve"):
            wait_ready(product.env)
            taken = sorted(_latencies(product))
    median, p95 = 1e3 * statistics.median(taken), 1e3 * percentile(taken, 0.95)
    goals = [
        Goal("service in another process → changed row in the browser: median", median, unit=" ms"),
        Goal("the same: p95", p95, unit=" ms"),
    ]
    return Section("Live pages", goals=goals, remarks=[f"{ROUNDS} changes."])


@contextmanager
def open_worklist(env: dict[str, str]) -> Iterator[Any]:
    """Open today's worklist in Chromium, signed in."""
    from playwright.sync_api import sync_playwright

    url = f"http://127.0.0.1:{env['PORTAL_HTTP_PORT']}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)
        page = browser.new_page()
        page.goto(f"{url}/sign-in/")
        page.fill("input[name=login]", "technologist")
        page.fill("input[name=password]", "radiology-demo")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/sign-in/" not in address)
        page.goto(f"{url}/worklist/?view=today&device=CT1&status=open")
        page.wait_for_selector("#live[data-state=live]")
        yield page
        browser.close()


def _latencies(product: Product) -> list[float]:
    """Return the seconds from each change to the row that shows it."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    product.django()
    from django.utils import timezone

    from portal.types import Actor
    from worklist.models import ScheduledProcedureStep
    from worklist.services.steps import scheduled_step_set_status, scheduled_step_undo

    step = ScheduledProcedureStep.objects.filter(
        status="SCHEDULED", station__name="CT1", start_date=timezone.localdate()
    ).first()
    if step is None:
        raise SystemExit("CT1 has no scheduled exam today")
    taken, by = [], Actor.command("bench")
    with open_worklist(product.env) as page:
        page.wait_for_selector(f"#step-{step.pk}")
        page.evaluate(WATCH, f"step-{step.pk}")
        for number in range(ROUNDS):
            word = ("Arrived", "Scheduled")[number % 2]
            page.wait_for_timeout(1200)  # the page bundles changes of one row within a second
            began = time.time()
            if number % 2:
                scheduled_step_undo(step_id=step.pk, reason="bench", by=by)
            else:
                scheduled_step_set_status(step_id=step.pk, status="ARRIVED", by=by)
            found = page.wait_for_function(
                "word => window.seen && window.seen[0].includes(word) && window.seen[1]", arg=word
            )
            taken.append(found.json_value() / 1000 - began)
    return taken
