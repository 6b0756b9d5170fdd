"""The demonstration's exams: when, where, how far, and what became of their images."""

from dataclasses import dataclass
from datetime import time

from worklist.demo.archive import Course
from worklist.models import ScheduledProcedureStep

Status = ScheduledProcedureStep.Status


@dataclass(frozen=True)
class Story:
    """How many images each series has, how many of all the archive lost, and what it said."""

    counts: tuple[int, ...] = (2,)
    lost: int = 0
    course: Course = Course.CONFIRMED


# Day, station, time; every state of storage commitment once.
STORIES = {
    (-1, "CT1", "09:00"): Story((4, 20)),
    (-1, "CT1", "10:00"): Story((2, 118), 2, Course.MISSING),
    (-1, "MR1", "09:00"): Story(()),
    (0, "CT1", "07:30"): Story((2, 16)),
    (0, "CT1", "08:00"): Story((2, 10), course=Course.WAITING),
    (0, "CT1", "08:30"): Story(()),
    (0, "CT2", "08:00"): Story((2, 12), course=Course.UNANSWERED),
    (0, "CT2", "09:00"): Story((1,)),
    (0, "MR1", "07:30"): Story((3, 9, 9), 3, Course.LOSS_ACCEPTED),
    (0, "MR1", "08:30"): Story(()),
    (0, "US1", "08:00"): Story((12,), 3, Course.NOT_YET),
    (0, "CR1", "08:30"): Story((2,), course=Course.PLANNED),
    (0, "MG1", "08:30"): Story((4,)),
}


@dataclass(frozen=True)
class Plan:
    """One exam: on which day, where, when, and how far it is."""

    day: int
    station: str
    start: time | None
    code: str
    status: str = Status.SCHEDULED

    @property
    def story(self) -> Story:
        """Return what was made, and what became of it at the archive."""
        at = f"{self.start:%H:%M}" if self.start else ""
        return STORIES.get((self.day, self.station, at), Story())


def _row(day: int, station: str, *exams: str) -> list[Plan]:
    """Read `HH:MM CODE [STATUS]`; `--` is no time."""
    plans = []
    for exam in exams:
        start, code, *status = exam.split(maxsplit=2)
        at = None if start == "--" else time.fromisoformat(start)
        plans.append(Plan(day, station, at, code, status[0] if status else Status.SCHEDULED))
    return plans


TODAY = (
    _row(0, "CT1", "07:30 CTHEAD COMPLETED", "08:00 CTCHEST COMPLETED", "08:30 CTABDO STARTED")
    + _row(0, "CT1", "09:15 CTCHEST READY", "09:45 CTHEAD ARRIVED", "10:30 CTANGIO")
    + _row(0, "CT1", "11:15 CTABDO", "13:00 CTCHEST", "14:45 CTABDO")
    + _row(0, "CT2", "08:00 CTABDO COMPLETED", "09:00 CTCHEST DISCONTINUED")
    + _row(0, "CT2", "09:30 CTHEAD", "10:00 CTCHEST CANCELED", "11:00 CTANGIO")
    + _row(0, "MR1", "07:30 MRBRAIN COMPLETED", "08:30 MRSPINE STARTED", "09:30 MRKNEE ARRIVED")
    + _row(0, "MR1", "10:30 MRLIVER", "13:00 MRBRAIN", "14:00 MRSPINE")
    + _row(0, "US1", "08:00 USABDO COMPLETED", "08:30 USTHYR NO SHOW", "09:00 USCARO READY")
    + _row(0, "US1", "09:30 USABDO", "10:15 USTHYR", "-- USCARO")
    + _row(0, "CR1", "08:10 CRCHEST COMPLETED", "08:30 CRHAND COMPLETED", "08:50 CRKNEE ARRIVED")
    + _row(0, "CR1", "09:20 CRCHEST", "-- CRPELV", "-- CRHAND")
    + _row(0, "MG1", "08:30 MGSCREEN COMPLETED", "09:00 MGDIAG", "09:30 MGTOMO")
    + _row(0, "", "11:30 CTCHEST", "-- CRCHEST")
)
AROUND = (
    _row(-1, "CT1", "09:00 CTCHEST COMPLETED", "10:00 CTABDO COMPLETED")
    + _row(-1, "MR1", "09:00 MRKNEE STARTED")  # and never ended
    + _row(1, "CT1", "08:00 CTHEAD", "09:00 CTABDO")
    + _row(1, "MR1", "08:00 MRBRAIN")
    + _row(2, "US1", "10:00 USABDO")
    + _row(7, "MG1", "09:00 MGSCREEN")
)
MAMMOGRAPHY = (2, 7, 1, 10)  # whose turn it is on MG1
# What people did before a scanner, or instead of it.
PATHS: dict[str, tuple[str, ...]] = {
    Status.ARRIVED: (Status.ARRIVED,),
    Status.READY: (Status.ARRIVED, Status.READY),
    Status.STARTED: (Status.ARRIVED, Status.READY),
    Status.COMPLETED: (Status.ARRIVED,),
    Status.DISCONTINUED: (Status.ARRIVED,),
    Status.CANCELED: (Status.CANCELED,),
    Status.NO_SHOW: (Status.NO_SHOW,),
}
REASONS = {Status.CANCELED: "Booked twice", Status.NO_SHOW: "Did not come"}
PERFORMED = (Status.STARTED, Status.COMPLETED, Status.DISCONTINUED)
PATIENT_UNWELL = "110515"  # PS3.16 CID 9300: patient condition prevented continuing
