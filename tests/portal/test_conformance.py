"""portal/CONFORMANCE.md says what the code does."""

import re
from pathlib import Path

from portal import scp
from portal.dicom.services import (
    CalledAETitleUnknown,
    CallingAETitleUnknown,
    Congestion,
    TooManyAssociations,
)

TEXT = Path(scp.__file__).with_name("CONFORMANCE.md").read_text()


def test_every_sop_class_of_the_listener_is_declared_and_no_other():
    declared = set(re.findall(r"\| (1\.2\.840[\d.]+) \|", TEXT))

    assert declared == {str(sop_class) for sop_class in scp.SOP_CLASSES}


def test_rejections_are_declared_as_they_are_sent():
    """PS3.8 Table 9-21."""
    for refusal in (CalledAETitleUnknown, CallingAETitleUnknown, Congestion, TooManyAssociations):
        assert f"{refusal.result}/{refusal.source}/{refusal.reason}" in TEXT
