"""Five makers' clients in three transfer syntaxes: all get the same, attribute by attribute."""

import subprocess
from datetime import date, time

import pytest
from django.utils import timezone

from portal import processes
from portal.models import DeviceProfile
from portal.recorder import recorder
from tests.peers.characters import carries
from tests.peers.clients import CLIENTS, SYNTAXES, Client, Item, findscu
from tests.worklist.factories import make_device, make_patient, make_station, make_step

# On our own stack: its twin is asked the same, and has to answer the same bytes.
pytestmark = [pytest.mark.peer, pytest.mark.parametrize("stack", ["own"], indirect=True)]

# AE title -> the character set of its profile, and a name as its console would ask for it.
DEVICES = {
    "UTF8": ("ISO_IR 192", "Ива*"),
    "LATIN": ("ISO_IR 100", "Mül*"),
    "JAPAN": ("\\ISO 2022 IR 87", "山*"),
    "KOREA": ("\\ISO 2022 IR 149", "홍*"),
    "CHINA": ("GB18030", "王*"),
}
# Patient ID -> name, sex, birth date, start time, station.
PATIENTS = {
    "P1": ("Müller^Jörg", "M", date(1950, 5, 1), time(8), "UTF8"),
    "P2": ("Иванова^Анна", "F", date(1961, 12, 31), time(9, 15), "LATIN"),
    "P3": ("Yamada^Taro=山田^太郎=やまだ^たろう", "M", date(1948, 11, 5), time(10), "JAPAN"),
    "P4": ("Hong^Gildong=洪^吉洞=홍^길동", "O", None, time(11, 30), "KOREA"),
    "P5": ("Wang^Xiaodong=王^小东", "F", date(2003, 5, 17), time(12), "CHINA"),
}
FOUND_BY_NAME = {"UTF8": "P2", "LATIN": "P1", "JAPAN": "P3", "KOREA": "P4", "CHINA": "P5"}
# What a name becomes where a character set has no such letters.
LATIN = {
    "Müller^Jörg": {"Muller^Jorg", "Mueller^Joerg"},
    "Иванова^Анна": {"Ivanova^Anna"},
}
STEP = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepID",
    "ScheduledProtocolCodeSequence",
)
REQUEST = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
)


def question(character_set: str = "", step: Item | None = None, **keys: str) -> Item:
    """A usual identifier; `keys` and `step` restrict it."""
    inner = {keyword: [] if keyword.endswith("Sequence") else "" for keyword in STEP}
    asked: Item = dict.fromkeys(REQUEST, "") | keys
    asked["ScheduledProcedureStepSequence"] = [inner | (step or {})]
    return {"SpecificCharacterSet": character_set, **asked} if character_set else asked


@pytest.fixture
def department(facility):
    """Five devices, each with a character set of its own, and a patient for each; by patient ID."""
    steps = {}
    for aet, (character_set, _) in DEVICES.items():
        DeviceProfile.objects.create(
            facility=facility, name=aet.lower(), character_sets=[character_set]
        )
        make_device(facility, aet, aet.lower())
    for patient_id, (name, sex, born, start, station) in PATIENTS.items():
        groups = [*name.split("="), "", ""]
        patient = make_patient(
            facility,
            patient_id=patient_id,
            name_alphabetic=groups[0],
            name_ideographic=groups[1],
            name_phonetic=groups[2],
            sex=sex,
            birth_date=born,
        )
        steps[patient_id] = make_step(
            facility,
            patient=patient,
            station=make_station(facility, station, with_device=False),
            start_time=start,
        )
    return steps


def questions(aet: str) -> list[tuple[Item, list[str]]]:
    """What every client asks as this device, and whom it is to find."""
    today = f"{timezone.localdate():%Y%m%d}"
    character_set, name = DEVICES[aet]
    mine = [patient_id for patient_id, row in PATIENTS.items() if row[-1] == aet]
    own = {"ScheduledStationAETitle": aet, "Modality": "CT"}
    interval = {
        "ScheduledProcedureStepStartDate": f"{today}-{today}",
        "ScheduledProcedureStepStartTime": "0900-1130",
    }
    whole = {**question(PatientID="P3"), "ScheduledProcedureStepSequence": []}
    return [
        (question(), list(PATIENTS)),
        (question(step={**own, "ScheduledProcedureStepStartDate": today}), mine),
        (question(character_set, PatientName=name), [FOUND_BY_NAME[aet]]),
        (question(step=interval), ["P2", "P3", "P4"]),
        (whole, ["P3"]),
    ]


