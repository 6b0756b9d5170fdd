"""API of the pools of printers."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, asked, facility_id_of, validated
from portal.serializers import SeenInput
from printing.models import PrintPool
from printing.selectors import console
from printing.serializers.pools import PoolInput, PoolSerializer, PoolUpdate
from printing.services import pools


class PoolViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[PrintPool]):
    """Several printers behind one name."""

    serializer_class = PoolSerializer
    field_names = {"printer_ids": "printers"}

    def get_queryset(self) -> QuerySet[PrintPool]:
        """Return the pools of the person's facilities with their printers."""
        found = console.pools(visible_to=self.request.user)
        return found.prefetch_related("members__printer")

    @extend_schema(request=PoolInput, responses={201: PoolSerializer})
    def create(self, request: Request) -> Response:
        """Set up a pool."""
        pool = pools.pool_set(
            facility_id=facility_id_of(request),
            by=actor_of(request),
            **validated(PoolInput, request),
        )
        return answer(self, pool.pk, 201)

    @extend_schema(request=PoolUpdate, responses=PoolSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Say a pool anew; 409 when somebody else was faster."""
        pool = self.get_object()
        pools.pool_set(
            facility_id=pool.facility_id,
            pool_id=pool.pk,
            by=actor_of(request),
            **validated(PoolUpdate, request),
        )
        return answer(self, pool.pk)

    @extend_schema(parameters=[SeenInput], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a pool; its jobs stay with the printers that they are planned for."""
        pool = get_object_or_404(self.get_queryset(), pk=pk)
        pools.pool_delete(pool_id=pool.pk, by=actor_of(request), **asked(SeenInput, request))
        return Response(status=204)
