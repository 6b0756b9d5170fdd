"""Addresses of the worklist; `<id>` is always our own key, never a patient's."""

from functools import partial

from django.urls import path
from django.views.decorators.http import require_POST

from worklist.views import (
    board,
    commitment,
    commitment_card,
    commitment_rules,
    commitments,
    flags,
    messages,
    moves,
    orders,
    patients,
    performed,
    preview,
    queries,
    reconcile,
    relays,
    simulate,
    simulate_archive,
    steps,
    table,
    unlinking,
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
    path("reconcile/", reconcile.reconcile, name="reconcile"),
    path("reconcile/list/", reconcile.reconcile_list, name="reconcile-list"),
    path("reconcile/solved/", reconcile.reconcile_solved_list, name="reconcile-solved"),
    path("reconcile/<int:case_id>/", reconcile.reconcile_case, name="reconcile-case"),
    path("reconcile/<int:case_id>/now/", reconcile.reconcile_compare, name="reconcile-now"),
    path("reconcile/<int:case_id>/orders/", reconcile.reconcile_orders, name="reconcile-orders"),
    path("reconcile/<int:case_id>/later/", reconcile.reconcile_later, name="reconcile-later"),
    path("reconcile/<int:case_id>/undo/", reconcile.reconcile_undo, name="reconcile-undo"),
    path(
        "exams/<int:step_id>/performed/<int:performed_id>/unlink/",
        unlinking.performed_unlink,
        name="performed-unlink",
    ),
    path("exams/<int:step_id>/relays/", relays.exam_relays, name="exam-relays"),
    path("relays/", relays.relays, name="relays"),
    path("relays/rows/", relays.relay_list, name="relay-list"),
    path("relays/<int:relay_id>/tell/", relays.relay_tell, name="relay-tell"),
    path("simulate/", simulate.simulate, name="simulate"),
    path("simulate/messages/", simulate.message_list, name="simulate-messages"),
    path("simulate/archive/", simulate_archive.archive_card, name="simulate-archive"),
    path("simulate/archive/set/", simulate_archive.archive_set, name="simulate-archive-set"),
    path("simulate/archive/empty/", simulate_archive.archive_empty, name="simulate-archive-empty"),
    path("simulate/archive/add/", simulate_archive.archive_add, name="simulate-archive-add"),
    path("simulate/<int:device_id>/<slug:name>/", simulate.console_act, name="simulate-act"),
    path("commitment/", commitments.commitments, name="commitments"),
    path("commitment/rows/", commitments.commitment_rows, name="commitment-rows"),
    path("commitment/rules/", commitment_rules.commitment_rules, name="commitment-rules"),
    path(
        "commitment/rules/scanners/",
        commitment_rules.commitment_rule,
        name="commitment-rule-default",
    ),
    path(
        "commitment/rules/scanners/<int:device_id>/",
        commitment_rules.commitment_rule,
        name="commitment-rule",
    ),
    path(
        "commitment/rules/<int:policy_id>/delete/",
        commitment_rules.commitment_rule_delete,
        name="commitment-rule-delete",
    ),
    path(
        "commitment/rules/archives/<int:device_id>/",
        commitment_rules.archive_rule,
        name="archive-rule",
    ),
    path("commitment/<int:commitment_id>/", commitment.commitment, name="commitment"),
    path("commitment/<int:commitment_id>/now/", commitment.commitment_now, name="commitment-now"),
    path("commitment/<int:commitment_id>/ask/", commitment.commitment_asked, name="commitment-ask"),
    path(
        "commitment/<int:commitment_id>/loss/", commitment.commitment_loss, name="commitment-loss"
    ),
    path(
        "commitment/<int:commitment_id>/loss/undo/",
        commitment.commitment_loss_back,
        name="commitment-loss-back",
    ),
    path(
        "exams/<int:step_id>/commitment/",
        commitment_card.exam_commitment,
        name="exam-commitment",
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
urlpatterns += [
    path("performed/<int:performed_id>/", performed.performed, name="performed"),
]
for kind in messages.KINDS:
    urlpatterns += [
        path(
            f"messages/{kind.path}/<int:message_id>/",
            partial(messages.message, kind=kind),
            name=kind.name,
        ),
        path(
            f"messages/{kind.path}/<int:message_id>/file/",
            partial(messages.message_download, kind=kind),
            name=f"{kind.name}-file",
        ),
    ]
