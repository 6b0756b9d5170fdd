"""Calibration of a printer: print its test page, write down what it measures, see its course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal import selectors
from portal.errors import InvalidInput
from portal.fields import sent
from portal.types import Actor, Permission
from printing.forms.calibration import ReadingForm
from printing.models import CalibrationReading, Printer
from printing.selectors import printers as printer_selectors
from printing.selectors.calibration import (
    STEPS,
    calibration_jobs,
    calibration_readings,
    deviation,
    gsdf_densities,
    steps_reversed,
)
from printing.services.calibration import (
    calibration_print,
    calibration_read,
    calibration_reading_delete,
)
from printing.views.asking import found
from printing.views.charts import Chart, line_chart

CURVES = 3  # readings that are drawn over each other
COURSE = 24  # readings that the course over time shows
JOBS = 10
MIDDLE = STEPS // 2  # place among the densities
DRIFT = 0.1  # optical density; more is said aloud


@dataclass(frozen=True)
class ReadingRow:
    """A reading as the history shows it."""

    reading: CalibrationReading
    by_step: Sequence[float]  # in the order of the page, step 1 the darkest
    notes: Sequence[str]

    @property
    def darkest(self) -> str:
        """The highest density, as written."""
        return f"{self.by_step[0]:.2f}" if self.by_step else "–"

    @property
    def lightest(self) -> str:
        """The lowest density, as written."""
        return f"{self.by_step[-1]:.2f}" if self.by_step else "–"

    @property
    def middle(self) -> str:
        """The density of the step in the middle, as written."""
        return f"{self.reading.densities[MIDDLE]:.2f}" if self.by_step else "–"

    @property
    def deviation(self) -> str:
        """How far it is from equal steps for the eye."""
        return f"{deviation(self.reading.densities):.2f}" if self.by_step else "–"


@require_http_methods(["GET", "HEAD", "POST"])
def calibration(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Show a printer's readings; those who may, write a new one."""
    printer = _printer(request, printer_id)
    by = selectors.actor_for(request.user)
    may_manage = selectors.may(by, printer.facility_id, Permission.PRINTER_MANAGE)
    jobs = list(calibration_jobs(printer.pk)[:JOBS])
    form = ReadingForm(
        sent(request),
        jobs=[(job.pk, _job_label(job.pk, job.created_at)) for job in jobs],
        initial={"job_id": jobs[0].pk if jobs else ""},
    )
    if request.method == "POST":
        selectors.require(by, printer.facility_id, Permission.PRINTER_MANAGE)
        if form.is_valid() and _saved(printer, form, by):
            messages.success(request, _("The reading is kept."))
            return redirect("printing:calibration", printer_id=printer.pk)
    readings = list(
        calibration_readings(visible_to=request.user).filter(printer=printer)[: COURSE * 2]
    )
    context = {
        "printer": printer,
        "form": form,
        "may_manage": may_manage,
        "rows": _rows(readings),
        "curve": _curve(readings),
        "course": _course(readings),
        "verdict": _verdict(readings),
        "jobs": jobs,
        "steps": range(1, STEPS + 1),
    }
    status = 422 if form.errors else 200
    return render(request, "printing/calibration.html", context, status=status)


@require_POST
def calibration_page(request: HttpRequest, printer_id: int) -> HttpResponse:
    """Queue the printer's test page."""
    printer = _printer(request, printer_id)
    job = calibration_print(printer_id=printer.pk, by=selectors.actor_for(request.user))
    sentence = _("The test page is queued for %(printer)s as job %(number)s.")
    messages.success(request, sentence % {"printer": printer.name, "number": job.pk})
    return redirect("printing:calibration", printer_id=printer.pk)


@require_POST
def calibration_remove(request: HttpRequest, printer_id: int, reading_id: int) -> HttpResponse:
    """Take back a reading that was written wrong."""
    printer = _printer(request, printer_id)
    by = selectors.actor_for(request.user)
    calibration_reading_delete(printer_id=printer.pk, reading_id=reading_id, by=by)
    messages.success(request, _("The reading is taken back."))
    return redirect(reverse("printing:calibration", args=[printer.pk]) + "#readings")


def _saved(printer: Printer, form: ReadingForm, by: Actor) -> bool:
    chosen = form.cleaned_data
    try:
        calibration_read(
            printer_id=printer.pk,
            densities=chosen["densities"],
            comment=chosen["comment"],
            job_id=chosen["job_id"] or None,
            by=by,
        )
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    return True


