"""Addresses of printing."""

from django.urls import path

from printing.views import (
    boxes,
    exams,
    films,
    jobs,
    pictures,
    printers,
    queue,
    simulated,
    uploads,
)

app_name = "printing"
urlpatterns = [
    path("films/", films.films, name="films"),
    path("films/new/", uploads.film_new, name="film-new"),
    path("films/<int:film_id>/", films.film, name="film"),
    path("films/<int:film_id>/layout/", films.film_layout, name="film-layout"),
    path("films/<int:film_id>/fill/", films.film_fill, name="film-fill"),
    path("films/<int:film_id>/upload/", uploads.film_upload, name="film-upload"),
    path("films/<int:film_id>/boxes/", boxes.film_boxes, name="film-boxes"),
    path("films/<int:film_id>/print/", films.film_print, name="film-print"),
    path("films/<int:film_id>/add/", films.film_add, name="film-add"),
    path("films/<int:film_id>/remove/", films.film_remove, name="film-remove"),
    path("films/<int:film_id>/preview-<int:width>.png", pictures.film_preview, name="film-preview"),
    path("films/images/<int:image_id>-<int:frame>.png", pictures.thumbnail, name="thumbnail"),
    path("print/", queue.queue, name="queue"),
    path("print/rows/", queue.new_rows, name="queue-new-rows"),
    path("print/tabs/", queue.queue_tabs, name="queue-tabs"),
    path("print/printers/", queue.cards, name="queue-cards"),
    path("print/exams/<str:study>/", exams.exam_jobs, name="exam-jobs"),
    path("print/jobs/<int:job_id>/", jobs.job, name="job"),
    path("print/jobs/<int:job_id>/row/", queue.job_row, name="job-row"),
    *(
        path(f"print/jobs/<int:job_id>/{verb}/", jobs.job_do, {"verb": verb}, name=f"job-{verb}")
        for verb in jobs.VERBS
    ),
    path(
        "print/jobs/<int:job_id>/printed/",
        jobs.page_decide,
        {"was_printed": True},
        name="job-printed",
    ),
    path(
        "print/jobs/<int:job_id>/send-again/",
        jobs.page_decide,
        {"was_printed": False},
        name="job-send-again",
    ),
    path(
        "print/jobs/<int:job_id>/page-<int:number>-<int:width>.png",
        pictures.page_picture,
        name="page-picture",
    ),
    path("printers/", printers.printers, name="printers"),
    path("printers/new/", printers.printer_new, name="printer-new"),
    path("printers/<int:printer_id>/", printers.printer, name="printer"),
    path("printers/<int:printer_id>/test/", printers.printer_test, name="printer-test"),
    *(
        path(
            f"printers/<int:printer_id>/{verb}/",
            printers.printer_switch,
            {"verb": verb},
            name=f"printer-{verb}",
        )
        for verb in ("start", "pause", "accept", "reject")
    ),
    path("simulated-printer/", simulated.simulated, name="simulated"),
    path(
        "simulated-printer/page-<int:number>.png", simulated.simulated_page, name="simulated-page"
    ),
]
