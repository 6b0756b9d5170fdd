"""The printing application."""

from django.apps import AppConfig


class PrintingConfig(AppConfig):
    """The printing application."""

    name = "printing"
