"""Who does not look at the portal is told that cases wait under Reconcile."""

import pytest
from django.core.cache import cache

from portal.models import Alert, AlertHook
from portal.services_alerts import alert_close
from tests.worklist.pages import other_facility
from tests.worklist.performed_factories import make_case
from worklist.services.reconcile import case_close
from worklist.services.reconcile_alert import reconcile_alerts_follow
from worklist.services.reconcile_undo import case_undo
from worklist.worker import overdue

pytestmark = pytest.mark.django_db


def open_alerts(facility):
    return list(Alert.objects.filter(facility=facility, kind="reconcile", settled_at=None))


def test_waiting_cases_raise_one_alert_and_the_last_decision_settles_it(facility, actor):
    """Issue 5.3: what waits in the reconcile queue waits for a person."""
    first, second = make_case(facility, "unscheduled"), make_case(facility, "no-match")

    assert reconcile_alerts_follow() == 1
    assert reconcile_alerts_follow() == 0
    (alert,) = open_alerts(facility)
    assert alert.address == "/reconcile/"

    case_close(case_id=first.pk, reason="Phantom", by=actor)
    reconcile_alerts_follow()
    assert open_alerts(facility) == [alert]
    case_close(case_id=second.pk, reason="Phantom", by=actor)
    reconcile_alerts_follow()
    assert open_alerts(facility) == []


def test_a_decision_that_is_taken_back_waits_again(facility, actor):
    case = make_case(facility, "unscheduled")
    reconcile_alerts_follow()
    case_close(case_id=case.pk, reason="Phantom", by=actor)
    reconcile_alerts_follow()

    case_undo(case_id=case.pk, reason="No phantom", by=actor)

    assert reconcile_alerts_follow() == 1


def test_an_alert_that_a_person_settled_comes_again_with_the_next_case_only(facility, actor):
    """Portal alerts: the next incident raises a new one, not the same every minute."""
    make_case(facility, "unscheduled")
    reconcile_alerts_follow()
    (alert,) = open_alerts(facility)
    alert_close(alert_id=alert.pk, by=actor)
    assert reconcile_alerts_follow() == 0

    make_case(facility, "no-match")

    assert reconcile_alerts_follow() == 1


def test_facilities_are_told_apart(facility):
    other = other_facility()
    make_case(other, "unscheduled")

    reconcile_alerts_follow()

    assert (len(open_alerts(other)), open_alerts(facility)) == (1, [])


def test_the_worker_tells_the_hooks_that_want_to_know(facility):
    cache.delete("performed-overdue")
    hook = AlertHook.objects.create(
        facility=facility, kind="mail", target="a@example.org", alert_kinds=["reconcile"]
    )
    make_case(facility, "unscheduled")

    overdue.work_once()

    assert hook.deliveries.get().alert.kind == "reconcile"
