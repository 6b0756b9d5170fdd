"""API of printing, one file per collection."""

from typing import Any

from printing.api.films import FilmViewSet
from printing.api.images import ImageViewSet
from printing.api.jobs import JobViewSet
from printing.api.printers import PrinterViewSet

COLLECTIONS: dict[str, Any] = {
    "printers": PrinterViewSet,
    "images": ImageViewSet,
    "films": FilmViewSet,
    "print-jobs": JobViewSet,
}
