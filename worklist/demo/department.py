"""The demonstration's stations, catalogue and patients of five scripts; made up, all of it."""

from datetime import date

from django.conf import settings

from portal.models import RemoteAE
from portal.services import device_set
from portal.types import Actor
from worklist.models import Patient, ProcedureType, Station
from worklist.services.patients import patient_create
from worklist.types import PatientValues

FIRST_PORT = 11201
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


def station(facility_id: int, by: Actor, row: tuple[str, str, str]) -> Station:
    """Return a station and its device; made if there is none."""
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
            port=(settings.SIMULATED_SCANNER_PORT or FIRST_PORT) + position,
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


def procedure_type(facility_id: int, row: tuple[str, str, str, int]) -> ProcedureType:
    """Return an entry of the catalogue; made if there is none."""
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


def patient(facility_id: int, number: int, by: Actor) -> Patient:
    """Return a patient; made if there is none."""
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