def _printer(request: HttpRequest, printer_id: int) -> Printer:
    printers = printer_selectors.printers(visible_to=request.user)
    return found(printers, printer_id, _("There is no such printer in your facility."))


def _job_label(number: int, at: datetime) -> str:
    return _("Job %(number)s, %(day)s") % {"number": number, "day": _day(at)}


def _day(at: datetime) -> str:
    return date_format(localtime(at), "j M Y, H:i")


def _rows(readings: Sequence[CalibrationReading]) -> list[ReadingRow]:
    return [ReadingRow(reading, reading.densities[::-1], _notes(reading)) for reading in readings]


def _notes(reading: CalibrationReading) -> list[str]:
    """Say what is odd about a curve."""
    bent = steps_reversed(reading.densities)
    words = _("Step %(step)s is darker than step %(before)s: the curve bends.")
    return [words % {"step": step + 1, "before": step} for step in sorted(bent)]


def _measured(readings: Sequence[CalibrationReading]) -> list[CalibrationReading]:
    return [reading for reading in readings if len(reading.densities) == STEPS]


def _curves(readings: Sequence[CalibrationReading]) -> list[tuple[str, Sequence[float]]]:
    """Return the latest curves by the page's steps, and equal steps for the eye."""
    latest = _measured(readings)[:CURVES]
    if not latest:
        return []
    ideal = gsdf_densities(latest[0].densities[0], latest[0].densities[-1])
    return [
        *((_day(reading.at), reading.densities[::-1]) for reading in latest),
        (_("Equal steps for the eye"), ideal[::-1]),
    ]


def _curve(readings: Sequence[CalibrationReading]) -> dict[str, Any] | None:
    """Draw the latest curves over each other; beside it the same as a table."""
    curves = _curves(readings)
    if not curves:
        return None
    steps = range(1, STEPS + 1)
    values = zip(*(densities for _, densities in curves), strict=True)
    return {
        "chart": line_chart([str(step) for step in steps], curves),
        "heads": [label for label, _ in curves],
        "rows": [
            (step, [f"{density:.2f}" for density in row])
            for step, row in zip(steps, values, strict=True)
        ],
    }


def _course(readings: Sequence[CalibrationReading]) -> Chart | None:
    """Draw how the darkest, middle and lightest step went over time."""
    measured = _measured(readings)[:COURSE][::-1]
    if len(measured) < 2:
        return None
    places = {_("Darkest"): -1, _("Middle"): MIDDLE, _("Lightest"): 0}
    series = [
        (name, [reading.densities[place] for reading in measured]) for name, place in places.items()
    ]
    return line_chart([date_format(localtime(r.at), "j M") for r in measured], series)


def _verdict(readings: Sequence[CalibrationReading]) -> tuple[str, str, str, str]:
    """Return tone, icon, the sentence that answers whether it prints as it did, and the drift."""
    measured = _measured(readings)
    if not readings:
        return "neutral", "circle-dashed", _("This printer was never calibrated."), ""
    if len(measured) < 2:
        sentence = _("There is nothing to compare the last reading with.")
        return "neutral", "circle-dashed", sentence, ""
    change, step = _change(measured[0], measured[1])
    words = {"change": f"{change:.2f}", "step": step}
    slow = _drift(measured) if len(measured) > 2 else ""
    if change > DRIFT:
        sentence = _(
            "The densities moved by up to %(change)s since the reading before (step %(step)s)."
        )
        return "warn", "alert-triangle", sentence % words, slow
    sentence = _("The densities are as they were: at most %(change)s from the reading before.")
    return "ok", "check", sentence % words, slow


def _drift(measured: Sequence[CalibrationReading]) -> str:
    """Say how far the densities went since the oldest reading that is shown."""
    oldest = measured[:COURSE][-1]
    change, step = _change(measured[0], oldest)
    words = _("Since %(day)s they moved by up to %(change)s (step %(step)s).")
    return words % {"day": _day(oldest.at), "change": f"{change:.2f}", "step": step}


def _change(now: CalibrationReading, before: CalibrationReading) -> tuple[float, int]:
    """Return the largest change of a step, and its number on the page."""
    changes = [
        round(abs(one - other), 2)
        for one, other in zip(now.densities, before.densities, strict=True)
    ]
    return max(changes), STEPS - changes.index(max(changes))
