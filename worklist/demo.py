"""A synthetic department around a day: stations, a catalogue, patients in five scripts, exams."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from portal.models import RemoteAE
from portal.services import device_set
from portal.types import Actor
from worklist.models import Patient, ProcedureType, ScheduledProcedureStep, Station
from worklist.services.orders import order_create
from worklist.services.patients import patient_create
from worklist.services.steps import scheduled_step_set_status
from worklist.types import OrderValues, PatientValues

Status = ScheduledProcedureStep.Status
ISSUER = "DEMO"

STATIONS = (
    ("CT1", "CT", "Room 1"),
    ("CT2", "CT", "Room 2"),
    ("MR1", "MR", "Room 3"),
    ("US1", "US", "Room 4"),
    ("CR1", "CR", "Room 5"),
    ("MG1", "MG", "Room 6"),
)

# Code, description, modality, minutes.
CATALOGUE = (
    ("CTHEAD", "CT head without contrast", "CT", 15),
    ("CTCHEST", "CT chest with contrast", "CT", 20),
    ("CTABDO", "CT abdomen with contrast", "CT", 30),
    ("CTANGIO", "CT angiography of the aorta", "CT", 30),
    ("MRBRAIN", "MR brain without contrast", "MR", 40),
    ("MRSPINE", "MR lumbar spine", "MR", 40),
    ("MRKNEE", "MR knee", "MR", 30),
    ("MRLIVER", "MR liver with contrast", "MR", 50),
    ("USABDO", "Ultrasound of the abdomen", "US", 20),
    ("USTHYR", "Ultrasound of the thyroid", "US", 15),
    ("USCARO", "Ultrasound of the carotids", "US", 20),
    ("CRCHEST", "Chest, two views", "CR", 10),
    ("CRHAND", "Hand, two views", "CR", 10),
    ("CRKNEE", "Knee, two views", "CR", 10),
    ("CRPELV", "Pelvis", "CR", 10),
    ("MGSCREEN", "Mammography, screening", "MG", 15),
    ("MGDIAG", "Mammography, diagnostic", "MG", 20),
    ("MGTOMO", "Breast tomosynthesis", "MG", 20),
)

# Alphabetic, ideographic, phonetic, sex, born. Made up; any likeness is chance.
PATIENTS = (
    ("Núñez^José", "", "", "M", date(1961, 4, 12)),
    ("Kowalska^Łucja", "", "", "F", date(1984, 9, 3)),
    ("Sjöström^Åsa", "", "", "F", date(1975, 1, 28)),
    ("Müller^Jürgen^^Dr.", "", "", "M", date(1949, 7, 19)),
    ("Lefèvre^Chloé", "", "", "F", date(1993, 11, 5)),
    ("O'Leary^Niamh", "", "", "F", date(2012, 2, 29)),
    ("Wang^XiaoDong", "王^小东", "", "M", date(1988, 6, 21)),
    ("Li^Na", "李^娜", "", "F", date(1970, 12, 1)),
    ("Zhang^Wei", "张^伟", "", "M", date(1956, 3, 8)),
    ("Yamada^Taro", "山田^太郎", "やまだ^たろう", "M", date(1948, 11, 5)),
    ("Suzuki^Hanako", "鈴木^花子", "すずき^はなこ", "F", date(1979, 8, 30)),
    ("Takahashi^Ken", "髙橋^健", "たかはし^けん", "M", date(2003, 5, 17)),
    ("Hong^Gildong", "洪^吉洞", "홍^길동", "M", date(1966, 10, 10)),
    ("Kim^Minji", "", "김^민지", "F", date(1999, 2, 14)),
    ("Ivanov^Ivan", "Иванов^Иван^Петрович", "", "M", date(1958, 9, 23)),
    ("Смирнова^Ольга", "", "", "F", date(1991, 4, 2)),
    ("Щербаков^Фёдор", "", "", "M", date(1937, 12, 25)),
    ("Tester^Alex", "", "", "O", None),
)


@dataclass(frozen=True)
class Plan:
    """One exam: on which day, where, when, and how far it is."""

    day: int
    station: str
    start: time | None
    code: str
    status: str = Status.SCHEDULED


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
    + _row(-1, "MR1", "09:00 MRKNEE COMPLETED")
    + _row(1, "CT1", "08:00 CTHEAD", "09:00 CTABDO")
    + _row(1, "MR1", "08:00 MRBRAIN")
    + _row(2, "US1", "10:00 USABDO")
    + _row(7, "MG1", "09:00 MGSCREEN")
)
MAMMOGRAPHY = (2, 7, 1, 10)  # whose turn it is on MG1
# The arrows that lead to a state.
PATHS: dict[str, tuple[str, ...]] = {
    Status.SCHEDULED: (),
    Status.ARRIVED: (Status.ARRIVED,),
    Status.READY: (Status.ARRIVED, Status.READY),
    Status.STARTED: (Status.ARRIVED, Status.READY, Status.STARTED),
    Status.COMPLETED: (Status.ARRIVED, Status.STARTED, Status.COMPLETED),
    Status.DISCONTINUED: (Status.ARRIVED, Status.STARTED, Status.DISCONTINUED),
    Status.CANCELED: (Status.CANCELED,),
    Status.NO_SHOW: (Status.NO_SHOW,),
}
REASONS = {
    Status.CANCELED: "Booked twice",
    Status.DISCONTINUED: "Patient unwell",
    Status.NO_SHOW: "Did not come",
}


def furnish(facility_id: int, day: date, by: Actor) -> None:
    """Make the department; what is there already stays, exams are made once for each day."""
    stations = {name: _station(facility_id, by, row) for row in STATIONS for name in row[:1]}
    kinds = {row[0]: _procedure_type(facility_id, row) for row in CATALOGUE}
    patients = [_patient(facility_id, number, by) for number, _ in enumerate(PATIENTS, start=1)]
    if _has_exams(facility_id, day):
        return
    # Seven and eighteen have no common divisor: everybody comes, nobody twice at one time.
    others = iter(patients[number * 7 % len(patients)] for number in range(len(TODAY + AROUND)))
    mammography = iter(patients[number] for number in MAMMOGRAPHY)
    for number, plan in enumerate((*TODAY, *AROUND)):
        station = stations[plan.station] if plan.station else None
        step = order_create(
            facility_id=facility_id,
            order=OrderValues(
                patient_id=next(mammography if plan.station == "MG1" else others).pk,
                procedure_type_id=kinds[plan.code].pk,
                station_id=station.pk if station else None,
                start_date=day + timedelta(days=plan.day),
                start_time=plan.start,
                referring_physician_name=f"Referrer^{'ABCDE'[number % 5]}",
                reason=("Follow-up", "Pain", "Cough", "Trauma", "")[number % 5],
                priority="STAT" if number % 11 == 3 else "ROUTINE",
            ),
            by=by,
            may_overbook_reason="demonstration",
        )
        for status in PATHS[plan.status]:
            reason = REASONS.get(Status(status), "")
            scheduled_step_set_status(step_id=step.pk, status=status, by=by, reason=reason)


def _has_exams(facility_id: int, day: date) -> bool:
    return ScheduledProcedureStep.objects.filter(
        facility_id=facility_id,
        start_date=day,
        requested_procedure__service_request__patient__issuer_of_patient_id=ISSUER,
        station__name="CT2",
    ).exists()


def _station(facility_id: int, by: Actor, row: tuple[str, str, str]) -> Station:
    name, modality, room = row
    found = Station.objects.filter(facility_id=facility_id, name=name).first()
    if found:
        return found
    position = [one[0] for one in STATIONS].index(name)
    device = RemoteAE.objects.filter(facility_id=facility_id, ae_title=name).first()
    if device is None:
        device, _ = device_set(
            facility_id=facility_id,
            ae_title=name,
            host="127.0.0.1",
            port=11201 + position,
            kind=RemoteAE.Kind.MODALITY,
            by=by,
        )
    return Station.objects.create(
        facility_id=facility_id,
        name=name,
        modality=modality,
        room=room,
        device=device,
        ae_title=name,
        position=position,
    )


def _procedure_type(facility_id: int, row: tuple[str, str, str, int]) -> ProcedureType:
    code, description, modality, minutes = row
    return ProcedureType.objects.get_or_create(
        facility_id=facility_id,
        coding_scheme_designator="99PORTAL",
        code_value=code,
        defaults={
            "code_meaning": description,
            "description": description,
            "modality": modality,
            "duration_minutes": minutes,
        },
    )[0]


def _patient(facility_id: int, number: int, by: Actor) -> Patient:
    alphabetic, ideographic, phonetic, sex, born = PATIENTS[number - 1]
    patient_id = f"DEMO-{number:04d}"
    found = Patient.objects.filter(
        facility_id=facility_id, patient_id=patient_id, issuer_of_patient_id=ISSUER
    ).first()
    if found:
        return found
    values = PatientValues(
        patient_id=patient_id,
        issuer_of_patient_id=ISSUER,
        name_alphabetic=alphabetic,
        name_ideographic=ideographic,
        name_phonetic=phonetic,
        birth_date=born,
        sex=sex,
    )
    return patient_create(facility_id=facility_id, values=values, by=by)
