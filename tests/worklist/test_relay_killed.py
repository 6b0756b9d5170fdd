"""kill -9 of the worker process while it tells a modality: told again, with the same bytes."""

import os
import signal
import subprocess
import sys

import pytest

from tests.peers.modality_listener import HANG, modality_listener
from tests.peers.portal_processes import ROOT, environment, manage, process
from tests.waiting import wait_until

FURNISH = """
from portal.models import Facility
from tests.worklist.relaying import answered, make_archive, make_scanner, relayed, uids
facility = Facility.objects.get()
make_archive(facility)
answered(relayed(make_scanner(facility, port={port}), *uids(2)), failed={{uids(2)[1]: 0x0112}})
"""
LEASES_RUN_OUT = """
from worklist.models import RelayedCommitment
RelayedCommitment.objects.update(lease_until="2001-01-01T00:00Z")
"""
SHOW = """
from worklist.models import RelayedCommitment
relay = RelayedCommitment.objects.get()
print("now", relay.state, relay.attempts)
"""


def shell(env, code):
    return manage(env, "shell", "--verbosity=0", "-c", code)


@pytest.fixture
def env(tmp_path):
    found = environment(tmp_path)
    manage(found, "migrate", "--verbosity=0")
    return found


def test_a_report_that_may_have_arrived_goes_out_again_the_same(env):
    """At least once: whether the first one arrived, nobody knows (issue 5, "kill -9 of any")."""
    with modality_listener(answers=[HANG, 0x0000]) as ct1:
        shell(env, FURNISH.format(port=ct1.port))
        killed = subprocess.Popen(
            [sys.executable, "manage.py", "run_worker", "--only=relay"],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: ct1.reports, seconds=60)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait(timeout=60)
        ct1.resume.set()
        assert "now ready 1" in shell(env, SHOW)

        shell(env, LEASES_RUN_OUT)
        with process(env, "run_worker", "--only=relay"):
            wait_until(lambda: "now delivered 2" in shell(env, SHOW), seconds=60)

    first, second = ct1.reports
    assert first.raw == second.raw
    assert (second.event_type, len(second.committed), len(second.failed)) == (2, 1, 1)
