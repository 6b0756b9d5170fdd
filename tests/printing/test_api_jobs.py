"""API of print jobs, and who may do what with films."""

import pytest

from portal.models import LiveEvent
from portal.types import PERMISSIONS, Permission, Role
from printing.models import JobState, PrintJob
from tests.api_clients import (
    API,
    client_of,
    latest_audit,
    make_other_facility,
    news_of,
    query_count,
    require_problem,
)
from tests.printing.api_files import (
    make_film,
    make_image,
    make_job,
    make_printer,
    make_unknown,
)

FILMS = f"{API}/films/"
JOBS = f"{API}/print-jobs/"


@pytest.fixture
def technologist(make_user):
    return client_of(make_user("technologist"))


@pytest.fixture
def operator(make_user):
    return client_of(make_user("operator"))


@pytest.mark.parametrize("by", ["film action", "job from film"])
def test_a_film_is_printed_with_the_films_of_its_set(facility, technologist, by):
    printer = make_printer(facility)
    film = make_film(facility, make_image(facility, frames=5))
    wanted = {"printer": printer.pk, "number_of_copies": 2, "print_priority": "HIGH"}

    if by == "film action":
        response = technologist.post(f"{FILMS}{film.pk}/print/", wanted | {"version": film.version})
    else:
        response = technologist.post(JOBS, wanted | {"film": film.pk})

    assert response.status_code == 201
    job = technologist.get(f"{JOBS}{response.json()['id']}/").json()
    assert (job["state"], job["reasons"], job["printer_name"]) == ("pending", [], "FILM1")
    assert (job["number_of_copies"], job["print_priority"]) == (2, "HIGH")
    assert (job["pages_asked"], job["pages_accepted"], job["pages_unknown"]) == (2, 0, 0)
    assert [(page["number"], page["state"]) for page in job["pages"]] == [
        (1, "pending"),
        (2, "pending"),
    ]
    assert job["created_by"] == "technologist"
    assert (latest_audit().action, latest_audit().target) == ("create", "print job")
    assert news_of("job") == [job["id"]]


def test_a_job_from_images_has_one_page_for_each_box_full(facility, technologist):
    images = [make_image(facility, frames=3), make_image(facility)]
    body = {
        "printer": make_printer(facility).pk,
        "images": [image.pk for image in images],
        "image_display_format": r"STANDARD\3,1",
        "is_plain": True,
    }

    job = technologist.post(JOBS, body).json()

    assert (job["pages_asked"], job["is_plain"]) == (2, True)
    first, second = PrintJob.objects.get().pages.all()
    assert [(b["image_id"], b["frame"]) for b in first.image_boxes] == [
        (images[0].pk, 1),
        (images[0].pk, 2),
        (images[0].pk, 3),
    ]
    assert [b["image_id"] for b in second.image_boxes] == [images[1].pk]


def test_pictures_of_two_patients_come_on_one_film_only_when_that_is_meant(facility, technologist):
    images = [make_image(facility, "SYN-1"), make_image(facility, "SYN-2")]
    printer = make_printer(facility)
    film = make_film(facility, *images)
    together = {"printer": printer.pk, "images": [image.pk for image in images]}
    bodies = [
        (f"{FILMS}{film.pk}/print/", {"printer": printer.pk}),
        (JOBS, together | {"image_display_format": r"STANDARD\2,1"}),
    ]

    for path, body in bodies:
        refused = technologist.post(path, body)
        require_problem(refused, 400, "different patients", "is_mixing_confirmed")
        meant = technologist.post(path, body | {"is_mixing_confirmed": True})
        assert meant.status_code == 201
    assert technologist.post(JOBS, together).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"printer": 999_999}, 404, ""),
        ({"printer": None}, 400, "printer"),
        ({"images": None}, 400, "images"),
        ({"images": [999_999]}, 400, "images"),
        ({"images": []}, 400, "images"),
        ({"film": 1}, 400, "images"),
        ({"number_of_copies": 0}, 400, "number_of_copies"),
        ({"number_of_copies": 10**30}, 400, "number_of_copies"),
        ({"print_priority": "SOON"}, 400, "print_priority"),
        ({"medium_type": "blue film"}, 400, "medium_type"),
        ({"image_display_format": "DIAMOND"}, 400, "image_display_format"),
    ],
)
def test_what_is_wrong_with_a_job_is_said(facility, technologist, changes, status, field):
    body = {"printer": make_printer(facility).pk, "images": [make_image(facility).pk]} | changes

    require_problem(technologist.post(JOBS, body), status, field=field)

    assert not PrintJob.objects.exists()


