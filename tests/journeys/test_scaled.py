"""The same code as separate processes on PostgreSQL and Redis: a C-FIND reaches a browser."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from django.utils import timezone

from tests.peers.portal_processes import environment, manage, process, wait_ready
from tests.peers.postgresql import postgresql
from tests.peers.redis import redis
from tests.waiting import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.browser]


@pytest.fixture
def env(tmp_path):
    with postgresql() as database_url, redis() as redis_url:
        env = environment(tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url)
        manage(env, "migrate", "-v", "0")
        manage(env, "seed_demo")
        port = env["PORTAL_HTTP_PORT"]
        pages = ["uvicorn", "portal.asgi:application", "--port", port, "--log-level", "error"]
        with (
            process(env, *pages),
            process(env, "run_scp", "--processes", "2"),
            process(env, "run_worker"),
        ):
            wait_ready(env)
            yield env


def test_a_cfind_in_one_process_reaches_a_browser_of_another(env, browser):
    """Issue: separate processes on PostgreSQL + Redis, real servers, a C-FIND reaches a browser."""
    url = f"http://127.0.0.1:{env['PORTAL_HTTP_PORT']}"
    page = browser.new_context().new_page()
    frames = []

    def listen(socket):
        socket.on("framereceived", lambda text: frames.append(text))

    page.on("websocket", listen)
    page.goto(f"{url}/sign-in/")
    page.fill("input[name=login]", "technologist")
    page.fill("input[name=password]", "radiology-demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in/" not in address)
    page.goto(f"{url}/worklist/?view=today&device=CT2&status=open")
    page.wait_for_selector("#live[data-state=live]")
    frames.clear()
    page.wait_for_timeout(7_000)  # longer than one blocking read of the channel layer
    page.locator("tr[data-row]").first.wait_for()
    assert page.locator("td.hm", has_text="seen by CT2").count() == 0

    step = "ScheduledProcedureStepSequence[0]"
    today = timezone.localdate().strftime("%Y%m%d")
    find = ["/usr/bin/findscu", "-W", "-aet", "CT2", "-aec", "PORTAL", "-k", "PatientName"]
    keys = [
        f"{step}.ScheduledStationAETitle=CT2",
        f"{step}.ScheduledProcedureStepStartDate={today}",
    ]
    for key in keys:
        find += ["-k", key]
    subprocess.run([*find, "127.0.0.1", env["PORTAL_DICOM_PORT"]], check=True)

    page.locator("td.hm", has_text="seen by CT2").first.wait_for()
    assert any('"step"' in frame for frame in frames)  # told by the socket,
    assert not any('"live"' in frame for frame in frames)  # the same one all the time


def test_devices_are_served_when_database_and_a_process_come_back(env):
    """kill -9 of a listening process, a database that dropped every connection: no query lost."""
    assert asked(env) == [True] * 6
    drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    address = env["DATABASE_URL"].replace("postgres://", "postgresql://")
    subprocess.run(["psql", "-q", "-d", address, "-c", drop], check=True, capture_output=True)

    assert asked(env) == [True] * 6  # desks find their connections dead, each once

    parent = listening_parent(env)
    before = children_of(parent)
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(set(children_of(parent)) - set(before)) == 1)
    wait_until(lambda: asked(env) == [True] * 6)


def asked(env: dict[str, str]) -> list[bool]:
    """Ask six times as CT2; say for each whether the answer was whole."""
    find = ["/usr/bin/findscu", "-W", "-aet", "CT2", "-aec", "PORTAL", "-k", "PatientName"]
    find += ["127.0.0.1", env["PORTAL_DICOM_PORT"]]
    done = [subprocess.run(find, check=False, capture_output=True) for _ in range(6)]
    return [one.returncode == 0 and b"PatientName" in one.stderr + one.stdout for one in done]


def listening_parent(env: dict[str, str]) -> int:
    """The process that watches over this portal's listeners."""
    port = f"PORTAL_DICOM_PORT={env['PORTAL_DICOM_PORT']}"
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_text().split("\0")
            is_ours = port in (folder / "environ").read_text().split("\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if is_ours and "run_scp" in command:
            found[int(folder.name)] = parent
    (parent,) = [pid for pid, parent in found.items() if parent not in found]
    return parent


def children_of(parent: int) -> list[int]:
    """The process's children."""
    tasks = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in tasks.split()]
