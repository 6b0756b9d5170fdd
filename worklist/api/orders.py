"""API of patients, orders, exams and the catalogue."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, facility_id_of, validated
from portal.reads import note_read
from portal.timeline import course
from worklist.api.queries import explained
from worklist.models import (
    ImagingServiceRequest,
    Patient,
    ProcedureType,
    ScheduledProcedureStep,
    Station,
)
from worklist.selectors import catalogue
from worklist.selectors import orders as order_selectors
from worklist.selectors import patients as patient_selectors
from worklist.selectors import steps as step_selectors
from worklist.serializers.orders import (
    MoveInput,
    OrderInput,
    OrderSerializer,
    PatientInput,
    PatientSearch,
    PatientSerializer,
    PatientUpdate,
    ProcedureTypeSerializer,
    StationSerializer,
    StatusInput,
    StepSerializer,
    UndoInput,
)
from worklist.serializers.queries import ExplanationSerializer, WhyInput
from worklist.serializers.timeline import TimelineSerializer
from worklist.services import orders, patients, steps
from worklist.types import OrderValues, PatientValues

Status = ScheduledProcedureStep.Status


class PatientViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Patient]):
    """Patients; they are looked for by POST, since no name belongs into an address."""

    serializer_class = PatientSerializer

    def get_queryset(self) -> QuerySet[Patient]:
        """Return the patients of the person's facilities."""
        return patient_selectors.patients(visible_to=self.request.user)

    @extend_schema(request=PatientInput, responses={201: PatientSerializer})
    def create(self, request: Request) -> Response:
        """Register a patient."""
        patient = patients.patient_create(
            facility_id=facility_id_of(request),
            values=PatientValues(**validated(PatientInput, request)),
            by=actor_of(request),
        )
        return answer(self, patient.pk, 201)

    @extend_schema(request=PatientUpdate, responses=PatientSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Correct a patient; 409 when somebody else did since `version` was read."""
        values = validated(PatientUpdate, request)
        version = values.pop("version")
        patient = patients.patient_update(
            patient_id=self.get_object().pk,
            values=PatientValues(**values),
            version=version,
            by=actor_of(request),
        )
        return answer(self, patient.pk)

    @extend_schema(request=PatientSearch, responses=PatientSerializer(many=True))
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Find patients by words of their names in any script, or of their IDs."""
        text = validated(PatientSearch, request)["text"]
        found = patient_selectors.patients(visible_to=request.user, search=text)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class OrderFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the orders."""

    patient = filters.ModelChoiceFilter(
        queryset=lambda request: patient_selectors.patients(visible_to=request.user)
    )
    study_instance_uid = filters.CharFilter(
        field_name="requested_procedures__study_instance_uid", distinct=True
    )

    class Meta:
        model = ImagingServiceRequest
        fields = ("patient", "study_instance_uid")


class OrderViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ImagingServiceRequest]):
    """Orders: accession number, requested procedures, scheduled steps."""

    serializer_class = OrderSerializer
    filterset_class = OrderFilters
    field_names = {"station_id": "station"}

    def get_queryset(self) -> QuerySet[ImagingServiceRequest]:
        """Return the orders of the person's facilities."""
        return order_selectors.orders(visible_to=self.request.user)

    @extend_schema(request=OrderInput, responses={201: OrderSerializer})
    def create(self, request: Request) -> Response:
        """Order and book an exam; its numbers and UIDs are made here."""
        values = validated(OrderInput, request)
        overbook = values.pop("may_overbook_reason")
        step = orders.order_create(
            facility_id=facility_id_of(request),
            order=OrderValues(**values),
            by=actor_of(request),
            may_overbook_reason=overbook,
        )
        return answer(self, step.requested_procedure.service_request_id, 201)


class StepFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the exams."""

    date = filters.DateFilter(field_name="start_date")
    date_from = filters.DateFilter(field_name="start_date", lookup_expr="gte")
    date_to = filters.DateFilter(field_name="start_date", lookup_expr="lte")
    station = filters.ModelChoiceFilter(
        queryset=lambda request: catalogue.stations(visible_to=request.user)
    )
    modality = filters.CharFilter()
    status = filters.MultipleChoiceFilter(choices=Status.choices)
    study_instance_uid = filters.CharFilter(field_name="requested_procedure__study_instance_uid")

    class Meta:
        model = ScheduledProcedureStep
        fields = ("station", "modality", "status")


class StepViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ScheduledProcedureStep]):
    """Exams: scheduled procedure steps, changed only through what happens to them."""

    serializer_class = StepSerializer
    filterset_class = StepFilters
    field_names = {"station_id": "station"}

    def get_queryset(self) -> QuerySet[ScheduledProcedureStep]:
        """Return the exams of the person's facilities."""
        return step_selectors.scheduled_steps(visible_to=self.request.user)

    @extend_schema(request=StatusInput, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def arrive(self, request: Request, pk: str) -> Response:
        """Say that the patient is there."""
        return self._set_status(request, Status.ARRIVED)

    @extend_schema(request=StatusInput, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def ready(self, request: Request, pk: str) -> Response:
        """Say that the patient is prepared."""
        return self._set_status(request, Status.READY)

    @extend_schema(request=StatusInput, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Say that the exam has begun."""
        return self._set_status(request, Status.STARTED)

    @extend_schema(request=StatusInput, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Say that the exam is done."""
        return self._set_status(request, Status.COMPLETED)

    @extend_schema(request=StatusInput, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel the exam."""
        return self._set_status(request, Status.CANCELED)

    @extend_schema(request=StatusInput, responses=StepSerializer)
    @action(detail=True, methods=["post"], url_path="no-show")
    def no_show(self, request: Request, pk: str) -> Response:
        """Say that the patient did not come."""
        return self._set_status(request, Status.NO_SHOW)

    @extend_schema(request=UndoInput, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Go one state back, with a reason."""
        values = validated(UndoInput, request)
        step = steps.scheduled_step_undo(
            step_id=self.get_object().pk, by=actor_of(request), **values
        )
        return answer(self, step.pk)

    @extend_schema(request=MoveInput, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Book the exam elsewhere or at another time; 409 when that time is taken."""
        values = validated(MoveInput, request)
        step = steps.scheduled_step_move(
            step_id=self.get_object().pk, by=actor_of(request), **values
        )
        return answer(self, step.pk)

    @extend_schema(parameters=[WhyInput], responses=ExplanationSerializer)
    @action(detail=True, methods=["get"], filterset_class=None)
    def why(self, request: Request, pk: str) -> Response:
        """Say why the exam is, or is not, on a device's worklist, key by key."""
        step = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(ExplanationSerializer(explained(request, step)).data)

    @extend_schema(responses=TimelineSerializer)
    @action(detail=True, methods=["get"], filterset_class=None)
    def timeline(self, request: Request, pk: str) -> Response:
        """Tell the exam's course: every entry, from order to print, and by which message."""
        step = get_object_or_404(self.get_queryset(), pk=pk)
        note_read(request.user, step.facility_id, "exam", step.pk)
        found = course(step_id=step.pk, visible_to=request.user)
        return Response(TimelineSerializer(found).data)

    def _set_status(self, request: Request, to: str) -> Response:
        values = validated(StatusInput, request)
        step = steps.scheduled_step_set_status(
            step_id=self.get_object().pk, status=to, by=actor_of(request), **values
        )
        return answer(self, step.pk)


class StationViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Station]):
    """The devices and rooms that exams are booked on."""

    serializer_class = StationSerializer

    def get_queryset(self) -> QuerySet[Station]:
        """Return the stations of the person's facilities."""
        return catalogue.stations(visible_to=self.request.user)


class ProcedureTypeViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ProcedureType]):
    """The catalogue of what can be ordered."""

    serializer_class = ProcedureTypeSerializer

    def get_queryset(self) -> QuerySet[ProcedureType]:
        """Return the catalogue of the person's facilities."""
        return catalogue.procedure_types(visible_to=self.request.user)
