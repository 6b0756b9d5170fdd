"""Every key of PS3.4 Table K.6-1 gets a column; rows are rebuilt from the bytes that they held."""

from collections.abc import Iterator
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from worklist.dicom.items import read
from worklist.dicom.match_keys import digest_of, match_keys

BATCH = 500
KEEP = (
    "CREATE TABLE worklist_entry_before AS "
    "SELECT step_id, facility_id, is_open, status, encoded FROM worklist_worklistentry"
)


def fill(apps: Any, schema_editor: Any) -> None:
    """Read the keys of every entry from its bytes."""
    entries = apps.get_model("worklist", "WorklistEntry").objects
    columns = {field.attname for field in entries.model._meta.concrete_fields}
    for rows in _batches(schema_editor.connection):
        made = []
        for step_id, facility_id, is_open, status, encoded in rows:
            keys = match_keys(read(bytes(encoded)))
            made.append(
                entries.model(
                    **{name: value for name, value in keys.items() if name in columns},
                    step_id=step_id,
                    facility_id=facility_id,
                    is_open=is_open,
                    status=status,
                    digest=digest_of(bytes(encoded)),
                    encoded=bytes(encoded),
                )
            )
        entries.bulk_create(made)


def _batches(connection: Any) -> Iterator[list[Any]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT step_id, facility_id, is_open, status, encoded FROM worklist_entry_before "
                "WHERE step_id > %s ORDER BY step_id LIMIT %s",
                [after, BATCH],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0003_device_needs"),
        ("worklist", "0002_query_details"),
    ]

    # A new table instead of fifty new columns: SQLite would copy the old one for each of them.
    operations = [
        migrations.RunSQL(KEEP),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX worklist_entry_before_step ON worklist_entry_before (step_id)"
        ),
        migrations.DeleteModel("WorklistEntry"),
        migrations.CreateModel(
            name="WorklistEntry",
            fields=[
                (
                    "step",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="entry",
                        serialize=False,
                        to="worklist.scheduledprocedurestep",
                    ),
                ),
                (
                    "facility",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="portal.facility",
                    ),
                ),
                ("is_open", models.BooleanField()),
                ("status", models.CharField(max_length=16)),
                ("digest", models.BigIntegerField()),
                ("station_ae_title", models.TextField()),
                ("station_ae_titles", models.TextField()),
                ("start_date", models.DateField()),
                ("start_time", models.TimeField()),
                ("end_date", models.DateField(null=True)),
                ("end_time", models.TimeField(null=True)),
                ("study_date", models.DateField(null=True)),
                ("study_time", models.TimeField(null=True)),
                ("birth_date", models.DateField(null=True)),
                ("patient_id", models.TextField()),
                ("accession_number", models.TextField()),
                ("study_instance_uid", models.TextField()),
                ("requested_procedure_id", models.TextField()),
                ("sps_id", models.TextField()),
                ("patient_alphabetic", models.TextField()),
                ("patient_ideographic", models.TextField()),
                ("patient_phonetic", models.TextField()),
                ("performing_physician_alphabetic", models.TextField()),
                ("performing_physician_ideographic", models.TextField()),
                ("performing_physician_phonetic", models.TextField()),
                ("referring_physician_alphabetic", models.TextField()),
                ("referring_physician_ideographic", models.TextField()),
                ("referring_physician_phonetic", models.TextField()),
                ("requesting_physician_alphabetic", models.TextField()),
                ("requesting_physician_ideographic", models.TextField()),
                ("requesting_physician_phonetic", models.TextField()),
                ("responsible_person_alphabetic", models.TextField()),
                ("responsible_person_ideographic", models.TextField()),
                ("responsible_person_phonetic", models.TextField()),
                ("modality", models.TextField()),
                ("sps_status", models.TextField()),
                ("sps_description", models.TextField()),
                ("sps_location", models.TextField()),
                ("station_name", models.TextField()),
                ("protocol_code", models.TextField()),
                ("pre_medication", models.TextField()),
                ("contrast_agent", models.TextField()),
                ("requested_procedure_description", models.TextField()),
                ("requested_procedure_code", models.TextField()),
                ("reason", models.TextField()),
                ("priority", models.TextField()),
                ("transport", models.TextField()),
                ("requesting_service", models.TextField()),
                ("placer_order_number", models.TextField()),
                ("filler_order_number", models.TextField()),
                ("admission_id", models.TextField()),
                ("issuer_of_admission_id", models.TextField()),
                ("institution_name", models.TextField()),
                ("department_name", models.TextField()),
                ("patient_location", models.TextField()),
                ("issuer_of_patient_id", models.TextField()),
                ("patient_sex", models.TextField()),
                ("patient_state", models.TextField()),
                ("medical_alerts", models.TextField()),
                ("allergies", models.TextField()),
                ("special_needs", models.TextField()),
                ("confidentiality", models.TextField()),
                ("worklist_label", models.TextField()),
                ("encoded", models.BinaryField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "start_date", "start_time", "step"],
                        name="worklist_entry_date",
                        opclasses=["int8_ops", "date_ops", "time_ops", "int8_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "station_ae_title", "start_date", "start_time", "step"],
                        name="worklist_entry_station",
                        opclasses=[
                            "int8_ops",
                            "text_pattern_ops",
                            "date_ops",
                            "time_ops",
                            "int8_ops",
                        ],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "patient_id"],
                        name="worklist_entry_patient",
                        opclasses=["int8_ops", "text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "accession_number"],
                        name="worklist_entry_accession",
                        opclasses=["int8_ops", "text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "study_instance_uid"],
                        name="worklist_entry_study",
                        opclasses=["int8_ops", "text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "requested_procedure_id"],
                        name="worklist_entry_procedure",
                        opclasses=["int8_ops", "text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "sps_id"],
                        name="worklist_entry_sps",
                        opclasses=["int8_ops", "text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=[
                            "facility",
                            "patient_alphabetic",
                            "patient_ideographic",
                            "patient_phonetic",
                            "start_date",
                            "start_time",
                            "step",
                            "digest",
                            "is_open",
                        ],
                        name="worklist_entry_name",
                        opclasses=[
                            "int8_ops",
                            "text_pattern_ops",
                            "text_pattern_ops",
                            "text_pattern_ops",
                            "date_ops",
                            "time_ops",
                            "int8_ops",
                            "int8_ops",
                            "bool_ops",
                        ],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "patient_ideographic", "step", "is_open"],
                        name="worklist_entry_ideographic",
                        opclasses=["int8_ops", "text_pattern_ops", "int8_ops", "bool_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("is_open", True)),
                        fields=["facility", "patient_phonetic", "step", "is_open"],
                        name="worklist_entry_phonetic",
                        opclasses=["int8_ops", "text_pattern_ops", "int8_ops", "bool_ops"],
                    ),
                ],
                "constraints": [],
            },
        ),
        migrations.RunPython(fill),
        migrations.RunSQL("DROP TABLE worklist_entry_before"),
    ]
