"""API of the recorded queries, and of why an exam is (not) on a device."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal import selectors as portal_selectors
from portal.api import asked
from portal.errors import Conflict, NotFound
from worklist.models import ScheduledProcedureStep, WorklistQuery
from worklist.selectors.explaining import Explanation, explain
from worklist.selectors.queries import (
    Outcome,
    ended,
    last_query,
    worklist_queries,
)
from worklist.selectors.replaying import question_of, replay
from worklist.serializers.queries import (
    ReplaySerializer,
    WhyInput,
    WorklistQuerySerializer,
)


class QueryFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the recorded queries."""

    device = filters.ModelChoiceFilter(
        queryset=lambda request: portal_selectors.devices(visible_to=request.user)
    )
    at_from = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    at_to = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lte")
    outcome = filters.ChoiceFilter(
        choices=[(one.value, one.value) for one in Outcome], method="narrow_to_outcome"
    )

    class Meta:
        model = WorklistQuery
        fields = ("device",)

    def narrow_to_outcome(
        self, queries: QuerySet[WorklistQuery], name: str, value: str
    ) -> QuerySet[WorklistQuery]:
        """Return the queries that ended so."""
        return queries.filter(ended(Outcome(value)))


class WorklistQueryViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[WorklistQuery]):
    """What devices asked for by C-FIND, and what they were sent."""

    serializer_class = WorklistQuerySerializer
    filterset_class = QueryFilterSet

    def get_queryset(self) -> QuerySet[WorklistQuery]:
        """Return the recorded queries of the person's facilities."""
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a database
            return WorklistQuery.objects.none()
        return worklist_queries(visible_to=self.request.user)

    @extend_schema(request=None, responses=ReplaySerializer)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Ask this very question again, as a dry run: nothing is recorded."""
        question = question_of(self.get_object())
        if question is None:
            raise Conflict("The question was too large to be kept.")
        return Response(ReplaySerializer(replay(question)).data)


def explained(request: Request, step: ScheduledProcedureStep) -> Explanation:
    """Return the explanation that an address asks for, of a step for this person's eyes."""
    values = asked(WhyInput, request)
    devices = portal_selectors.devices(visible_to=request.user)
    device = devices.filter(facility_id=step.facility_id, ae_title=values["device"]).first()
    if device is None:
        raise NotFound(f"There is no device “{values['device']}” in your facility.")
    if "query" not in values:
        return explain(step=step, device=device, query=last_query(device_id=device.pk))
    query = worklist_queries(visible_to=request.user).filter(device=device, pk=values["query"])
    found = query.first()
    if found is None:
        raise NotFound(f"{device.ae_title} has no such question, or it is past keeping.")
    return explain(step=step, device=device, query=found)
