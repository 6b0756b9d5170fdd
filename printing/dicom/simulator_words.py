"""What the simulated printer says about itself, and what it reads out of a request."""

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import BasicColorPrintManagementMeta, BasicGrayscalePrintManagementMeta

from printing.dicom.simulator_faults import PrinterFaults

FILMS = ("8INX10IN", "10INX12IN", "11INX14IN", "14INX14IN", "14INX17IN")
FORMATS = ("1,1", "1,2", "2,1", "2,2", "2,3", "3,3", "3,4", "4,4", "4,5", "5,6")
SESSION = ("NumberOfCopies", "PrintPriority", "MediumType", "FilmDestination", "FilmSessionLabel")
RESOLUTION = (3520, 4280)  # columns, rows of 14 × 17 inch, about 252 dpi


def asked_for(ds: Dataset, event: evt.Event) -> Dataset:
    """Return the attributes that were asked for; all of them where none was named."""
    wanted = event.attribute_identifiers
    if not wanted:
        return ds
    part = Dataset()
    part.update({tag: ds[tag] for tag in wanted if tag in ds})
    return part


def named(ds: Dataset, uid: str) -> Dataset:
    """Return the answer's dataset under a name; pynetdicom moves that into the response."""
    named = Dataset()
    named.update(ds)
    named.AffectedSOPInstanceUID = uid
    return named


def status_words(ae_title: str, faults: PrinterFaults) -> Dataset:
    """Return what Printer N-GET tells (PS3.3 C.13.9)."""
    ds = Dataset()
    ds.PrinterStatus = faults.printer_status
    ds.PrinterStatusInfo = faults.printer_status_info
    ds.PrinterName, ds.Manufacturer = ae_title, "Radiology portal"
    ds.ManufacturerModelName, ds.DeviceSerialNumber = "Film simulator", "0"
    ds.SoftwareVersions = "1"
    return ds


def configuration() -> Dataset:
    """Return what Printer Configuration N-GET tells (PS3.3 C.13.14)."""
    ds = Dataset()
    metas = ((BasicGrayscalePrintManagementMeta, 12), (BasicColorPrintManagementMeta, 8))
    ds.PrinterConfigurationSequence = [_of_class(str(meta), bits) for meta, bits in metas]
    return ds


def session_words(ds: Dataset) -> dict[str, str]:
    """Return what a film session asked for."""
    return {keyword: str(ds.get(keyword)) for keyword in SESSION if ds.get(keyword)}


def lut_of(film: Dataset, luts: dict[str, Dataset]) -> str | tuple[int, tuple[int, ...]]:
    """Return the presentation LUT that a film refers to."""
    for item in film.get("ReferencedPresentationLUTSequence") or ():
        ds = luts.get(str(item.ReferencedSOPInstanceUID))
        if ds is not None and "PresentationLUTShape" in ds:
            return str(ds.PresentationLUTShape)
        if ds is not None:
            return _table(ds.PresentationLUTSequence[0])
    return "IDENTITY"


def _table(item: Dataset) -> tuple[int, tuple[int, ...]]:
    data = item["LUTData"].value
    if isinstance(data, bytes | bytearray):
        data = [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]
    return int(item.LUTDescriptor[2]), tuple(int(value) for value in data)


def _of_class(meta: str, bits: int) -> Dataset:
    item = Dataset()
    item.SOPClassesSupported = [meta]
    item.MaximumMemoryAllocation = 65536
    item.MemoryBitDepth = item.PrintingBitDepth = bits
    item.MediaInstalledSequence = [_medium(number, size) for number, size in enumerate(FILMS, 1)]
    item.OtherMediaAvailableSequence = []
    item.SupportedImageDisplayFormatsSequence = [_format(text) for text in FORMATS]
    return item


def _medium(number: int, film_size_id: str) -> Dataset:
    ds = Dataset()
    ds.ItemNumber = number
    ds.MediumType, ds.FilmSizeID = "BLUE FILM", film_size_id
    ds.MinDensity, ds.MaxDensity = 20, 310
    return ds


def _format(text: str) -> Dataset:
    columns, rows = (int(number) for number in text.split(","))
    ds = Dataset()
    ds.ImageDisplayFormat = rf"STANDARD\{text}"
    ds.FilmOrientation, ds.FilmSizeID = "PORTRAIT", "14INX17IN"
    ds.Rows, ds.Columns = RESOLUTION[1] // rows, RESOLUTION[0] // columns
    ds.PrinterResolutionID = "STANDARD"
    return ds
