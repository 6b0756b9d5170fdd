"""Whatever goes wrong in the API is answered as problem details."""

import pytest
from rest_framework.test import APIClient

from tests.api_clients import API, client_of, require_problem

DEVICES = f"{API}/devices/"


@pytest.fixture
def client(make_user):
    return client_of(make_user("administrator"))


@pytest.mark.parametrize("path", ["nowhere/", "devices/1/nowhere/", "nowhere", "devices/x/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_not_there(client, path, method):
    if (path, method) in {("devices/x/", "post"), ("devices/x/", "delete")}:
        require_problem(getattr(client, method)(f"{API}/{path}"), 405)
    else:
        require_problem(getattr(client, method)(f"{API}/{path}"), 404, "no such thing")


def test_an_address_that_is_not_there_tells_strangers_nothing(facility):
    require_problem(APIClient().get(f"{API}/nowhere/"), 401)


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 40, "-1", "%00", "1.5", "é"])
def test_an_id_that_is_none(client, pk):
    require_problem(client.get(f"{DEVICES}{pk}/"), 404)


def test_a_method_that_the_collection_has_not(client):
    require_problem(client.delete(DEVICES), 405, "DELETE")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"port": NaN}', "application/json", 400),
        (rb'{"kind": "\ud800"}', "application/json", 400),  # half a character: RFC 8259 8.2
        (rb'{"\ud800": ""}', "application/json", 400),
        (b"[1, 2]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"<a/>", "application/xml", 415),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nbroken", "multipart/form-data", 400),
    ],
)
def test_a_body_that_cannot_be_read(client, body, content_type, status):
    require_problem(client.post(DEVICES, body, content_type=content_type), status)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_that_would_fill_the_memory(client, settings, content_type):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = client.post(DEVICES, b'"' + b"x" * 2000 + b'"', content_type=content_type)

    require_problem(response, 413, "larger")


def test_a_form_with_too_many_parts(client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5

    response = client.post(DEVICES, {f"f{n}": "x" for n in range(9)}, format="multipart")

    require_problem(response, 413, "more parts")


def test_an_answer_in_a_format_that_we_have_not(client):
    require_problem(client.get(DEVICES, headers={"Accept": "text/csv"}), 406)


@pytest.mark.parametrize("page", ["0", "2", "x", "9" * 40])
def test_a_page_that_is_not_there(client, page):
    require_problem(client.get(DEVICES, {"page": page}), 404, "Invalid page.")


def test_a_person_without_a_role_sees_and_makes_nothing(make_user):
    user = make_user("administrator")
    client = client_of(user)
    user.memberships.all().delete()

    assert client.get(DEVICES).json()["count"] == 0
    body = {"ae_title": "CT1", "kind": "modality"}
    require_problem(client.post(DEVICES, body), 403, "no role in any facility")
