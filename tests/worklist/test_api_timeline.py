"""The API of an exam's course."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import RemoteAE
from tests.api_clients import API, client_of
from tests.worklist.courses import make_archive, make_commitment, make_performed
from tests.worklist.factories import make_station, make_step
from tests.worklist.pages import other_facility

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility))


def test_the_course_is_told_with_every_entry_and_its_evidence(make_user, facility, step):
    now, ct1 = timezone.now(), RemoteAE.objects.get(ae_title="CT1")
    performed = make_performed(
        step, ct1, began=now - timedelta(minutes=9), ended=now, series=(118,)
    )
    make_commitment(step, make_archive(facility), expected=118)

    body = client_of(make_user("auditor")).get(f"{API}/scheduled-steps/{step.pk}/timeline/").json()

    assert body["study_instance_uids"] == [step.requested_procedure.study_instance_uid]
    assert [stage["key"] for stage in body["stages"]][-2:] == ["committed", "printed"]
    entries = {entry["title"]: entry for entry in body["entries"]}
    assert "MAIN confirmed all 118 images" in entries
    message = performed.messages.get(kind="N-CREATE")
    begun = entries["In progress on CT1"]
    assert begun["links"][0]["address"] == f"/messages/mpps/{message.pk}/"
    assert (begun["kind"], begun["is_main"]) == ("performed", True)


def test_a_course_is_not_for_another_facility(make_user, step):
    other_facility()
    stranger = client_of(make_user("administrator", name="s", facility_code="north"))

    assert stranger.get(f"{API}/scheduled-steps/{step.pk}/timeline/").status_code == 404
