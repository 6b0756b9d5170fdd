"""API of the print jobs."""

from collections.abc import Callable

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
from printing.models import JobState, PrintJob
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.selectors import printers as printer_selectors
from printing.serializers.jobs import DecideInput, JobInput, JobSerializer
from printing.services import image_jobs, jobs


class JobFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the print jobs."""

    state = filters.MultipleChoiceFilter(choices=JobState.choices)
    printer = filters.ModelChoiceFilter(
        queryset=lambda request: printer_selectors.printers(visible_to=request.user)
    )

    class Meta:
        model = PrintJob
        fields = ("state", "printer", "study_instance_uid")


class JobViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[PrintJob]):
    """Print jobs: queued here, sent by the workers."""

    serializer_class = JobSerializer
    filterset_class = JobFilters
    field_names = {"image_ids": "images"}

    def get_queryset(self) -> QuerySet[PrintJob]:
        """Return the print jobs of the person's facilities with their pages."""
        return job_selectors.print_jobs(visible_to=self.request.user).prefetch_related("pages")

    @extend_schema(request=JobInput, responses={201: JobSerializer})
    def create(self, request: Request) -> Response:
        """Queue a film and its set, or images; sending them is the workers' part."""
        values, by = validated(JobInput, request), actor_of(request)
        film_id = values.pop("film_id", None)
        if film_id is None:
            job = image_jobs.images_print(facility_id=facility_id_of(request), by=by, **values)
        else:
            film = get_object_or_404(film_selectors.films(visible_to=request.user), pk=film_id)
            job = jobs.film_print(film_id=film.pk, by=by, **values)
        return answer(self, job.pk, 201)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str) -> Response:
        """Keep a waiting job from printing until somebody releases it."""
        return self._do(request, jobs.job_hold)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Let a held job print."""
        return self._do(request, jobs.job_release)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a job, or have it stop before its next page goes out."""
        return self._do(request, jobs.job_cancel)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Send what was not accepted, now."""
        return self._do(request, jobs.job_retry)

    @extend_schema(request=DecideInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Record what a person saw of a page whose outcome is unknown."""
        job = jobs.page_decide(
            job_id=self.get_object().pk, by=actor_of(request), **validated(DecideInput, request)
        )
        return answer(self, job.pk)

    def _do(self, request: Request, service: Callable[..., PrintJob]) -> Response:
        job = service(job_id=self.get_object().pk, by=actor_of(request))
        return answer(self, job.pk)
