"""API tokens: given for name and password under the same lockout as the sign-in page."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from knox.models import get_token_model
from rest_framework.test import APIClient

from portal.models import AuditEvent
from tests.api_clients import API, client_of, latest_audit, require_problem
from tests.conftest import PASSWORD

TOKENS = f"{API}/tokens/"
DEVICES = f"{API}/devices/"


def ask(client, username="scheduler", password=PASSWORD):
    return client.post(TOKENS, {"username": username, "password": password}, format="json")


def test_a_token_is_given_used_and_ended(make_user):
    make_user("scheduler")
    client = APIClient()

    given = ask(client)
    client.credentials(HTTP_AUTHORIZATION=f"Token {given.json()['token']}")

    assert given.status_code == 201
    assert given.json()["expiry"] is None
    assert client.get(DEVICES).status_code == 200
    assert client.delete(TOKENS).status_code == 204
    require_problem(client.get(DEVICES), 401, "Invalid token.")


def test_ending_a_token_leaves_the_others(make_user):
    user = make_user("scheduler")
    one, other = client_of(user), client_of(user)

    one.delete(TOKENS)

    assert other.get(DEVICES).status_code == 200


def test_only_a_hash_of_a_token_is_kept_and_its_life_is_audited(make_user):
    make_user("scheduler")
    client = APIClient()

    token = ask(client).json()["token"]
    created = latest_audit()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    client.delete(TOKENS)

    assert (created.action, created.target, created.actor) == ("create", "token", "scheduler")
    assert latest_audit().action == "end"
    kept = str(list(AuditEvent.objects.values())) + str(list(get_token_model().objects.values()))
    assert token not in kept


@pytest.mark.parametrize("path", ["devices", "patients", "orders", "scheduled-steps", "films"])
def test_without_credentials_nothing_is_shown(facility, path):
    """RFC 9110 11.6.1: a 401 names the scheme."""
    response = APIClient().get(f"{API}/{path}/")

    require_problem(response, 401)
    assert response["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("header", ["Token 123", "Token", "Token a b", "Token \xff\xfe"])
def test_what_is_no_token_is_refused(facility, header):
    require_problem(APIClient().get(DEVICES, headers={"Authorization": header}), 401)


def test_a_wrong_password_is_refused_in_a_sentence(make_user):
    make_user("scheduler")

    response = ask(APIClient(), password="wrong")

    require_problem(response, 401, "User name or password is wrong.")
    assert response["WWW-Authenticate"] == "Token"


def test_an_unknown_name_is_refused_like_a_wrong_password(facility):
    require_problem(ask(APIClient(), username="nobody"), 401, "User name or password is wrong.")


def test_a_stale_token_in_the_header_does_not_keep_from_signing_in(make_user):
    make_user("scheduler")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token stale")

    assert ask(client).status_code == 201


def test_five_wrong_passwords_lock_the_name_even_for_the_right_one(make_user):
    make_user("scheduler")
    make_user("operator")
    for _ in range(5):
        assert ask(APIClient(), password="wrong").status_code == 401

    require_problem(ask(APIClient()), 429, "Too many wrong tries for this name.")
    assert ask(APIClient(), username="operator").status_code == 201
    assert not get_token_model().objects.filter(user__username="scheduler").exists()


def test_wrong_passwords_here_and_on_the_sign_in_page_count_together(make_user):
    make_user("scheduler")
    page = Client()
    for _ in range(3):
        page.post("/sign-in/", {"login": "scheduler", "password": "wrong"})
    for _ in range(2):
        assert ask(APIClient(), password="wrong").status_code == 401

    require_problem(ask(APIClient()), 429)
    page.post("/sign-in/", {"login": "scheduler", "password": PASSWORD})
    assert "_auth_user_id" not in page.session


def test_a_right_password_does_not_count(make_user):
    make_user("scheduler")
    for _ in range(7):
        assert ask(APIClient()).status_code == 201


def test_a_closed_account_gets_no_token_and_loses_those_it_has(make_user):
    user = make_user("scheduler")
    client = client_of(user)
    user.is_active = False
    user.save()

    require_problem(client.get(DEVICES), 401)
    require_problem(ask(APIClient()), 401, "User name or password is wrong.")


def test_an_account_without_a_role_gets_no_token(make_user):
    make_user("scheduler").memberships.all().delete()

    require_problem(ask(APIClient()), 403, "You have no role in any facility yet.")


def test_a_second_factor_is_not_left_out(make_user):
    user = make_user("scheduler")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})

    require_problem(ask(APIClient()), 403, "second factor")


@pytest.mark.parametrize("body", [{}, {"username": "scheduler"}, {"username": "", "password": ""}])
def test_what_is_missing_is_named(facility, body):
    response = APIClient().post(TOKENS, body, format="json")

    require_problem(response, 400, field="password")


def test_a_signed_in_browser_may_use_the_api_with_its_csrf_token_only(make_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("scheduler"), backend="django.contrib.auth.backends.ModelBackend")
    search = f"{API}/patients/search/"

    assert client.get(DEVICES).status_code == 200
    refused = client.post(search, {"text": ""}, content_type="application/json")
    client.cookies["csrftoken"] = "a" * 32
    taken = client.post(
        search, {"text": ""}, content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )

    require_problem(refused, 403, "CSRF")
    assert taken.status_code == 200


def test_a_browser_without_a_token_has_none_to_end(make_user):
    client = APIClient()
    client.force_login(make_user("scheduler"), backend="django.contrib.auth.backends.ModelBackend")

    require_problem(client.delete(TOKENS), 409, "none to end")
