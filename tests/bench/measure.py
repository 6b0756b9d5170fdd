"""The figures of the README, measured on this machine: `make bench`.

Everything runs on loopback, beside what it is compared with; machines are noisy: medians, p95.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from tests.peers.portal_processes import environment, free_ports, manage, process, wait_ready

LIVE_ROUNDS = 60
FIND_ROUNDS = 60
CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}
WATCH = """id => {
  const note = () => {
    const row = document.getElementById(id);
    window.seen = row ? [row.innerText, Date.now()] : null;
  };
  new MutationObserver(note).observe(document.body, {subtree: true, childList: true});
}"""


def localdate() -> date:
    """Return the site's day: the clock of this machine, as the made worklist has it."""
    return date.today()  # noqa: DTZ011


def main() -> None:
    """Measure and print one line per figure."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as directory:
        env = environment(Path(directory))
        os.environ |= env | {"DJANGO_SETTINGS_MODULE": "portal.settings"}
        manage(env, "migrate", "-v", "0")
        manage(env, "seed_demo")
        folder = Path(directory) / "made"
        make = [sys.executable, "-m", "tests.bench.make_worklist", "--count", "1000"]
        subprocess.run([*make, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
        began = time.perf_counter()
        manage(env, "import_worklist", str(folder / "wl"))
        show("import of 1,000 files, whole command", [time.perf_counter() - began])
        with process(env, "serve"):
            wait_ready(env)
            find_twenty(env, folder)
            live_latency(env)


def show(what: str, seconds: list[float]) -> None:
    """Print median and p95 in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    median = statistics.median(ordered)
    count = len(ordered)
    print(f"{what}: median {median * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms, n = {count}")  # noqa: T201


def find_twenty(env: dict[str, str], folder: Path) -> None:
    """C-FIND of 20 answers here and at DCMTK's wlmscpfs with the same 1,000 files, in turn."""
    aet, keys = station_query()
    manage(env, "device", "set", "BENCH", "--host", "127.0.0.1", "--kind", "modality")
    with wlmscpfs(folder) as rival_port:
        peers = {
            "the portal": (int(env["PORTAL_DICOM_PORT"]), "PORTAL"),
            "wlmscpfs": (rival_port, "WORKLIST"),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in peers}
        for _ in range(FIND_ROUNDS):
            for name, (port, called) in peers.items():
                taken[name].append(find_once(port, called, keys, aet))
    for name, seconds in taken.items():
        show(f"C-FIND of 20 entries, request to final answer, {name}", [q for q, _ in seconds])
        show(f"the same with association and release, {name}", [w for _, w in seconds])


def find_once(port: int, called: str, keys: Any, aet: str) -> tuple[float, float]:
    """Ask once over an association of its own; return seconds for the query and for all."""
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import ModalityWorklistInformationFind

    def no_delay(event: Any) -> None:
        event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    ae = AE(ae_title="BENCH")
    ae.add_requested_context(ModalityWorklistInformationFind)
    began = time.perf_counter()
    handlers = [(evt.EVT_CONN_OPEN, no_delay)]
    assoc = ae.associate("127.0.0.1", port, ae_title=called, evt_handlers=handlers)
    asked = time.perf_counter()
    answers = list(assoc.send_c_find(keys, ModalityWorklistInformationFind))
    query = time.perf_counter() - asked
    assoc.release()
    if len(answers) != 21:
        raise SystemExit(f"{called}: {aet} got {len(answers) - 1} answers instead of 20")
    return query, time.perf_counter() - began


@contextmanager
def wlmscpfs(folder: Path) -> Iterator[int]:
    """Serve the same files with DCMTK."""
    (port,) = free_ports(1)
    command = ["wlmscpfs", "-dfp", str(folder / "wl"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as rival:
        time.sleep(1)
        yield port
        rival.terminate()


def station_query() -> tuple[str, Any]:
    """Return a station of the made worklist and the keys for its exams of today."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ScheduledStationAETitle = ""
    item.ScheduledProcedureStepStartDate = localdate().strftime("%Y%m%d")
    item.ScheduledProcedureStepStartTime = ""
    item.Modality = ""
    item.ScheduledProcedureStepID = ""
    item.ScheduledProcedureStepDescription = ""
    keys = Dataset()
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        setattr(keys, keyword, "")
    keys.AccessionNumber = keys.StudyInstanceUID = keys.RequestedProcedureDescription = ""
    keys.ScheduledProcedureStepSequence = [item]
    import django

    django.setup()
    from worklist.models import WorklistEntry

    titles = WorklistEntry.objects.values_list("station_ae_titles", flat=True)
    made = sorted({title for title in titles if title not in {"", "\\CT1\\"}})
    for title in made:
        today = WorklistEntry.objects.filter(
            station_ae_titles=title,
            start_date=localdate(),
            is_open=True,
        )
        if today.count() == 20:
            item.ScheduledStationAETitle = title.strip("\\")
            return title.strip("\\"), keys
    raise SystemExit("no station has 20 open exams today")


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


def live_latency(env: dict[str, str]) -> None:
    """A status changed by a service in another process, until the row in the browser shows it."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    from portal.types import Actor
    from worklist.models import ScheduledProcedureStep
    from worklist.services.steps import scheduled_step_set_status, scheduled_step_undo

    step = ScheduledProcedureStep.objects.filter(
        status="SCHEDULED",
        station__name="CT1",
        start_date=localdate(),
    ).first()
    if step is None:
        raise SystemExit("CT1 has no scheduled exam today")
    taken, by = [], Actor.command("bench")
    with open_worklist(env) as page:
        page.wait_for_selector(f"#step-{step.pk}")
        page.evaluate(WATCH, f"step-{step.pk}")
        for number in range(LIVE_ROUNDS):
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
    show("service in another process to changed row in the browser", taken)


if __name__ == "__main__":
    main()
