"""API of the images that are brought in for printing."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, facility_id_of, validated
from portal.errors import InvalidInput
from printing.models import SourceImage
from printing.selectors import films as film_selectors
from printing.serializers.images import ImageSerializer, ImageUpload, UploadSerializer
from printing.services import images


class ImageFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the images."""

    class Meta:
        model = SourceImage
        fields = ("study_instance_uid", "modality")


class ImageViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[SourceImage]):
    """Images brought in for printing."""

    serializer_class = ImageSerializer
    filterset_class = ImageFilters
    parser_classes = (MultiPartParser,)

    def get_queryset(self) -> QuerySet[SourceImage]:
        """Return the images of the person's facilities."""
        return film_selectors.source_images(visible_to=self.request.user)

    @extend_schema(
        request={"multipart/form-data": ImageUpload},
        responses={201: UploadSerializer, 207: UploadSerializer},
    )
    def create(self, request: Request) -> Response:
        """Keep files: 201 when all were kept, 207 when some were, 400 when none was."""
        facility_id = facility_id_of(request)
        results = [
            self._kept(file, facility_id, request)
            for file in validated(ImageUpload, request)["files"]
        ]
        refused = [result for result in results if result["image"] is None]
        if len(refused) == len(results):
            if len(refused) == 1:
                raise InvalidInput(refused[0]["detail"], "files")
            raise ValidationError({"files": [f"{r['file']}: {r['detail']}" for r in refused]})
        body = UploadSerializer({"results": results}, context=self.get_serializer_context())
        return Response(body.data, status=207 if refused else 201)

    def _kept(
        self, file: "UploadedFile[Any]", facility_id: int, request: Request
    ) -> dict[str, Any]:
        try:
            image = images.image_add(facility_id=facility_id, source=file, by=actor_of(request))
        except InvalidInput as error:
            return {"file": file.name, "image": None, "detail": str(error)}
        return {"file": file.name, "image": image, "detail": ""}
