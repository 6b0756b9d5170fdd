"""The printer models that are shipped: one JSON file each, only with what its source says."""

import json
from pathlib import Path

from printing.printer_models.reading import ShippedModel, read_model

DEFAULT_MODEL = "generic-8bit"
PAPER_MODEL = "paper"
_FILES = Path(__file__).with_name("shipped")


def _read() -> dict[str, ShippedModel]:
    """Read the files, those first that others are based on."""
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(_FILES.glob("*.json"))]
    found: dict[str, ShippedModel] = {}
    while documents:
        ready = [each for each in documents if each.get("based_on", "") in {"", *found}]
        if not ready:
            raise LookupError(f"based on no model: {[each['name'] for each in documents]}")
        for document in ready:
            found[document["name"]] = read_model(document, found)
            documents.remove(document)
    is_generic = {name: name.startswith(("generic", "paper")) for name in found}
    return {name: found[name] for name in sorted(found, key=lambda n: (not is_generic[n], n))}


SHIPPED_MODELS: dict[str, ShippedModel] = _read()
# Columns and rows of a film in portrait, at the pitch of 4096 x 5120 on 14 x 17 inches
# (PS3.3 C.13.3: resolution STANDARD is about 4k x 5k for 14INX17IN).
FILM_PIXELS = SHIPPED_MODELS[DEFAULT_MODEL].film_pixels
IMAGE_DISPLAY_FORMATS = SHIPPED_MODELS[DEFAULT_MODEL].image_display_formats
