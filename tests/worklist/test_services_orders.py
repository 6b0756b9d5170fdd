"""Orders: what is made, what is refused, who may."""

import re
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from portal.errors import InvalidInput, NotAllowed, NotFound
from portal.models import AuditEvent, Facility, LiveEvent
from portal.selectors import actor_for
from portal.services import facility_set
from tests.worklist.factories import (
    make_patient,
    make_procedure_type,
    make_station,
    make_step,
)
from worklist.models import ImagingServiceRequest, ScheduledProcedureStep
from worklist.services.orders import order_create
from worklist.services.slots import SlotTaken
from worklist.services.stations import station_set
from worklist.types import OrderValues

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 21)


@pytest.fixture
def values(facility) -> OrderValues:
    """A CT on CT1 at ten."""
    return OrderValues(
        patient_id=make_patient(facility).pk,
        procedure_type_id=make_procedure_type(facility, duration_minutes=30).pk,
        station_id=make_station(facility).pk,
        start_date=DAY,
        start_time=time(10),
        referring_physician_name="Referrer^Ray",
        reason="Cough",
    )


@pytest.fixture
def order(facility, actor, values):
    """Order it, with changes."""

    def make(overbook: str = "", **changes: Any) -> ScheduledProcedureStep:
        return order_create(
            facility_id=facility.pk,
            order=replace(values, **changes),
            by=actor,
            may_overbook_reason=overbook,
        )

    return make


def test_order_is_filled_from_the_catalogue_and_gets_its_identifiers(order):
    """The issue, point 2: description, code, duration, modality; four identifiers are ours."""
    step = order()

    procedure = step.requested_procedure
    request = procedure.service_request
    assert (step.modality, step.duration_minutes, step.description) == (
        "CT",
        30,
        "CT examination",
    )
    assert step.code_value == procedure.code_value != ""
    assert (step.station_name, step.location) == ("CT1", "Room CT1")
    assert re.fullmatch(r"2\.25\.[1-9]\d+", procedure.study_instance_uid)
    assert len(procedure.study_instance_uid) <= 64
    for identifier in (request.accession_number, procedure.requested_procedure_id, step.sps_id):
        assert 0 < len(identifier) <= 16
    assert request.referring_physician_name == "Referrer^Ray"


def test_order_is_on_the_worklist_audited_and_told(order, facility):
    """One transaction: rows, entry, audit, news."""
    LiveEvent.objects.all().delete()
    step = order()

    assert step.entry.is_open
    assert step.entry.station_ae_titles == "\\CT1\\"
    audited = AuditEvent.objects.filter(target="order").get()
    assert audited.target_id == step.entry.accession_number
    assert audited.detail == {"step": step.pk}
    assert LiveEvent.objects.get().payload == {"ids": [step.pk]}


def test_identifiers_are_never_given_twice(order, facility, actor, values):
    """Each facility counts by itself; an imported number is skipped; two facilities differ."""
    first = order()
    number = first.entry.accession_number
    taken = f"{number[:-1]}{int(number[-1]) + 1}"
    ImagingServiceRequest.objects.create(
        facility=facility, patient_id=values.patient_id, accession_number=taken
    )
    second = order(start_time=time(12))
    other, _ = facility_set(code="other", ae_title="OTHER", name="Other", by=actor)
    elsewhere = make_step(other)

    numbers = [step.entry.accession_number for step in (first, second, elsewhere)]
    assert len({*numbers, taken}) == 4
    assert Facility.objects.get(pk=other.pk).last_number == 1


def test_overlap_is_refused_with_the_next_free_time(order):
    """ui.md §6, Board: refused with the reason and next free time."""
    order()
    order(start_time=time(10, 30))

    with pytest.raises(SlotTaken) as refused:
        order(start_time=time(10, 20))

    assert str(refused.value) == ("CT1 is booked from 10:00 to 10:30. The next free time is 11:00.")
    assert refused.value.next_free == time(11)
    assert ScheduledProcedureStep.objects.count() == 2


