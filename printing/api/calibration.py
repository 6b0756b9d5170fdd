"""API of what was measured on test pages."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, validated
from printing.models import CalibrationReading
from printing.selectors import calibration as calibration_selectors
from printing.selectors import printers as printer_selectors
from printing.serializers.calibration import ReadingInput, ReadingSerializer
from printing.services import calibration


class ReadingViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[CalibrationReading]):
    """Readings of the facility's printers, the latest first."""

    serializer_class = ReadingSerializer
    filterset_fields = ("printer",)
    field_names = {"job_id": "job"}

    def get_queryset(self) -> QuerySet[CalibrationReading]:
        """Return the readings of the printers of the person's facilities."""
        return calibration_selectors.calibration_readings(visible_to=self.request.user)

    @extend_schema(request=ReadingInput, responses={201: ReadingSerializer})
    def create(self, request: Request) -> Response:
        """Keep what was measured on a test page."""
        values = validated(ReadingInput, request)
        mine = printer_selectors.printers(visible_to=request.user)
        printer = get_object_or_404(mine, pk=values.pop("printer_id"))
        reading = calibration.calibration_read(
            printer_id=printer.pk, by=actor_of(request), **values
        )
        return answer(self, reading.pk, 201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back a reading that was written wrong."""
        reading = self.get_object()
        calibration.calibration_reading_delete(
            printer_id=reading.printer_id, reading_id=reading.pk, by=actor_of(request)
        )
        return Response(status=204)