def test_a_job_is_of_a_film_or_of_images(facility, technologist):
    film = make_film(facility, make_image(facility))
    body = {"printer": make_printer(facility).pk}

    require_problem(technologist.post(JOBS, body), 400, "either a film or images", "images")
    layout = {"film": film.pk, "image_display_format": "ROW\\1"}
    require_problem(technologist.post(JOBS, body | layout), 400, "", "image_display_format")
    require_problem(technologist.post(JOBS, body | {"film": 999_999}), 404)


def test_an_empty_film_is_not_printed(facility, technologist):
    film, printer = make_film(facility), make_printer(facility)

    response = technologist.post(f"{FILMS}{film.pk}/print/", {"printer": printer.pk})

    require_problem(response, 400, "no picture")


def test_a_job_for_a_stopped_printer_waits_and_says_why(facility, technologist, operator):
    printer = make_printer(facility)
    operator.post(f"{API}/printers/{printer.pk}/disable/")

    body = {"printer": printer.pk, "images": [make_image(facility).pk]}
    job = technologist.post(JOBS, body).json()

    assert (job["state"], job["reasons"]) == ("pending", ["printer-stopped"])
    assert job["message"] == "FILM1 is stopped: Paused by operator."


def test_a_job_is_held_released_and_cancelled(facility, operator):
    """RFC 8011 5.3.7."""
    job = make_job(facility, make_printer(facility))
    path = f"{JOBS}{job.pk}"

    held = operator.post(f"{path}/hold/").json()
    assert (held["state"], held["reasons"]) == ("pending-held", ["job-hold-until-specified"])
    assert operator.post(f"{path}/release/").json()["state"] == "pending"
    canceled = operator.post(f"{path}/cancel/").json()
    assert (canceled["state"], canceled["reasons"]) == ("canceled", ["job-canceled-by-user"])
    assert canceled["ended_at"]
    assert (latest_audit().action, news_of("job")) == ("cancel", [job.pk])
    require_problem(operator.post(f"{path}/hold/"), 409, "cannot become")
    require_problem(operator.post(f"{path}/release/"), 409, "not held")


def test_a_stopped_job_is_retried(facility, operator):
    job = make_job(facility, make_printer(facility))
    PrintJob.objects.update(state=JobState.PROCESSING_STOPPED, attempts=3)

    body = operator.post(f"{JOBS}{job.pk}/retry/").json()

    assert (body["state"], body["attempts"]) == ("pending", 0)
    PrintJob.objects.update(state=JobState.COMPLETED)
    require_problem(operator.post(f"{JOBS}{job.pk}/retry/"), 409, "nothing to retry")


@pytest.mark.parametrize(("was_printed", "state"), [(True, "completed"), (False, "pending")])
def test_an_unknown_outcome_is_decided_by_a_person(facility, operator, was_printed, state):
    """architecture.md §5: only a person moves it on."""
    job = make_unknown(make_job(facility, make_printer(facility)))
    path = f"{JOBS}{job.pk}"
    said = {"page_number": 1, "was_printed": was_printed}

    assert operator.get(f"{path}/").json()["pages_unknown"] == 1
    require_problem(operator.post(f"{path}/retry/"), 409, "Look at the printer")
    assert operator.post(f"{path}/decide/", said).json()["state"] == state
    assert latest_audit().action == "decide"
    require_problem(operator.post(f"{path}/decide/", said), 409, "nothing to decide")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "page_number"),
        ({"page_number": 1}, 400, "was_printed"),
        ({"page_number": 0, "was_printed": True}, 400, "page_number"),
        ({"page_number": 1, "was_printed": "perhaps"}, 400, "was_printed"),
        ({"page_number": 2, "was_printed": True}, 404, ""),
    ],
)
def test_a_decision_needs_page_and_answer(facility, operator, body, status, field):
    job = make_unknown(make_job(facility, make_printer(facility)))

    require_problem(operator.post(f"{JOBS}{job.pk}/decide/", body), status, field=field)


