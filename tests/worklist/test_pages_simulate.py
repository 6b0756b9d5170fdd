"""The page of the simulated department: for whom it is, where it is not, and its buttons."""

import os
import subprocess
import sys

import pytest
from django.core.cache import cache
from django.urls import reverse

from portal.models import RemoteAE
from tests.peers.portal_processes import ROOT
from tests.worklist.factories import make_device, make_station, make_step
from tests.worklist.pages import HTMX, other_facility, seen, signed_in
from tests.worklist.simulating import archive_in, listening_requester
from worklist.dicom.simulator.faults import Faults, Reaction, faults_of
from worklist.dicom.simulator.journal import Journal
from worklist.dicom.simulator.shelf import Shelf
from worklist.models import PerformedProcedureStep, ReconcileCase
from worklist.views.consoles import console_of

PAGE = "/simulate/"


def act(client, device, name, **values):
    address = reverse("worklist:simulate-act", args=[device.pk, name])
    return client.post(address, values, headers=HTMX)


@pytest.fixture
def ct1(running_scp, facility, settings):
    """A scanner, whose console reaches our own listener, and an exam for it."""
    settings.DICOM_PORT = running_scp
    step = make_step(facility, station=make_station(facility, "CT1"))
    cache.clear()
    return step.station.device


@pytest.fixture
def archive(settings, tmp_path):
    """The simulated archive, telling somebody else than the portal."""
    settings.SIMULATED_ARCHIVE_DIR = tmp_path / "archive"
    with archive_in(settings.SIMULATED_ARCHIVE_DIR) as running:
        settings.SIMULATED_ARCHIVE_PORT = running.port
        yield running


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["DEVELOPMENT", "SIMULATION"])
def test_it_is_off_in_production(person, settings, name):
    """Issue 5 item 11: off in production; no page, no place in the menu."""
    assert person.get(PAGE).status_code == 200
    setattr(settings, name, False)

    assert person.get(PAGE).status_code == 404
    assert person.get("/simulate/messages/").status_code == 404
    assert person.post("/simulate/archive/set/").status_code == 404
    if name == "SIMULATION":
        assert PAGE not in seen(person.get("/worklist/"))


@pytest.mark.parametrize(
    ("values", "simulates"),
    [({}, "True"), ({"PORTAL_SIMULATION": "0"}, "False"), ({"PORTAL_DEBUG": "0"}, "False")],
)
def test_the_switch_is_an_environment_variable(tmp_path, values, simulates):
    """PORTAL_DEBUG=0 or PORTAL_SIMULATION=0: no archive's port either."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
    env |= {"PORTAL_DEBUG": "1", "PORTAL_DATA_DIR": str(tmp_path), **values}
    code = (
        "from portal import settings as s; "
        "print(s.SIMULATION, sum(name.startswith('worklist.') for name in s.SIMULATORS))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [simulates, "2" if simulates == "True" else "0"]


@pytest.mark.django_db
def test_who_performs_no_exams_has_no_consoles(make_user):
    """Permission STEP_WRITE; the menu leaves out what the role may not use."""
    auditor = signed_in(make_user, "auditor")
    assert auditor.get(PAGE).status_code == 403
    assert PAGE not in seen(auditor.get("/worklist/"))
    assert PAGE in seen(signed_in(make_user, "technologist").get("/worklist/"))


@pytest.mark.django_db
def test_consoles_are_of_the_facilitys_own_scanners(person, facility):
    """Facility isolation: another site's scanner has no console here, and no button."""
    make_device(facility, "CT1")
    theirs = make_device(other_facility(), "THEIRS")

    page = seen(person.get(PAGE))
    assert "CT1" in page
    assert "THEIRS" not in page
    assert act(person, theirs, "query").status_code == 404


def test_from_query_to_the_end(person, ct1, archive):
    """Issue 5 item 11: each button sends a real message, and its answer is shown."""
    page = seen(act(person, ct1, "query"))
    assert "1 exam listed" in page
    assert "0000H" in page
    listed = console_of(ct1).listed
    page = seen(act(person, ct1, "start", entry="0", listed=listed))
    assert "the exam has begun" in page
    performed = PerformedProcedureStep.objects.get()
    assert performed.status == "IN PROGRESS"
    exam = console_of(ct1).exam
    assert performed.sop_instance_uid == exam

    assert "5 images" in seen(act(person, ct1, "acquire", exam=exam, count="5"))
    act(person, ct1, "acquire", exam=exam, count="2")
    page = seen(act(person, ct1, "finish", exam=exam))

    assert "the exam has ended" in page
    performed.refresh_from_db()
    assert (performed.status, performed.image_count) == ("COMPLETED", 7)
    step = performed.references.get().step
    assert step.status == "COMPLETED"
    assert f"/exams/{step.pk}/" in page
    assert Shelf(archive.directory).study(performed.study_instance_uid).images == 7
    page = seen(person.get("/simulate/messages/"))
    assert "C-STORE" in page
    assert "N-SET" in page


def test_images_without_mpps_and_exams_that_nobody_ends(person, ct1, archive):
    """Issue 5 item 11, "forget the MPPS": images only; or begun and left."""
    act(person, ct1, "query")
    listed = console_of(ct1).listed
    act(person, ct1, "start", entry="0", listed=listed, flavour="no-mpps")
    exam = console_of(ct1).exam
    act(person, ct1, "acquire", exam=exam, count="3")
    act(person, ct1, "finish", exam=exam)
    assert not PerformedProcedureStep.objects.exists()
    assert len(list(Shelf(archive.directory).files())) == 3

    act(person, ct1, "start", entry="0", listed=listed)
    act(person, ct1, "leave", exam=console_of(ct1).exam)
    assert PerformedProcedureStep.objects.get().status == "IN PROGRESS"
    assert not console_of(ct1).is_running


