"""Printer models as data: what a make of printer accepts, and where that is said."""

from printing.printer_models.attributes import (
    IMAGE_BOX,
    NOT_CHOSEN,
    OPTIONAL_ATTRIBUTES,
    SHARED_WITH_IMAGE_BOX,
    OptionalAttribute,
    Place,
)
from printing.printer_models.reading import (
    LUT_PLACES,
    InvalidModel,
    ShippedModel,
    model_document,
    read_model,
)
from printing.printer_models.shipped import (
    DEFAULT_MODEL,
    FILM_PIXELS,
    IMAGE_DISPLAY_FORMATS,
    PAPER_MODEL,
    SHIPPED_MODELS,
)

__all__ = [
    "DEFAULT_MODEL",
    "FILM_PIXELS",
    "IMAGE_BOX",
    "IMAGE_DISPLAY_FORMATS",
    "LUT_PLACES",
    "NOT_CHOSEN",
    "OPTIONAL_ATTRIBUTES",
    "PAPER_MODEL",
    "SHARED_WITH_IMAGE_BOX",
    "SHIPPED_MODELS",
    "InvalidModel",
    "OptionalAttribute",
    "Place",
    "ShippedModel",
    "model_document",
    "read_model",
]
