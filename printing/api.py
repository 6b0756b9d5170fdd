"""API of printing."""

from typing import Any

COLLECTIONS: dict[str, Any] = {}
