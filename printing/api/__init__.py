"""API of printing, one file per collection."""

from typing import Any

from printing.api.accounting import QuotaViewSet, UseViewSet
from printing.api.calibration import ReadingViewSet
from printing.api.films import FilmViewSet
from printing.api.images import ImageViewSet
from printing.api.jobs import JobViewSet
from printing.api.pools import PoolViewSet
from printing.api.printer_models import PrinterModelViewSet
from printing.api.printers import PrinterViewSet

COLLECTIONS: dict[str, Any] = {
    "printers": PrinterViewSet,
    "printer-models": PrinterModelViewSet,
    "print-pools": PoolViewSet,
    "images": ImageViewSet,
    "films": FilmViewSet,
    "print-jobs": JobViewSet,
    "print-uses": UseViewSet,
    "print-quotas": QuotaViewSet,
    "calibration-readings": ReadingViewSet,
}
