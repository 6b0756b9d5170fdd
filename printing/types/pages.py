"""Pages and their pictures: as people ask for them, as they are drawn, as pixels."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class BoxValues:
    """One picture of a page as people ask for it: which image and frame, and how it is shown."""

    position: int  # Image Box Position, from 1 (PS3.3 C.13.5)
    image_id: int
    frame: int = 1
    window_center: float | None = None  # none: the file's own window, or minimum to maximum
    window_width: float | None = None
    rotation: int = 0  # degrees clockwise: 0, 90, 180, 270
    is_flipped: bool = False  # left and right
    is_inverted: bool = False
    is_true_size: bool = False  # a millimetre on film is one in the body


@dataclass(frozen=True)
class PageValues:
    """One page as people ask for it."""

    image_display_format: str
    film_size_id: str
    film_orientation: str = "PORTRAIT"
    has_text: bool = True
    image_boxes: tuple[BoxValues, ...] = ()
    pattern: str = ""  # a test pattern in the place of pictures


@dataclass(frozen=True)
class ImageAttributes:
    """What a file says about itself, as the row of a source image keeps it."""

    is_dicom: bool
    rows: int
    columns: int
    photometric_interpretation: str
    number_of_frames: int = 1
    samples_per_pixel: int = 1
    bits_stored: int = 8
    window_center: float | None = None
    window_width: float | None = None
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    transfer_syntax_uid: str = ""
    modality: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    accession_number: str = ""
    series_number: int | None = None
    instance_number: int | None = None
    study_description: str = ""
    series_description: str = ""
    study_date: date | None = None
    patient_id: str = ""
    patient_name: str = ""  # PN, groups joined by `=`
    patient_birth_date: date | None = None
    patient_sex: str = ""


@dataclass(frozen=True)
class BoxText:
    """What is burned into a picture: who it is, and which picture it is."""

    patient_name: str = ""  # PN, groups joined by `=`
    patient: tuple[str, ...] = ()  # ID, birth date, sex
    study: tuple[str, ...] = ()  # date, descriptions
    image: tuple[str, ...] = ()  # modality, series, image and frame numbers


@dataclass(frozen=True)
class BoxSpec:
    """One picture of a page, ready to be drawn: a file instead of a row."""

    position: int
    path: Path
    is_dicom: bool
    frame: int = 1
    window: tuple[float, float] | None = None  # center, width
    rotation: int = 0
    is_flipped: bool = False
    is_inverted: bool = False
    is_true_size: bool = False
    text: BoxText = BoxText()


@dataclass(frozen=True)
class PageSpec:
    """One page, ready to be drawn."""

    image_display_format: str
    film_size_id: str
    film_orientation: str
    has_text: bool
    boxes: tuple[BoxSpec, ...]
    drawn_as: str = ""  # the layout to draw, where the display format leaves it to the printer
    pattern: str = ""  # a test pattern in the place of pictures
    title: str = ""  # of a test pattern: printer and date


@dataclass(frozen=True)
class Drawing:
    """How a page is drawn for a printer; the same page and drawing give the same bytes."""

    bits: int = 8
    is_color: bool = False  # RGB 8/8/7 in the place of gray
    is_composed: bool = False  # one picture of the whole film, shown with STANDARD\1,1
    is_plain: bool = False  # windowed but unscaled, no text
    film_pixels: tuple[int, int] | None = None  # columns, rows of the film, portrait


@dataclass(frozen=True)
class BoxPixels:
    """The pixels of one image box.

    MONOCHROME2 8/8/7 in bytes or 16/12/11 little endian; RGB 8/8/7, planar configuration 0.
    """

    position: int
    rows: int
    columns: int
    bits: int
    pixels: bytes | memoryview
    pixel_aspect_ratio: tuple[int, int] = (1, 1)  # vertical, horizontal (0028,0034)
    is_color: bool = False
    # Width of the picture in millimetres (2020,0030), for true size; none: not asked for.
    requested_image_size: float | None = None
