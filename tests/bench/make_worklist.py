#!/usr/bin/env python3
"""Generate a synthetic, deterministic modality worklist of N scheduled steps.

The same N entries are written in every form the benchmark needs:

    OUT/wl/<AE title>/*.wl   one DICOM file per entry (wlmscpfs, Orthanc plugin)
    OUT/entries.jsonl        one JSON object per entry (import into a database)
    OUT/manifest.json        the queries, pre-encoded, with the expected answers

Usage:

    python -m tests.bench.make_worklist --count 10000 --out data/10k
    python -m tests.bench.make_worklist --count 100000 --out data/100k --no-files

The shape of the data is the same for every N, so that growth with N shows the
cost of *finding* entries and not of sending more of them:

    * 1,000 entries a day (all N of them when N < 1,000), 50 stations, 20 entries
      per station and day; every station has one modality;
    * patient IDs and accession numbers are unique; every family name occurs in
      ten entries;
    * names and descriptions are spread over eight specific character sets.

All names are made of syllables; no entry describes a person.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.bench.worklist_queries import build_manifest

PER_DAY = 1000
PER_STATION = 20
PER_FAMILY = 10
UID_BASE = 10**30  # study UIDs are 2.25.<UID_BASE + number>
MODALITIES = ("CT", "MR", "CR", "DX", "US", "MG", "NM", "XA", "RF", "PT")
SYLLABLES = (
    "BA",
    "CO",
    "DE",
    "FI",
    "GU",
    "HA",
    "JO",
    "KE",
    "LI",
    "MU",
    "NA",
    "PO",
    "RE",
    "SI",
    "TU",
    "VA",
    "WO",
    "XE",
    "YI",
    "ZU",
    "BRA",
    "CLO",
    "DRE",
    "FLI",
    "GRU",
    "KRA",
    "PLO",
    "STE",
    "TRI",
    "VRU",
)
MWL_FIND = "1.2.840.10008.5.1.4.31"

# (specific character set, given name, ideographic group, procedure suffix)
CHARSETS = (
    ("ISO_IR 6", "ANN", "", "ROUTINE"),
    ("ISO_IR 100", "José Müller", "", "contrôle à 3 mois"),
    ("ISO_IR 192", "Zoë Łucja", "", "suivi – urgent ✓"),
    ("ISO_IR 144", "Иван", "", "контроль"),
    ("ISO_IR 126", "Ελένη", "", "έλεγχος"),
    ("\\ISO 2022 IR 87", "TARO", "山田^太郎", "ROUTINE"),
    ("\\ISO 2022 IR 149", "GILDONG", "洪^吉洞", "ROUTINE"),
    ("GB18030", "XIAODONG", "王^小东", "复查"),
)
WEIGHTS = (30, 30, 15, 5, 5, 5, 5, 5)

PROCEDURES = {
    "CT": ("CT CHEST W CONTRAST", "CTCHEST"),
    "MR": ("MR BRAIN WO CONTRAST", "MRBRAIN"),
    "CR": ("CR CHEST 2 VIEWS", "CRCHEST"),
    "DX": ("DX KNEE LEFT", "DXKNEE"),
    "US": ("US ABDOMEN COMPLETE", "USABDO"),
    "MG": ("MG SCREENING BILATERAL", "MGSCREEN"),
    "NM": ("NM BONE SCAN", "NMBONE"),
    "XA": ("XA CORONARY ANGIO", "XACORO"),
    "RF": ("RF UPPER GI", "RFUGI"),
    "PT": ("PT WHOLE BODY", "PTWB"),
}


def family_name(index: int) -> str:
    """Family name number ``index``; four fixed syllables, so none starts another."""
    parts = []
    for _ in range(4):
        index, rest = divmod(index, len(SYLLABLES))
        parts.append(SYLLABLES[rest])
    return "QX".join(parts)


def scrambled(index: int) -> int:
    """A one-to-one scrambling of 0..999,982, so that keys do not follow dates."""
    return (index * 611_953 + 104_729) % 999_983


def make_entry(index: int, today: dt.date, seed: int = 7) -> dict:
    """Return entry number ``index`` as a flat dictionary of text values."""
    rng = random.Random(seed * 1_000_003 + index)
    day, slot = divmod(index, PER_DAY)
    # day 0 is today, then alternately a day back and a day ahead
    offset = (day + 1) // 2 * (-1 if day % 2 else 1)
    station = slot // PER_STATION
    modality = MODALITIES[station % len(MODALITIES)]
    charset, given, ideographic, suffix = rng.choices(CHARSETS, WEIGHTS)[0]
    number = scrambled(index)
    minute = 7 * 60 + (slot % PER_STATION) * 30
    name = f"{family_name(index // PER_FAMILY)}^{given}"
    if ideographic:
        name += "=" + ideographic
    title, code = PROCEDURES[modality]
    return {
        "charset": charset,
        "patient_name": name,
        **_patient(rng, number),
        **_order(rng, number, f"{title} {suffix}", code),
        "station_ae": f"{modality}{station:02d}AE",
        "station_name": f"{modality}-{station:02d}",
        "modality": modality,
        "start_date": (today + dt.timedelta(days=offset)).strftime("%Y%m%d"),
        "start_time": f"{minute // 60:02d}{minute % 60:02d}00",
        "performer": f"PERF{rng.randrange(60):02d}^TECH",
        "step_id": f"SPS{number:08d}",
        "step": f"{title} {suffix}",
        "step_code": code + "P",
        "step_location": f"ROOM {station}",
        "status": "SCHEDULED",
    }


def _patient(rng: random.Random, number: int) -> dict:
    born = dt.date(1930, 1, 1) + dt.timedelta(days=rng.randrange(33_000))
    return {
        "patient_id": f"PID{number:07d}",
        "birth_date": born.strftime("%Y%m%d"),
        "sex": rng.choice("MFO"),
        "weight": f"{rng.uniform(3, 120):.1f}",
        "medical_alerts": rng.choice(["", "", "", "PACEMAKER"]),
        "allergies": rng.choice(["", "", "LATEX", "IODINE"]),
    }


def _order(rng: random.Random, number: int, procedure: str, code: str) -> dict:
    return {
        "accession": f"ACC{number:09d}",
        "referring": f"REFER{rng.randrange(200):03d}^DOC",
        "study_uid": f"2.25.{UID_BASE + number}",
        "procedure_id": f"RP{number:08d}",
        "procedure": procedure,
        "procedure_code": code,
        "priority": rng.choice(["ROUTINE", "ROUTINE", "HIGH", "STAT"]),
        "admission_id": f"ADM{number:07d}",
        "location": f"WARD {rng.randrange(1, 30)}",
    }


def _code_item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "99BENCH"
    item.CodeMeaning = meaning
    return item


def entry_dataset(entry: dict) -> Dataset:
    """Return the complete worklist item for ``entry`` as a pydicom data set."""
    ds = Dataset()
    if "\\" in entry["charset"]:
        ds.SpecificCharacterSet = entry["charset"].split("\\")
    else:
        ds.SpecificCharacterSet = entry["charset"]
    ds.AccessionNumber = entry["accession"]
    ds.ReferringPhysicianName = entry["referring"]
    ds.ReferencedStudySequence = []
    ds.PatientName = entry["patient_name"]
    ds.PatientID = entry["patient_id"]
    ds.PatientBirthDate = entry["birth_date"]
    ds.PatientSex = entry["sex"]
    ds.PatientWeight = entry["weight"]
    ds.MedicalAlerts = entry["medical_alerts"]
    ds.Allergies = entry["allergies"]
    ds.PregnancyStatus = 4
    ds.StudyInstanceUID = entry["study_uid"]
    ds.RequestingPhysician = entry["referring"]
    ds.RequestedProcedureDescription = entry["procedure"]
    ds.RequestedProcedureCodeSequence = [_code_item(entry["procedure_code"], "BENCH PROCEDURE")]
    ds.AdmissionID = entry["admission_id"]
    ds.CurrentPatientLocation = entry["location"]
    ds.PatientState = ""
    ds.ScheduledProcedureStepSequence = [step_item(entry)]
    ds.RequestedProcedureID = entry["procedure_id"]
    ds.RequestedProcedurePriority = entry["priority"]
    ds.PatientTransportArrangements = ""
    return ds


def step_item(entry: dict) -> Dataset:
    """Return the scheduled procedure step of ``entry``."""
    step = Dataset()
    step.Modality = entry["modality"]
    step.RequestedContrastAgent = ""
    step.ScheduledStationAETitle = entry["station_ae"]
    step.ScheduledProcedureStepStartDate = entry["start_date"]
    step.ScheduledProcedureStepStartTime = entry["start_time"]
    step.ScheduledPerformingPhysicianName = entry["performer"]
    step.ScheduledProcedureStepDescription = entry["step"]
    step.ScheduledProtocolCodeSequence = [_code_item(entry["step_code"], "BENCH PROTOCOL")]
    step.ScheduledProcedureStepID = entry["step_id"]
    step.ScheduledStationName = entry["station_name"]
    step.ScheduledProcedureStepLocation = entry["step_location"]
    step.PreMedication = ""
    step.ScheduledProcedureStepStatus = entry["status"]
    return step


def write_files(folder: str, entries: list[dict]) -> int:
    """Write one worklist file per entry."""
    for entry in entries:
        ds = entry_dataset(entry)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.MediaStorageSOPClassUID = MWL_FIND
        ds.file_meta.MediaStorageSOPInstanceUID = entry["study_uid"] + ".1"
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = os.path.join(folder, entry["accession"] + ".wl")
        ds.save_as(path, enforce_file_format=True)
    return len(entries)


def main() -> None:
    """Write the entries in the forms that are asked for."""
    parser = argparse.ArgumentParser(
        description="Generate a synthetic worklist and the queries to ask of it."
    )
    parser.add_argument("--count", type=int, default=1000, help="number of entries")
    parser.add_argument("--out", type=Path, required=True, help="output folder")
    parser.add_argument("--ae", default="WORKLIST", help="AE title of the SCP")
    parser.add_argument("--today", help="the day the queries ask for, YYYYMMDD (default: today)")
    parser.add_argument("--variants", type=int, default=200, help="different q2/q4 queries (200)")
    parser.add_argument("--no-files", action="store_true", help="no .wl files")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    today = dt.date.fromisoformat(args.today or time.strftime("%Y%m%d"))
    if args.count > 999_983:
        parser.error("--count: at most 999983")
    entries = [make_entry(index, today) for index in range(args.count)]
    args.out.mkdir(parents=True, exist_ok=True)
    with open(args.out / "entries.jsonl", "w", encoding="utf-8") as stream:
        for entry in entries:
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
    manifest = build_manifest(entries, today, args.variants)
    (args.out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    if not args.no_files:
        folder = args.out / "wl" / args.ae
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lockfile").touch()
        chunks = [entries[i : i + 500] for i in range(0, len(entries), 500)]
        with ProcessPoolExecutor(args.jobs) as pool:
            list(pool.map(write_files, [str(folder)] * len(chunks), chunks))
    counts = {k: (len(v), v[0]["expect"]) for k, v in manifest["queries"].items()}
    sys.stdout.write(f"{len(entries)} entries in {args.out}; (queries, answers each): {counts}\n")


if __name__ == "__main__":
    main()
