"""What a change of a device profile would bring, shown before it is saved."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from portal.models import AuditEvent, DeviceProfile, LiveEvent, RemoteAE
from tests.worklist.asking import asked
from tests.worklist.factories import make_device, make_patient, make_station, make_step
from tests.worklist.pages import other_facility, seen, signed_in
from worklist.models import StepSighting, WorklistQuery

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(make_user):
    return signed_in(make_user, "administrator")


@pytest.fixture
def ct1(facility):
    return make_station(facility).device


def preview(person, device, **typed):
    answer = person.post(f"/devices/{device.pk}/profile/preview/", {"name": "default", **typed})
    assert answer.status_code == 200
    return seen(answer)


def test_the_last_real_question_is_asked_again_under_the_new_profile(person, ct1, facility):
    """Issue 4, point 6: a change shows at once, before saving, what this device would get now."""
    own = make_patient(facility, name_alphabetic="Own^Olga")
    make_step(facility, station=ct1.station, patient=own)
    gone = make_patient(facility, name_alphabetic="Gone^Gus")
    make_step(facility, station=make_station(facility, "CT2"), patient=gone)
    query = asked(ct1, Modality="CT")

    page = preview(person, ct1, is_own_station_only="on")

    at = f"{timezone.localtime(query.at):%H:%M:%S}"
    sentence = f"With this change the last real question ({at}) returns 1 row, before 2."
    assert sentence in page
    assert "−1 No longer shown" in page
    assert "Gone, Gus" in page
    assert "Own, Olga" not in page  # it stays, and its name is no matter of character sets


def test_rows_that_come_are_named(person, ct1, facility):
    later = timezone.localdate() + timedelta(days=5)
    patient = make_patient(facility, name_alphabetic="New^Nan")
    make_step(facility, station=ct1.station, patient=patient, start_date=later)
    narrow = DeviceProfile.objects.create(facility=facility, name="narrow", days_ahead=1)
    RemoteAE.objects.filter(pk=ct1.pk).update(profile=narrow)

    page = preview(person, ct1, days_ahead="7")

    assert "CT1 has never asked; with this change it gets 1 row" in page
    assert "+1 Shown in addition" in page
    assert "New, Nan" in page


def test_a_row_cap_says_that_the_answer_will_end_in_a_failure(person, ct1, facility):
    make_step(facility, station=ct1.station)
    make_step(facility, station=ct1.station, start_time=time(11))

    page = preview(person, ct1, row_cap="1")

    assert "at most 1 are sent: the answer ends in a failure (A700H)" in page


def test_names_are_shown_as_the_device_would_receive_them(person, ct1, facility):
    patient = make_patient(facility, name_alphabetic="Yamada^Taro", name_ideographic="山田^太郎")
    make_step(facility, station=ct1.station, patient=patient)

    latin = preview(person, ct1, character_sets="ISO_IR 100")
    unicode = preview(person, ct1, character_sets="ISO_IR 192")

    assert "<td><bdi>Yamada^Taro</bdi></td>" in latin
    assert "other scripts left out" in latin
    assert "<td><bdi>Yamada^Taro=山田^太郎</bdi></td>" in unicode
    assert "ISO_IR 192" in unicode


def test_what_cannot_be_saved_is_said_in_sentences(person, ct1):
    page = preview(person, ct1, row_cap="many")

    assert "Most rows: Type a whole number" in page


def test_strictness_that_refuses_the_last_question_is_said(person, ct1):
    asked(ct1, ScheduledProcedureStepStartDate="*")

    assert "returns" in preview(person, ct1)
    assert "would be refused" in preview(person, ct1, is_strict="on")


def test_nothing_is_saved_recorded_or_shown(person, ct1, facility):
    make_step(facility, station=ct1.station)
    asked(ct1)
    before = (AuditEvent.objects.count(), LiveEvent.objects.count(), WorklistQuery.objects.count())

    preview(person, ct1, is_own_station_only="on", row_cap="3")

    now = (AuditEvent.objects.count(), LiveEvent.objects.count(), WorklistQuery.objects.count())
    assert now == before
    assert not StepSighting.objects.exists()
    assert not DeviceProfile.objects.filter(row_cap=3).exists()


def test_only_by_post_and_only_devices_of_the_facility(person, ct1):
    theirs = make_device(other_facility(), "CT1")

    assert person.get(f"/devices/{ct1.pk}/profile/preview/").status_code == 405
    assert person.post(f"/devices/{theirs.pk}/profile/preview/").status_code == 404
