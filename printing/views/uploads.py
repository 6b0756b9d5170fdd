"""Images come in: each file gets its own sentence, and one bad file harms no other."""

import re
from dataclasses import asdict, dataclass, replace

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.errors import InvalidInput, NotFound
from portal.selectors import actor_for, membership_of, require
from portal.types import Actor, Permission
from printing.models import Film, SourceImage
from printing.selectors import films as film_selectors
from printing.services import film_boxes as box_services
from printing.services import films as film_services
from printing.services import images as image_services
from printing.views.changing import changing
from printing.views.film_values import Focus

SAID = "printing-upload"
UID = re.compile(r"[0-9.]{1,64}")  # VR UI, PS3.5 9.1


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Taken:
    """What became of the files of one upload."""

    ids: list[int]  # images, in the order of their files
    refused: list[Refused]
    notice: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def film_new(request: HttpRequest) -> HttpResponse:
    """Begin a film, for a study when the address names one, with its first images."""
    membership = membership_of(request.user)
    if membership is None:
        raise NotFound(_("Your account belongs to no facility yet."))
    by = actor_for(request.user)
    require(by, membership.facility_id, Permission.FILM_WRITE)
    study = request.GET.get("study", "")
    if not UID.fullmatch(study):
        study = ""
    images = film_selectors.source_images(visible_to=request.user)
    images = images.filter(facility_id=membership.facility_id, study_instance_uid=study)
    stored = list(images.order_by("series_number", "instance_number")) if study else []
    context = {"study": study, "stored": stored}
    if request.method != "POST":
        return render(request, "printing/film_new.html", context)
    taken = take_in(request, membership.facility_id, by)
    if taken.refused and not taken.ids and not stored:
        answer = context | {"uploads": taken}
        return render(request, "printing/film_new.html", answer, status=422)
    film = _begin(membership.facility_id, study, stored, taken, by)
    _keep(request, film, _placed(film, taken, by, is_asked="place" in request.POST))
    return redirect(Focus(series=(*taken.ids, 0)[0]).address(film.pk))


@changing
def film_upload(request: HttpRequest, film: Film, focus: Focus) -> HttpResponse:
    """Take more images in beside a film, and onto it when asked."""
    by = actor_for(request.user)
    require(by, film.facility_id, Permission.FILM_WRITE)
    taken = take_in(request, film.facility_id, by)
    if taken.ids:
        box_services.film_offer(film_id=film.pk, image_ids=taken.ids, by=by)
    _keep(request, film, _placed(film, taken, by, is_asked="place" in request.POST))
    if taken.ids:
        focus = replace(focus, box=0, series=taken.ids[0])
    return redirect(focus.address(film.pk))


def take_in(request: HttpRequest, facility_id: int, by: Actor) -> Taken:
    """Keep the files of a form one by one; what is refused says why."""
    images: dict[int, None] = {}  # as an ordered set
    refused = []
    for file in request.FILES.getlist("files"):
        try:
            image = _kept(file, facility_id, by)
        except InvalidInput as error:
            refused.append(Refused(file.name or "", str(error)))
        else:
            images[image.pk] = None
    return Taken(list(images), refused)


def said_of(request: HttpRequest, film: Film) -> Taken | None:
    """Return, once, what became of the last upload to this film."""
    said = request.session.get(SAID)
    if said is None or said["film"] != film.pk:
        return None
    del request.session[SAID]
    refused = [Refused(**file) for file in said["refused"]]
    return Taken(said["ids"], refused, said["notice"])


def _keep(request: HttpRequest, film: Film, taken: Taken) -> None:
    """Keep what to say for the page that follows: on the server, for file names may be names."""
    request.session[SAID] = asdict(taken) | {"film": film.pk}


def _kept(file: "UploadedFile[bytes]", facility_id: int, by: Actor) -> SourceImage:
    if not file.size:
        raise InvalidInput(_("The file is empty."), "files")
    return image_services.image_add(facility_id=facility_id, source=file, by=by)


def _begin(
    facility_id: int, study: str, stored: list[SourceImage], taken: Taken, by: Actor
) -> Film:
    """Make the film and lay beside it what there is to choose from."""
    film = film_services.film_create(facility_id=facility_id, by=by)
    if study:
        accession = next((image.accession_number for image in stored), "")
        film = film_services.film_set(
            film_id=film.pk,
            version=film.version,
            by=by,
            study_instance_uid=study,
            accession_number=accession,
        )
    ids = [image.pk for image in stored] + taken.ids
    return box_services.film_offer(film_id=film.pk, image_ids=ids, by=by)


def _placed(film: Film, taken: Taken, by: Actor, *, is_asked: bool) -> Taken:
    """Put what came in onto the film; too many for it leaves them beside it, and says so."""
    if not is_asked or not taken.ids:
        return taken
    try:
        film_services.film_fill(film_id=film.pk, image_ids=taken.ids, by=by)
    except InvalidInput as error:
        return replace(taken, notice=str(error))
    return taken
