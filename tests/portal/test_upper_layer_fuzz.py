"""A few seconds of what `make fuzz` does at length; a failure names its seed."""

import secrets

from tests.fuzz.state_machine import run_case

CASES = 4000


def test_damaged_conversations_end_in_events_and_bounded_memory():
    """Bad input: malformed PDUs, lengths that lie, in any order, cut anywhere."""
    first = secrets.randbelow(10**9)
    ends = set()
    for seed in range(first, first + CASES):
        try:
            ends.add(run_case(seed))
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error

    assert {"accepted", "asked", "released", "aborted by us", "aborted by the peer"} <= ends
