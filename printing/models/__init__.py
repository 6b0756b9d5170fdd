"""Models of printing, one file per entity."""

from printing.models.film import Film, FilmOrientation, ImageBox, SourceImage
from printing.models.job import (
    JobState,
    PageState,
    PrintedPage,
    PrintJob,
    PrintJobEvent,
    PrintPriority,
)
from printing.models.printer import Printer, PrinterAddress, PrinterModel, PrinterState

__all__ = [
    "Film",
    "FilmOrientation",
    "ImageBox",
    "JobState",
    "PageState",
    "PrintJob",
    "PrintJobEvent",
    "PrintPriority",
    "PrintedPage",
    "Printer",
    "PrinterAddress",
    "PrinterModel",
    "PrinterState",
    "SourceImage",
]
