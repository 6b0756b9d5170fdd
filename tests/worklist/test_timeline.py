"""The worklist's part of an exam's timeline: what happened, by which message (issue 5, 10)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import RemoteAE
from portal.services import audit
from portal.types import Actor
from tests.worklist.courses import (
    make_archive,
    make_commitment,
    make_message,
    make_performed,
)
from tests.worklist.factories import make_patient, make_station, make_step
from worklist.models import (
    PerformedStepReference,
    ReconcileCase,
    StepSighting,
    WorklistQuery,
)
from worklist.timeline import course

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility))


@pytest.fixture
def ct1(step):
    return RemoteAE.objects.get(ae_title="CT1")


@pytest.fixture
def told(make_user, step):
    """Return the timeline's entries as a technologist has them, the oldest first."""
    user = make_user("technologist")

    def tell(*, is_main=True):
        found = course(step_id=step.pk, study_instance_uids=(), visible_to=user).entries
        in_order = sorted(found, key=lambda entry: (entry.at, entry.rank))
        return [entry for entry in in_order if entry.is_main or not is_main]

    return tell


@pytest.fixture
def stages(make_user, step):
    user = make_user("technologist")

    def tell():
        found = course(step_id=step.pk, study_instance_uids=(), visible_to=user).stages
        return {stage.key: stage for stage in found}

    return tell


def titles(entries):
    return [entry.title for entry in entries]


def at(minutes):
    return NOW - timedelta(minutes=60 - minutes)


def test_an_order_is_told_with_who_made_it(told, stages):
    (ordered,) = told()

    assert (ordered.title, ordered.text) == ("Ordered", "By the command “test” on the host.")
    assert stages()["ordered"].tone == "ok"
    assert stages()["shown"].tone == stages()["arrived"].tone == ""


def test_whom_it_was_shown_to_links_the_question_that_showed_it(told, stages, step, ct1):
    """worklist.md G2: sightings; a question past keeping is told without its link."""
    first, last = at(10), at(20)
    query = WorklistQuery.objects.create(
        facility_id=step.facility_id,
        device=ct1,
        at=first,
        keys={},
        matched=1,
        sent=1,
        status=0,
        milliseconds=3,
    )
    StepSighting.objects.create(
        step=step, facility_id=step.facility_id, device=ct1, first_at=first, last_at=last
    )

    (shown,) = [entry for entry in told() if entry.kind == "shown"]
    whole = [entry for entry in told(is_main=False) if entry.kind == "shown"]

    assert shown.title == "Shown to CT1"
    assert [link.address for link in shown.links] == [
        f"/queries/{query.pk}/",
        f"/devices/{ct1.pk}/why/?exam={step.pk}",
    ]
    assert titles(whole) == ["Shown to CT1", "Shown to CT1, the last time so far"]
    assert whole[1].links == ()
    assert stages()["shown"].label == "Shown to CT1"


def test_a_performed_step_is_told_with_operator_series_dose_and_its_messages(
    told, stages, step, ct1
):
    """worklist.md §3b 5; PS3.3 C.4.16: the dose when it was sent."""
    performed = make_performed(
        step,
        ct1,
        began=at(10),
        ended=at(30),
        series=(64, 56),
        dose={"ImageAndFluoroscopyAreaDoseProduct": "41.2", "ExposureDoseSequence": []},
    )
    step.__class__.objects.filter(pk=step.pk).update(status="COMPLETED")

    begun, ended = [entry for entry in told() if entry.kind == "performed"]

    create, final = performed.messages.order_by("at")
    assert begun.title == "In progress on CT1"
    assert "operator Petrov, Jana" in begun.text
    assert begun.links[0].address == f"/messages/mpps/{create.pk}/"
    assert (ended.title, ended.at) == ("Completed", at(30))
    assert ended.text == "2 series, 120 images, dose area product 41.2 dGy·cm²."
    assert ended.links[0].address == f"/messages/mpps/{final.pk}/"
    assert [one.image_count for one in ended.more["series"]] == [64, 56]
    assert (stages()["started"].tone, stages()["ended"].tone) == ("ok", "ok")
    assert "MPPS" in stages()["started"].note


@pytest.mark.parametrize(
    ("minutes", "remark"),
    [
        (0, None),
        (2, None),
        (4, "its clock is 4 min ahead."),
        (-7, "7 min before we were told."),
        (-525, "8 h 45 min before we were told."),
    ],
)
def test_a_devices_own_time_stands_beside_ours_when_two_minutes_apart(
    told, step, ct1, minutes, remark
):
    began = at(10).replace(microsecond=0)
    own = timezone.localtime(began + timedelta(minutes=minutes))
    make_performed(step, ct1, began=began, start_date=own.date(), start_time=own.time())

    (begun,) = [entry for entry in told() if entry.kind == "performed"]

    if remark is None:
        assert begun.remarks == ()
    else:
        assert begun.remarks[0].endswith(remark)
        assert f"CT1 says {own:%H:%M}" in begun.remarks[0] or "yesterday" in begun.remarks[0]


