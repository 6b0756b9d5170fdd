"""Whoever is turned away on the wire is on the "knocked at the door" list, on both stacks."""

import socket
import threading

import pytest

from portal import services, services_devices
from portal.models import Knock, RemoteAE
from tests.peers.dcmtk import echoscu
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peer]


@pytest.fixture
def ct1(facility, actor):
    device, _ = services.device_set(
        facility_id=facility.pk, ae_title="CT1", host="", port=None, kind="modality", by=actor
    )
    return device


def noted(**given):
    """Wait for the row of this caller."""
    return wait_until(lambda: Knock.objects.filter(**given).first())


def test_a_stranger_is_told_1_1_3_and_noted_with_its_address(running_scp, ct1):
    """PS3.8 Table 9-21: calling AE title not recognized."""
    answer = echoscu(running_scp, aet="MR7")

    assert "Calling AE Title Not Recognized" in answer.stderr
    knock = noted(calling_ae_title="MR7")
    assert (knock.address, knock.called_ae_title) == ("127.0.0.1", "PORTAL")
    assert knock.reason == "calling-unknown"


def test_who_calls_nobody_is_told_1_1_7_and_noted(running_scp, ct1):
    """PS3.8 Table 9-21: called AE title not recognized."""
    answer = echoscu(running_scp, aec="WRONG")

    assert "Called AE Title Not Recognized" in answer.stderr
    assert noted(called_ae_title="WRONG").reason == "called-unknown"


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("disabled", {"is_enabled": False}),
        ("address", {"allowed_addresses": ["10.0.0.0/8"]}),
        ("certificate", {"certificate_sha256": "ab" * 32}),
    ],
)
def test_the_peer_is_not_told_why_but_the_list_says(running_scp, ct1, reason, values):
    RemoteAE.objects.update(**values)

    answer = echoscu(running_scp)

    assert "Calling AE Title Not Recognized" in answer.stderr
    assert noted(calling_ae_title="CT1").reason == reason


def test_an_allowed_address_comes_in(running_scp, ct1):
    RemoteAE.objects.update(allowed_addresses=["10.0.0.0/8", "127.0.0.0/8"])

    assert echoscu(running_scp).returncode == 0


def test_switched_off_is_off_for_the_next_association(running_scp, ct1, actor):
    assert echoscu(running_scp).returncode == 0
    services_devices.device_enable(device_id=ct1.pk, is_enabled=False, by=actor)
    assert echoscu(running_scp).returncode != 0


def test_a_flood_of_strangers_is_one_row_and_others_are_served(running_scp, ct1):
    """Issue 4, bad input: many associations from one address; the rest does not notice."""
    request = a_associate_rq(b"PORTAL", b"FLOOD")
    threads = [
        threading.Thread(target=knock_again, args=(running_scp, request, 25)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()

    assert echoscu(running_scp).returncode == 0

    for thread in threads:
        thread.join()
    wait_until(lambda: noted(calling_ae_title="FLOOD").times == 200)
    assert Knock.objects.count() == 1


def knock_again(port, request, times):
    """Send a request for an association again and again; read the rejection (PS3.8 9.3.4)."""
    for _ in range(times):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
            sock.sendall(request)
            assert sock.recv(10)[0] == 0x03


def a_associate_rq(called, calling):
    """A-ASSOCIATE-RQ for Verification (PS3.8 9.3.2), by hand."""

    def item(kind, value):
        return bytes((kind, 0)) + len(value).to_bytes(2, "big") + value

    context = bytes((1, 0, 0, 0)) + item(0x30, b"1.2.840.10008.1.1")
    context += item(0x40, b"1.2.840.10008.1.2")
    user = item(0x51, (16384).to_bytes(4, "big")) + item(0x52, b"2.25.1")
    body = b"\0\1\0\0" + called.ljust(16) + calling.ljust(16) + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x20, context) + item(0x50, user)
    return b"\1\0" + len(body).to_bytes(4, "big") + body
