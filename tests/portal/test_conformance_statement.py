"""The generated statement: the checked-in copy is true, and so are its claims on the wire."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from portal import services
from portal.conformance import CHAPTERS, statement
from portal.models import DeviceProfile
from tests.peers.raw_dicom import connected
from tests.peers.raw_pdus import RJ, WORKLIST, associate_rq

CHECKED_IN = Path(__file__).parents[2] / "CONFORMANCE.md"


@pytest.fixture
def ct1(facility, actor):
    """A device that may come in."""
    where = {"host": "127.0.0.1", "port": 104, "kind": "modality"}
    return services.device_set(facility_id=facility.pk, ae_title="CT1", by=actor, **where)


def rows(text: str, *head: str) -> list[list[str]]:
    """The rows of the table with these headings."""
    lines = text.splitlines()
    first = lines.index("| " + " | ".join(head) + " |") + 2
    table = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


def test_the_checked_in_statement_is_what_the_command_writes(facility, settings, tmp_path):
    """Of the default configuration; `manage.py conformance --output CONFORMANCE.md` renews it."""
    settings.DICOM_BIND = "0.0.0.0"
    call_command("conformance", "--output", str(tmp_path / "statement.md"))
    out = StringIO()
    call_command("conformance", stdout=out)

    assert out.getvalue() == (tmp_path / "statement.md").read_text()
    assert out.getvalue() == CHECKED_IN.read_text(), "make it again"


def test_it_follows_the_running_configuration(facility, settings):
    """The issue: generated from the running configuration."""
    settings.DICOM_PORT, settings.DICOM_MAX_ASSOCIATIONS = 11999, 77
    settings.DICOM_TLS_CERT = "cert.pem"
    DeviceProfile.objects.create(facility=facility, name="other-make", character_sets=["GBK"])

    text = statement()

    assert "port 11999" in text
    assert ["Associations at a time", "77"] in rows(text, "Item", "Value")
    assert "(on)" in text
    assert "| other-make | `GBK` | lenient |" in text
    assert re.findall(r"^## \d+ (.+)$", text, flags=re.M) == list(CHAPTERS)


@pytest.mark.usefixtures("ct1")
def test_its_contexts_and_limits_hold_on_the_wire(running_scp):
    """Every abstract syntax in every transfer syntax that it names, PDU length, our names."""
    text = CHECKED_IN.read_text()
    uids = {name: uid for name, uid, _ in rows(text, "SOP class", "UID", "Role")}
    stated = [
        (uids[name], uid)
        for name, _, uid, _ in rows(text, "Abstract syntax", "Transfer syntax", "UID", "Role")
    ]
    contexts = tuple((2 * n + 1, name, (uid,)) for n, (name, uid) in enumerate(stated))
    with connected(running_scp) as peer:
        accepted = peer.associate((*contexts, (201, WORKLIST, ("1.2.840.10008.1.2.4.50",))))
        peer.release()

    values = dict(rows(text, "Item", "Value"))
    assert accepted.results == dict.fromkeys(range(1, 2 * len(stated), 2), 0) | {201: 4}
    assert f"{accepted.max_pdu} bytes" == values["Maximum PDU length received"]
    assert accepted.user[0x52] == [values["Implementation class UID"].encode()]
    assert accepted.user[0x55] == [values["Implementation version name"].encode()]


@pytest.mark.usefixtures("ct1")
@pytest.mark.parametrize("stack", ["own"], indirect=True)
def test_its_rejections_hold_on_the_wire(running_scp):
    """PS3.8 Table 9-21: what the statement says of titles, application context and protocol."""
    sent = {
        "nobody here": associate_rq(called=b"NOBODY"),
        "the calling": associate_rq(calling=b"STRANGER"),
        "another application": associate_rq(application_context="1.2.3"),
        "a protocol": associate_rq(protocol=2),
    }
    for case, answer in rows(CHECKED_IN.read_text(), "Case", "Answer"):
        request = next((rq for name, rq in sent.items() if case.startswith(name)), None)
        if request is not None:
            with connected(running_scp) as peer:
                peer.send(request)
                kind, body = peer.read_pdu()
            assert (kind, "/".join(map(str, body[1:]))) == (RJ, answer), case
