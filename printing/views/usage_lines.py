"""The account of films as lines of CSV: each row as it is."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from django.db.models import QuerySet
from django.utils.timezone import localtime

from printing.models import PrintUse
from printing.selectors.usage import is_wasted

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
COLUMNS = (
    "time",
    "job",
    "page",
    "copy",
    "sending",
    "films",
    "kind",
    "printer",
    "size",
    "medium",
    "unit",
    "modality",
    "patient_id",
    "person",
    "reprint_reason",
    "wasted",
    "calibration",
)


def csv_lines(uses: QuerySet[PrintUse]) -> Iterator[str]:
    """Return a line of names, then one for each row."""
    yield _line(COLUMNS)
    for use in uses.iterator(chunk_size=2000):
        kind = "paper" if use.is_paper else "film"
        yield _line(
            [
                localtime(use.at).isoformat(timespec="seconds"),
                use.job_number,
                use.page_number,
                use.copy,
                use.sending,
                use.films,
                kind,
                use.printer_name,
                use.film_size_id,
                use.medium_type,
                use.requesting_unit,
                use.modality,
                use.patient_id,
                use.created_by_name,
                use.reprint_reason,
                int(is_wasted(use)),
                int(use.is_calibration),
            ]
        )


def _line(values: Sequence[object]) -> str:
    """Return one line; a text that a spreadsheet would take for a formula gets a mark before it."""
    text = StringIO()
    csv.writer(text).writerow(
        f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
        for value in values
    )
    return text.getvalue()
