"""What a query costs does not grow with the list: told by the plan, not by a clock."""

import re

import pytest
from django.db import connection

from portal.models import DeviceProfile
from portal.selectors import caller_of
from tests.worklist.commands import put, run
from tests.worklist.entries import entry
from tests.worklist.factories import make_station, make_steps
from tests.worklist.finding import DAY, question
from tests.worklist.test_dicom_mwl import decoded
from worklist.management.commands import import_worklist
from worklist.models import ScheduledProcedureStep, WorklistEntry
from worklist.selectors import entries
from worklist.selectors.entries import entries_matching

pytestmark = pytest.mark.django_db
DIFFERENT = (
    "patient_id",
    "accession_number",
    "study_instance_uid",
    "requested_procedure_id",
    "sps_id",
    "patient_alphabetic",
    "patient_ideographic",
    "patient_phonetic",
)
MORNING = {
    "ScheduledStationAETitle": "CT1",
    "Modality": "CT",
    "ScheduledProcedureStepStartDate": "20261121",
}

TABLE = WorklistEntry._meta.db_table


@pytest.fixture
def ct1(facility):
    """CT1 asks, on a list long enough for a planner to care."""
    device = make_station(facility, "CT1").device
    first, *_ = make_steps(facility, 40)
    multiply(ScheduledProcedureStep, first, {"id": "%s + n", "sps_id": "'X' || n"})
    different = dict.fromkeys(DIFFERENT, "'X' || n")
    days = "CASE n %% 10 WHEN 0 THEN '2026-11-21' WHEN 1 THEN '2026-11-22' ELSE '2027-01-01' END"
    if connection.vendor == "postgresql":
        days = f"({days})::date"
    stations = {"station_ae_title": "'X' || n %% 300", "start_date": days}
    multiply(WorklistEntry, first, {"step_id": "%s + n", **different, **stations})
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE worklist_worklistentry")
    return device


