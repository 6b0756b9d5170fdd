"""The benchmark harness itself: it runs, and tells right answers from wrong ones. Times nothing."""

import datetime as dt
import json

import pytest

from tests.bench import bulk, report
from tests.bench.growing import growth_manifest
from tests.bench.measuring import Cell, Shape, Target, Timing, measure, ratios, requests_of
from tests.bench.peers import Missing, Peer
from tests.bench.product import Product
from tests.bench.report import Goal, Section
from tests.bench.run import Run
from tests.bench.verifying import verify
from tests.worklist.commands import run as run_import
from tests.worklist.factories import make_device

QUERIES = ["q1", "q2", "q2a", "q3", "q4"]
SHORT = Timing(rounds=1, duration=0.2, patience=30)


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A worklist of a hundred entries."""
    harness = Run(tmp_path_factory.mktemp("bench"), timing=SHORT)
    harness.worklist(100)
    return harness


@pytest.fixture
def ours(running_scp, facility, run):
    """Our listener in this process, with that worklist."""
    make_device(facility, "BENCH")
    run_import(run.worklist(100) / "wl")
    return Target("product", "127.0.0.1", running_scp, "PORTAL")


def test_our_answers_are_those_of_the_manifest(ours, run):
    """Every kind of query: the right entries, and every key that was asked for."""
    assert verify(ours, run.manifest(100), QUERIES, each=5) == []


@pytest.mark.parametrize("mode", ["assoc", "keep"])
@pytest.mark.parametrize("query", ["echo", "q1"])
def test_a_round_is_measured_without_errors(ours, run, query, mode):
    """Several clients at once, both modes."""
    requests = requests_of(run.manifest(100), query)

    found = measure(ours, Shape(query, mode, 4), requests, SHORT)

    assert (found["errors"], found["unfinished"]) == ({}, 0)
    assert found["completed"] >= 4


def test_wrong_answers_are_told(ours, run):
    """--verify: entries that are missing, and a count that a round does not expect."""
    manifest = json.loads(json.dumps(run.manifest(100)))
    manifest["queries"]["q2"][0] |= {"digest": "none", "expect": 2}

    (problem,) = verify(ours, manifest, ["q2"], each=1)
    requests = requests_of({"queries": {"q2": manifest["queries"]["q2"][:1]}}, "q2")
    found = measure(ours, Shape("q2"), requests, SHORT)

    assert "1 answers, 2 expected" in problem
    assert set(found["errors"]) == {"1 responses instead of 2"}


def test_a_refusing_server_is_an_error_and_no_result(ours, run):
    """An AE title that nobody has."""
    stranger = Target("product", ours.host, ours.port, "NOBODY")

    (problem, *_) = verify(stranger, run.manifest(100), ["q2"], each=1)
    found = measure(stranger, Shape("q2"), requests_of(run.manifest(100), "q2"), SHORT)

    assert "association not accepted" in problem
    assert found["completed"] == 0
    assert set(found["errors"]) == {"association rejected"}


@pytest.mark.peer
@pytest.mark.parametrize("name", ["wlmscpfs", "wlmscpfs-single", "orthanc", "naive"])
def test_peers_give_the_answers_of_the_manifest(run, name, free_port):
    """What we compare with does the same work."""
    try:
        peer = Peer(name, run.worklist(100), free_port)
    except Missing as error:
        pytest.skip(str(error))
    with peer:
        assert verify(peer.target, run.manifest(100), ["q1", "q2"], each=2) == []


def test_the_ceiling_answers_as_much_as_is_asked(run, free_port):
    """canned: as many answers, not the right ones."""
    requests = requests_of(run.manifest(100), "q1")
    with Peer("canned", run.worklist(100), free_port) as peer:
        found = measure(peer.target, Shape("q1", "keep", 2), requests, SHORT)
        problems = verify(peer.target, run.manifest(100), ["q1"], each=1)

    assert found["errors"] == {}
    assert found["memory_mib"] > 0
    assert problems


def test_product_is_started_loaded_and_stopped_by_the_harness(run, free_port):
    """`make bench` as a whole, but for the peers and the time."""
    with Product() as product:
        product.load(run.worklist(100))
        with product.listening(free_port) as ours:
            rows = run.matrix([ours], run.manifest(100), [Shape("q1")], baseline=["product"])

    assert run.is_right
    assert (rows[0]["errors"], rows[0]["ratio"]) == ({}, 1.0)
    assert rows[0]["server_cpu_ms"] is not None


def test_bulk_loaded_entries_give_the_answers_of_the_manifest(running_scp, facility):
    """tests/bench/bulk.py through the services, in a batch that is not full."""
    make_device(facility, "BENCH")
    bulk.save(facility.pk, bulk.made(0, 1000, dt.date.today()))  # noqa: DTZ011
    target = Target("product", "127.0.0.1", running_scp, "PORTAL")

    assert verify(target, growth_manifest(1000), ["q1", "q2"], each=4) == []


def test_ratio_is_to_the_better_peer_of_the_same_round():
    """Never a figure of one round beside one of another."""
    shape = Shape("q1")
    rates = {"wlmscpfs": [10, 40, 10], "orthanc": [20, 10, 20], "product": [40, 80, 100]}
    cells = [
        Cell(name, shape, [{"per_second": rate} for rate in found]) for name, found in rates.items()
    ]

    assert ratios(cells, ["wlmscpfs", "orthanc"])[-1] == 2.0


def test_report_says_which_goals_are_reached():
    """Must and aim of performance.md §3; nothing measured is not reached."""
    goals = [
        Goal("fast", 6, 2, 5),
        Goal("fair", 3, 2, 5),
        Goal("slow", 1, 2, 5),
        Goal("small", 9, 10, 4, at_most=True, unit=" ms"),
        Goal("void", None, 2, 5),
    ]
    text = report.markdown([Section("Part", goals=goals)])

    reached = [
        line.split(" | ")[-1].rstrip(" |")
        for line in text.splitlines()
        if "≥" in line or "≤" in line
    ]
    assert reached == ["aim", "must", "**missed**", "must", "not measured"]
    assert "9 ms" in text
    assert "wlmscpfs" in text
