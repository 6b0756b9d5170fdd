"""API of the films."""

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.api import actor_of, answer, asked, facility_id_of, validated
from portal.errors import Conflict
from printing.api.files import PdfRenderer, PngRenderer, pdf_answer
from printing.documents import film_document
from printing.models import Film
from printing.rendering.errors import UnusableImage
from printing.rendering.preview import page_preview
from printing.selectors import films as film_selectors
from printing.selectors import jobs as job_selectors
from printing.serializers.films import (
    FillInput,
    FilmChange,
    FilmInput,
    FilmPdfInput,
    FilmRemoveInput,
    FilmSerializer,
    ImageBoxInput,
    PreviewInput,
)
from printing.serializers.jobs import FilmPrintInput, JobSerializer
from printing.services import film_boxes, films, jobs

POSITION = OpenApiParameter("position", int, OpenApiParameter.PATH, description="From 1.")


class FilmViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Film]):
    """Films being laid out."""

    serializer_class = FilmSerializer
    field_names = {"image_ids": "images", "image_id": "image"}

    def get_queryset(self) -> QuerySet[Film]:
        """Return the films of the person's facilities."""
        return film_selectors.films(visible_to=self.request.user)

    @extend_schema(request=FilmInput, responses={201: FilmSerializer})
    def create(self, request: Request) -> Response:
        """Begin a film and fill its boxes in order."""
        film = films.film_create(
            facility_id=facility_id_of(request),
            by=actor_of(request),
            **validated(FilmInput, request),
        )
        return answer(self, film.pk, 201)

    @extend_schema(request=FilmChange, responses=FilmSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the layout of the film and its set; 409 when somebody else was faster."""
        film = films.film_set(
            film_id=self.get_object().pk, by=actor_of(request), **validated(FilmChange, request)
        )
        return answer(self, film.pk)

    @extend_schema(parameters=[FilmRemoveInput], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a film out of its set; jobs that were queued from it stay as they are."""
        film = get_object_or_404(self.get_queryset(), pk=pk)
        film_boxes.film_remove(
            film_id=film.pk, by=actor_of(request), **asked(FilmRemoveInput, request)
        )
        return Response(status=204)

    @extend_schema(request=None, responses={201: FilmSerializer})
    @action(detail=True, methods=["post"])
    def add(self, request: Request, pk: str) -> Response:
        """Add an empty film to the set of a film; the answer is the new one."""
        added = film_boxes.film_add(film_id=self.get_object().pk, by=actor_of(request))
        return answer(self, added.pk, 201)

    @extend_schema(request=FillInput, responses=FilmSerializer)
    @action(detail=True, methods=["post"])
    def fill(self, request: Request, pk: str) -> Response:
        """Put every frame of some images into free boxes."""
        film = films.film_fill(
            film_id=self.get_object().pk, by=actor_of(request), **validated(FillInput, request)
        )
        return answer(self, film.pk)

    @extend_schema(request=ImageBoxInput, responses=FilmSerializer, parameters=[POSITION])
    @action(detail=True, methods=["put"], url_path=r"image-boxes/(?P<position>[0-9]{1,6})")
    def image_box(self, request: Request, pk: str, position: str) -> Response:
        """Put a picture into a box, in the place of what was there."""
        film = self.get_object()
        films.image_box_set(
            film_id=film.pk,
            position=int(position),
            by=actor_of(request),
            **validated(ImageBoxInput, request),
        )
        return answer(self, film.pk)

    @extend_schema(responses={200: FilmSerializer}, parameters=[POSITION])
    @image_box.mapping.delete
    def image_box_clear(self, request: Request, pk: str, position: str) -> Response:
        """Empty a box."""
        film = self.get_object()
        films.image_box_clear(film_id=film.pk, position=int(position), by=actor_of(request))
        return answer(self, film.pk)

    @extend_schema(request=FilmPrintInput, responses={201: JobSerializer})
    @action(detail=True, methods=["post"], url_path="print")
    def print_film(self, request: Request, pk: str) -> Response:
        """Queue the film and those of its set, one page each."""
        film = self.get_object()
        job = jobs.film_print(
            film_id=film.pk, by=actor_of(request), **validated(FilmPrintInput, request)
        )
        queued = job_selectors.print_jobs(visible_to=request.user).get(pk=job.pk)
        return Response(JobSerializer(queued).data, status=201)

    @extend_schema(parameters=[PreviewInput], responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[PngRenderer, JSONRenderer])
    def preview(self, request: Request, pk: str) -> Response:
        """Draw the film as it would be printed now."""
        values = asked(PreviewInput, request)
        film = get_object_or_404(self.get_queryset(), pk=pk)
        try:
            png = page_preview(film_selectors.film_page(film), **values)
        except UnusableImage as error:
            raise Conflict(str(error)) from error
        return Response(png)

    @extend_schema(
        parameters=[FilmPdfInput], responses={(200, "application/pdf"): OpenApiTypes.BINARY}
    )
    @action(detail=True, renderer_classes=[PdfRenderer, JSONRenderer])
    def pdf(self, request: Request, pk: str) -> Response:
        """Return the film and those of its set on paper: true size, not for diagnosis."""
        values = asked(FilmPdfInput, request)
        film = get_object_or_404(self.get_queryset(), pk=pk)
        content = film_document(film, by=actor_of(request), **values)
        return pdf_answer(content, f"film-{film.pk}.pdf")
