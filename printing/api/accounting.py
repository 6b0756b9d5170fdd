"""API of the account of films: uses, totals, quotas."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, asked, facility_id_of, validated
from portal.serializers import SeenInput
from printing.models import PrintQuota, PrintUse
from printing.selectors import accounting, usage
from printing.serializers.accounting import (
    QuotaInput,
    QuotaSerializer,
    QuotaUpdate,
    TotalSerializer,
    UseSearch,
    UseSerializer,
)
from printing.services import quotas

COUNTED_BY = (*usage.DIMENSIONS, "reprint_reason", *usage.STEPS)
BY = OpenApiParameter(
    "by",
    str,
    enum=COUNTED_BY,
    required=True,
    description="What films are counted by; a week begins on Monday, by the site's clock.",
)


class UseFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the films used; a patient is searched for in a body."""

    after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    job = filters.NumberFilter(field_name="job_number")

    class Meta:
        model = PrintUse
        fields = (
            "printer_name",
            "film_size_id",
            "medium_type",
            "created_by_name",
            "requesting_unit",
            "modality",
            "reprint_reason",
            "is_paper",
            "is_calibration",
            "is_wasted",
        )


class TotalFilters(UseFilters):
    """The same, and what the films are counted by."""

    by = filters.ChoiceFilter(choices=[(name, name) for name in COUNTED_BY], method="all")

    def all(self, found: QuerySet[PrintUse], name: str, value: str) -> QuerySet[PrintUse]:
        """Leave out nothing."""
        return found


class UseViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[PrintUse]):
    """Films used, the latest first: the account outlives the jobs."""

    serializer_class = UseSerializer
    filterset_class = UseFilters

    def get_queryset(self) -> QuerySet[PrintUse]:
        """Return the films used in the person's facilities."""
        return accounting.print_uses(visible_to=self.request.user)

    @extend_schema(request=UseSearch, responses=UseSerializer(many=True), filters=False)
    @action(detail=False, methods=["post"], filterset_class=None)
    def search(self, request: Request) -> Response:
        """Find the films of a patient by their ID."""
        patient_id = validated(UseSearch, request)["patient_id"]
        page = self.paginate_queryset(self.get_queryset().filter(patient_id=patient_id))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(parameters=[BY], responses=TotalSerializer(many=True))
    @action(detail=False, filterset_class=TotalFilters, pagination_class=None)
    def totals(self, request: Request) -> Response:
        """Count films by printer, size, medium, person, unit, modality, patient, reason or time."""
        by = request.query_params.get("by", "")
        if by not in COUNTED_BY:
            raise ValidationError({"by": [f"Say what to count by: {', '.join(COUNTED_BY)}."]})
        found = self.filter_queryset(self.get_queryset())
        rows: list[tuple[str, usage.Usage, dict[str, int] | None]]
        if by in usage.STEPS:
            course = usage.usage_by_time(found, by, None, None)
            rows = [(start.isoformat(), used, None) for start, used in course]
        else:
            reasons = usage.rejects_by_reason(found, by)
            rows = [
                (row.value, row.usage, reasons.get(row.value, {}))
                for row in usage.usage_by(found, by)
            ]
        totals = [
            {**vars(used), "value": value, "films": used.films, "reasons": by_reason}
            for value, used, by_reason in rows
        ]
        return Response(TotalSerializer(totals, many=True).data)


class QuotaViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[PrintQuota]):
    """How much film units may use, and what happens past it."""

    serializer_class = QuotaSerializer

    def get_queryset(self) -> QuerySet[PrintQuota]:
        """Return the quotas of the person's facilities."""
        return accounting.print_quotas(visible_to=self.request.user)

    @extend_schema(request=QuotaInput, responses={201: QuotaSerializer})
    def create(self, request: Request) -> Response:
        """Set a quota."""
        values: dict[str, Any] = validated(QuotaInput, request)
        quota = quotas.quota_set(
            facility_id=facility_id_of(request), by=actor_of(request), **values
        )
        return answer(self, quota.pk, 201)

    @extend_schema(request=QuotaUpdate, responses=QuotaSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Say a quota anew; 409 when somebody else was faster."""
        quota = self.get_object()
        quotas.quota_set(
            facility_id=quota.facility_id,
            quota_id=quota.pk,
            by=actor_of(request),
            **validated(QuotaUpdate, request),
        )
        return answer(self, quota.pk)

    @extend_schema(parameters=[SeenInput], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a quota away."""
        quota = get_object_or_404(self.get_queryset(), pk=pk)
        quotas.quota_delete(
            facility_id=quota.facility_id,
            quota_id=quota.pk,
            by=actor_of(request),
            **asked(SeenInput, request),
        )
        return Response(status=204)
