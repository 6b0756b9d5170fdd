"""Bad worklist files: one sentence each, and nothing stored is harmed."""

import zlib
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
)

from portal.dicom.errors import InvalidDataset
from portal.errors import InvalidInput
from portal.types import Actor
from tests.worklist.commands import export, put, run
from tests.worklist.entries import entry, file_bytes
from worklist.dicom import files
from worklist.dicom.entry import parse
from worklist.models import (
    Patient,
)
from worklist.services.imports import Outcome, entry_import

BY = Actor.command("test")


@pytest.mark.django_db
def test_each_bad_file_gets_one_sentence_and_stops_nothing(facility, tmp_path):
    """The issue, "Bad input"."""
    good = file_bytes(entry())
    image = entry()
    del image.ScheduledProcedureStepSequence
    unknown = file_bytes(entry("ISO_IR 100", PatientName="José^A")).replace(
        b"ISO_IR 100", b"ISO_IR 999"
    )
    bad = {
        "empty": (b"", "It is empty."),
        "text": (b"Dear colleague, please", "It is not a DICOM file."),
        "zeros": (bytes(4096), "It is not a DICOM file."),
        "headed": (bytes(128) + b"DICM" + bytes(500), "It is not a DICOM file."),
        "truncated": (good[:-40], "It ends in the middle of (0040,0100)."),
        "cut": (good[:150], "It ends in the middle of"),
        "image": (file_bytes(image), "It has no Scheduled Procedure Step Sequence."),
        "unknown": (unknown, 'The character set "ISO_IR 999" is not known.'),
        "untagged": (
            file_bytes(entry("ISO_IR 100", PatientName="José^A")).replace(
                b"ISO_IR 100", b"ISO_IR 6  "
            ),
            '(0010,0010) is not text in "ISO_IR 6".',
        ),
        "numberless": (file_bytes(entry(AccessionNumber="")), "It has no Accession Number."),
        "dateless": (
            file_bytes(entry(ScheduledProcedureStepStartDate="")),
            "It has no Scheduled Procedure Step Start Date.",
        ),
        "jpeg": (
            file_bytes(entry()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"),
            "Its transfer syntax 1.2.840.10008.1.2.9 is none of a worklist entry's.",
        ),
    }
    for name, (raw, _) in bad.items():
        (tmp_path / f"{name}.wl").write_bytes(raw)
    (tmp_path / "z-good.wl").write_bytes(good)
    (tmp_path / "notes.txt").write_text("no entry")

    lines, code = run(tmp_path, tmp_path / "missing.wl")

    told = {Path(line.split(":")[0]).stem: line for line in lines[:-1]}
    for name, (_, sentence) in bad.items():
        assert f"rejected. {sentence}" in told[name], name
    assert "There is no such file." in told["missing"]
    assert told["z-good"].endswith("created")
    assert lines[-1] == f"1 created, 0 updated, 0 unchanged, {len(bad) + 1} rejected"
    assert code == 1


@pytest.mark.django_db
def test_huge_files_are_refused_unread(facility, tmp_path):
    """200 MB of zeros."""
    path = tmp_path / "huge.wl"
    with path.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)

    lines, code = run(path)

    assert code == 1
    assert "larger than 16 MB" in lines[0]


def test_inflated_size_is_limited():
    """A deflated file may not grow without end."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = bomb.compress(bytes(40 * 1024 * 1024)) + bomb.flush()
    head = file_bytes(entry(), syntax=DeflatedExplicitVRLittleEndian)
    head = head[: head.index(DeflatedExplicitVRLittleEndian.encode()) + 22]

    for body in (raw, b"not deflated"):
        with pytest.raises(InvalidDataset, match="deflated"):
            files.read_file(head[: 132 + 12 + _meta_length(head)] + body)


def _meta_length(raw: bytes) -> int:
    return int.from_bytes(raw[140:144], "little")


@pytest.mark.django_db
def test_entry_the_database_refuses_takes_no_other_with_it(facility, tmp_path):
    """One bad file stops nothing, whatever is wrong with it: the batch is tried one by one."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_of_a_name ON worklist_patient (name_alphabetic)")
    for number in range(3):
        put(
            tmp_path,
            f"{number}.wl",
            entry(
                AccessionNumber=f"A{number}",
                PatientID=f"P{number}",
                StudyInstanceUID=f"2.25.{number + 1}",
                PatientName="Same^Name" if number < 2 else "Other^Name",
            ),
        )

    lines, code = run(tmp_path)

    assert lines[-1] == "2 created, 0 updated, 0 unchanged, 1 rejected"
    assert lines[1].endswith("1.wl: rejected. The database does not take its values.")
    assert code == 1


@pytest.mark.django_db
def test_zero_bytes_within_a_text_are_dropped(facility, tmp_path):
    """PostgreSQL stores none."""
    put(tmp_path, "a.wl", entry(PatientName="Nul\0l^X"))

    assert run(tmp_path)[1] == 0
    assert Patient.objects.get().name_alphabetic == "Null^X"


@pytest.mark.django_db
def test_one_entry_by_the_service(facility):
    """imports.entry_import: for edges that have one entry at hand."""
    (one,), _ = parse(files.read_file(file_bytes(entry())))

    assert entry_import(facility_id=facility.pk, entry=one, by=BY).outcome is Outcome.CREATED
    assert entry_import(facility_id=facility.pk, entry=one, by=BY).outcome is Outcome.UNCHANGED
    (other,), _ = parse(files.read_file(file_bytes(entry(AccessionNumber="A2"))))
    with pytest.raises(InvalidInput, match="Study Instance UID"):
        entry_import(facility_id=facility.pk, entry=other, by=BY)


@pytest.mark.django_db
def test_unknown_facility_and_unwritable_folder_are_told(facility, tmp_path):
    """One sentence each."""
    with pytest.raises(CommandError, match="no facility"):
        run(tmp_path, "--facility", "nowhere")
    with pytest.raises(CommandError, match="no facility"):
        export(tmp_path, "--facility", "nowhere")
    (tmp_path / "PORTAL").write_text("a file")
    with pytest.raises(CommandError, match="cannot be written"):
        export(tmp_path)
