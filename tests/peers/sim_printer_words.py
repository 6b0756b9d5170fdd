"""What the film printer of the tests says about itself."""

from typing import Any

from pydicom.dataset import Dataset
from pynetdicom.sop_class import (
    BasicColorPrintManagementMeta,
    BasicGrayscalePrintManagementMeta,
)

META = {"gray": BasicGrayscalePrintManagementMeta, "color": BasicColorPrintManagementMeta}


def printer_words(printer: Any) -> Dataset:
    """Return what Printer N-GET says (PS3.3 C.13.9)."""
    ds = Dataset()
    values = {"PrinterStatus": "NORMAL", "PrinterStatusInfo": "NORMAL", "Manufacturer": "SIM"}
    names = {"PrinterName": printer.ae_title, "ManufacturerModelName": "sim_printer"}
    for keyword, value in {**values, **names, **printer.status}.items():
        setattr(ds, keyword, value)
    return ds


def configuration(printer: Any) -> Dataset:
    """One item per meta class (PS3.4 Table H.4-26, PS3.3 C.13.14)."""
    ds = Dataset()
    ds.PrinterConfigurationSequence = []
    for name in META:
        if name in printer.without:
            continue
        item = Dataset()
        item.SOPClassesSupported = [META[name]]
        item.MaximumMemoryAllocation = 65536
        item.MemoryBitDepth = item.PrintingBitDepth = 8 if name == "color" else max(printer.bits)
        item.MediaInstalledSequence = []
        for number, medium in enumerate(sorted(printer.takes["MediumType"]), 1):
            for size in sorted(printer.takes["FilmSizeID"]):
                media = Dataset()
                media.ItemNumber, media.MediumType, media.FilmSizeID = number, medium, size
                media.MinDensity, media.MaxDensity = 20, 310
                item.MediaInstalledSequence.append(media)
        item.OtherMediaAvailableSequence = []
        ds.PrinterConfigurationSequence.append(item)
    return ds
