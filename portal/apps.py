"""The portal application."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal application."""

    name = "portal"

    def ready(self) -> None:
        """Register the system checks."""
        from portal import checks  # noqa: F401
