"""Images brought in for printing, and the films they are laid out on."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Facility


class SourceImage(models.Model):
    """A DICOM or picture file kept on disk, with what films and pages need to know of it."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    path = models.CharField(max_length=255)  # below MEDIA_ROOT; named by content, not by patient
    sha256 = models.CharField(max_length=64)
    is_dicom = models.BooleanField()
    sop_class_uid = models.CharField(max_length=64, blank=True)
    sop_instance_uid = models.CharField(max_length=64, blank=True)
    transfer_syntax_uid = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    number_of_frames = models.PositiveIntegerField(default=1)
    samples_per_pixel = models.PositiveSmallIntegerField(default=1)
    bits_stored = models.PositiveSmallIntegerField(default=8)
    photometric_interpretation = models.CharField(max_length=16)
    window_center = models.FloatField(null=True, blank=True)  # of the file; none: min to max
    window_width = models.FloatField(null=True, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    study_instance_uid = models.CharField(max_length=64, blank=True, db_index=True)
    series_instance_uid = models.CharField(max_length=64, blank=True)
    accession_number = models.CharField(max_length=64, blank=True)
    series_number = models.IntegerField(null=True, blank=True)
    instance_number = models.IntegerField(null=True, blank=True)
    study_description = models.CharField(max_length=64, blank=True)
    series_description = models.CharField(max_length=64, blank=True)
    study_date = models.DateField(null=True, blank=True)
    patient_id = models.CharField(max_length=64, blank=True)
    patient_name = models.CharField(max_length=324, blank=True)  # PN, groups joined by `=`
    patient_birth_date = models.DateField(null=True, blank=True)
    patient_sex = models.CharField(max_length=16, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        constraints = [
            models.UniqueConstraint(fields=["facility", "sha256"], name="source_image_unique")
        ]

    def __str__(self) -> str:
        return f"image {self.pk}"


class FilmOrientation(models.TextChoices):
    """(2010,0040), PS3.3 C.13.3."""

    PORTRAIT = "PORTRAIT", _("Tall")
    LANDSCAPE = "LANDSCAPE", _("Wide")


class Film(models.Model):
    """A film being laid out: format, size, orientation; its image boxes hold the pictures."""

    Orientation = FilmOrientation

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    image_display_format = models.CharField(max_length=64, default=r"STANDARD\2,2")
    film_size_id = models.CharField(max_length=16, default="14INX17IN")
    film_orientation = models.CharField(
        max_length=16, choices=FilmOrientation, default=Orientation.PORTRAIT
    )
    has_text = models.BooleanField(default=True)  # patient and image lines burned in
    study_instance_uid = models.CharField(max_length=64, blank=True)
    accession_number = models.CharField(max_length=64, blank=True)
    # The films after the first of a set point to it: they are laid out and printed together.
    first_film = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="next_films"
    )
    # What the person brought in to choose from, on the first film of the set.
    images = models.ManyToManyField(SourceImage, blank=True, related_name="films")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("film")
        verbose_name_plural = _("films")

    def __str__(self) -> str:
        return f"film {self.pk}"


class ImageBox(models.Model):
    """One box of a film: which picture (image and frame), and how it is shown."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT)
    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="image_boxes")
    position = models.PositiveIntegerField()  # Image Box Position, from 1 (PS3.3 C.13.5)
    image = models.ForeignKey(SourceImage, on_delete=models.PROTECT)
    frame = models.PositiveIntegerField(default=1)
    window_center = models.FloatField(null=True, blank=True)  # none: the file's own
    window_width = models.FloatField(null=True, blank=True)
    rotation = models.PositiveSmallIntegerField(default=0)  # degrees clockwise: 0 90 180 270
    is_flipped = models.BooleanField(default=False)  # left and right
    is_inverted = models.BooleanField(default=False)
    is_true_size = models.BooleanField(default=False)  # a millimetre on film is one in the body

    class Meta:
        verbose_name = _("image box")
        verbose_name_plural = _("image boxes")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["film", "position"], name="image_box_unique"),
            models.CheckConstraint(
                name="image_box_rotation", condition=models.Q(rotation__in=[0, 90, 180, 270])
            ),
        ]

    def __str__(self) -> str:
        return f"box {self.position} of film {self.film_id}"
