"""Addresses of the worklist; `<id>` is always our own key, never a patient's."""

from functools import partial

from django.urls import path
from django.views.decorators.http import require_POST

from worklist.views import (
    board,
    flags,
    moves,
    orders,
    patients,
    preview,
    queries,
    steps,
    table,
    why,
)
from worklist.views.verbs import VERBS

app_name = "worklist"
urlpatterns = [
    path("board/", board.board, name="board"),
    path("board/now/", board.board_now, name="board-now"),
    path("worklist/", table.worklist, name="worklist"),
    path("worklist/rows/", table.worklist_rows, name="worklist-rows"),
    path("exams/<int:step_id>/row/", steps.step_row, name="step-row"),
    path("exams/<int:step_id>/card/", board.step_card, name="step-card"),
    path("exams/<int:step_id>/body/", steps.exam_body, name="exam"),
    path("exams/<int:step_id>/move/", moves.step_move, name="step-move"),
    path("exams/<int:step_id>/undo/", steps.step_undo, name="step-undo"),
    path("orders/new/", orders.order_new, name="order-new"),
    path("orders/new/parts/", require_POST(orders.order_parts), name="order-parts"),
    path("orders/new/patients/", require_POST(orders.patient_choices), name="patient-choices"),
    path("queries/", queries.queries, name="queries"),
    path("queries/rows/", queries.query_rows, name="query-rows"),
    path("queries/<int:query_id>/", queries.query, name="query"),
    path("queries/<int:query_id>/replay/", queries.query_replay, name="query-replay"),
    path("devices/<int:device_id>/why/", why.why, name="why"),
    path("devices/<int:device_id>/why/alias/", why.why_alias, name="why-alias"),
    path("devices/flags/", flags.flags, name="device-flags"),
    path("devices/<int:device_id>/flags/", flags.flags, name="device-flags-one"),
    path(
        "devices/<int:device_id>/profile/preview/",
        require_POST(preview.profile_preview),
        name="profile-preview",
    ),
    path("search/", require_POST(patients.search), name="search"),
    path("patients/<int:patient_id>/", patients.patient, name="patient"),
    path("patients/<int:patient_id>/edit/", patients.patient_edit, name="patient-edit"),
]
urlpatterns += [
    path(
        f"exams/<int:step_id>/{verb.name}/",
        partial(steps.step_act, verb_name=verb.name),
        name=f"step-{verb.name}",
    )
    for verb in VERBS
]
