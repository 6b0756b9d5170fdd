"""The committed OpenAPI schema is the one that the code has."""

from pathlib import Path

import yaml
from django.core.management import call_command

from tests.api_clients import API

COMMITTED = Path(__file__).parent / "schema.yml"


def test_the_committed_schema_is_what_the_code_has(tmp_path):
    """After a change: manage.py spectacular --fail-on-warn --validate --file THE_FILE."""
    written = tmp_path / "schema.yml"

    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(written))

    assert written.read_text() == COMMITTED.read_text()


def test_the_schema_is_served_to_tools_that_have_no_token_yet(client, facility):
    served = client.get(f"{API}/schema/")

    assert served.status_code == 200
    assert yaml.safe_load(served.content)["paths"].keys() == read()["paths"].keys()


def test_every_operation_says_how_it_fails():
    """RFC 9457."""
    for path, operations in read()["paths"].items():
        for method, operation in operations.items():
            assert operation["responses"]["default"]["$ref"].endswith("/Problem"), (path, method)


def test_every_operation_but_signing_in_asks_for_a_token_or_a_session():
    for path, operations in read()["paths"].items():
        for method, operation in operations.items():
            is_open = (path, method) == (f"{API}/tokens/", "post")
            expected = [] if is_open else [{"token": []}, {"cookieAuth": []}]
            assert operation.get("security", []) == expected, (path, method)


def test_no_patient_is_looked_for_by_address():
    """ui.md §4: no patient's name, birth date or ID in an address."""
    for path, operations in read()["paths"].items():
        asked = [p["name"] for p in operations.get("get", {}).get("parameters", [])]
        assert not {"search", "patient_id", "patient_name", "birth_date"} & set(asked), path


def read():
    return yaml.safe_load(COMMITTED.read_text())
