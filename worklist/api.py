"""API of worklist."""

from typing import Any

COLLECTIONS: dict[str, Any] = {}
