"""API of performed procedure steps: what devices reported over MPPS."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, validated
from worklist.models import PerformedInstance, PerformedProcedureStep
from worklist.selectors.performed import performed_instances, performed_steps
from worklist.serializers.performed import (
    CloseInput,
    PerformedInstanceSerializer,
    PerformedStepSerializer,
)
from worklist.services.performed import performed_step_close


class PerformedFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of performed steps."""

    device = filters.CharFilter(field_name="device__ae_title", help_text="AE title.")

    class Meta:
        model = PerformedProcedureStep
        fields = ("study_instance_uid", "status", "device")


class PerformedStepViewSet(
    ListModelMixin, RetrieveModelMixin, GenericViewSet[PerformedProcedureStep]
):
    """What devices reported that they did; devices change it, people may end what is left open."""

    serializer_class = PerformedStepSerializer
    filterset_class = PerformedFilterSet

    def get_queryset(self) -> QuerySet[PerformedProcedureStep]:
        """Return the performed steps of the person's facilities."""
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a database
            return PerformedProcedureStep.objects.none()
        return performed_steps(visible_to=self.request.user)

    @extend_schema(responses=PerformedInstanceSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None)
    def instances(self, request: Request, pk: str) -> Response:
        """List the instances that the step says it made."""
        found: QuerySet[PerformedInstance] = performed_instances(
            visible_to=request.user, performed_id=self.get_object().pk
        )
        page: Any = self.paginate_queryset(found)  # type: ignore[arg-type]  # of another model
        return self.get_paginated_response(PerformedInstanceSerializer(page, many=True).data)

    @extend_schema(request=CloseInput, responses=PerformedStepSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """End a step that its device has left open, with a reason; 409 when it is over already."""
        performed = performed_step_close(
            performed_id=self.get_object().pk,
            by=actor_of(request),
            **validated(CloseInput, request),
        )
        return answer(self, performed.pk)
