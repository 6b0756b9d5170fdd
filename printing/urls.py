"""Addresses of printing."""

from typing import Any

app_name = "printing"
urlpatterns: list[Any] = []
