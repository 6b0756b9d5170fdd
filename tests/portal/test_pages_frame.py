"""The frame of every page: sign-in, menu by role, policy, theme, refusals."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from portal.services import facility_set
from portal.types import Actor, Role
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    """Return a signed-in client for a role."""

    def sign_in(role, **values):
        client = Client()
        client.force_login(make_user(role, **values))
        return client

    return sign_in


@pytest.mark.parametrize("path", ["/", "/health/", "/devices/", "/devices/new/", "/exams/1/"])
def test_a_page_without_sign_in_answers_302_to_the_sign_in_page(client, facility, path):
    """architecture.md §3."""
    answer = client.get(path)

    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={path}"


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("scheduler", "/board/"),
        ("technologist", "/worklist/"),
        ("operator", "/print/"),
        ("administrator", "/board/"),
        ("auditor", "/worklist/"),
    ],
)
def test_everybody_starts_where_their_work_is(person, role, path):
    assert person(role).get("/")["Location"] == path


@pytest.mark.parametrize("role", list(Role))
def test_the_menu_leaves_out_what_the_role_may_not_use(person, role):
    """ui.md §4."""
    page = person(role.value).get("/health/").content.decode()
    menu = re.search(r'<nav class="nav".*?</nav>', page, re.DOTALL)[0]

    may_film = role in {Role.TECHNOLOGIST, Role.OPERATOR, Role.ADMINISTRATOR}
    assert (">Film<" in menu) is may_film
    assert 'aria-current="page">Health<' in menu


def test_every_page_carries_the_policy(person):
    policy = person("scheduler").get("/health/")["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "script-src" not in policy or "unsafe" not in policy.split("script-src")[1]


@pytest.mark.parametrize(("cookie", "theme"), [("dark", "dark"), ("light", "light"), ("x", None)])
def test_the_theme_comes_from_a_cookie(person, cookie, theme):
    client = person("scheduler")
    client.cookies["theme"] = cookie

    page = client.get("/health/").content.decode()

    assert (f'data-bs-theme="{theme}"' in page) is (theme is not None)


def test_somebody_without_a_facility_is_told_what_to_do(client, facility):
    client.force_login(User.objects.create_user("stranger", password=PASSWORD))

    answer = client.get("/")

    assert answer.status_code == 403
    assert "belongs to no facility yet" in answer.content.decode()


def test_an_unknown_address_answers_in_our_words(person):
    answer = person("scheduler").get("/nowhere/")

    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_signing_in_goes_on_to_the_page_that_was_asked_for(client, make_user):
    make_user("scheduler")

    answer = client.post("/sign-in/?next=/health/", {"login": "scheduler", "password": PASSWORD})

    assert answer.status_code == 302
    assert answer["Location"] == "/health/"


def test_a_wrong_password_keeps_the_name_and_says_what_is_wrong(client, make_user):
    make_user("scheduler")

    page = client.post("/sign-in/", {"login": "scheduler", "password": "wrong"}).content.decode()

    assert 'value="scheduler"' in page
    assert "User name or password is wrong." in page


def test_five_wrong_passwords_lock_the_name_and_the_page_says_how_long(client, make_user):
    """Issue: lockout after repeated failures."""
    make_user("scheduler")
    for _ in range(5):
        client.post("/sign-in/", {"login": "scheduler", "password": "wrong"})

    answer = client.post("/sign-in/", {"login": "scheduler", "password": PASSWORD})

    assert "Wait 5 minutes" in answer.content.decode()
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_signing_out_ends_the_session(person):
    client = person("scheduler")

    client.post("/sign-out/")

    assert client.get("/health/").status_code == 302


def test_sign_up_is_closed(client, facility):
    page = client.get("/sign-in/signup/").content.decode()

    assert "Accounts are made by administrators" in page


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/reset/", "/sign-in/inactive/"])
def test_the_entrance_pages_wear_our_frame(client, facility, path):
    assert "entrance-form" in client.get(path).content.decode()


@pytest.mark.parametrize("path", ["/password/", "/sign-out/"])
def test_the_pages_of_ones_own_account_wear_our_frame(person, path):
    assert "entrance-form" in person("scheduler").get(path, follow=True).content.decode()


def test_another_facility_has_its_own_name_in_the_frame(person, facility):
    facility_set(code="north", ae_title="NORTH", name="North Wing", by=Actor.command("test"))

    page = person("scheduler", name="nora", facility_code="north").get("/health/")

    assert "North Wing" in page.content.decode()
