"""API of printers and of the images brought in for printing."""

import pytest

from portal import services
from portal.types import PERMISSIONS, Actor, Permission, Role
from printing.models import Printer, SourceImage
from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    query_count,
    require_problem,
)
from tests.printing.api_files import (
    dicom_file,
    make_image,
    make_job,
    make_printer,
    png_file,
    uploaded,
    without_pixels,
)

PRINTERS = f"{API}/printers/"
IMAGES = f"{API}/images/"


@pytest.fixture
def operator(make_user):
    return client_of(make_user("operator"))


@pytest.fixture
def device(facility):
    return services.device_set(
        facility_id=facility.pk,
        ae_title="FILM1",
        host="127.0.0.1",
        port=21499,
        kind="printer",
        by=Actor.command("test"),
    )[0]


def upload(client, *files):
    return client.post(IMAGES, {"files": list(files)}, format="multipart")


def test_a_printer_is_set_up_and_read_back(facility, operator, device):
    body = {"name": "Dry imager", "device": device.pk, "model": "generic-12bit"}

    response = operator.post(PRINTERS, body | {"retry_plan_s": [5, 10], "medium_type": "PAPER"})

    assert response.status_code == 201
    printer = operator.get(f"{PRINTERS}{response.json()['id']}/").json()
    assert printer == response.json()
    assert (printer["model"], printer["ae_title"]) == ("generic-12bit", "FILM1")
    assert (printer["retry_plan_s"], printer["medium_type"]) == ([5, 10], "PAPER")
    assert (printer["state"], printer["is_enabled"], printer["waiting"]) == ("idle", True, 0)
    assert (latest_audit().action, latest_audit().target) == ("set", "printer")
    assert news_of("printer") == [printer["id"]]


def test_setting_up_again_brings_up_to_date(facility, operator, device):
    body = {"name": "Dry imager", "device": device.pk}
    operator.post(PRINTERS, body)

    again = operator.post(PRINTERS, body | {"film_size_id": "11INX14IN"})

    assert again.status_code == 200
    assert Printer.objects.get().film_size_id == "11INX14IN"


def test_a_printer_is_changed_under_its_name(facility, operator):
    printer = make_printer(facility)

    body = {"device": printer.device_id, "is_accepting": False}
    response = operator.put(f"{PRINTERS}{printer.pk}/", body)

    assert response.status_code == 200
    printer.refresh_from_db()
    assert (printer.name, printer.is_accepting) == ("FILM1", False)


def test_a_printer_is_paused_and_goes_on(facility, operator):
    printer = make_printer(facility)
    make_job(facility, printer)
    path = f"{PRINTERS}{printer.pk}"

    paused = operator.post(f"{path}/disable/").json()

    assert (paused["is_enabled"], paused["state"], paused["waiting"]) == (False, "stopped", 1)
    assert paused["state_message"] == "Paused by operator."
    assert latest_audit().action == "disable"
    again = operator.post(f"{path}/enable/").json()
    assert (again["is_enabled"], again["state"]) == (True, "idle")


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"name": ""}, 400, "name"),
        ({"name": "x" * 65}, 400, "name"),
        ({"device": 999_999}, 404, ""),
        ({"device": "FILM1"}, 400, "device"),
        ({"model": "nobody"}, 400, "model"),
        ({"film_size_id": "small!"}, 400, "film_size_id"),
        ({"medium_type": "x" * 17}, 400, "medium_type"),
        ({"retry_plan_s": [-1]}, 400, "retry_plan_s"),
        ({"retry_plan_s": "often"}, 400, "retry_plan_s"),
        ({"action_timeout_s": 0}, 400, "action_timeout_s"),
        ({"action_timeout_s": 10**30}, 400, "action_timeout_s"),
    ],
)
def test_what_is_wrong_with_a_printer_is_said(facility, operator, device, changes, status, field):
    body = {"name": "Dry imager", "device": device.pk} | changes

    require_problem(operator.post(PRINTERS, body), status, field=field)

    assert not Printer.objects.exists()


def test_a_device_that_is_no_printer_is_refused(facility, operator):
    ct1, _ = services.device_set(
        facility_id=facility.pk,
        ae_title="CT1",
        host="127.0.0.1",
        port=104,
        kind="modality",
        by=Actor.command("test"),
    )

    response = operator.post(PRINTERS, {"name": "X", "device": ct1.pk})

    require_problem(response, 400, "CT1 is not a printer", "device")


def test_printers_are_filtered_by_state(facility, operator):
    make_printer(facility, "FILM1")
    paused = make_printer(facility, "FILM2")
    operator.post(f"{PRINTERS}{paused.pk}/disable/")

    def found(**asked):
        return [p["name"] for p in operator.get(PRINTERS, asked).json()["results"]]

    assert found(state="stopped") == found(is_enabled="false") == ["FILM2"]
    require_problem(operator.get(PRINTERS, {"state": "broken"}), 400, "broken", "state")


