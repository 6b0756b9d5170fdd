"""API of the printers."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, facility_id_of, validated
from portal.dicom.errors import DicomError
from portal.errors import Conflict
from portal.selectors import require
from portal.types import Permission
from printing import probe as probing
from printing.models import Printer
from printing.selectors import jobs as job_selectors
from printing.selectors import printers as printer_selectors
from printing.serializers.calibration import CalibrationPrintInput
from printing.serializers.jobs import JobSerializer
from printing.serializers.printers import (
    CapabilitiesSerializer,
    PrinterInput,
    PrinterSerializer,
    PrinterUpdate,
)
from printing.services import printer_queue, printers
from printing.services.calibration import calibration_print
from printing.services.printer_probe import printer_probe_forget


class PrinterFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the printers."""

    class Meta:
        model = Printer
        fields = ("state", "is_enabled", "is_accepting")


class PrinterViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Printer]):
    """Printers as people choose them."""

    serializer_class = PrinterSerializer
    filterset_class = PrinterFilters
    field_names = {"device_id": "device"}

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
        """Say anew how a printer is set up, but for its name; what is left out is set back."""
        return self._set(request, validated(PrinterUpdate, request))

    @extend_schema(request=PrinterUpdate, responses=PrinterSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some of a printer; what is left out stays."""
        given = PrinterUpdate(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        return self._set(request, given.validated_data)

    @extend_schema(responses=CapabilitiesSerializer)
    @action(detail=True)
    def capabilities(self, request: Request, pk: str) -> Response:
        """Say what a printer takes: its model's word, and what a probe learned."""
        return Response(CapabilitiesSerializer.of(self.get_object()))

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

    @extend_schema(request=None, responses=PrinterSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Let new jobs into the printer's queue."""
        return self._accept(request, True)

    @extend_schema(request=None, responses=PrinterSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Keep new jobs out of the printer's queue; what waits there is printed."""
        return self._accept(request, False)

    @extend_schema(request=None, responses=PrinterSerializer)
    @action(detail=True, methods=["post"], url_path="media-loaded")
    def media_loaded(self, request: Request, pk: str) -> Response:
        """Say that film or paper was loaded: jobs that wait for it go out now."""
        printer = self.get_object()
        printer_queue.printer_media_loaded(printer_id=printer.pk, by=actor_of(request))
        return answer(self, printer.pk)

    @extend_schema(request=None, responses=PrinterSerializer)
    @action(detail=True, methods=["post"])
    def probe(self, request: Request, pk: str) -> Response:
        """Ask the printer what it takes, without printing; the answer is what was learned."""
        printer, by = self.get_object(), actor_of(request)
        require(by, printer.facility_id, Permission.PRINTER_MANAGE)
        try:
            probing.printer_probe(printer_id=printer.pk, by=by)
        except (DicomError, OSError) as error:
            raise Conflict(str(error)) from error
        return answer(self, printer.pk)

    @extend_schema(request=None, responses=PrinterSerializer)
    @action(detail=True, methods=["post"])
    def forget(self, request: Request, pk: str) -> Response:
        """Forget what a probe learned: the model's word counts again."""
        printer = self.get_object()
        printer_probe_forget(printer_id=printer.pk, by=actor_of(request))
        return answer(self, printer.pk)

    @extend_schema(request=CalibrationPrintInput, responses={201: JobSerializer})
    @action(detail=True, methods=["post"], url_path="calibration-page")
    def calibration_page(self, request: Request, pk: str) -> Response:
        """Queue the test page of the printer: steps from black to white, fine lines, a frame."""
        job = calibration_print(
            printer_id=self.get_object().pk,
            by=actor_of(request),
            **validated(CalibrationPrintInput, request),
        )
        queued = job_selectors.print_jobs(visible_to=request.user).get(pk=job.pk)
        return Response(JobSerializer(queued).data, status=201)

    def _set(self, request: Request, values: dict[str, Any]) -> Response:
        printer = self.get_object()
        printers.printer_set(
            facility_id=printer.facility_id, name=printer.name, by=actor_of(request), **values
        )
        return answer(self, printer.pk)

    def _enable(self, request: Request, is_enabled: bool) -> Response:
        printer = self.get_object()
        printer_queue.printer_enable(
            printer_id=printer.pk, is_enabled=is_enabled, by=actor_of(request)
        )
        return answer(self, printer.pk)

    def _accept(self, request: Request, is_accepting: bool) -> Response:
        printer = self.get_object()
        printer_queue.printer_accept(
            printer_id=printer.pk, is_accepting=is_accepting, by=actor_of(request)
        )
        return answer(self, printer.pk)
