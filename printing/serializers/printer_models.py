"""Bodies of the printer models."""

from typing import Any

from rest_framework import serializers

from printing.models import PrinterModel
from printing.selectors.printers import is_shipped


class PrinterModelSerializer(serializers.ModelSerializer[PrinterModel]):
    """What a make of printer accepts."""

    is_shipped = serializers.SerializerMethodField(
        help_text="It comes with the portal and cannot be changed."
    )
    image_display_formats = serializers.ListField(child=serializers.CharField(), read_only=True)
    film_size_ids = serializers.ListField(child=serializers.CharField(), read_only=True)
    medium_types = serializers.ListField(child=serializers.CharField(), read_only=True)
    film_destinations = serializers.ListField(child=serializers.CharField(), read_only=True)
    film_pixels = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        read_only=True,
        help_text="Film Size ID -> columns and rows of the whole film, portrait.",
    )
    attributes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), read_only=True
    )
    drawn_as = serializers.DictField(child=serializers.CharField(), read_only=True)
    quirks = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = PrinterModel
        fields = (
            "id",
            "name",
            "title",
            "is_shipped",
            "source",
            "bits",
            "has_color",
            "image_display_formats",
            "film_size_ids",
            "medium_types",
            "film_destinations",
            "film_pixels",
            "attributes",
            "drawn_as",
            "lut_place",
            "has_print_job",
            "has_annotation",
            "max_copies",
            "quirks",
            "version",
        )
        read_only_fields = fields

    def get_is_shipped(self, model: PrinterModel) -> bool:
        """Say whether the model comes with the portal."""
        return is_shipped(model)


class PrinterModelInput(serializers.Serializer[Any]):
    """A model as a document: the same that is exported. Its details are read by the service.

    With `version`, only while the model is as it was seen; 0: only when there is none yet.
    """

    name = serializers.SlugField(max_length=64)
    version = serializers.IntegerField(required=False, min_value=0)

    def to_internal_value(self, data: Any) -> Any:
        """Take the document as it is."""
        if not isinstance(data, dict):
            raise serializers.ValidationError({"name": ["A printer model is an object."]})
        document = dict(data)
        version = document.pop("version", None)
        try:
            version = None if version is None else self.fields["version"].run_validation(version)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"version": error.detail}) from error
        return {"document": document, "version": version}
