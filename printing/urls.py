"""Addresses of printing."""

from django.urls import path

from printing.views import (
    boxes,
    bulk,
    calibration,
    cards,
    decisions,
    exams,
    films,
    job_asks,
    jobs,
    paper,
    pictures,
    pools,
    printer_models,
    printers,
    queue,
    quotas,
    simulated,
    simulated_faults,
    uploads,
    usage,
    verbs,
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
    path("films/<int:film_id>/film.pdf", paper.film_pdf, name="film-pdf"),
    path("films/images/<int:image_id>-<int:frame>.png", pictures.thumbnail, name="thumbnail"),
    path("print/", queue.queue, name="queue"),
    path("print/rows/", queue.new_rows, name="queue-new-rows"),
    path("print/came/", queue.came, name="queue-came"),
    path("print/tabs/", queue.queue_tabs, name="queue-tabs"),
    path("print/printers/", queue.cards, name="queue-cards"),
    path("print/exams/<str:study>/", exams.exam_jobs, name="exam-jobs"),
    path("print/jobs/<int:job_id>/", jobs.job, name="job"),
    path("print/jobs/<int:job_id>/films.pdf", paper.job_pdf, name="job-pdf"),
    path("print/jobs/<int:job_id>/row/", queue.job_row, name="job-row"),
    path("print/jobs/<int:job_id>/menu/", queue.job_menu, name="job-menu"),
    path("print/jobs/<int:job_id>/history/", jobs.job_history, name="job-history"),
    path("print/jobs/<int:job_id>/decide/", decisions.job_decide, name="job-decide"),
    path("print/jobs/<int:job_id>/accept/", decisions.job_accept, name="job-accept"),
    path("print/jobs/<int:job_id>/loaded/", decisions.job_media_loaded, name="job-loaded"),
    *(
        path(f"print/jobs/<int:job_id>/{verb}/", jobs.job_do, {"verb": verb}, name=f"job-{verb}")
        for verb in verbs.AT_ONCE
    ),
    *(
        path(
            f"print/jobs/<int:job_id>/{name}/", job_asks.job_ask, {"name": name}, name=f"job-{name}"
        )
        for name in job_asks.ASKS
    ),
    path("print/pause-all/", cards.printers_all, {"verb": "pause"}, name="pause-all"),
    path("print/start-all/", cards.printers_all, {"verb": "start"}, name="start-all"),
    path("printers/<int:printer_id>/loaded/", cards.printer_loaded, name="printer-loaded"),
    path("print/bulk/", bulk.jobs_bulk, name="jobs-bulk"),
    path("print/pools/", pools.pools, name="pools"),
    path("print/pools/new/", pools.pool_new, name="pool-new"),
    path("print/pools/<int:pool_id>/", pools.pool, name="pool"),
    path("print/pools/<int:pool_id>/remove/", pools.pool_delete, name="pool-delete"),
    path(
        "print/jobs/<int:job_id>/page-<int:number>-<int:width>.png",
        pictures.page_picture,
        name="page-picture",
    ),
    path("printers/", printers.printers, name="printers"),
    path("printers/new/", printers.printer_new, name="printer-new"),
    path("printers/models/", printer_models.printer_models, name="printer-models"),
    path("printers/models/<slug:name>/", printer_models.printer_model, name="printer-model"),
    path(
        "printers/models/<slug:name>.json",
        printer_models.printer_model_json,
        name="printer-model-json",
    ),
    path(
        "printers/models/<slug:name>/remove/",
        printer_models.printer_model_remove,
        name="printer-model-remove",
    ),
    path("printers/<int:printer_id>/", printers.printer, name="printer"),
    path("printers/<int:printer_id>/probe/", printers.printer_probe, name="printer-probe"),
    path("printers/<int:printer_id>/forget/", printers.printer_forget, name="printer-forget"),
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
    path("printers/<int:printer_id>/calibration/", calibration.calibration, name="calibration"),
    path(
        "printers/<int:printer_id>/calibration/print/",
        calibration.calibration_page,
        name="calibration-print",
    ),
    path(
        "printers/<int:printer_id>/calibration/<int:reading_id>/delete/",
        calibration.calibration_remove,
        name="calibration-delete",
    ),
    path("print/usage/", usage.usage, name="usage"),
    path("print/usage.csv", usage.usage_csv, name="usage-csv"),
    path("print/quotas/", quotas.quotas, name="quotas"),
    path("print/quotas/<int:quota_id>/delete/", quotas.quota_remove, name="quota-delete"),
    path("simulated-printer/", simulated.simulated, name="simulated"),
    path("simulated-printer/<str:ae_title>/", simulated_faults.simulated_set, name="simulated-set"),
    path(
        "simulated-printer/page-<int:number>.png", simulated.simulated_page, name="simulated-page"
    ),
]
