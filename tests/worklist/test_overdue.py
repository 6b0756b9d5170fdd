"""Performed steps that a device has left open."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.worklist.performed_factories import make_case, make_performed
from worklist.models import ReconcileCase
from worklist.services.cases import OVERDUE, cases_settle
from worklist.services.overdue import overdue_cases_open
from worklist.services.reconcile import case_close
from worklist.worker import overdue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _four_hours(settings):
    settings.MPPS_OVERDUE_S = 4 * 3600


def make_old(facility, hours, **values):
    begun = timezone.now() - timedelta(hours=hours)
    return make_performed(facility, **{"status": "IN PROGRESS", "created_at": begun, **values})


def test_what_is_in_progress_for_too_long_becomes_a_case_once(facility):
    """Issue 5.3: overdue (IN PROGRESS too long); 4 hours unless told otherwise."""
    late = make_old(facility, 5)
    make_old(facility, 3)
    make_old(facility, 5, status="COMPLETED")

    assert overdue_cases_open(older_than=timedelta(hours=4)) == 1
    assert overdue_cases_open(older_than=timedelta(hours=4)) == 0

    case = ReconcileCase.objects.get()
    assert (case.performed, case.kind, case.state) == (late, "overdue", "open")


def test_a_case_that_a_person_closed_does_not_come_again(facility, actor):
    late = make_old(facility, 5)
    case = make_case(facility, "overdue", performed=late)
    case_close(case_id=case.pk, reason="Still scanning", by=actor)

    assert overdue_cases_open(older_than=timedelta(hours=4)) == 0


def test_the_end_settles_it(facility):
    case = make_case(facility, "overdue", performed=make_old(facility, 5))

    cases_settle(performed=case.performed, kinds=OVERDUE, decision="ended")

    case.refresh_from_db()
    assert (case.state, case.decision, case.decided_by) == ("solved", "ended", "")


def test_one_process_looks_every_minute(facility, settings):
    cache.delete("performed-overdue")
    make_old(facility, 5)

    assert overdue.work_once() is False
    assert ReconcileCase.objects.count() == 1
    make_old(facility, 6)
    assert overdue.work_once() is False
    assert ReconcileCase.objects.count() == 1
