"""CONFORMANCE.md says what the code does."""

import re
from pathlib import Path

import pydicom.datadict
import pytest
from pynetdicom import sop_class

import printing
from printing.dicom import film, scu, statuses
from printing.rendering.frames import MAX_PIXELS
from printing.types import BoxPixels
from printing.worker import jobs as worker

TEXT = (Path(printing.__file__).parent / "CONFORMANCE.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(ds) -> set[str]:
    return {pydicom.datadict.dictionary_description(element.tag) for element in ds}


def test_sop_classes():
    """Each with its UID; the meta class is the context that is proposed."""
    found = {name: uid for name, uid, *_ in rows("SOP classes")}

    assert found == {
        "Basic Grayscale Print Management Meta": sop_class.BasicGrayscalePrintManagementMeta,
        "Basic Film Session": sop_class.BasicFilmSession,
        "Basic Film Box": sop_class.BasicFilmBox,
        "Basic Grayscale Image Box": sop_class.BasicGrayscaleImageBox,
        "Printer": sop_class.Printer,
    }
    assert found["Basic Grayscale Print Management Meta"] == scu.META


def test_attributes():
    """Nothing is sent that is not in the table, and everything that is."""
    said = {
        cells[0]: [{n.strip() for n in cell.split(",") if n.strip()} for cell in cells[1:]]
        for cells in rows("Attributes sent")
    }
    page = film.PageToPrint(1, r"STANDARD\1,1", "", "PORTRAIT", lambda: iter(()))
    sized = film.PageToPrint(1, r"STANDARD\1,1", "A4", "PORTRAIT", lambda: iter(()))
    square, oblong = BoxPixels(1, 1, 1, 8, b"\0"), BoxPixels(1, 1, 1, 8, b"\0", (2, 1))

    always, chosen = said["Film Session N-CREATE"]
    assert names(film.film_session(film.SessionValues())) == always
    assert names(film.film_session(film.SessionValues(2, "HIGH", "PAPER", "BIN_1"))) == chosen
    always, chosen = said["Film Box N-CREATE"]
    assert names(film.film_box(page, "1.2")) == always
    assert names(film.film_box(sized, "1.2")) == always | chosen
    always, _ = said["Image Box N-SET"]
    assert names(film.image_box(square)) == always
    always, chosen = said["… its item"]
    assert names(film.image_box(square).BasicGrayscaleImageSequence[0]) == always
    assert names(film.image_box(oblong).BasicGrayscaleImageSequence[0]) == always | chosen


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("refused for good", statuses.Refused),
        ("not now", statuses.Busy),
        ("out of step", statuses.SessionFault),
        ("not admitted", statuses.NotAdmitted),
    ],
)
def test_failures(row, kind):
    """The table of statuses is the table of the code."""
    (cell,) = [cells[0] for cells in rows("Statuses") if cells[1] == row]

    said = {int(code, 16) for code in re.findall(r"\b[0-9A-F]{4}\b", cell)}

    assert said == {code for code, found in statuses.FAILURES.items() if found is kind}


def test_warnings():
    """What is called a warning goes on."""
    (cell,) = [cells[0] for cells in rows("Statuses") if cells[1] == "warning"]

    said = {int(code, 16) for code in re.findall(r"\b[0-9A-F]{4}\b", cell)}

    assert said == {code for code in statuses.WORDS if not statuses.is_failure(code)}


def test_limits(settings):
    """Seconds, retry plan and pixels."""
    limits = worker.LIMITS
    plan = ", ".join(map(str, settings.PRINT_RETRY_S))

    assert f"connection {limits.connect:g}, association {limits.associate:g}" in TEXT
    assert f"each request {limits.message:g} " in TEXT
    assert f"The retry plan is {plan} seconds" in TEXT
    assert f"N-ACTION {settings.PRINT_ACTION_TIMEOUT_S} " in TEXT
    assert f"{MAX_PIXELS:,} pixels" in TEXT
