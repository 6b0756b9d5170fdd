"""CONFORMANCE.md says what the code does."""

import re
from contextlib import suppress
from pathlib import Path

import pydicom.datadict
import pytest
from pydicom.uid import UID, AllTransferSyntaxes

import printing
from printing import conformance
from printing.dicom import attributes, film, presentation_lut, statuses
from printing.dicom.request import PrintRequest
from printing.dicom.terms import Terms
from printing.rendering.errors import UnusableImage
from printing.rendering.frames import MAX_PIXELS, _require_decoder
from printing.types import Capabilities, Fallback
from printing.worker import films as worker
from tests.printing.scu_notes import page, pixels

TEXT = (Path(printing.__file__).parent / "CONFORMANCE.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(ds) -> set[str]:
    return {pydicom.datadict.dictionary_description(element.tag) for element in ds}


def test_sop_classes():
    """Each with its UID, and none besides."""
    found = {name: uid for name, uid, *_ in rows("SOP classes")}

    assert set(found.values()) == {str(uid) for uid, _ in conformance.USED}
    assert {UID(uid).name.removesuffix(" SOP Class") for uid in found.values()} == set(found)


def test_every_context_that_may_be_proposed_is_in_the_table():
    """Colour with its fallback, presentation LUT, annotation, print job."""
    takes = Capabilities(lut_place="film-box", has_annotation=True, has_print_job=True)
    lut = {"shape": "IDENTITY"}
    gray = Terms(PrintRequest(takes, presentation_lut=lut))
    color = Terms(PrintRequest(takes, is_color=True, fallbacks=frozenset(Fallback)))
    proposed = {str(c.abstract_syntax) for terms in (gray, color) for c in terms.contexts()}

    assert len(proposed) == 5
    assert proposed <= {uid for _, uid, *_ in rows("SOP classes")}


def test_attributes():
    """Nothing is sent that is not in the table, and everything that is."""
    said = {
        cells[0]: [{n.strip() for n in cell.split(",") if n.strip()} for cell in cells[1:]]
        for cells in rows("Attributes sent")
    }
    foreign = {"ConfigurationInformation": "é", "ImageBox.ConfigurationInformation": "é"}
    everything = dict.fromkeys(attributes.OPTIONAL, "1") | {"ICCProfile": "AAAA"} | foreign
    takes = Capabilities(attributes=dict.fromkeys(attributes.OPTIONAL, ()))
    session = {"medium_type": "PAPER", "film_destination": "X", "film_session_label": "é"}
    values = {"attributes": everything, "print_priority": "HIGH", **session}
    plain, full = Terms(PrintRequest()), Terms(PrintRequest(takes, **values))
    color = Terms(PrintRequest(takes, is_color=True, **values))
    for terms in (full, color):
        terms.lut_place = "film-box"
    in_session = Terms(PrintRequest(takes, **values))
    in_session.lut_place = "film-session"

    always, chosen = said["Film Session N-CREATE"]
    assert names(film.film_session(plain, 1)) == always
    assert names(film.film_session(in_session, 2, "1.2")) == always | chosen
    always, chosen = said["Film Box N-CREATE"]
    assert names(film.film_box(page(size="", orientation=""), plain, "1.2")) == always
    assert names(film.film_box(page(), color, "1.2", "1.3")) == always | chosen
    always, chosen = said["Image Box N-SET"]
    assert names(film.image_box(pixels(), plain)) == always
    assert names(film.image_box(pixels(requested_image_size=9), full)) == always | chosen
    for row, is_color in (("… gray item", False), ("… colour item", True)):
        always, chosen = said[row]
        assert names(film.picture(pixels(is_color=is_color))) == always
        oblong = pixels(is_color=is_color, pixel_aspect_ratio=(2, 1))
        assert names(film.picture(oblong)) == always | chosen
    always, chosen = said["Annotation Box N-SET"]
    assert names(film.annotation(1, "a", plain)) == always
    assert names(film.annotation(1, "é", plain)) == always | chosen
    _, chosen = said["Presentation LUT N-CREATE"]
    table = {"entries": [0] * 256, "bits": 12}
    made = [presentation_lut.presentation_lut(lut, 8) for lut in ({"shape": "LIN OD"}, table)]
    assert set.union(*map(names, made)) == chosen


def test_the_generated_statement_has_the_same_attributes():
    """printing/conformance.py: object by object what the other table says."""
    objects = {cells[0].rpartition(" ")[0]: cells for cells in rows("Attributes sent")}
    pictures = {"Basic Grayscale Image Sequence", "Basic Color Image Sequence"}
    for name in conformance.WHEN_SET:
        told = [row for row in conformance._attributes() if row[0] == name]
        _, always, chosen = objects[name]
        here = {part.strip() for part in f"{always},{chosen}".split(",") if part.strip()}
        assert {row[1] for row in told} - pictures == here
        assert all(row[2][0] + row[2][-1] == "()" for row in told)


def test_the_generated_statement_has_the_same_statuses():
    """Every code of printing.md §2.4 is in both tables."""
    codes = {int(row[0], 16) for row in conformance._statuses() if row[0] != "any other"}
    cells = " ".join(cells[0] for cells in rows("Statuses"))

    assert codes == {int(code, 16) for code in re.findall(r"\b[0-9A-F]{4}\b", cells)}


def test_transfer_syntaxes_that_are_read():
    """What the decoders installed here take, and nothing else."""
    readable = set()
    for uid in AllTransferSyntaxes:
        with suppress(UnusableImage):
            _require_decoder(uid)
            readable.add((uid.name, str(uid)))

    assert {tuple(cells) for cells in rows("Images read")} == readable


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
