"""From an order in the browser to “confirmed”, with programs of other makers on every wire."""

import subprocess
from typing import Any

import pytest
from pydicom.dataset import Dataset

from portal.models import RemoteAE
from portal.services import device_set
from portal.types import Actor
from tests.journeys.department import find_as, furnish
from tests.journeys.test_schedule import order
from tests.peers.clients import SYNTAXES
from tests.peers.dcmtk import findscu
from tests.peers.orthanc import Image, make_instances, orthanc
from tests.worklist.performing import beginning, ending
from tests.worklist.test_mpps_clients import reported
from worklist.models import ArchivePolicy, ScheduledProcedureStep

pytestmark = [pytest.mark.browser, pytest.mark.peer]
SC = "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture
def archive(portal: Any, facility: Any, settings: Any) -> Any:
    """Orthanc, known as the facility's archive; what it confirms is kept for good."""
    settings.COMMITMENT_SETTLE_S = 0
    with orthanc(portal.dicom_port, portal_ae_title=facility.ae_title) as running:
        device, _ = device_set(
            facility_id=facility.pk,
            ae_title=running.ae_title,
            host="127.0.0.1",
            port=running.port,
            kind=RemoteAE.Kind.ARCHIVE,
            by=Actor.command("test"),
        )
        ArchivePolicy.objects.create(device=device, is_permanent=True, retention="test", linger_s=0)
        yield running


def made(images: list[Image]) -> Dataset:
    """What a scanner says that it made: one item of Performed Series."""
    ds = Dataset()
    ds.SeriesInstanceUID, ds.SeriesDescription = images[0].series, "Axial"
    ds.ProtocolName, ds.RetrieveAETitle = "Routine", ""
    ds.PerformingPhysicianName = ds.OperatorsName = ""
    ds.ReferencedNonImageCompositeSOPInstanceSequence = []
    ds.ReferencedImageSequence = []
    for image in images:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = SC, image.uid
        ds.ReferencedImageSequence.append(reference)
    return ds


def store(images: list[Image], port: int, folder: Any) -> None:
    """Send images with DCMTK's storescu, as the scanner would."""
    for number, image in enumerate(images):
        (folder / f"{number}.dcm").write_bytes(image.content)
    command = ["/usr/bin/storescu", "-aet", "MODALITY1", "-aec", "ARCHIVE", "+sd"]
    subprocess.run([*command, "127.0.0.1", str(port), str(folder)], check=True)


@pytest.mark.parametrize("lost", [0, 1])
def test_from_order_to_confirmed(
    portal, facility, archive, make_user, browser, tmp_path, lost: int
):
    """Issue 5: Chromium, findscu, dcmjs-dimse, storescu and Orthanc, each by itself."""
    furnish(facility, "CT1")
    make_user("technologist")
    page = browser.new_context().new_page()
    portal.sign_in(page, "technologist")
    order(page, portal, "Quispe", "10:30")
    page.wait_for_selector("#live[data-state=live]")
    page.evaluate("window.sameDocument = true")
    answer = find_as("CT1", portal.dicom_port, findscu).answers[0]
    step = ScheduledProcedureStep.objects.get()
    assert answer.StudyInstanceUID == step.requested_procedure.study_instance_uid

    images = make_instances(3, study=answer.StudyInstanceUID, patient_id=answer.PatientID)
    store(images[lost:], archive.port, tmp_path)
    uid, syntax = "2.25.20261121", SYNTAXES["explicit"]
    begun, ended = reported(
        portal.dicom_port,
        syntax,
        "CT1",
        ("N-CREATE", uid, beginning(step, PatientID=answer.PatientID)),
        ("N-SET", uid, ending("COMPLETED", made(images))),
    )

    assert (begun["status"], ended["status"]) == (0, 0)
    page.get_by_text(f"ARCHIVE confirmed {3 - lost} of 3").first.wait_for()
    if lost:
        page.get_by_text("1 missing").or_(page.get_by_text("not there yet")).first.wait_for()
        assert page.get_by_text("Safe in the archive. ARCHIVE").count() == 0
    else:
        page.get_by_text("Safe in the archive. ARCHIVE").first.wait_for()
    assert page.evaluate("window.sameDocument") is True
