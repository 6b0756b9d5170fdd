"""Modality Worklist SCP (PS3.4 Annex K)."""

from typing import Any

SOP_CLASSES: list[Any] = []
HANDLERS: list[Any] = []