def test_progress_is_rolled_up_and_a_refusal_told(told, step, ct1):
    """worklist.md §3b 3: an N-SET after the end is refused, and kept."""
    performed = make_performed(step, ct1, began=at(0), ended=at(30))
    for minute in range(1, 20):
        make_message(performed, "N-SET", at(minute))
    refused = make_message(performed, "N-SET", at(40), status=0x0110, comment="It is over.")

    main = [entry for entry in told() if entry.kind == "performed"]
    whole = [entry for entry in told(is_main=False) if entry.kind == "performed"]

    assert titles(main) == ["In progress on CT1", "Completed"]
    assert "CT1 reported progress 19 times" in titles(whole)
    assert (whole[-1].title, whole[-1].text) == (
        "N-SET of CT1 refused with 0110H",
        "It is over.",
    )
    assert whole[-1].links[0].address == f"/messages/mpps/{refused.pk}/"


def test_parts_of_a_resumed_exam_are_told_apart(told, step, ct1):
    """worklist.md §3b 7: resuming is a new performed step."""
    first = {"status": "DISCONTINUED", "discontinuation_meaning": "Patient unwell"}
    make_performed(step, ct1, began=at(0), ended=at(10), **first)
    make_performed(step, ct1, began=at(20))

    assert [one for one in titles(told()) if "part" in one] == [
        "In progress on CT1, part 1 of 2",
        "Discontinued: part 1 of 2: Patient unwell",
        "In progress on CT1, part 2 of 2",
    ]


def test_a_group_names_the_other_exams(told, facility, step, ct1):
    """worklist.md §3b 7: several items are a group."""
    other = make_step(facility, patient=make_patient(facility), station=step.station)
    performed = make_performed(step, ct1, began=at(0))
    PerformedStepReference.objects.create(performed=performed, number=2, step=other)

    (begun,) = [entry for entry in told() if entry.kind == "performed"]

    accession = other.requested_procedure.service_request.accession_number
    assert begun.remarks == (f"Performed together with {accession}.",)


def test_another_study_than_ordered_is_told_and_its_commitment_too(told, facility, step, ct1):
    make_performed(step, ct1, began=at(0), ended=at(5), study_instance_uid="1.2.3.4")
    make_commitment(
        step, make_archive(facility), study_instance_uid="1.2.3.4", at=at(20), expected=1
    )

    begun = next(entry for entry in told() if entry.kind == "performed")

    assert begun.remarks == ("Its images are in another study than ordered: 1.2.3.4.",)
    assert "MAIN confirmed the image" in titles(told())


def test_what_was_wrong_and_let_pass_is_told_in_words(told, step, ct1):
    flags = [{"flag": "no-end", "detail": ""}, {"flag": "missing", "detail": "PatientSex"}]
    make_performed(step, ct1, began=at(0), flags=flags)

    begun = next(entry for entry in told() if entry.kind == "performed")

    assert begun.remarks == (
        "The device ended the step without saying when.",
        "Attributes that the standard asks for were not sent. PatientSex",
    )


def test_what_is_linked_to_no_exam_says_so_and_leads_to_the_decision(told, step, ct1):
    """worklist.md §3b 7; G6."""
    performed = make_performed(step, ct1, began=at(0), is_linked=False)
    case = ReconcileCase.objects.create(
        facility_id=step.facility_id,
        kind="wrong-patient",
        performed=performed,
        device=ct1,
        opened_at=at(1),
    )

    begun, waits = [entry for entry in told() if entry.kind in ("performed", "case")]

    assert begun.title == "CT1 reports another exam in this study"
    assert begun.tone == "warn"
    assert waits.title == "To reconcile: Different patient"
    assert waits.links[0].address == f"/reconcile/{case.pk}/"


def test_a_decision_of_a_person_is_told(told, step, ct1):
    performed = make_performed(step, ct1, began=at(0))
    ReconcileCase.objects.create(
        facility_id=step.facility_id,
        kind="no-match",
        performed=performed,
        device=ct1,
        opened_at=at(1),
        state="solved",
        decision="link",
        decided_by="anna",
        decided_at=at(9),
        reason="Same patient",
    )

    assert "To reconcile: No such order" not in titles(told())
    decided = next(entry for entry in told() if entry.at == at(9))
    assert (decided.title, decided.text) == (
        "Reconciled: No such order",
        "By anna. “Same patient”",
    )


def test_a_status_that_a_device_set_is_told_by_its_message_and_once(told, step, ct1):
    performed = make_performed(step, ct1, began=NOW)
    audit(
        facility_id=step.facility_id,
        by=Actor.device("CT1"),
        action="status",
        target="exam",
        target_id=step.pk,
        detail={"before": "READY", "status": "STARTED", "performed": performed.pk},
    )

    assert [one for one in titles(told()) if "progress" in one] == ["In progress on CT1"]
    assert "In progress" in titles(told(is_main=False))
