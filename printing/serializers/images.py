"""Bodies of the images."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from printing.models import SourceImage


class ImageSerializer(serializers.ModelSerializer[SourceImage]):
    """A picture kept for printing, and what its file says about itself."""

    class Meta:
        model = SourceImage
        fields = (
            "id",
            "is_dicom",
            "rows",
            "columns",
            "number_of_frames",
            "samples_per_pixel",
            "bits_stored",
            "photometric_interpretation",
            "window_center",
            "window_width",
            "sop_class_uid",
            "sop_instance_uid",
            "transfer_syntax_uid",
            "modality",
            "study_instance_uid",
            "series_instance_uid",
            "accession_number",
            "series_number",
            "instance_number",
            "study_description",
            "series_description",
            "study_date",
            "patient_id",
            "patient_name",
            "patient_birth_date",
            "patient_sex",
            "created_at",
        )
        read_only_fields = fields


@extend_schema_field(OpenApiTypes.BINARY)
class UploadedFileField(serializers.FileField):
    """A file of a form."""


class ImageUpload(serializers.Serializer[Any]):
    """Files to keep: DICOM images or pictures."""

    files = serializers.ListField(child=UploadedFileField(allow_empty_file=True), allow_empty=False)


class UploadResult(serializers.Serializer[Any]):
    """What became of one file."""

    file = serializers.CharField()
    image = ImageSerializer(allow_null=True)
    detail = serializers.CharField(help_text="Why the file was not kept; empty when it was.")


class UploadSerializer(serializers.Serializer[Any]):
    """What became of the files, in their order."""

    results = UploadResult(many=True)
