"""API of the printer models."""

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, asked, facility_id_of, validated
from portal.errors import InvalidInput
from portal.serializers import SeenInput
from printing.models import PrinterModel
from printing.printer_models import model_document
from printing.selectors import printers as printer_selectors
from printing.serializers.printer_models import PrinterModelInput, PrinterModelSerializer
from printing.services import printer_models

DOCUMENT = {"application/json": OpenApiTypes.OBJECT}


class PrinterModelViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[PrinterModel]):
    """What makes of printers accept: those in use, and the facility's own."""

    serializer_class = PrinterModelSerializer

    def get_queryset(self) -> QuerySet[PrinterModel]:
        """Return the printer models of the person's facilities."""
        return printer_selectors.printer_models(visible_to=self.request.user)

    @extend_schema(
        request=DOCUMENT, responses={200: PrinterModelSerializer, 201: PrinterModelSerializer}
    )
    def create(self, request: Request) -> Response:
        """Take a model as a document; one of this name is replaced and answered with 200."""
        model, is_new = printer_models.printer_model_set(
            facility_id=facility_id_of(request),
            by=actor_of(request),
            **validated(PrinterModelInput, request),
        )
        return answer(self, model.pk, 201 if is_new else 200)

    @extend_schema(request=DOCUMENT, responses=PrinterModelSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Say a model of the facility's own anew; 409 when somebody else was faster."""
        model = self.get_object()
        values = validated(PrinterModelInput, request)
        if values["document"].setdefault("name", model.name) != model.name:
            raise InvalidInput("A model keeps its name: take it in as another one.", "name")
        printer_models.printer_model_set(
            facility_id=model.facility_id, by=actor_of(request), **values
        )
        return answer(self, model.pk)

    @extend_schema(parameters=[SeenInput], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a model of the facility's own that no printer uses."""
        model = get_object_or_404(self.get_queryset(), pk=pk)
        printer_models.printer_model_delete(
            model_id=model.pk, by=actor_of(request), **asked(SeenInput, request)
        )
        return Response(status=204)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def document(self, request: Request, pk: str) -> Response:
        """Return the model as a document, to be taken in elsewhere."""
        return Response(model_document(self.get_object()))
