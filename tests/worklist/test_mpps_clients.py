"""MPPS from another maker's client: dcmjs-dimse in Node, in every uncompressed syntax."""

import json
import os
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.peers.clients import HERE, SYNTAXES, _node_folder, _run
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.performing import beginning, ending, series
from worklist.models import PerformedProcedureStep

pytestmark = pytest.mark.peer


def keywords(ds: Dataset) -> dict[str, Any]:
    """A dataset as dcmjs has it: keyword -> value, or a list of items."""
    found: dict[str, Any] = {}
    for element in ds:
        if element.VR == "SQ":
            found[element.keyword] = [keywords(item) for item in element.value]
        else:
            found[element.keyword] = str(element.value or "")
    return found


def reported(port: int, syntax: str, aet: str, *messages: tuple[str, str, Any]) -> list[Any]:
    """Send messages in one association; return what dcmjs-dimse understood of the answers."""
    asked = {
        "port": port,
        "syntax": syntax,
        "aet": aet,
        "messages": [
            {"kind": kind, "uid": uid, "dataset": keywords(ds) if ds is not None else None}
            for kind, uid, ds in messages
        ],
    }
    env = {**os.environ, "NODE_PATH": f"{_node_folder()}/node_modules"}
    return list(json.loads(_run(["node", str(HERE / "node" / "report.js")], asked, env)))


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_course_of_an_exam(running_scp, facility, syntax):
    """PS3.4 F.7, F.8: begun, shown, ended, and nothing more after that."""
    step = make_step(facility, station=make_station(facility, "CT1"))
    uid = str(generate_uid())
    begin = beginning(step, SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Jörg")

    begun, shown, ended, late = reported(
        running_scp,
        syntax,
        "CT1",
        ("N-CREATE", uid, begin),
        ("N-GET", uid, None),
        ("N-SET", uid, ending("COMPLETED", series(3, others=1))),
        ("N-SET", uid, ending("COMPLETED", series(1))),
    )

    assert [one["status"] for one in (begun, shown, ended, late)] == [0, 0, 0, 0x0110]
    assert late["comment"] == "Performed Procedure Step Object may no longer be updated"
    assert shown["dataset"]["PerformedProcedureStepStatus"] == "IN PROGRESS"
    performed = PerformedProcedureStep.objects.get()
    assert (performed.status, performed.image_count) == ("COMPLETED", 4)
    assert performed.patient_name == "Müller^Jörg"
    step.refresh_from_db()
    assert step.status == "COMPLETED"


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_refusals_are_understood(running_scp, facility, syntax):
    """PS3.7 Annex C: a failure with a dataset, and one with tags, are read by another stack."""
    make_device(facility, "STRICT", "strict")
    step = make_step(facility, station=make_station(facility, "CT1"))
    wrong = beginning(step, PerformedProcedureStepStatus="COMPLETED")

    invalid, missing, orphan, lives = reported(
        running_scp,
        syntax,
        "STRICT",
        ("N-CREATE", str(generate_uid()), wrong),
        ("N-CREATE", str(generate_uid()), beginning(step, Modality=None)),
        ("N-SET", str(generate_uid()), ending()),
        ("N-CREATE", str(generate_uid()), beginning(step)),
    )

    assert (invalid["status"], missing["status"]) == (0x0106, 0x0120)
    assert invalid["dataset"]["PerformedProcedureStepStatus"] == "COMPLETED"
    assert (orphan["status"], lives["status"]) == (0x0112, 0)
