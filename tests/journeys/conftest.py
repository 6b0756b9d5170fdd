"""The whole portal in this process, on free ports, and Chromium in front of it."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from channels.layers import channel_layers
from playwright.sync_api import expect

from portal import processes
from tests.conftest import PASSWORD
from tests.waiting import wait_until

expect.set_options(timeout=60_000)  # as long as wait_until: a busy machine is slow


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright runs an event loop in the main thread: let tests use the ORM beside it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The distribution's Chromium, quiet."""
    return {
        "executable_path": "/usr/bin/chromium",
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@dataclass
class Portal:
    """A running portal: where its pages and its listener are."""

    url: str
    dicom_port: int

    def sign_in(self, page: Any, name: str) -> None:
        """Sign in as a person would."""
        page.context.set_default_timeout(60_000)  # a busy machine is slow
        page.goto(f"{self.url}/sign-in/")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in/" not in url)


@pytest.fixture
def portal(transactional_db: None, facility: Any, settings: Any) -> Iterator[Portal]:
    """Pages, relay, listener and workers on the test database."""
    settings.DICOM_BIND = "127.0.0.1"
    settings.PRINT_RETRY_S = [1, 1, 1, 1, 1, 1]
    channel_layers.backends.clear()
    with ExitStack() as stack:
        listener = stack.enter_context(
            processes.listener(processes.listener_config(port=0, is_shared=False))
        )
        stack.enter_context(processes.workers())
        config = uvicorn.Config(
            "portal.asgi:application", port=0, log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, name="pages")
        thread.start()
        try:
            wait_until(lambda: server.started)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield Portal(f"http://127.0.0.1:{port}", listener.server_address[1])
        finally:
            server.should_exit = True
            thread.join(timeout=60)
