"""What the statement says of archives is what the code does (PS3.2 N.5.2.6)."""

import pytest

from portal.conformance import statement
from portal.dicom import status
from tests.portal.test_conformance_statement import rows
from worklist.conformance_commitment import ACTION_STATUSES, NOTICE_STATUSES, VERDICTS, chapters
from worklist.dicom import availability
from worklist.models import ArchivePolicy
from worklist.selectors.commitment_timing import PERMANENT
from worklist.services.commitment_reports import STATUSES
from worklist.types.commitment import ReportVerdict
from worklist.wording.commitment import REASONS

pytestmark = pytest.mark.django_db


@pytest.fixture
def text(facility):
    """The statement of the running configuration."""
    return statement()


def test_the_waiting_time_is_the_rules_default(text):
    """PS3.4 J.3.6.1.1: how long a Transaction UID stays applicable."""
    said = dict(rows(text, "Item of the archive's rule", "Default"))
    rule = ArchivePolicy()

    assert said["Waiting time for a report"] == (
        f"{rule.deadline_s} s, and {rule.deadline_per_instance_ms // 1000} s for each instance"
    )
    assert said["Instances in a request, at most"] == str(rule.max_instances)
    assert said["Requests at a time, at most"] == str(rule.max_open)
    assert said["Asked again after"].count(" s") == len(rule.retry_plan_s)


def test_what_happens_on_the_same_association_is_said(text):
    """PS3.2 N.5.2.6: same-association behaviour."""
    assert f"for {ArchivePolicy().linger_s} s (the\narchive's rule)" in text
    assert "before or after the N-ACTION response" in text


def test_every_reason_has_its_row(text):
    """PS3.3 C.14.1.1: 0110 0112 0119 0122 0131 0213 and any other number."""
    table = rows(text, "Failure Reason", "As shown", "What we do")

    assert [code for code, *_ in table] == [
        *(f"{reason:04X}" for reason in sorted(REASONS)),
        "any other",
    ]
    on_demand = {code for code, _, what in table if "on demand only" in what}
    assert on_demand == {f"{reason:04X}" for reason in PERMANENT}


def test_every_verdict_on_a_report_has_its_status(text):
    """PS3.4 J.3.3.1.4, PS3.7 10.1.1.1.8."""
    table = rows(text, "Report", "Case")

    assert set(VERDICTS) == set(ReportVerdict) == set(STATUSES)
    assert {code for code, _ in table} == {
        *(f"{code:04X}" for code in STATUSES.values()),
        f"{status.NO_SUCH_EVENT_TYPE:04X}",
        f"{status.PROCESSING_FAILURE:04X}",
    }


def test_every_status_of_a_notification_is_one_that_is_sent(text):
    """PS3.7 10.1.5.1.6; each is shown on the wire by test_availability.py."""
    codes = {code for code, _ in rows(text, "N-CREATE", "Case")}

    assert {f"{code:04X}" for code, _ in NOTICE_STATUSES} <= codes
    assert len({code for code, _ in NOTICE_STATUSES}) == len(NOTICE_STATUSES)
    assert len({code for code, _ in ACTION_STATUSES}) == len(ACTION_STATUSES)


def test_the_attributes_of_a_notification_are_those_of_the_table(text):
    """PS3.4 Table R.3.2-1."""
    stated = {
        int(tag.strip("()").replace(",", ""), 16): kind
        for _, tag, kind in rows(text, "Attribute of a notification", "Tag", "Type")
    }

    assert {tag for tag, kind in stated.items() if kind == "1"} == {
        availability.STUDY_INSTANCE_UID,
        availability.REFERENCED_SERIES_SEQUENCE,
        availability.SERIES_INSTANCE_UID,
        availability.REFERENCED_SOP_SEQUENCE,
        *availability.TYPE_1_IN_INSTANCE,
    }
    assert stated[availability.REFERENCED_PPS_SEQUENCE] == "2"


def test_what_we_open_ourselves_is_listed(text):
    used = {name for name, _, _ in rows(text, "SOP class used", "UID", "Role")}

    assert used == {
        "Storage Commitment Push Model SOP Class",
        "Study Root Query/Retrieve Information Model - FIND",
        "Verification SOP Class",
    }


def test_a_peer_may_take_the_scp_role_where_it_is_said(text):
    """PS3.4 J.2.1: support of role selection is mandatory."""
    roles = {name: role for name, _, role in rows(text, "SOP class", "UID", "Role")}

    assert roles["Storage Commitment Push Model SOP Class"] == "SCU, SCP"
    assert roles["Instance Availability Notification SOP Class"] == "SCP"
    assert "Storage Commitment Push Model" in dict(rows(text, "Item", "Value"))["Role selection"]


def test_it_follows_the_settings(facility, settings):
    settings.COMMITMENT_SETTLE_S, settings.RELAY_RETRY_S = 77, [5, 6]

    services = "".join(chapters().values())

    assert "77 s afterwards" in services
    assert "tried again after 5 s, 6 s" in services
