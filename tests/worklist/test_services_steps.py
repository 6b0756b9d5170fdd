"""Scheduled procedure steps: moving them, and how far they are."""

from datetime import date, time

import pytest

from portal.errors import (
    Conflict,
    InvalidInput,
    InvalidTransition,
    NotAllowed,
    NotFound,
    StaleVersion,
)
from portal.models import AuditEvent, LiveEvent
from portal.selectors import actor_for
from tests.worklist.factories import make_station, make_step
from worklist.models import ScheduledProcedureStep
from worklist.selectors.catalogue import procedure_types, stations
from worklist.selectors.queries import worklist_queries
from worklist.selectors.steps import scheduled_steps
from worklist.services.slots import SlotTaken
from worklist.services.steps import (
    scheduled_step_move,
    scheduled_step_set_status,
    scheduled_step_undo,
)

pytestmark = pytest.mark.django_db

Status = ScheduledProcedureStep.Status
DAY = date(2026, 11, 21)


@pytest.fixture
def step(facility):
    """A CT on CT1 at half past nine."""
    return make_step(facility, station=make_station(facility), start_date=DAY)


@pytest.mark.parametrize("after", Status.values)
@pytest.mark.parametrize("before", Status.values)
def test_every_pair_of_states(facility, actor, before, after):
    """architecture.md §5: one table of arrows; every (state, event) pair."""
    step = make_step(facility, status=before)
    is_allowed = after in ScheduledProcedureStep.ARROWS.get(before, ())

    if is_allowed:
        scheduled_step_set_status(step_id=step.pk, status=after, by=actor)
    else:
        with pytest.raises(InvalidTransition):
            scheduled_step_set_status(step_id=step.pk, status=after, by=actor)

    step.refresh_from_db()
    step.entry.refresh_from_db()
    assert step.status == (after if is_allowed else before)
    assert step.entry.status == step.status
    assert step.entry.is_open == step.is_open


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ([Status.ARRIVED], [Status.SCHEDULED]),
        ([Status.STARTED], [Status.SCHEDULED]),
        ([Status.ARRIVED, Status.STARTED], [Status.ARRIVED, Status.SCHEDULED]),
        ([Status.READY, Status.CANCELED], [Status.READY, Status.ARRIVED, Status.SCHEDULED]),
        (
            [Status.ARRIVED, Status.STARTED, Status.COMPLETED],
            [Status.STARTED, Status.READY, Status.ARRIVED],
        ),
        ([Status.NO_SHOW], [Status.SCHEDULED]),
    ],
)
def test_undo_goes_one_step_back_at_a_time(step, actor, path, back):
    """architecture.md §5: undo, with reason, for people."""
    for status in path:
        scheduled_step_set_status(step_id=step.pk, status=status, by=actor)

    for status in back:
        undone = scheduled_step_undo(step_id=step.pk, reason="Wrong row", by=actor)
        assert undone.status == status

    assert AuditEvent.objects.last().detail["reason"] == "Wrong row"


def test_undo_needs_a_reason_and_something_to_undo(step, actor):
    """Nothing is taken back in silence."""
    with pytest.raises(InvalidInput, match="Say why"):
        scheduled_step_undo(step_id=step.pk, reason=" ", by=actor)
    with pytest.raises(InvalidTransition):
        scheduled_step_undo(step_id=step.pk, reason="Why not", by=actor)


def test_change_of_state_is_versioned_audited_and_told(step, actor):
    """Version, audit, entry and news in one transaction."""
    LiveEvent.objects.all().delete()

    changed = scheduled_step_set_status(
        step_id=step.pk, status="CANCELED", by=actor, reason="Booked twice", version=1
    )

    assert changed.version == 2
    assert changed.status_reason == "Booked twice"
    assert AuditEvent.objects.last().detail == {
        "before": "SCHEDULED",
        "status": "CANCELED",
        "reason": "Booked twice",
    }
    assert LiveEvent.objects.get().payload == {"ids": [step.pk]}


def test_stale_version_unknown_step_and_status_are_refused(step, actor):
    """Each by its own error."""
    with pytest.raises(StaleVersion):
        scheduled_step_set_status(step_id=step.pk, status="ARRIVED", by=actor, version=9)
    with pytest.raises(NotFound):
        scheduled_step_set_status(step_id=0, status="ARRIVED", by=actor)
    with pytest.raises(InvalidInput):
        scheduled_step_set_status(step_id=step.pk, status="ASLEEP", by=actor)