def multiply(model, first, changes):
    """Make a row into three thousand more, within the database."""
    table, key = model._meta.db_table, model._meta.pk.column
    columns = [field.column for field in model._meta.concrete_fields]
    values = [changes.get(column, f"one.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE numbers(n) AS "
            "(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000) "
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "
            f"FROM numbers CROSS JOIN {table} AS one WHERE one.{key} = %s",
            [first + 1000, first],
        )


def plan_of(statement: str, params: tuple[object, ...]) -> str:
    """How the database goes about a statement."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def plans(device, **keys):
    """The plans of the statements that a query makes, one line for each of the entries' tables."""
    statements = []

    def note(execute, sql, params, many, context):
        statements.append((sql, params))
        return execute(sql, params, many, context)

    asked = decoded(question(**keys)).keys
    with connection.execute_wrapper(note):
        list(entries_matching(caller=caller_of(device), keys=asked, today=DAY))
    return [plan_of(sql, params) for sql, params in statements]


@pytest.mark.parametrize(
    ("keys", "index", "bound"),
    [
        (MORNING, "station", "start_date"),
        ({**MORNING, "PatientName": "*"}, "station", "start_date"),
        ({"ScheduledStationAETitle": "CT1"}, "station", "station_ae_title"),
        ({"PatientID": "T00001"}, "patient", "patient_id"),
        ({"PatientID": "T0000*"}, "patient", "patient_id"),
        ({"PatientID": "T0*1?", "Modality": "CT"}, "patient", "patient_id"),
        ({"AccessionNumber": "A1"}, "accession", "accession_number"),
        ({"AccessionNumber": "A*"}, "accession", "accession_number"),
        ({"AccessionNumber": "A1", **MORNING}, "accession", "accession_number"),
        ({"StudyInstanceUID": ["1.2", "1.3"]}, "study", "study_instance_uid"),
        ({"RequestedProcedureID": "R1"}, "procedure", "requested_procedure_id"),
        ({"ScheduledProcedureStepID": "M7"}, "sps", "sps_id"),
        ({"PatientName": "SMITH*"}, "name", "patient_alphabetic"),
        ({"PatientName": "SMITH*"}, "ideographic", "patient_ideographic"),
        ({"PatientName": "SMITH*"}, "phonetic", "patient_phonetic"),
        ({"PatientName": "SMITH^J*"}, "name", "patient_alphabetic"),
        ({"PatientName": "SMITH"}, "name", "patient_alphabetic"),
        ({"PatientName": "=山田*"}, "ideographic", "patient_ideographic"),
        ({"ScheduledProcedureStepStartDate": "20261121"}, "date", "start_date"),
        ({"ScheduledProcedureStepStartDate": "20261121-20261122"}, "date", "start_date"),
    ],
)
def test_usual_queries_are_served_by_a_range_of_an_index(ct1, keys, index, bound):
    """Issue 4.12: cost per query flat; the morning query reads its own rows only."""
    charset = "ISO_IR 192" if "山" in str(keys) else ""
    (plan,) = plans(ct1, charset=charset, **keys) if charset else plans(ct1, **keys)

    assert f"worklist_entry_{index}" in plan, plan
    assert not re.search(r"(SCAN|Seq Scan on) (entry|worklist_worklistentry)", plan), plan
    if connection.vendor == "sqlite":
        assert re.search(rf"worklist_entry_{index} \(.*\b{bound}[=<>]", plan), plan


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"Modality": "CT"},
        {"PatientName": "*MI*"},
        {"PatientName": "S*"},
        {"AccessionNumber": "*7"},
        {"ScheduledStationAETitle": "C*"},
        {"ReferringPhysicianName": "X*"},
    ],
)
def test_no_query_reads_the_table_from_end_to_end(ct1, keys):
    """Open entries of one facility at most, by an index; PostgreSQL may read small tables whole."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    for plan in plans(ct1, **keys):
        assert not re.search(r"(SCAN|Seq Scan on) (entry|worklist_worklistentry)", plan), plan


def test_broad_name_pattern_is_compared_within_the_index(ct1):
    """Issue 4.12: all that a search by name compares is in its index; the rows are not read."""
    (plan,) = plans(ct1, PatientName="*MI*")

    if connection.vendor == "sqlite":  # PostgreSQL chooses by its statistics
        assert "SEARCH entry USING COVERING INDEX worklist_entry_name (facility_id=?)" in plan


def test_list_without_keys_needs_no_sorting(ct1):
    """Rows come in the order of the index: the first page is there at once."""
    for plan in plans(ct1):
        assert "worklist_entry_date" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort Key" not in plan


def test_own_station_profile_is_served_like_the_morning_query(ct1):
    """A device that asks for everything and is shown its own."""
    DeviceProfile.objects.filter(pk=ct1.profile_id).update(is_own_station_only=True)
    ct1.profile.refresh_from_db()
    (plan,) = plans(ct1)

    assert "worklist_entry_station" in plan


def test_pages_of_a_broad_name_are_read_by_date(ct1, monkeypatch):
    """Sorting all that match again for every page would cost the square of them."""
    monkeypatch.setattr(entries, "PAGE", 30)
    first, *more = plans(ct1, PatientName="Tester*")

    assert "worklist_entry_name" in first
    assert len(more) == 1
    if connection.vendor == "sqlite":
        assert "worklist_entry_date" in more[0]


def test_one_statement_finds_them_whatever_their_number(ct1, django_assert_num_queries):
    """architecture.md §6: one indexed SQL statement for a page."""
    keys = decoded(question(**MORNING, PatientName="T*")).keys
    with django_assert_num_queries(1):
        list(entries_matching(caller=caller_of(ct1), keys=keys, today=DAY))


@pytest.mark.django_db
def test_statistics_are_fresh_after_a_large_import(facility, tmp_path, monkeypatch):
    """PostgreSQL took the day's index for a million new rows until it had counted them."""
    monkeypatch.setattr(import_worklist, "MANY", 3)
    for number in range(3):
        made = entry(AccessionNumber=f"A{number}", StudyInstanceUID=f"2.25.{number + 1}")
        put(tmp_path, f"{number}.wl", made)

    lines, _ = run(tmp_path)

    assert lines[-1] == "3 created, 0 updated, 0 unchanged, 0 rejected"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [TABLE])
            assert cursor.fetchone() == (3.0,)
