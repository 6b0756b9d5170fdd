"""The worklist application."""

from django.apps import AppConfig


class WorklistConfig(AppConfig):
    """The worklist application."""

    name = "worklist"
