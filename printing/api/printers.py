"""API of the printers."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, facility_id_of, validated
from printing.models import Printer
from printing.selectors import printers as printer_selectors
from printing.serializers.printers import PrinterInput, PrinterSerializer, PrinterUpdate
from printing.services import printer_queue, printers


class PrinterFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the printers."""

    class Meta:
        model = Printer
        fields = ("state", "is_enabled")


class PrinterViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Printer]):
    """Printers as people choose them."""

    serializer_class = PrinterSerializer
    filterset_class = PrinterFilters

    def get_queryset(self) -> QuerySet[Printer]:
        """Return the printers of the person's facilities."""
        return printer_selectors.printers(visible_to=self.request.user)

    @extend_schema(request=PrinterInput, responses={200: PrinterSerializer, 201: PrinterSerializer})
    def create(self, request: Request) -> Response:
        """Set up a printer; one of this name is brought up to date and answered with 200."""
        values = validated(PrinterInput, request)
        facility_id = facility_id_of(request)
        known = self.get_queryset().filter(facility_id=facility_id, name=values["name"])
        code = 200 if known.exists() else 201
        printer = printers.printer_set(facility_id=facility_id, by=actor_of(request), **values)
        return answer(self, printer.pk, code)

    @extend_schema(request=PrinterUpdate, responses=PrinterSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Change everything about a printer but its name."""
        printer = self.get_object()
        printers.printer_set(
            facility_id=printer.facility_id,
            name=printer.name,
            by=actor_of(request),
            **validated(PrinterUpdate, request),
        )
        return answer(self, printer.pk)

    @extend_schema(request=None, responses=PrinterSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Let the printer take jobs out of its queue."""
        return self._enable(request, True)

    @extend_schema(request=None, responses=PrinterSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Pause the printer; what waits stays in its queue."""
        return self._enable(request, False)

    def _enable(self, request: Request, is_enabled: bool) -> Response:
        printer = self.get_object()
        printer_queue.printer_enable(
            printer_id=printer.pk, is_enabled=is_enabled, by=actor_of(request)
        )
        return answer(self, printer.pk)
