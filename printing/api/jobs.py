"""API of the print jobs."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, asked, facility_id_of, validated
from printing.api.files import PdfRenderer, pdf_answer
from printing.documents import job_document
from printing.models import JobState, PrintJob
from printing.selectors import console
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.selectors import printers as printer_selectors
from printing.serializers.films import PdfInput
from printing.serializers.job_verbs import (
    BulkInput,
    BulkSerializer,
    CancelInput,
    DecideInput,
    HoldInput,
    JobMoveInput,
    PriorityInput,
    ReorderInput,
    ReprintInput,
)
from printing.serializers.jobs import JobEventSerializer, JobInput, JobSerializer
from printing.services import image_jobs, jobs
from printing.services.job_bulk import jobs_do

UNKNOWN_JOB = "There is no such print job."


class JobFilters(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of the print jobs."""

    state = filters.MultipleChoiceFilter(choices=JobState.choices)
    printer = filters.ModelChoiceFilter(
        queryset=lambda request: printer_selectors.printers(visible_to=request.user)
    )
    pool = filters.ModelChoiceFilter(
        queryset=lambda request: console.pools(visible_to=request.user)
    )
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = PrintJob
        fields = (
            "state",
            "printer",
            "pool",
            "study_instance_uid",
            "accession_number",
            "modality",
            "reprint_of",
        )


class JobViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[PrintJob]):
    """Print jobs: queued here, sent by the workers."""

    serializer_class = JobSerializer
    filterset_class = JobFilters
    field_names = {
        "image_ids": "images",
        "printer_id": "printer",
        "pool_id": "pool",
        "before_id": "before",
    }

    def get_queryset(self) -> QuerySet[PrintJob]:
        """Return the print jobs of the person's facilities with their pages."""
        found = job_selectors.print_jobs(visible_to=self.request.user)
        return found.select_related("pool", "printer").prefetch_related("pages")

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

    @extend_schema(responses=JobEventSerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None)
    def events(self, request: Request, pk: str) -> Response:
        """List what was said to the printer, message by message, and what people decided."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        lines: Any = job.events.all()
        page: Any = self.paginate_queryset(lines)
        return self.get_paginated_response(JobEventSerializer(page, many=True).data)

    @extend_schema(
        parameters=[PdfInput],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        filters=False,
    )
    @action(detail=True, renderer_classes=[PdfRenderer, JSONRenderer], filterset_class=None)
    def pdf(self, request: Request, pk: str) -> Response:
        """Return the films of a job on paper, as they were queued, one page each."""
        values = asked(PdfInput, request)
        job = get_object_or_404(self.get_queryset(), pk=pk)
        content = job_document(job, by=actor_of(request), **values)
        return pdf_answer(content, f"job-{job.pk}.pdf")

    @extend_schema(request=HoldInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str) -> Response:
        """Keep a waiting job from printing until somebody releases it, or until a time."""
        return self._do(request, jobs.job_hold, HoldInput)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Let a held job print."""
        return self._do(request, jobs.job_release)

    @extend_schema(request=CancelInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a job, or have it stop before its next page goes out."""
        return self._do(request, jobs.job_cancel, CancelInput)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Send what was not accepted, now."""
        return self._do(request, jobs.job_retry)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Note that somebody knows of a failed job: it needs nobody any more."""
        return self._do(request, jobs.job_acknowledge)

    @extend_schema(request=PriorityInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def prioritize(self, request: Request, pk: str) -> Response:
        """Give a waiting job another priority."""
        return self._do(request, jobs.job_prioritize, PriorityInput)

    @extend_schema(request=ReorderInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def reorder(self, request: Request, pk: str) -> Response:
        """Put a waiting job before another one of its printer and priority, or to the top."""
        return self._do(request, jobs.job_reorder, ReorderInput)

    @extend_schema(request=JobMoveInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Have another printer, or a pool, print what is not out yet."""
        return self._do(request, jobs.job_move, JobMoveInput)

    @extend_schema(request=ReprintInput, responses={201: JobSerializer})
    @action(detail=True, methods=["post"])
    def reprint(self, request: Request, pk: str) -> Response:
        """Queue an ended job again, byte for byte or with changes; the answer is the new job."""
        return self._do(request, jobs.job_reprint, ReprintInput, code=201)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"], url_path="accept-substitution")
    def accept_substitution(self, request: Request, pk: str) -> Response:
        """Print although the printer takes another film than was asked for."""
        return self._do(request, jobs.job_accept_substitution)

    @extend_schema(request=DecideInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Record what a person saw of a page whose outcome is unknown, or that failed."""
        return self._do(request, jobs.page_decide, DecideInput)

    @extend_schema(request=BulkInput, responses=BulkSerializer, filters=False)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Do the same with many jobs; each is done, or refused with a sentence of its own."""
        values = validated(BulkInput, request)
        wanted, what = values.pop("ids"), values.pop("action")
        visible = job_selectors.print_jobs(visible_to=request.user).filter(pk__in=wanted)
        known = set(visible.values_list("pk", flat=True))
        mine = [job_id for job_id in wanted if job_id in known]
        done = dict(jobs_do(mine, what, actor_of(request), **values)) if mine else {}
        results = [
            {"id": job_id, "detail": (done[job_id] or "") if job_id in done else UNKNOWN_JOB}
            for job_id in dict.fromkeys(wanted)
        ]
        return Response(BulkSerializer({"results": results}).data)

    def _do(
        self,
        request: Request,
        service: Callable[..., PrintJob],
        body: type[BaseSerializer[Any]] | None = None,
        code: int = 200,
    ) -> Response:
        """Do something with a job as the body says; answer with the job that came of it."""
        values = validated(body, request) if body else {}
        job = service(job_id=self.get_object().pk, by=actor_of(request), **values)
        return answer(self, job.pk, code)
