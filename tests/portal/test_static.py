"""Files of the browser: icons there, nothing from elsewhere, nothing inline, versions pinned."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC, TEMPLATES = ROOT / "static", ROOT / "templates"
VENDOR = STATIC / "vendor"
SPRITE = VENDOR / "tabler-icons-3.51.0.svg"
PAGES = sorted(TEMPLATES.rglob("*.html"))
OWN_SCRIPTS = sorted(STATIC.glob("*.js"))
SOURCES = [
    path
    for app in ("portal", "worklist", "printing")
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts
]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def sprite_icons():
    return set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text()))


def pinned():
    return tomllib.loads((VENDOR / "VENDOR.toml").read_text())["file"]


@pytest.mark.parametrize("template", PAGES, ids=name_of)
def test_a_template_names_only_icons_that_the_sprite_has(template):
    """ui.md §2: a test fails if a template names an icon the sprite lacks."""
    text = template.read_text()
    named = set(re.findall(r'{% icon "([^"]+)"', text))
    named |= set(re.findall(r'(?:icon_name|toast_icon)="([^"]+)"', text))

    assert named <= sprite_icons()


def test_the_tables_of_states_and_verbs_name_only_icons_that_the_sprite_has():
    from portal.context import PLACES
    from portal.looks import LOOKS
    from worklist.views.verbs import VERBS

    named = {look.icon for table in LOOKS.values() for look in table.values()}
    named |= {place.icon for place in PLACES} | {verb.icon for verb in VERBS}

    assert named <= sprite_icons()


@pytest.mark.parametrize("template", PAGES, ids=name_of)
def test_a_template_has_nothing_inline(template):
    """No inline script or style sheet; style attributes place what the server worked out."""
    text = template.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"\bhx-on|\bhx-vals=['\"]js:|javascript:", text)
    for style in re.findall(r'style="([^"]*)"', text):
        placed = [part.strip() for part in style.split(";") if part.strip()]
        assert all(part.startswith(("--", "{{", "flex:")) for part in placed)


@pytest.mark.parametrize("path", [*PAGES, *OWN_SCRIPTS, STATIC / "app.css"], ids=name_of)
def test_nothing_is_asked_of_another_host(path):
    addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text())

    assert [one for one in addresses if "www.w3.org" not in one] == []


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=name_of)
def test_a_script_keeps_nothing_in_the_browser(script):
    """ui.md §4: no patient data in browser storage."""
    assert not re.search(r"localStorage|sessionStorage|indexedDB|\beval\(", script.read_text())


def test_live_news_fit_on_a_page():
    """style.md §3: the socket's script stays small."""
    assert len((STATIC / "live.js").read_text().splitlines()) < 60


@pytest.mark.parametrize("file", pinned(), ids=lambda file: file["path"])
def test_a_file_of_others_is_the_one_that_was_pinned(file):
    content = (VENDOR / file["path"]).read_bytes()

    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert file["version"] in file["path"]
    assert (VENDOR / file["licence_file"]).is_file()


def test_every_file_of_others_is_pinned():
    known = {"VENDOR.toml"} | {file["path"] for file in pinned()}
    known |= {file["licence_file"] for file in pinned()}

    assert {path.name for path in VENDOR.iterdir()} == known


@pytest.mark.parametrize("path", sorted(VENDOR.glob("*.js")), ids=name_of)
def test_no_source_map_is_named(path):
    """Hashed collectstatic fails on a map that is not there."""
    assert "sourceMappingURL" not in path.read_text()


def test_every_text_of_a_template_is_marked_for_translation():
    """ui.md §9: words between tags stand in translate or come from a variable."""
    leave_out = re.compile(
        r"{% block body_class %}.*?{% endblock|{% blocktranslate.*?{% endblocktranslate %}"
        r"|{#.*?#}|{%.*?%}|{{.*?}}|<kbd[^>]*>.*?</kbd>"
        r"|<[^>]*>|&\w+;|\bTLS\b|\bbit\b",
        re.DOTALL,
    )
    bare = {
        name_of(page): words
        for page in PAGES
        if (words := re.findall(r"[A-Za-z]{3,}", leave_out.sub(" ", page.read_text())))
    }

    assert bare == {}
