"""What the generated statement says of MPPS is what the code does (PS3.4 F.7.4.2.1)."""

import ast
import inspect

import pytest

from portal.conformance import statement
from portal.dicom import status
from tests.portal.test_conformance_statement import rows
from worklist import conformance_mpps
from worklist.dicom import mpps_rules
from worklist.scp import mpps as scp
from worklist.services import performed, performed_messages
from worklist.types.performed import MppsFlag


@pytest.fixture
def text(facility):
    """The statement of the running configuration."""
    return statement()


def test_attributes_are_those_that_are_checked(text):
    """F.7.4.2.1: attributes of N-CREATE and N-SET shall be enumerated."""
    stated = rows(text, "Attribute", "Tag", "N-CREATE", "N-SET", "Final state")
    outer = {row[1]: row for row in stated if not row[0].startswith(">")}

    assert len(outer) == len(mpps_rules.TABLE)
    for attribute in mpps_rules.TABLE:
        _, _, create, settable, final = outer[
            f"({attribute.tag >> 16:04X},{attribute.tag & 0xFFFF:04X})"
        ]
        assert int(create) == attribute.create
        assert (settable == "no") is (attribute.tag in mpps_rules.IDENTITY)
        assert (final == "1") is bool(attribute.final)


def named_in(*modules: object) -> set[int]:
    """Every status that these modules name."""
    found = set()
    for module in modules:
        for node in ast.walk(ast.parse(inspect.getsource(module))):  # type: ignore[arg-type]
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "status":
                value = getattr(status, node.attr, None)
                if isinstance(value, int):
                    found.add(value)
    return found


def test_no_status_is_sent_that_is_not_stated(text):
    """PS3.2: every status, with its meaning."""
    stated = {
        int(code, 16)
        for kind in ("N-CREATE", "N-SET", "N-GET")
        for code, _ in rows(text, "Status", kind)
    }

    assert stated == named_in(performed, performed_messages, mpps_rules, scp)


def test_every_flag_is_stated(text):
    """Strict and lenient: what is forgiven, one by one."""
    stated = {row[0].strip("`") for row in rows(text, "Kept, and flagged as", "In words")}

    assert stated == set(MppsFlag)


def test_notification_is_said_not_to_be_offered(text):
    """F.9 is a SOP class of its own."""
    assert conformance_mpps.NOTIFICATION in text
    assert "1.2.840.10008.3.1.2.3.5" not in text