def test_role_without_steps_may_not_change_them(step, make_user):
    """architecture.md §9."""
    with pytest.raises(NotAllowed):
        scheduled_step_set_status(
            step_id=step.pk, status="ARRIVED", by=actor_for(make_user("operator"))
        )


def move(step, actor, **changes):
    given = {
        "step_id": step.pk,
        "station_id": step.station_id,
        "start_date": step.start_date,
        "start_time": step.start_time,
        "version": step.version,
        "by": actor,
    }
    return scheduled_step_move(**given | changes)


def test_move_keeps_the_study_and_changes_the_entry(step, facility, actor):
    """worklist.md §3a-20: the Study UID is kept on reschedule."""
    study = step.entry.study_instance_uid
    ct2 = make_station(facility, "CT2")

    moved = move(step, actor, station_id=ct2.pk, start_time=time(14))

    entry = moved.entry
    entry.refresh_from_db()
    assert (entry.study_instance_uid, entry.start_time) == (study, time(14))
    assert entry.station_ae_titles == "\\CT2\\"
    assert (moved.station_name, moved.location, moved.version) == ("CT2", "Room CT2", 2)
    assert AuditEvent.objects.last().detail == {
        "before": {"date": "2026-11-21", "time": "09:30:00", "at": step.station_id},
        "date": "2026-11-21",
        "time": "14:00:00",
        "at": ct2.pk,
    }


def test_move_within_its_own_time_is_no_overlap(step, actor):
    """A step does not stand in its own way."""
    assert move(step, actor, start_time=time(9, 40)).start_time == time(9, 40)


def test_move_onto_another_exam_is_refused_unless_overbooked(step, facility, actor):
    """As for orders."""
    other = make_step(facility, station=step.station, start_date=DAY, start_time=time(11))

    with pytest.raises(SlotTaken, match=r"The next free time is 11:20\."):
        move(step, actor, start_time=time(11))
    moved = move(step, actor, start_time=time(11), may_overbook_reason="Trauma")

    assert moved.start_time == other.start_time
    assert AuditEvent.objects.last().detail["overbooked"] == "Trauma"


def test_move_to_another_modality_is_refused(step, facility, actor):
    """Missing capability."""
    with pytest.raises(InvalidInput):
        move(step, actor, station_id=make_station(facility, "MR1", "MR").pk)


def test_move_to_no_station_gives_it_to_the_modality(step, actor):
    """Without a station it is the modality's."""
    moved = move(step, actor, station_id=None, start_time=None)

    assert moved.station is None
    assert moved.entry.__class__.objects.get(pk=step.pk).station_ae_titles == ""


def test_imported_stations_stay_when_only_the_time_is_moved(step, actor):
    """AE titles that we have no station for are not forgotten by a move in time."""
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(
        station=None, station_ae_titles="X1\\X2"
    )
    step.refresh_from_db()

    moved = move(step, actor, start_time=time(15))

    assert moved.station_ae_titles == "X1\\X2"


@pytest.mark.parametrize("status", ["COMPLETED", "CANCELED"])
def test_exam_that_is_over_cannot_be_moved(step, actor, status):
    """ui.md §6: finished cards do not drag."""
    ScheduledProcedureStep.objects.filter(pk=step.pk).update(status=status)

    with pytest.raises(Conflict, match="over"):
        move(step, actor, start_time=time(15))


def test_lists_show_only_the_own_facilities(step, facility, actor, make_user):
    """`visible_to` in every list; strangers see nothing."""
    from django.contrib.auth.models import AnonymousUser

    from portal.services import facility_set

    other, _ = facility_set(code="other", ae_title="OTHER", name="Other", by=actor)
    make_step(other, station=make_station(other, "CT1"))
    user = make_user("scheduler")

    assert [one.pk for one in scheduled_steps(visible_to=user)] == [step.pk]
    assert [one.pk for one in stations(visible_to=user)] == [step.station_id]
    assert {one.facility_id for one in procedure_types(visible_to=user)} == {facility.pk}
    assert list(worklist_queries(visible_to=user)) == []
    assert not scheduled_steps(visible_to=AnonymousUser()).exists()


def test_list_of_steps_takes_a_fixed_number_of_statements(
    facility, make_user, django_assert_num_queries
):
    """style.md 12: a row's patient, station and sightings are fetched with it."""
    user = make_user("scheduler")
    for _ in range(3):
        make_step(facility, station=make_station(facility))

    with django_assert_num_queries(2):
        for one in scheduled_steps(visible_to=user):
            assert one.requested_procedure.service_request.patient.person_name
            assert one.station.name
            assert list(one.sightings.all()) == []
