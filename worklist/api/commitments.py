"""API of storage commitment: what archives confirmed, asking them, accepting a loss, the rules."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, asked, facility_id_of, validated
from portal.errors import NotFound
from portal.models import RemoteAE
from portal.selectors import devices
from worklist.models import ArchivePolicy, CommitmentPolicy, StudyCommitment
from worklist.selectors import commitment_policies as policy_selectors
from worklist.selectors.commitments import study_commitments
from worklist.serializers.commitments import (
    ArchivePolicySerializer,
    ArchivePolicyUpdate,
    AskInput,
    CommitmentPolicyInput,
    CommitmentPolicySerializer,
    CommitmentPolicyUpdate,
    CommitmentSerializer,
    LossInput,
    RuleSeenInput,
    StudyAskInput,
)
from worklist.services import commitment_policies as policies
from worklist.services.commitment_asking import commitment_ask
from worklist.services.commitment_loss import commitment_loss_accept, commitment_loss_undo
from worklist.services.commitment_policies import ArchiveRule, DeviceRule


class CommitmentFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the commitments."""

    study_instance_uid = filters.CharFilter()
    archive = filters.CharFilter(field_name="archive__ae_title")
    device = filters.CharFilter(field_name="device__ae_title")
    state = filters.MultipleChoiceFilter(choices=StudyCommitment.State.choices)

    class Meta:
        model = StudyCommitment
        fields = ("study_instance_uid", "archive", "device", "state")


class CommitmentViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[StudyCommitment]):
    """Studies at archives: how many of their images each archive confirmed."""

    serializer_class = CommitmentSerializer
    filterset_class = CommitmentFilters

    def get_queryset(self) -> QuerySet[StudyCommitment]:
        """Return the commitments of the person's facilities, the latest first."""
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a database
            return StudyCommitment.objects.none()
        return study_commitments(visible_to=self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        """List images of one study only: a page of studies may have a million."""
        is_one = self.action != "list" or "study_instance_uid" in self.request.query_params
        return {**super().get_serializer_context(), "has_instances": is_one}

    @extend_schema(request=AskInput, responses=CommitmentSerializer)
    @action(detail=True, methods=["post"], url_path="ask")
    def ask_again(self, request: Request, pk: str) -> Response:
        """Have the archive asked now: about all that is open, a series, or one image."""
        commitment = self.get_object()
        commitment_ask(
            facility_id=commitment.facility_id,
            study_instance_uid=commitment.study_instance_uid,
            archive_id=commitment.archive_id,
            by=actor_of(request),
            **validated(AskInput, request),
        )
        return answer(self, commitment.pk)

    @extend_schema(
        operation_id="commitments_ask_study",
        request=StudyAskInput,
        responses=CommitmentSerializer(many=True),
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def ask(self, request: Request) -> Response:
        """Have archives asked now about a study; 404 when nobody has named its images."""
        values = validated(StudyAskInput, request)
        facility_id = facility_id_of(request)
        title = values.pop("archive")
        commitments = commitment_ask(
            facility_id=facility_id,
            archive_id=_archive(facility_id, title).pk if title else None,
            by=actor_of(request),
            **values,
        )
        found = self.get_queryset().filter(pk__in=[one.pk for one in commitments])
        return Response(self.get_serializer(found, many=True).data)

    @extend_schema(request=LossInput, responses=CommitmentSerializer)
    @action(detail=True, methods=["post"])
    def loss(self, request: Request, pk: str) -> Response:
        """Accept that what is missing is lost, with a reason; the study is asked for no more."""
        found = commitment_loss_accept(
            commitment_id=self.get_object().pk,
            by=actor_of(request),
            **validated(LossInput, request),
        )
        return answer(self, found.pk)

    @extend_schema(request=None, responses=CommitmentSerializer)
    @action(detail=True, methods=["post"], url_path="loss/undo")
    def loss_undo(self, request: Request, pk: str) -> Response:
        """Take an accepted loss back."""
        found = commitment_loss_undo(commitment_id=self.get_object().pk, by=actor_of(request))
        return answer(self, found.pk)


class CommitmentPolicyViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[CommitmentPolicy]):
    """Rules of devices: of which archives is asked what they made."""

    serializer_class = CommitmentPolicySerializer

    def get_queryset(self) -> QuerySet[CommitmentPolicy]:
        """Return the rules of the person's facilities."""
        return policy_selectors.commitment_policies(visible_to=self.request.user)

    @extend_schema(request=CommitmentPolicyInput, responses=CommitmentPolicySerializer)
    def create(self, request: Request) -> Response:
        """Make the rule of a device, or of all others; one that is there is brought up to date."""
        values = validated(CommitmentPolicyInput, request)
        title = values.pop("device")
        device = devices(visible_to=request.user).filter(ae_title=title).first() if title else None
        if title and device is None:
            raise NotFound(f"There is no device “{title}” in your facility.")
        facility_id = device.facility_id if device else facility_id_of(request)
        policy = self._set(request, facility_id, device.pk if device else None, values)
        return answer(self, policy.pk)

    @extend_schema(request=CommitmentPolicyUpdate, responses=CommitmentPolicySerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Say the rule anew; what is left out is set back."""
        policy = self.get_object()
        values = validated(CommitmentPolicyUpdate, request)
        changed = self._set(request, policy.facility_id, policy.device_id, values)
        return answer(self, changed.pk)

    @extend_schema(request=None, parameters=[RuleSeenInput], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Have the device follow the rule of all others again."""
        policy = get_object_or_404(self.get_queryset(), pk=pk)
        policies.commitment_policy_delete(
            policy_id=policy.pk, by=actor_of(request), **asked(RuleSeenInput, request)
        )
        return Response(status=204)

    def _set(
        self, request: Request, facility_id: int, device_id: int | None, values: dict[str, Any]
    ) -> CommitmentPolicy:
        version = values.pop("version")
        rule = DeviceRule(**values | {"archives": tuple(values["archives"])})
        return policies.commitment_policy_set(
            facility_id=facility_id,
            device_id=device_id,
            rule=rule,
            by=actor_of(request),
            version=version,
        )


@extend_schema(parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH)])
class ArchivePolicyViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ArchivePolicy]):
    """Rules of archives, by the id of the archive: how they are asked, what they declare."""

    serializer_class = ArchivePolicySerializer

    def get_queryset(self) -> QuerySet[ArchivePolicy]:
        """Return the rules of the archives of the person's facilities."""
        found = policy_selectors.archives(visible_to=self.request.user)
        return (
            ArchivePolicy.objects.filter(device__in=found).select_related("device").order_by("pk")
        )

    @extend_schema(request=ArchivePolicyUpdate, responses=ArchivePolicySerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Say how an archive is asked; one without a rule gets it by that."""
        archive = policy_selectors.archives(visible_to=request.user).filter(pk=_number(pk)).first()
        if archive is None:
            raise NotFound("There is no such archive in your facility.")
        values = validated(ArchivePolicyUpdate, request)
        version = values.pop("version")
        if "retry_plan_s" in values:
            values["retry_plan_s"] = tuple(values["retry_plan_s"])
        policies.archive_policy_set(
            archive_id=archive.pk,
            rule=ArchiveRule(**values),
            by=actor_of(request),
            version=version,
        )
        return answer(self, archive.pk)


def _archive(facility_id: int, title: str) -> RemoteAE:
    archive = RemoteAE.objects.filter(
        facility_id=facility_id, kind=RemoteAE.Kind.ARCHIVE, ae_title=title
    ).first()
    if archive is None:
        raise NotFound(f"There is no archive “{title}” in your facility.")
    return archive


def _number(pk: str) -> int:
    return int(pk) if pk.isascii() and pk.isdecimal() and len(pk) < 19 else 0
