"""Migration 0003: the match keys of what was there are read from its bytes."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from tests.worklist.factories import make_patient, make_step
from tests.worklist.finding import booked
from worklist.models import WorklistEntry

pytestmark = pytest.mark.django_db
migration = import_module("worklist.migrations.0003_match_keys")


def test_rows_are_rebuilt_from_the_bytes_that_they_held(facility, monkeypatch):
    """Row by row what the service writes, in batches, closed entries too."""
    monkeypatch.setattr(migration, "BATCH", 2)
    make_step(facility, patient=make_patient(facility, name_ideographic="山田^太郎"))
    make_step(facility, status="COMPLETED", start_time=None)
    make_step(facility, station_ae_titles="CT7\\CT8")
    booked(facility, InstitutionName="Synthetic", Allergies=["A", "B"], StudyDate="20260101")
    before = list(WorklistEntry.objects.order_by("pk").values())

    with connection.cursor() as cursor:
        cursor.execute(migration.KEEP)
        WorklistEntry.objects.all().delete()
        migration.fill(apps, SimpleNamespace(connection=connection))
        cursor.execute("DROP TABLE worklist_entry_before")

    assert list(WorklistEntry.objects.order_by("pk").values()) == before
    assert len(before) == 4
