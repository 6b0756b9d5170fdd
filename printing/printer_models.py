"""Printer models that are shipped: what a generic film printer accepts, by name."""

from dataclasses import dataclass, field

# Columns and rows of a film in portrait, at the pitch of 4096 x 5120 on 14 x 17 inches
# (PS3.3 C.13.3: resolution STANDARD is about 4k x 5k for 14INX17IN).
FILM_PIXELS: dict[str, tuple[int, int]] = {
    "14INX17IN": (4096, 5120),
    "8INX10IN": (2340, 3012),
    "8_5INX11IN": (2486, 3312),
    "10INX12IN": (2926, 3614),
    "10INX14IN": (2960, 4316),
    "11INX14IN": (3218, 4216),
    "11INX17IN": (3218, 5120),
    "14INX14IN": (4096, 4216),
    "24CMX24CM": (2764, 2846),
    "24CMX30CM": (2764, 3556),
    "A4": (2418, 3522),
    "A3": (3420, 4980),
}
IMAGE_DISPLAY_FORMATS = tuple(
    f"STANDARD\\{columns},{rows}"
    for columns, rows in (
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (2, 3),
        (3, 2),
        (3, 3),
        (3, 4),
        (3, 5),
        (4, 4),
        (4, 5),
        (5, 6),
    )
)


@dataclass(frozen=True)
class ShippedModel:
    """A printer model as data; the row of a facility is made from it on first use."""

    name: str
    title: str
    bits: int
    image_display_formats: tuple[str, ...] = IMAGE_DISPLAY_FORMATS
    film_size_ids: tuple[str, ...] = tuple(FILM_PIXELS)
    medium_types: tuple[str, ...] = ("BLUE FILM", "CLEAR FILM", "PAPER")
    film_destinations: tuple[str, ...] = ("PROCESSOR", "MAGAZINE")
    film_pixels: dict[str, tuple[int, int]] = field(default_factory=lambda: dict(FILM_PIXELS))


DEFAULT_MODEL = "generic-8bit"
SHIPPED_MODELS: dict[str, ShippedModel] = {
    model.name: model
    for model in (
        ShippedModel("generic-8bit", "Generic film printer, 8 bit", 8),
        ShippedModel("generic-12bit", "Generic film printer, 12 bit", 12),
    )
}
