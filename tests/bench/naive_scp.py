"""The obvious worklist SCP: pynetdicom in front of the Django ORM.

A yardstick, not an example: the handler filters a query set, builds a pydicom data set for every
row and yields it, with every library at its defaults.

    python -m tests.bench.naive_scp --entries data/10k/entries.jsonl --database naive.sqlite3
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityWorklistInformationFind, Verification

COLUMNS = (
    ("Modality", "modality"),
    ("ScheduledStationAETitle", "station_ae"),
    ("ScheduledProcedureStepStartDate", "start_date"),
    ("PatientID", "order__patient__patient_id"),
    ("AccessionNumber", "order__accession"),
    ("PatientName", "order__patient__patient_name"),
)


def configure(database: str) -> None:
    """Set Django up with one SQLite database and no project."""
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        INSTALLED_APPS=[],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def load(entries: Path) -> None:
    """Create the tables and fill them."""
    from django.db import connection, transaction

    from tests.bench.naive_models import Order, Patient, Step

    with connection.schema_editor() as editor:
        for model in (Patient, Order, Step):
            editor.create_model(model)

    def values(model: Any, row: dict[str, str]) -> dict[str, str]:
        return {field.name: row[field.name] for field in model._meta.fields if field.name in row}

    rows = [json.loads(line) for line in entries.open(encoding="utf-8")]
    with transaction.atomic():
        patients = [Patient(**values(Patient, row)) for row in rows]
        Patient.objects.bulk_create(patients, batch_size=1000)
        orders = [
            Order(patient=patient, **values(Order, row))
            for patient, row in zip(patients, rows, strict=True)
        ]
        Order.objects.bulk_create(orders, batch_size=1000)
        steps = [
            Step(order=order, **values(Step, row)) for order, row in zip(orders, rows, strict=True)
        ]
        Step.objects.bulk_create(steps, batch_size=1000)


def matching(query: Any, identifier: Dataset) -> Any:
    """Filter by the keys that have a value."""
    step = identifier.ScheduledProcedureStepSequence[0]
    for keyword, column in COLUMNS:
        value = str(step.get(keyword) or identifier.get(keyword) or "")
        if not value or value == "*":
            continue
        if column == "start_date" and "-" in value:
            first, _, last = value.partition("-")
            query = query.filter(start_date__gte=first) if first else query
            query = query.filter(start_date__lte=last) if last else query
        elif value.endswith("*"):
            query = query.filter(**{column + "__istartswith": value[:-1]})
        else:
            query = query.filter(**{column: value})
    return query


def code(value: str, meaning: str) -> Dataset:
    """Return a code sequence's item."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "99BENCH"
    item.CodeMeaning = meaning
    return item


def answer(row: Any) -> Dataset:
    """Return a worklist item for a row."""
    order, patient = row.order, row.order.patient
    ds = Dataset()
    ds.SpecificCharacterSet = row.charset.split("\\")
    ds.AccessionNumber = order.accession
    ds.ReferringPhysicianName = order.referring
    ds.PatientName = patient.patient_name
    ds.PatientID = patient.patient_id
    ds.PatientBirthDate = patient.birth_date
    ds.PatientSex = patient.sex
    ds.PatientWeight = patient.weight
    ds.MedicalAlerts = patient.medical_alerts
    ds.Allergies = patient.allergies
    ds.PregnancyStatus = 4
    ds.StudyInstanceUID = order.study_uid
    ds.RequestingPhysician = order.referring
    ds.RequestedProcedureDescription = order.procedure
    ds.RequestedProcedureCodeSequence = [code(order.procedure_code, "BENCH PROCEDURE")]
    ds.AdmissionID = order.admission_id
    ds.CurrentPatientLocation = order.location
    ds.ScheduledProcedureStepSequence = [step_item(row)]
    ds.RequestedProcedureID = order.procedure_id
    ds.RequestedProcedurePriority = order.priority
    return ds


def step_item(row: Any) -> Dataset:
    """Return the scheduled procedure step of a row."""
    step = Dataset()
    step.Modality = row.modality
    step.ScheduledStationAETitle = row.station_ae
    step.ScheduledProcedureStepStartDate = row.start_date
    step.ScheduledProcedureStepStartTime = row.start_time
    step.ScheduledPerformingPhysicianName = row.performer
    step.ScheduledProcedureStepDescription = row.step
    step.ScheduledProtocolCodeSequence = [code(row.step_code, "BENCH PROTOCOL")]
    step.ScheduledProcedureStepID = row.step_id
    step.ScheduledStationName = row.station_name
    step.ScheduledProcedureStepLocation = row.step_location
    return step


def on_find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
    """Answer a C-FIND."""
    from tests.bench.naive_models import Step

    for row in matching(Step.objects.select_related("order__patient"), event.identifier):
        if event.is_cancelled:
            yield 0xFE00, None
            return
        yield 0xFF00, answer(row)


def main() -> None:
    """Fill a database and serve it."""
    parser = argparse.ArgumentParser(description="The obvious worklist SCP.")
    parser.add_argument("--entries", type=Path, required=True)
    parser.add_argument("--database", required=True, help="SQLite file, made anew")
    parser.add_argument("--ae", default="WORKLIST")
    parser.add_argument("--port", type=int, default=11203)
    args = parser.parse_args()
    configure(args.database)
    load(args.entries)
    ae = AE(args.ae)
    ae.maximum_associations = 500
    ae.add_supported_context(Verification)
    ae.add_supported_context(ModalityWorklistInformationFind)
    ae.start_server(("127.0.0.1", args.port), evt_handlers=[(evt.EVT_C_FIND, on_find)])


if __name__ == "__main__":
    main()
