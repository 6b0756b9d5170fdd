"""API of the cases to reconcile."""

from collections.abc import Callable

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal import selectors as portal_selectors
from portal.api import actor_of, answer, validated
from worklist.models import ReconcileCase
from worklist.selectors.candidates import candidates
from worklist.selectors.cases import cases
from worklist.selectors.reported import reported_of
from worklist.serializers.cases import (
    CaseCloseInput,
    CaseDetailSerializer,
    CaseSerializer,
    DecisionInput,
    LinkInput,
    UnlinkInput,
)
from worklist.services import reconcile, reconcile_orders, reconcile_undo, reconcile_unlink

Decide = Callable[..., ReconcileCase]


class CaseFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the cases."""

    device = filters.ModelChoiceFilter(
        queryset=lambda request: portal_selectors.devices(visible_to=request.user)
    )

    class Meta:
        model = ReconcileCase
        fields = ("state", "kind", "device")


class CaseViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ReconcileCase]):
    """What scanners reported and that fits no order, or not exactly one."""

    serializer_class = CaseSerializer
    filterset_class = CaseFilters
    field_names = {"step_id": "step"}

    def get_queryset(self) -> QuerySet[ReconcileCase]:
        """Return the cases of the person's facilities."""
        return cases(visible_to=self.request.user)

    @extend_schema(responses=CaseDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return a case with the exams that may be meant, and how each compares."""
        case = self.get_object()
        found = candidates(case, reported_of(case), visible_to=request.user)
        return Response(CaseDetailSerializer(case, context={"candidates": found}).data)

    @extend_schema(request=LinkInput, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: str) -> Response:
        """Say which exam it is; state and booking follow what was done."""
        return self._decide(request, reconcile.case_link, LinkInput)

    @extend_schema(request=UnlinkInput, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def unlink(self, request: Request, pk: str) -> Response:
        """Say that it is not the exam that it is linked to."""
        return self._decide(request, reconcile_unlink.case_unlink, UnlinkInput)

    @extend_schema(request=DecisionInput, responses=CaseSerializer)
    @action(detail=True, methods=["post"], url_path="new-order")
    def new_order(self, request: Request, pk: str) -> Response:
        """Make the order that was missing from what was reported, and link to it."""
        return self._decide(request, reconcile_orders.case_new_order, DecisionInput)

    @extend_schema(request=CaseCloseInput, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close the case with nothing to link; with a status, end what the device left open."""
        values = validated(CaseCloseInput, request)
        is_ending = bool(values["status"])
        return self._decide(
            request,
            reconcile.case_end if is_ending else reconcile.case_close,
            CaseCloseInput if is_ending else DecisionInput,
        )

    @extend_schema(request=DecisionInput, responses=CaseSerializer)
    @action(detail=True, methods=["post"], url_path="wrong-patient")
    def wrong_patient(self, request: Request, pk: str) -> Response:
        """Record that the wrong patient was scanned or chosen; nothing is linked, people hear."""
        return self._decide(request, reconcile_unlink.case_wrong_patient, DecisionInput)

    @extend_schema(request=DecisionInput, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take the decision back, within 24 hours and unless something happened since."""
        return self._decide(request, reconcile_undo.case_undo, DecisionInput)

    def _decide(self, request: Request, decide: Decide, taken: type[DecisionInput]) -> Response:
        values = validated(taken, request)
        case = decide(case_id=self.get_object().pk, by=actor_of(request), **values)
        return answer(self, case.pk)
