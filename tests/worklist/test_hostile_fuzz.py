"""A few seconds of mutated PDUs; `make fuzz` plays a hundred thousand cases."""

import random

import pytest

from portal import processes
from portal.recorder import recorder
from tests.fuzz.pdus import fuzz
from tests.worklist.factories import make_patient, make_station, make_step


@pytest.fixture
def own_scp(transactional_db, facility, settings):
    """Our own stack, and no twin: it need not agree with pynetdicom on nonsense."""
    settings.DICOM_BIND, settings.DICOM_STACK = "127.0.0.1", "own"
    recorder.start()
    with processes.listener(processes.listener_config(port=0, is_shared=False)) as server:
        yield server.server_address[1]
    recorder.stop()


def test_mutated_pdus_harm_nobody(own_scp, facility):
    """The issue, "Bad input"; the assertion's message has the seed that plays it again."""
    make_station(facility, "CT1")
    make_step(facility, patient=make_patient(facility, name_alphabetic="Tester^Anna"))

    fuzz(own_scp, cases=1000, seed=random.SystemRandom().randrange(1 << 32))