@pytest.mark.parametrize("role", list(Role))
def test_roles_without_the_right_may_only_look(facility, make_user, role):
    client = client_of(make_user(role))
    printer = make_printer(facility)

    managed = client.put(f"{PRINTERS}{printer.pk}/", {"device": printer.device_id})
    paused = client.post(f"{PRINTERS}{printer.pk}/disable/")
    kept = upload(client, uploaded("a.png", png_file()))

    for answer, permission, status in (
        (managed, Permission.PRINTER_MANAGE, 200),
        (paused, Permission.PRINTER_MANAGE, 200),
        (kept, Permission.FILM_WRITE, 201),
    ):
        if permission in PERMISSIONS[role]:
            assert answer.status_code == status
        else:
            require_problem(answer, 403, permission.value)
    assert client.get(PRINTERS).status_code == 200
    assert client.get(IMAGES).status_code == 200


def test_nothing_of_another_facility_is_seen_or_touched(facility, operator):
    other = make_other_facility()
    printer, image = make_printer(other), make_image(other)

    assert operator.get(PRINTERS).json()["count"] == 0
    assert operator.get(IMAGES).json()["count"] == 0
    require_problem(operator.get(f"{IMAGES}{image.pk}/"), 404)
    path = f"{PRINTERS}{printer.pk}/"
    require_problem(operator.get(path), 404)
    require_problem(operator.put(path, {"device": printer.device_id}), 404)
    require_problem(operator.post(f"{path}disable/"), 404)
    body = {"name": "Mine", "device": printer.device_id}
    require_problem(operator.post(PRINTERS, body), 404)
    printer.refresh_from_db()
    assert printer.is_enabled


def test_images_are_kept_and_say_what_they_are(facility, operator):
    response = upload(
        operator, uploaded("a.dcm", dicom_file(frames=3)), uploaded("b.png", png_file())
    )

    assert response.status_code == 201
    first, second = (result["image"] for result in response.json()["results"])
    assert (first["is_dicom"], first["number_of_frames"], first["patient_id"]) == (True, 3, "SYN-1")
    assert (second["is_dicom"], second["rows"], second["columns"]) == (False, 8, 8)
    assert operator.get(f"{IMAGES}{first['id']}/").json() == first


def test_the_same_content_is_the_same_image(facility, operator):
    content = dicom_file()

    ids = {
        upload(operator, uploaded(name, content)).json()["results"][0]["image"]["id"]
        for name in ("a", "b")
    }

    assert len(ids) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Dear colleague", ""),
        (dicom_file()[:200], ""),
        (png_file()[:40], ""),
        (bytes(1 << 20), ""),
        (b"", ""),
        (without_pixels(), "no image in it"),
    ],
    ids=["letter", "cut DICOM", "cut picture", "zeros", "empty", "no pixels"],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(facility, operator, content, words):
    """Issue, bad input: nothing already stored is harmed."""
    stored = make_image(facility)

    require_problem(upload(operator, uploaded("a", content)), 400, words, "files")

    assert SourceImage.objects.get() == stored


def test_one_bad_file_harms_no_other(facility, operator):
    response = upload(
        operator, uploaded("letter.txt", b"Dear colleague"), uploaded("a.dcm", dicom_file())
    )

    assert response.status_code == 207
    letter, kept = response.json()["results"]
    assert (letter["file"], letter["image"]) == ("letter.txt", None)
    assert letter["detail"].endswith(".")
    assert (kept["file"], kept["detail"]) == ("a.dcm", "")
    assert SourceImage.objects.get().pk == kept["image"]["id"]


def test_when_no_file_can_be_used_each_is_named(facility, operator):
    response = upload(operator, uploaded("a.txt", b"A" * 200), uploaded("b.txt", b"B" * 200))

    require_problem(response, 400, field="files")
    assert [line[:6] for line in response.json()["errors"]["files"]] == ["a.txt:", "b.txt:"]


def test_a_file_that_is_too_large_is_refused(facility, operator, settings):
    settings.UPLOAD_MAX_BYTES = 1 << 20

    response = upload(operator, uploaded("a.dcm", dicom_file() + bytes(1 << 20)))

    require_problem(response, 400, "larger than 1 MB", "files")


@pytest.mark.parametrize("body", [{}, {"files": "text"}])
def test_an_upload_without_files_is_refused(facility, operator, body):
    require_problem(operator.post(IMAGES, body, format="multipart"), 400, field="files")


def test_images_are_filtered_by_study(facility, operator):
    image = make_image(facility)

    assert operator.get(IMAGES, {"study_instance_uid": "2.25.1"}).json()["count"] == 1
    assert operator.get(IMAGES, {"study_instance_uid": "2.25.9"}).json()["count"] == 0
    assert operator.get(IMAGES, {"modality": image.modality}).json()["count"] == 1


def test_lists_cost_the_same_for_five_and_fifty(facility, operator):
    def make(count, letter):
        for number in range(count):
            make_printer(facility, f"{letter}{number}")
            make_image(facility)

    make(5, "A")
    few = [query_count(lambda path=path: operator.get(path)) for path in (PRINTERS, IMAGES)]
    make(45, "B")

    assert [query_count(lambda path=path: operator.get(path)) for path in (PRINTERS, IMAGES)] == few
