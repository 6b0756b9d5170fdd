"""Pages, API and sockets; the relay lives and dies with the web process."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

django_application = get_asgi_application()

from portal.checks import require_servable  # noqa: E402
from portal.consumers import LiveConsumer  # noqa: E402
from portal.heartbeat import Heartbeat  # noqa: E402
from portal.reads import read_log  # noqa: E402
from portal.relay import Relay  # noqa: E402

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
BEGIN_SECONDS = 5.0  # then without: the database is away


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Start relay, heartbeat and read log with the web process, stop them with it."""
    await receive()
    try:
        require_servable()
    except RuntimeError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    relay, pulse = Relay(asyncio.get_running_loop()), Heartbeat("web")
    relay.start()
    pulse.start()
    read_log.start()
    # What commits after the first page was read is news to it.
    await asyncio.to_thread(relay.has_begun, BEGIN_SECONDS)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.to_thread(read_log.stop)
    await asyncio.to_thread(pulse.stop)
    await asyncio.to_thread(relay.stop)
    await send({"type": "lifespan.shutdown.complete"})


sockets = URLRouter(
    [path("ws/live/", LiveConsumer.as_asgi())]  # type: ignore[list-item, arg-type]
)
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets)),
        "lifespan": lifespan,
    }
)