def test_jobs_are_filtered_by_state_printer_and_study(facility, operator):
    first, second = make_printer(facility, "FILM1"), make_printer(facility, "FILM2")
    one, two = make_job(facility, first), make_job(facility, second)
    operator.post(f"{JOBS}{two.pk}/hold/")

    def found(**asked):
        return {job["id"] for job in operator.get(JOBS, asked).json()["results"]}

    assert found(state="pending-held") == {two.pk}
    assert found(state=["pending", "pending-held"]) == {one.pk, two.pk}
    assert found(printer=first.pk) == {one.pk}
    assert found(study_instance_uid="2.25.1") == {one.pk, two.pk}
    assert found(study_instance_uid="2.25.9") == set()
    require_problem(operator.get(JOBS, {"state": "printed"}), 400, "printed", "state")
    require_problem(operator.get(JOBS, {"printer": 999_999}), 400, "", "printer")


@pytest.mark.parametrize("role", list(Role))
def test_roles_without_the_right_may_only_look(facility, make_user, role):
    client = client_of(make_user(role))
    printer, image = make_printer(facility), make_image(facility)
    film, job = make_film(facility, image), make_job(facility, printer)

    film_answers = [
        (client.post(FILMS), 201),
        (client.patch(f"{FILMS}{film.pk}/", {"version": film.version}), 200),
        (client.post(f"{FILMS}{film.pk}/print/", {"printer": printer.pk}), 201),
        (client.post(JOBS, {"printer": printer.pk, "images": [image.pk]}), 201),
    ]
    job_answer = client.post(f"{JOBS}{job.pk}/hold/")

    for answer, status in film_answers:
        if Permission.FILM_WRITE in PERMISSIONS[role]:
            assert answer.status_code == status
        else:
            require_problem(answer, 403, "film.write")
    if Permission.JOB_MANAGE in PERMISSIONS[role]:
        assert job_answer.status_code == 200
    else:
        require_problem(job_answer, 403, "job.manage")
    assert client.get(FILMS).status_code == 200
    assert client.get(JOBS).status_code == 200


def test_people_cancel_their_own_jobs(facility, technologist):
    body = {"printer": make_printer(facility).pk, "images": [make_image(facility).pk]}
    job = technologist.post(JOBS, body).json()
    assert technologist.post(f"{JOBS}{job['id']}/cancel/").json()["state"] == "canceled"


def test_nothing_of_another_facility_is_seen_printed_or_touched(facility, operator):
    other = make_other_facility()
    printer, image = make_printer(other), make_image(other)
    film, job = make_film(other, image), make_job(other, printer)
    mine, ours = make_printer(facility, "MINE"), make_image(facility)
    news = LiveEvent.objects.count()

    assert operator.get(FILMS).json()["count"] == operator.get(JOBS).json()["count"] == 0
    for path in (f"{FILMS}{film.pk}/", f"{FILMS}{film.pk}/preview/", f"{JOBS}{job.pk}/"):
        require_problem(operator.get(path), 404)
    for path, body in (
        (f"{FILMS}{film.pk}/fill/", {"images": [ours.pk]}),
        (f"{FILMS}{film.pk}/print/", {"printer": mine.pk}),
        (JOBS, {"printer": mine.pk, "film": film.pk}),
        (JOBS, {"printer": printer.pk, "images": [ours.pk]}),
        *((f"{JOBS}{job.pk}/{verb}/", {}) for verb in ("hold", "release", "cancel", "retry")),
        (f"{JOBS}{job.pk}/decide/", {"page_number": 1, "was_printed": True}),
    ):
        require_problem(operator.post(path, body), 404)
    theirs = {"printer": mine.pk, "images": [image.pk]}
    require_problem(operator.post(JOBS, theirs), 400, "no image", "images")
    require_problem(operator.post(FILMS, {"images": [image.pk]}), 400, "no image", "images")
    assert LiveEvent.objects.count() == news


def test_films_and_jobs_cost_the_same_for_five_and_fifty(facility, operator):
    printer, image = make_printer(facility), make_image(facility, frames=2)

    def make(count):
        for _ in range(count):
            make_film(facility, image)
            make_job(facility, printer, count=2)

    make(5)
    few = [query_count(lambda path=path: operator.get(path)) for path in (FILMS, JOBS)]
    make(45)

    assert [query_count(lambda path=path: operator.get(path)) for path in (FILMS, JOBS)] == few
