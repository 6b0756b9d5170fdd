"""Recorded queries are kept for a set time."""

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.worklist.asking import asked
from tests.worklist.factories import make_device, make_step
from worklist.models import StepSighting, WorklistQuery
from worklist.services import retention
from worklist.services.retention import worklist_queries_prune
from worklist.worker import retention as worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def ct1(facility):
    return make_device(facility)


def test_queries_past_keeping_are_forgotten_and_sightings_stay(facility, ct1, settings):
    """Issue 4, point 9: kept for a set time; point 11: who saw an exam is kept with the exam."""
    settings.QUERY_DAYS = 30
    step = make_step(facility)
    now = timezone.now()
    asked(ct1, at=now - timedelta(days=31), shown=[step.pk])
    kept = asked(ct1, at=now - timedelta(days=29))

    worker.work_once()

    assert WorklistQuery.objects.get() == kept
    assert StepSighting.objects.count() == 1


def test_one_process_an_hour_looks(ct1, settings):
    settings.QUERY_DAYS = 30
    worker.work_once()
    asked(ct1, at=timezone.now() - timedelta(days=31))

    worker.work_once()
    assert WorklistQuery.objects.count() == 1
    cache.clear()
    worker.work_once()
    assert WorklistQuery.objects.count() == 0


def test_many_are_forgotten_in_short_transactions(ct1, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        asked(ct1, at=timezone.now() - timedelta(days=2))

    assert worklist_queries_prune(older_than=timedelta(days=1)) == 5


def test_a_worker_that_is_told_to_stop_does_not_wait(facility):
    stop = threading.Event()
    stop.set()
    worker.work_once(stop)

    assert worker.work_once(stop) is False
