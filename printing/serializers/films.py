"""Bodies of the films."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing import layout
from printing.models import Film, FilmOrientation, ImageBox
from printing.paper.papers import MEDIA
from printing.rendering.preview import MAX_WIDTH

BOX = (
    "position",
    "image",
    "frame",
    "window_center",
    "window_width",
    "rotation",
    "is_flipped",
    "is_inverted",
    "is_true_size",
)


class ImageBoxSerializer(serializers.ModelSerializer[ImageBox]):
    """One box of a film: which picture, and how it is shown."""

    class Meta:
        model = ImageBox
        fields = BOX
        read_only_fields = fields


class ImageBoxInput(serializers.Serializer[Any]):
    """Which picture stands in a box, and how it is shown."""

    image = row_id(source="image_id")
    frame = serializers.IntegerField(default=1)
    window_center = serializers.FloatField(allow_null=True, default=None)
    window_width = serializers.FloatField(allow_null=True, default=None)
    rotation = serializers.IntegerField(default=0, help_text="Clockwise: 0, 90, 180 or 270.")
    is_flipped = serializers.BooleanField(default=False)
    is_inverted = serializers.BooleanField(default=False)
    is_true_size = serializers.BooleanField(
        default=False, help_text="A millimetre on film is one in the body."
    )


class FilmSerializer(serializers.ModelSerializer[Film]):
    """A film and the pictures on it; films of a set point to its first."""

    image_boxes = ImageBoxSerializer(many=True, read_only=True)

    class Meta:
        model = Film
        fields = (
            "id",
            "image_display_format",
            "film_size_id",
            "film_orientation",
            "has_text",
            "study_instance_uid",
            "accession_number",
            "first_film",
            "image_boxes",
            "version",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class FilmInput(serializers.Serializer[Any]):
    """A film to begin; pictures that do not fit go on further films of its set."""

    image_display_format = serializers.CharField(max_length=64, default=r"STANDARD\2,2")
    film_size_id = serializers.CharField(default=layout.DEFAULT_FILM_SIZE_ID)
    film_orientation = serializers.ChoiceField(
        choices=FilmOrientation.choices, default=FilmOrientation.PORTRAIT
    )
    images = serializers.ListField(child=row_id(), source="image_ids", default=list)


class FilmChange(serializers.Serializer[Any]):
    """What is to be different; `version` is the one that was read."""

    version = serializers.IntegerField()
    image_display_format = serializers.CharField(max_length=64, required=False)
    film_size_id = serializers.CharField(required=False)
    film_orientation = serializers.ChoiceField(choices=FilmOrientation.choices, required=False)
    has_text = serializers.BooleanField(required=False)
    study_instance_uid = serializers.CharField(max_length=64, allow_blank=True, required=False)
    accession_number = serializers.CharField(max_length=64, allow_blank=True, required=False)


class FilmRemoveInput(serializers.Serializer[Any]):
    """Which version of the film was seen, at the end of the address: DELETE has no body."""

    version = serializers.IntegerField(help_text="The one that was read; otherwise 409.")


class FillInput(serializers.Serializer[Any]):
    """Images whose frames go into the free boxes, in this order."""

    images = serializers.ListField(child=row_id(), source="image_ids", allow_empty=False)


class PreviewInput(serializers.Serializer[Any]):
    """How large a film is drawn."""

    width = serializers.IntegerField(
        min_value=16, max_value=MAX_WIDTH, default=900, help_text="Pixels."
    )
    is_color = serializers.BooleanField(
        default=False, help_text="As a colour printer shows it; without, as film does: in gray."
    )


class PdfInput(serializers.Serializer[Any]):
    """On which paper films are shown."""

    paper = serializers.ChoiceField(
        choices=list(MEDIA),
        default="",
        allow_blank=True,
        help_text="None: sheets as large as the films.",
    )


class FilmPdfInput(PdfInput):
    """On which paper, and how much of the set."""

    only = serializers.BooleanField(
        source="is_alone", default=False, help_text="This film alone, without those of its set."
    )
