"""Why from the shell: `manage.py explain`."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.worklist.asking import asked
from tests.worklist.factories import make_station, make_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


@pytest.fixture
def step(facility, ct1):
    return make_step(facility, station=ct1.station)


def run(*arguments):
    out = StringIO()
    try:
        call_command("explain", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), end.code
    return out.getvalue(), 0


def accession(step):
    return step.requested_procedure.service_request.accession_number


def test_an_exam_that_is_shown_ends_with_0(ct1, step):
    asked(ct1, shown=[step.pk], Modality="CT")

    said, status = run("--device", "CT1", "--accession", accession(step))

    assert status == 0
    assert said.startswith("CT1 was shown this exam at")


def test_one_that_is_not_ends_with_1_and_says_the_same_sentence_as_the_page(ct1, step):
    wrong = asked(ct1, Modality="MR")
    asked(ct1, Modality="CT")

    said, status = run("--device", "CT1", "--accession", accession(step), "--query", str(wrong.pk))

    assert status == 1
    assert "for modality MR; this exam is CT." in said.splitlines()[0]
    assert "Excludes  Modality: MR | CT" in said
    assert run("--device", "CT1", "--accession", accession(step))[1] == 0


def test_json_is_what_the_api_has(ct1, step):
    asked(ct1, Modality="MR")

    said, status = run("--device", "CT1", "--accession", accession(step), "--json")

    (found,) = json.loads(said)
    assert (status, found["is_shown"], found["cause"]) == (1, False, "key")
    assert found["scheduled_step"] == step.pk


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"--device": "CT9"}, "no device “CT9”"),
        ({"--accession": "none"}, "no exam with accession number none"),
        ({"--query": "999"}, "CT1 has no query 999"),
        ({"--facility": "south"}, "no facility “south”"),
    ],
)
def test_what_is_unknown_ends_with_2(ct1, step, changed, words):
    arguments = {"--device": "CT1", "--accession": accession(step)} | changed

    with pytest.raises(CommandError, match=words) as error:
        run(*(part for pair in arguments.items() for part in pair))
    assert error.value.returncode == 2