def test_overlap_at_the_end_of_the_day_says_so(order):
    """The station closes at 18:00."""
    order(start_time=time(17, 20))

    with pytest.raises(SlotTaken, match="No time is left that day"):
        order(start_time=time(17, 30))


def test_overbooking_needs_a_reason_that_is_audited(order):
    """ui.md §6: an authorised person may overbook with a reason."""
    order()
    with pytest.raises(SlotTaken):
        order(overbook="  ")

    step = order(overbook="Trauma")

    assert AuditEvent.objects.filter(target="order").last().detail == {
        "step": step.pk,
        "overbooked": "Trauma",
    }


def test_reason_without_an_overlap_is_no_overbooking(order):
    """Only what happened is audited."""
    order(overbook="just in case")

    assert "overbooked" not in AuditEvent.objects.get(target="order").detail


@pytest.mark.parametrize("status", ["CANCELED", "NO SHOW", "DISCONTINUED"])
def test_time_of_an_exam_that_is_not_done_is_free(order, status):
    """These take no time on the station."""
    ScheduledProcedureStep.objects.filter(pk=order().pk).update(status=status)

    assert order().pk


def test_exams_without_time_or_station_do_not_overlap(order):
    """No silent default start time; without a station it is the modality's."""
    untimed, anywhere = order(start_time=None), order(station_id=None)

    assert untimed.start_time is None
    assert anywhere.station is None
    assert anywhere.entry.station_ae_titles == ""
    assert order().pk


def test_station_of_another_modality_is_refused(order, facility):
    """Missing capability."""
    mr1 = make_station(facility, "MR1", "MR")

    with pytest.raises(InvalidInput, match="MR1 does MR, this exam needs CT") as refused:
        order(station_id=mr1.pk)
    assert refused.value.field == "station_id"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"duration_minutes": 0}, "duration_minutes"),
        ({"duration_minutes": 2000}, "duration_minutes"),
        ({"priority": "SOON"}, "priority"),
        ({"reason": "x" * 65}, "reason"),
        ({"reason": "a\\b"}, "reason"),
        ({"referring_physician_name": "a=b"}, "referring_physician_name"),
    ],
)
def test_value_that_cannot_be_sent_is_refused_at_its_field(order, change, field):
    """PS3.5 6.2."""
    with pytest.raises(InvalidInput) as refused:
        order(**change)
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["patient_id", "procedure_type_id", "station_id"])
def test_rows_of_another_facility_are_not_there(order, facility, actor, name):
    """Two hospitals on one installation."""
    other, _ = facility_set(code="other", ae_title="OTHER", name="Other", by=actor)
    rows = {
        "patient_id": make_patient(other).pk,
        "procedure_type_id": make_procedure_type(other).pk,
        "station_id": make_station(other, "CT1").pk,
    }

    with pytest.raises(NotFound):
        order(**{name: rows[name]})


def test_role_without_orders_may_not_order(facility, make_user, values):
    """architecture.md §9."""
    with pytest.raises(NotAllowed):
        order_create(facility_id=facility.pk, order=values, by=actor_for(make_user("operator")))


def test_order_takes_the_duration_it_is_given(order):
    """The catalogue's is only a proposal."""
    assert order(duration_minutes=55).duration_minutes == 55


def test_station_that_changes_reaches_its_exams(order, facility, actor):
    """A new AE title is in the very next answer; exams that are over keep what was true."""
    step, over = order(), order(start_time=time(12))
    ScheduledProcedureStep.objects.filter(pk=over.pk).update(status="COMPLETED")
    station = step.station
    station.ae_title, station.room = "CT1NEW", "Annex"

    station_set(station=station, by=actor)

    step.refresh_from_db()
    step.entry.refresh_from_db()
    assert step.entry.station_ae_titles == "\\CT1NEW\\"
    assert step.location == "Annex"
    over.entry.refresh_from_db()
    assert over.entry.station_ae_titles == "\\CT1\\"
