"""Images taken in: by content, once, checked; refused ones leave nothing behind."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from portal.errors import InvalidInput, NotAllowed
from portal.selectors import actor_for
from portal.services import facility_set
from printing.models import SourceImage
from printing.selectors.films import image_path, source_images
from printing.services.images import image_add
from tests.printing.factories import BY, dicom_file, gray_dataset
from tests.printing.samples import sample

pytestmark = pytest.mark.django_db


def files_below(settings):
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_dicom_file_keeps_its_attributes(facility):
    """architecture.md §4: the file on disk, its attributes in the row."""
    image = image_add(facility_id=facility.pk, source=sample("MR_small.dcm"), by=BY)

    assert image_path(image).read_bytes() == sample("MR_small.dcm").read_bytes()
    assert (image.is_dicom, image.rows, image.columns, image.bits_stored) == (True, 64, 64, 16)
    assert (image.modality, image.number_of_frames) == ("MR", 1)
    assert (image.window_center, image.window_width) == (600.0, 1600.0)
    assert image.patient_name == "CompressedSamples^MR1"
    assert image.study_instance_uid.startswith("1.3.6.1.4.1.5962")
    assert "MR1" not in image.path  # named by content, not by patient


def test_names_in_other_scripts_come_through(facility):
    """PS3.5 6.2.3: component groups and character sets."""
    ds = gray_dataset(
        np.zeros((2, 2), np.uint8),
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
        StudyDate="20260131",
        PatientBirthDate="19800229",
    )

    image = image_add(facility_id=facility.pk, source=dicom_file(ds), by=BY)

    assert image.patient_name == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert (image.study_date.isoformat(), image.patient_birth_date.isoformat()) == (
        "2026-01-31",
        "1980-02-29",
    )


def test_a_multi_frame_file_is_one_image_with_frames(facility):
    """Each frame is a picture of its own, in order."""
    image = image_add(facility_id=facility.pk, source=sample("examples_ybr_color.dcm"), by=BY)

    assert (image.number_of_frames, image.samples_per_pixel) == (30, 3)


@pytest.mark.parametrize("kind", ["path", "bytes", "stream"])
def test_the_same_content_is_the_same_row(facility, settings, kind):
    """Idempotent: a second upload changes nothing."""
    path = sample("CT_small.dcm")
    source = {"path": path, "bytes": path.read_bytes(), "stream": BytesIO(path.read_bytes())}[kind]

    first = image_add(facility_id=facility.pk, source=path, by=BY)
    again = image_add(facility_id=facility.pk, source=source, by=BY)

    assert first.pk == again.pk
    assert len(files_below(settings)) == 1


def test_a_file_that_vanished_is_kept_again(facility):
    """The row alone shows nothing."""
    first = image_add(facility_id=facility.pk, source=sample("CT_small.dcm"), by=BY)
    image_path(first).unlink()

    again = image_add(facility_id=facility.pk, source=sample("CT_small.dcm"), by=BY)

    assert again.pk == first.pk
    assert image_path(again).is_file()


def test_facilities_do_not_share_rows_or_files(facility, make_user):
    """architecture.md §4: two hospitals never see each other's rows."""
    other, _ = facility_set(code="other", ae_title="OTHER", name=None, by=BY)
    ours = image_add(facility_id=facility.pk, source=sample("CT_small.dcm"), by=BY)
    theirs = image_add(facility_id=other.pk, source=sample("CT_small.dcm"), by=BY)

    assert ours.path != theirs.path
    assert list(source_images(visible_to=make_user("operator"))) == [ours]


def test_a_picture_is_an_image_too(facility):
    """print_images takes DICOM or picture files."""
    png = BytesIO()
    Image.new("RGB", (20, 10)).save(png, "PNG")

    image = image_add(facility_id=facility.pk, source=png, by=BY)

    assert (image.is_dicom, image.columns, image.rows) == (False, 20, 10)
    assert image.photometric_interpretation == "RGB"


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"no picture" * 100,
        sample("rtplan.dcm"),
        sample("MR_truncated.dcm"),
        Path("no such file"),
        Path("/"),
    ],
)
def test_what_cannot_be_used_leaves_nothing_behind(facility, settings, source):
    """Issue, “Bad input”: one clear sentence, nothing already stored is harmed."""
    kept = image_add(facility_id=facility.pk, source=sample("CT_small.dcm"), by=BY)

    with pytest.raises(InvalidInput, match=r"\.$") as caught:
        image_add(facility_id=facility.pk, source=source, by=BY)

    assert caught.value.field == "file"
    assert list(SourceImage.objects.all()) == [kept]
    assert files_below(settings) == [image_path(kept)]


def test_a_file_that_is_too_large_is_refused(facility, settings):
    """PORTAL_UPLOAD_MAX_BYTES."""
    settings.UPLOAD_MAX_BYTES = 1 << 20
    content = dicom_file(gray_dataset(np.zeros((1024, 1024), np.uint16)))

    with pytest.raises(InvalidInput, match="larger than 1 MB"):
        image_add(facility_id=facility.pk, source=content, by=BY)
    assert files_below(settings) == []


def test_only_who_may_lay_out_films_brings_images_in(facility, make_user):
    """portal.types.PERMISSIONS."""
    with pytest.raises(NotAllowed):
        image_add(
            facility_id=facility.pk,
            source=sample("CT_small.dcm"),
            by=actor_for(make_user("auditor")),
        )
