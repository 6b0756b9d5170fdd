"""Fixtures that all tests share."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from portal import services
from portal.models import Facility
from portal.types import Actor
from tests.peers import ports

PASSWORD = "synthetic-password"
# What it looks for is wrong answers, not slow ones: a busy machine is slow.
hypothesis_settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busy")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last: Playwright leaves an event loop running in the main thread."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def _files_of_tests(settings: Any, tmp_path_factory: Any) -> None:
    """Keep uploads and simulated pages of tests out of the data directory."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("images")
    settings.SIMULATED_PRINTER_DIR = tmp_path_factory.mktemp("simulated")
    settings.SIMULATED_ARCHIVE_DIR = tmp_path_factory.mktemp("archive")


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Any) -> None:
    """Hash test passwords cheaply."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def facility(db: None) -> Facility:
    """The first facility, as `migrate` makes it (and makes again after a flush)."""
    found = Facility.objects.filter(code="main").first()
    if found is None:
        found, _ = services.facility_set(
            code="main", ae_title="PORTAL", name="Radiology", by=Actor.command("test")
        )
    cache.clear()
    return found


@pytest.fixture
def actor() -> Actor:
    """A command of this host: may do everything."""
    return Actor.command("test")


@pytest.fixture
def make_user(facility: Facility) -> Callable[..., Any]:
    """Make an account of a role; all have the same synthetic password."""

    def make(role: str, name: str | None = None, facility_code: str = "main") -> Any:
        user, _ = services.user_set(
            name=name or role,
            role=role,
            facility=facility_code,
            password=PASSWORD,
            by=Actor.command("test"),
        )
        return user

    return make


@pytest.fixture
def free_port() -> int:
    """A TCP port that nobody uses now."""
    return ports.free_port()


@pytest.fixture(params=["own", "pynetdicom"])
def stack(request: pytest.FixtureRequest, settings: Any) -> str:
    """The DICOM stack that serves associations: every test on a socket runs on both."""
    settings.DICOM_STACK = request.param
    return str(request.param)


@pytest.fixture
def running_scp(
    transactional_db: None, facility: Facility, settings: Any, stack: str
) -> Iterator[int]:
    """Our own listener on a free port, in this process; yields the port.

    On our own stack what was asked is asked of pynetdicom's as well, and compared byte by byte.
    """
    from portal import processes
    from portal.dicom.listening import ListenerConfig, listening
    from portal.recorder import recorder
    from tests.peers.twins import twins

    def config(is_stock: bool) -> ListenerConfig:
        return replace(processes.listener_config(port=0, is_shared=False), is_stock=is_stock)

    settings.DICOM_BIND = "127.0.0.1"
    recorder.start()
    try:
        with twins(config) if stack == "own" else listening(config(True)) as server:
            yield server.server_address[1]
    finally:
        recorder.stop()