def expected(patient_id: str, step) -> Item:
    """The oracle: what an answer says of an exam, the name apart."""
    _, sex, born, start, station = PATIENTS[patient_id]
    procedure = step.requested_procedure
    return {
        "AccessionNumber": procedure.service_request.accession_number,
        "ReferringPhysicianName": "",
        "PatientID": patient_id,
        "PatientBirthDate": f"{born:%Y%m%d}" if born else "",
        "PatientSex": sex,
        "StudyInstanceUID": procedure.study_instance_uid,
        "RequestedProcedureID": procedure.requested_procedure_id,
        "RequestedProcedureDescription": "CT examination",
        "ScheduledProcedureStepSequence": [
            {
                "Modality": "CT",
                "ScheduledStationAETitle": station,
                "ScheduledProcedureStepStartDate": f"{timezone.localdate():%Y%m%d}",
                "ScheduledProcedureStepStartTime": f"{start:%H%M%S}",
                "ScheduledProcedureStepID": step.sps_id,
            }
        ],
    }


def require_name(said: str, patient_id: str, character_set: str) -> None:
    """Group by group: as it is, where the character set has it; else in Latin, or left out."""
    groups = PATIENTS[patient_id][0].split("=")
    heard = said.split("=") + [""] * (len(groups) - len(said.split("=")))
    assert heard[0] in {groups[0], *LATIN.get(groups[0], ())}, said
    for number, group in enumerate(groups[1:], start=1):
        kept = {group} if carries(group, character_set) else {"", group}
        assert heard[number] in kept, (said, character_set)
    assert "?" not in said


def require_answer(answer: Item, asked: Item, patient_id: str, step, aet: str) -> None:
    """Compare one answer with the oracle, attribute by attribute."""
    said = dict(answer)
    character_set = said.pop("SpecificCharacterSet", "")
    assert character_set in {"", DEVICES[aet][0]}
    assert set(said) == set(asked) - {"SpecificCharacterSet"}
    require_name(said.pop("PatientName"), patient_id, character_set)
    wanted = expected(patient_id, step)
    (inner,) = said.pop("ScheduledProcedureStepSequence")
    (wanted_inner,) = wanted.pop("ScheduledProcedureStepSequence")
    assert said == wanted
    assert {keyword: inner[keyword] for keyword in wanted_inner} == wanted_inner
    assert "ScheduledProtocolCodeSequence" in inner


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_gets_the_same_five_answers(running_scp, department, client, syntax):
    """The issue, "Shown by": a matrix of clients, each in all three uncompressed syntaxes."""
    for aet in DEVICES:
        require_answers(CLIENTS[client], running_scp, SYNTAXES[syntax], aet, department)


def require_answers(client: Client, port: int, syntax: str, aet: str, department: dict) -> None:
    """Ask all questions as one device, and compare what comes with the oracle."""
    asked = questions(aet)
    replies = client(port, syntax, aet, [keys for keys, _ in asked])
    for (keys, patient_ids), answers in zip(asked, replies, strict=True):
        assert [answer["PatientID"] for answer in answers] == patient_ids, (aet, keys)
        for patient_id, answer in zip(patient_ids, answers, strict=True):
            require_answer(answer, keys, patient_id, department[patient_id], aet)


@pytest.fixture
def tls(stack, facility, settings, tmp_path, transactional_db):
    """Our TLS listener, which wants a certificate of the device; its port, and the files."""
    files = {}
    for name in ("portal", "device"):
        cert, key = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        make = (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -addext subjectAltName=IP:127.0.0.1"
        )
        subprocess.run(
            [*make.split(), "-subj", f"/CN={name}", "-keyout", key, "-out", cert],
            check=True,
            capture_output=True,
        )
        files[name] = (str(cert), str(key))
    settings.DICOM_TLS_CERT, settings.DICOM_TLS_KEY = files["portal"]
    settings.DICOM_TLS_CA = files["device"][0]
    settings.DICOM_BIND = "127.0.0.1"
    recorder.start()
    with processes.listener(processes.listener_config(port=0, is_shared=False, tls=True)) as server:
        yield server.server_address[1], files
    recorder.stop()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_findscu_over_tls_gets_the_same(tls, department, syntax):
    """The issue: DCMTK's findscu, plain and TLS; PS3.15 B.12 (client certificate)."""
    port, files = tls
    (cert, key), (ours, _) = files["device"], files["portal"]
    options = ("+tls", key, cert, "+cf", ours)

    def client(*arguments):
        return findscu(*arguments, options=options)

    require_answers(client, port, SYNTAXES[syntax], "JAPAN", department)
