"""Film that the demo department used in the last weeks, with some that was printed again."""

import random
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from printing.demo.pictures import SUBJECTS
from printing.models import PrintUse, RejectReason

DAYS = 35
FIRST_JOB = -100_000  # numbers that no job has
PEOPLE = ("technologist", "operator")
PRINTERS = (("Film simulator", "14INX17IN", "BLUE FILM"), ("Colour simulator", "A4", "PAPER"))
WASTED = (
    *(RejectReason.POSITIONING, RejectReason.EXPOSURE, RejectReason.WRONG_IMAGES),
    *(RejectReason.FILM_DAMAGED, RejectReason.MOTION),
)


def make(facility_id: int, day: date) -> None:
    """Write the account of the weeks before that day, the same every time."""
    dice = random.Random(7)
    uses, number = [], FIRST_JOB
    for before in range(1, DAYS):
        on = day - timedelta(days=before)
        for _ in range(dice.randint(2, 4) if on.weekday() > 4 else dice.randint(6, 14)):
            number += 1
            uses.append(_use(facility_id, on, number, dice))
    PrintUse.objects.bulk_create(uses, ignore_conflicts=True)


def _use(facility_id: int, day: date, number: int, dice: random.Random) -> PrintUse:
    subject = dice.choice(SUBJECTS)
    printer, size, medium = PRINTERS[dice.random() < 0.2]
    at = datetime.combine(day, time(7)) + timedelta(minutes=dice.randrange(600))
    return PrintUse(
        facility_id=facility_id,
        at=timezone.make_aware(at),
        job_number=number,
        page_number=1,
        films=dice.choice((1, 1, 1, 2, 2, 4)),
        printer_name=printer,
        film_size_id=size,
        medium_type=medium,
        is_paper=medium == "PAPER",
        created_by_name=dice.choice(PEOPLE),
        requesting_unit=subject.unit,
        modality=subject.modality,
        patient_id=f"DEMO-{subject.number:04d}",
        reprint_reason=dice.choice(WASTED) if dice.random() < 0.09 else "",
    )