def test_unscheduled_and_wrong_patient_become_cases(person, ct1):
    """worklist.md §3b 7: Scheduled Step Attributes without IDs; another patient's ID."""
    act(person, ct1, "unscheduled")
    page = seen(act(person, ct1, "finish", exam=console_of(ct1).exam))
    assert "look at Reconcile" in page
    act(person, ct1, "query")
    act(person, ct1, "start", entry="0", listed=console_of(ct1).listed, flavour="wrong-patient")

    kinds = ReconcileCase.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["unscheduled", "wrong-patient"]


def test_discontinued_with_the_wrong_entry(person, ct1):
    """PS3.16 CID 9300: 110514."""
    act(person, ct1, "query")
    act(person, ct1, "start", entry="0", listed=console_of(ct1).listed)
    exam = console_of(ct1).exam
    assert "Choose why" in seen(act(person, ct1, "discontinue", exam=exam, reason="1"))
    page = seen(act(person, ct1, "discontinue", exam=exam, reason="110514"))
    assert "the exam has ended" in page

    performed = PerformedProcedureStep.objects.get()
    assert (performed.status, performed.discontinuation_code_value) == ("DISCONTINUED", "110514")
    assert ReconcileCase.objects.get().kind == "wrong-entry"


def test_a_lost_console_says_so(person, ct1):
    """Consoles live in memory: after a restart the page does not pretend."""
    act(person, ct1, "query")
    act(person, ct1, "start", entry="0", listed=console_of(ct1).listed)
    exam = console_of(ct1).exam
    cache.clear()

    assert "has lost it" in seen(act(person, ct1, "finish", exam=exam))
    assert PerformedProcedureStep.objects.get().status == "IN PROGRESS"
    assert "The list of this console has changed" in seen(
        act(person, ct1, "start", entry="0", listed="older")
    )
    plain = person.post(reverse("worklist:simulate-act", args=[ct1.pk, "finish"]), {"exam": exam})
    assert plain["Location"] == f"/simulate/#console-{ct1.pk}"
    assert "has lost it" in seen(person.get(PAGE))


@pytest.mark.django_db
def test_nobody_listening_is_said(person, facility, settings, free_port):
    """What failed, on which thing, what to do."""
    settings.DICOM_PORT = settings.SIMULATED_ARCHIVE_PORT = free_port
    device = make_device(facility, "CT1")
    assert f"127.0.0.1:{free_port}" in seen(act(person, device, "query"))
    assert "not running here" in seen(person.get(PAGE))


@pytest.mark.django_db
def test_switches_of_the_archive(person, settings):
    """Every fault of issue 5 item 11, from the page."""
    sent = {"lost": "2", "reaction": "twice", "late_s": "7", "reason": str(0xC001)}
    page = seen(person.post("/simulate/archive/set/", sent, headers=HTMX))
    assert "Of each exam it loses 2 images." in page
    assert faults_of(settings.SIMULATED_ARCHIVE_DIR) == Faults(
        2, Reaction.TWICE, 7, 0xC001, has_notices=False
    )
    wrong = person.post("/simulate/archive/set/", {"reason": "5"}, headers=HTMX)
    assert wrong.status_code == 400
    person.post(
        "/simulate/archive/set/", {"reaction": "explodes", "lost": "-1", "has_notices": "on"}
    )
    assert faults_of(settings.SIMULATED_ARCHIVE_DIR) == Faults()


@pytest.mark.django_db
def test_the_archive_is_added_by_who_may_add_devices(make_user, facility):
    """The portal asks only archives on its list."""
    scheduler = signed_in(make_user, "scheduler")
    assert scheduler.post("/simulate/archive/add/", headers=HTMX).status_code == 403
    administrator = signed_in(make_user, "administrator")
    administrator.post("/simulate/archive/add/", headers=HTMX)

    device = RemoteAE.objects.get(ae_title="SIMARCHIVE")
    assert (device.kind, device.host) == ("archive", "127.0.0.1")


@pytest.mark.django_db
def test_the_archives_messages_with_others_are_not_shown(person, facility, settings):
    """Facility isolation in the list of messages, and damaged lines in the journal."""
    make_device(facility, "CT1")
    journal = Journal(settings.SIMULATED_ARCHIVE_DIR)
    journal.write("stored", "CT1", status=0, count=41)
    journal.write("stored", "ELSEWHERE", status=0, count=42)
    with (settings.SIMULATED_ARCHIVE_DIR / "journal.jsonl").open("a") as file:
        file.write('{"at"\n')

    page = seen(person.get(PAGE))
    assert "41 images kept" in page
    assert "42 images kept" not in page


def test_its_own_request_for_commitment_goes_to_the_portal(person, ct1, archive):
    """PS3.4 J.3.2: the scanner's own N-ACTION; without a rule it is refused, and says why."""
    act(person, ct1, "unscheduled")
    exam = console_of(ct1).exam
    assert "no images yet" in seen(act(person, ct1, "commit", exam=exam))
    act(person, ct1, "acquire", exam=exam, count="1")
    page = seen(act(person, ct1, "commit", exam=exam))
    assert "N-ACTION" in page
    assert console_of(ct1).messages[-1].said.status not in (None, 0x0000)


def test_a_refused_start_begins_nothing(person, ct1, settings):
    """Whoever answers without MPPS: the console stays idle and says so."""
    act(person, ct1, "query")
    with listening_requester() as other:
        settings.DICOM_PORT = other.port
        page = seen(act(person, ct1, "start", entry="0", listed=console_of(ct1).listed))
    assert "N-CREATE" in page
    assert not console_of(ct1).is_running
