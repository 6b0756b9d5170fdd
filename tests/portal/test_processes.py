"""`serve` as a newcomer runs it: it comes up, says where it is, stops cleanly, keeps its data."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.peers.portal_processes import ROOT, environment, manage, process, wait_ready
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A migrated and seeded data directory, to copy: making one takes seconds."""
    directory = tmp_path_factory.mktemp("prepared")
    env = environment(directory)
    manage(env, "migrate", "-v", "0")
    manage(env, "seed_demo", "--date", "2026-11-23")
    return directory


@pytest.fixture
def env(prepared, tmp_path):
    return environment(Path(shutil.copytree(prepared, tmp_path / "data")))


def banner_of(env):
    return (ROOT / env["PORTAL_DATA_DIR"] / "serve-1.log").read_text()


@pytest.mark.peer
def test_serve_prints_what_a_newcomer_needs_and_its_findscu_line_works(env):
    """Issue: the page's address, an account per role, the DICOM address, a line to paste."""
    with process(env, "serve"):
        wait_ready(env)
        text = wait_until(lambda: "findscu" in banner_of(env) and banner_of(env))
        line = next(line for line in text.splitlines() if line.strip().startswith("findscu"))
        done = subprocess.run(
            line.replace("findscu", "/usr/bin/findscu", 1),
            shell=True,
            capture_output=True,
            text=True,
            check=False,
        )

    assert f"http://127.0.0.1:{env['PORTAL_HTTP_PORT']}/" in text
    for role in ("scheduler", "technologist", "operator", "administrator", "auditor"):
        assert role in text
    assert "radiology-demo" in text
    assert f"port {env['PORTAL_DICOM_PORT']}" in text
    assert done.returncode == 0, done.stderr
    assert "-aet CT1" in line or "-aet CR1" in line


def test_a_second_start_keeps_the_data(env):
    for _ in range(2):
        manage(env, "seed_demo", "--date", "2026-11-23")
        with process(env, "serve"):
            wait_ready(env)
    assert "CT1" in manage(env, "device", "list")


def test_ctrl_c_stops_everything(env):
    with subprocess.Popen([sys.executable, "manage.py", "serve"], cwd=ROOT, env=env) as started:
        wait_ready(env)
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=60) == 0


def test_a_taken_port_is_one_sentence(env):
    with process(env, "serve"):
        wait_ready(env)
        second = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert second.returncode == 1
    assert "is the portal running already?" in second.stderr


def test_run_scp_with_two_processes_answers_and_stops(env):
    with process(env, "run_scp", "--processes", "2"):
        port = env["PORTAL_DICOM_PORT"]
        answers = []

        def echo():
            command = ["/usr/bin/echoscu", "-aet", "CT1", "-aec", "PORTAL", "127.0.0.1", port]
            answers.append(subprocess.run(command, capture_output=True, check=False).returncode)

        wait_until(lambda: echo() or answers.pop() == 0)
        threads = [threading.Thread(target=echo) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [0] * 8


def test_an_unknown_worker_loop_is_named(env):
    done = subprocess.run(
        [sys.executable, "manage.py", "run_worker", "--only", "baking"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no loop “baking”" in done.stderr


def test_a_killed_process_is_missed(env):
    """architecture.md §2: kill -9 at any moment loses no row."""
    with subprocess.Popen([sys.executable, "manage.py", "serve"], cwd=ROOT, env=env) as started:
        wait_ready(env)
        os.kill(started.pid, signal.SIGKILL)
    with process(env, "serve"):
        wait_ready(env)
