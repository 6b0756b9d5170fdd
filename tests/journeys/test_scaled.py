"""The same code as separate processes on PostgreSQL and Redis: a C-FIND reaches a browser."""

import subprocess

import pytest
from django.utils import timezone

from tests.peers.portal_processes import environment, manage, process, wait_ready
from tests.peers.postgresql import postgresql
from tests.peers.redis import redis

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
    page.goto(f"{url}/worklist/?view=today&device=CT2")
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

    page.locator("td.hm", has_text="seen by CT2").first.wait_for(timeout=10_000)
    assert any('"step"' in frame for frame in frames)  # told by the socket,
    assert not any('"live"' in frame for frame in frames)  # the same one all the time
