"""Models of printing, one file per entity."""

from printing.models.accounting import PrintQuota, PrintUse, RejectReason
from printing.models.film import Film, FilmOrientation, ImageBox, SourceImage
from printing.models.job import JobState, PrintJob, PrintPriority
from printing.models.page import PageState, PrintedPage, PrintJobEvent
from printing.models.printer import (
    CalibrationReading,
    ErrorPolicy,
    PoolMember,
    Printer,
    PrinterAddress,
    PrinterColor,
    PrinterModel,
    PrinterOutput,
    PrinterState,
    PrintPool,
)

__all__ = [
    "CalibrationReading",
    "ErrorPolicy",
    "Film",
    "FilmOrientation",
    "ImageBox",
    "JobState",
    "PageState",
    "PoolMember",
    "PrintJob",
    "PrintJobEvent",
    "PrintPool",
    "PrintPriority",
    "PrintQuota",
    "PrintUse",
    "PrintedPage",
    "Printer",
    "PrinterAddress",
    "PrinterColor",
    "PrinterModel",
    "PrinterOutput",
    "PrinterState",
    "RejectReason",
    "SourceImage",
]
