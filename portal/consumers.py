"""The socket of open pages: it tells which ids went stale, and takes no commands."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from portal import selectors
from portal.relay import group_name


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """One way, ids only: the browser refetches over HTTP, where permissions are checked."""

    groups_joined: tuple[str, ...] = ()

    async def connect(self) -> None:
        """Join the groups of the person's facilities; strangers are closed out with 4403."""
        user = self.scope["user"]
        await self.accept()
        if user is None or not user.is_authenticated:
            await self.close(code=4403)
            return
        ids = await database_sync_to_async(
            lambda: list(selectors.facilities(visible_to=user).values_list("pk", flat=True))
        )()
        self.groups_joined = tuple(group_name(facility_id) for facility_id in ids)
        for group in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.send_json({"live": True})

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def live_news(self, message: dict[str, Any]) -> None:
        """Pass on kinds and ids."""
        await self.send_json(message["news"])
