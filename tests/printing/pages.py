"""What tests of the printing pages share: signed-in browsers without script, and what they see."""

from collections.abc import Callable
from html import unescape
from typing import Any

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.models import Facility
from portal.services import facility_set
from printing.models import Film, SourceImage
from printing.services.films import film_create
from tests.printing.factories import BY, dicom_file, gray_dataset, make_image

HTMX = {"HX-Request": "true"}


def signed_in(make_user: Callable[..., Any], role: str, **values: Any) -> Client:
    """Return a browser of a person with that role."""
    client = Client()
    client.force_login(make_user(role, **values))
    return client


def other_facility() -> Facility:
    """Make a second facility, whose rows the first never sees."""
    facility, _ = facility_set(code="north", ae_title="NORTH", name="North", by=BY)
    return facility


def seen(response: Any) -> str:
    """Return what a page says, as a person reads it."""
    return " ".join(unescape(response.content.decode()).split())


def upload(*files: tuple[str, bytes], **values: Any) -> dict[str, Any]:
    """Return a form with files."""
    return {"files": [SimpleUploadedFile(name, content) for name, content in files], **values}


def dicom(number: int = 1, **attributes: Any) -> bytes:
    """Return a synthetic DICOM file; another number is another picture."""
    pixels = np.full((32, 32), number, np.uint16)
    return dicom_file(gray_dataset(pixels, InstanceNumber=number, **attributes))


def picture(facility: Facility, number: int = 1, **attributes: Any) -> SourceImage:
    """Keep a synthetic image; another number is another picture."""
    pixels = np.full((32, 32), number, np.uint16)
    return make_image(facility, pixels, InstanceNumber=number, **attributes)


def film_of(facility: Facility, *images: SourceImage, layout: str = r"STANDARD\2,2") -> Film:
    """Lay images out on a film."""
    return film_create(
        facility_id=facility.pk,
        by=BY,
        image_display_format=layout,
        image_ids=[image.pk for image in images],
    )


def form(film: Film, **values: Any) -> dict[str, Any]:
    """Return a form of the film page as it is sent: with the version that the person saw."""
    film.refresh_from_db()
    return {"version": film.version, "box": 1, **values}


# The form of a new printer, as it is sent.
NEW_PRINTER = {
    "name": "DryView",
    "ae_title": "DRYVIEW",
    "host": "127.0.0.1",
    "port": "10104",
    "model": "generic-12bit",
    "film_size_id": "14INX17IN",
    "retry_plan_s": "10, 20 30",
    "is_accepting": "on",
    "kind": "dicom",
    "output": "boxes",
    "color": "never",
    "error_policy": "retry-job",
    "fallbacks": ["drop-attribute", "gray"],
}
