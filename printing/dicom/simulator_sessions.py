"""Film sessions, film boxes and pictures of the simulated printer (PS3.4 H.4)."""

from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import BasicAnnotationBox, BasicColorImageBox, BasicGrayscaleImageBox

from printing import layout
from printing.dicom.simulator_pages import SimulatedImage

GRAY_SHAPES = {(1, 8, 8, 7, 0): 8, (1, 16, 12, 11, 0): 12}
COLOR_SHAPES = {(3, 8, 8, 7, 0): 8}
# Formats whose boxes the standard leaves to the printer, as this one cuts its films.
OWN_FORMATS = {
    "SLIDE": r"STANDARD\4,5",
    "SUPERSLIDE": r"STANDARD\3,4",
    r"CUSTOM\1": r"ROW\1,2",
    r"CUSTOM\2": r"COL\1,2",
}
MOST_TEXTS = 6


class Failure(Exception):
    """The request is answered with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


@dataclass
class Box:
    """A film box and what was put into its image boxes and annotation boxes."""

    ds: Dataset
    drawn_as: str  # STANDARD, ROW or COL
    image_uids: list[str]
    is_color: bool = False
    text_uids: list[str] = field(default_factory=list)
    images: dict[int, SimulatedImage] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    is_printed: bool = False

    @property
    def image_class(self) -> str:
        """Return the SOP class of its image boxes."""
        return str(BasicColorImageBox if self.is_color else BasicGrayscaleImageBox)


@dataclass
class Session:
    """The film session of an association: it ends with it (PS3.4 H.4.1.2.1.3)."""

    uid: str
    ds: Dataset = field(default_factory=Dataset)
    boxes: dict[str, Box] = field(default_factory=dict)


def new_box(ds: Dataset, *, is_color: bool, has_texts: bool) -> tuple[Box, Dataset]:
    """Make a film box; return it and what the printer answers."""
    if not ds.get("ImageDisplayFormat") or not ds.get("ReferencedFilmSessionSequence"):
        raise Failure(0x0120)
    drawn_as = OWN_FORMATS.get(str(ds.ImageDisplayFormat), str(ds.ImageDisplayFormat))
    try:
        count = layout.box_count(drawn_as)
    except layout.InvalidDisplayFormat as error:
        raise Failure(0x0106) from error
    box = Box(ds, drawn_as, [_uid() for _ in range(count)], is_color)
    made = Dataset()
    made.update(ds)
    made.ReferencedImageBoxSequence = [_reference(box.image_class, u) for u in box.image_uids]
    if has_texts and ds.get("AnnotationDisplayFormatID"):
        box.text_uids = [_uid() for _ in range(MOST_TEXTS)]
        made.ReferencedBasicAnnotationBoxSequence = [
            _reference(str(BasicAnnotationBox), uid) for uid in box.text_uids
        ]
    return box, made


def put_text(box: Box, ds: Dataset) -> None:
    """N-SET of an annotation box (PS3.4 Table H.4-13)."""
    position = ds.get("AnnotationPosition")
    if position is None:
        raise Failure(0x0120)
    if not 1 <= position <= len(box.text_uids):
        raise Failure(0x0106)
    box.texts[int(position)] = str(ds.get("TextString") or "")


def put_image(box: Box, ds: Dataset) -> None:
    """N-SET of an image box (PS3.4 Tables H.4-10 and H.4-11)."""
    keyword = "BasicColorImageSequence" if box.is_color else "BasicGrayscaleImageSequence"
    position = ds.get("ImageBoxPosition")
    if position is None or keyword not in ds:
        raise Failure(0x0120)
    if not 1 <= position <= len(box.image_uids):
        raise Failure(0x0106)
    if ds[keyword].value:
        is_reverse = ds.get("Polarity") == "REVERSE"
        item = ds[keyword].value[0]
        box.images[position] = _image(item, is_color=box.is_color, is_reverse=is_reverse)
    else:
        box.images.pop(position, None)  # an empty one erases (PS3.4 H.4.3.2.2.1.3)


def _image(item: Dataset, *, is_color: bool, is_reverse: bool) -> SimulatedImage:
    """Take a picture as PS3.3 C.13.5 allows it, or fail."""
    if "PixelData" not in item:
        raise Failure(0x0120)
    shape = (
        item.SamplesPerPixel,
        item.BitsAllocated,
        item.BitsStored,
        item.HighBit,
        item.PixelRepresentation,
    )
    bits = (COLOR_SHAPES if is_color else GRAY_SHAPES).get(shape)
    samples = item.Rows * item.Columns * shape[0]
    if bits is None or len(item.PixelData) < samples * shape[1] // 8:
        raise Failure(0x0106)
    if is_color and item.PhotometricInterpretation != "RGB":
        raise Failure(0x0106)
    vertical, horizontal = item.get("PixelAspectRatio") or (1, 1)
    return SimulatedImage(
        rows=item.Rows,
        columns=item.Columns,
        bits=bits,
        pixels=item.PixelData,
        is_inverse=(item.PhotometricInterpretation == "MONOCHROME1") != is_reverse,
        aspect=int(vertical) / int(horizontal),
        is_color=is_color,
        is_planar=is_color and item.get("PlanarConfiguration") == 1,
    )


def _uid() -> str:
    return str(generate_uid(prefix=None))


def _reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item
