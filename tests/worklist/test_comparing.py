"""What was reported beside what was ordered: every verdict, and what it is worth."""

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worklist.selectors.candidates import WEIGHTS, score_of
from worklist.selectors.comparing import (
    compare,
    compare_ids,
    compare_names,
    compare_times,
    compare_values,
)
from worklist.types.reconcile import Field, Ordered, Reported, Verdict

DAY = date(2026, 11, 21)
REPORTED = Reported(
    device="CT2",
    patient_name="OBRIEN^DECLAN",
    patient_id="4094471",
    issuer="HARBOR",
    birth_date=date(1957, 5, 22),
    sex="M",
    accessions=("26-118193",),
    studies=("1.2.3",),
    modality="CT",
    station_ae_title="CT2",
    description="CT sinuses",
    code_value="P-144",
    start_date=DAY,
    start_time=time(14, 17),
)
ORDERED = Ordered(
    patient_name="O’Brien^Declan",
    patient_id="409 4471",
    issuer="HARBOR",
    birth_date=date(1957, 5, 22),
    sex="M",
    accession="26-118193",
    study="1.2.3",
    modality="CT",
    station="CT2",
    station_ae_titles=("CT2",),
    descriptions=("CT sinuses",),
    code_values=("P-144",),
    start_date=DAY,
    start_time=time(14, 15),
    status="SCHEDULED",
)
NAMES = st.lists(st.text(alphabet="abcÉøß-' 山田やまだ", max_size=8), min_size=1, max_size=5).map(
    "^".join
)


@pytest.mark.parametrize(
    ("reported", "ordered", "verdict"),
    [
        ("Quispe^Ana", "Quispe^Ana", "same"),
        ("Quispe^Ana^^", "Quispe^Ana", "same"),
        ("QUISPE^ANA", "Quispe^Ana", "spelling"),
        ("OBRIEN^DECLAN", "O’Brien^Declan", "spelling"),
        ("O'BRIEN^DECLAN", "O’Brien^Declan", "spelling"),
        ("MULLER^JORG", "Müller^Jörg", "spelling"),
        ("Garcia Lopez^Ana", "García-López^Ana", "spelling"),
        ("Mc Donald^Ann", "McDonald^Ann", "spaces"),
        ("Ana^Quispe", "Quispe^Ana", "order"),
        ("Quispe^Ana Maria", "Quispe^Ana", "partly"),
        ("AL AMIN^YUSUF B", "Al Amin^Yusuf", "partly"),
        ("Yamada^Tarou=山田^太郎", "Yamada^Taro=山田^太郎", "same"),
        ("Yamada^Taro", "=山田^太郎", "partly"),
        ("Mamani^Ana", "Quispe^Ana", "differs"),
        ("", "Quispe^Ana", "not-sent"),
        ("^^", "Quispe^Ana", "not-sent"),
        ("Quispe^Ana", "", "not-ordered"),
        ("", "", "neither"),
    ],
)
def test_names(reported, ordered, verdict):
    """PS3.5 6.2.1: groups and components; case, accents and apostrophes are told apart."""
    assert compare_names(reported, ordered) == verdict


@pytest.mark.parametrize(
    ("reported", "ordered", "verdict"),
    [
        (["4094471"], "4094471", "same"),
        (["409 4471"], "4094471", "spaces"),
        (["26118193"], "26-118193", "spaces"),
        (["1", "2"], "2", "same"),
        (["1"], "2", "differs"),
        ([], "2", "not-sent"),
        ([""], "2", "not-sent"),
        (["1"], "", "not-ordered"),
        ([], "", "neither"),
    ],
)
def test_identifiers(reported, ordered, verdict):
    assert compare_ids(reported, ordered) == verdict


def test_values():
    assert compare_values("M", "M") == "same"
    assert compare_values("M", "F") == "differs"
    assert compare_values(None, DAY) == "not-sent"
    assert compare_values(DAY, None) == "not-ordered"
    assert compare_values("", "") == "neither"


@pytest.mark.parametrize(
    ("start", "verdict", "minutes"),
    [
        (time(14, 15), "same", 0),
        (time(14, 30), "same", 15),
        (time(8, 34), "earlier", 341),
        (time(15, 0), "later", 45),
    ],
)
def test_times(start, verdict, minutes):
    line = compare_times(replace(REPORTED, start_time=start), ORDERED)

    assert (line.verdict, line.minutes) == (verdict, minutes)


def test_times_that_one_side_does_not_know():
    assert compare_times(Reported(), ORDERED).verdict == "not-sent"
    assert compare_times(REPORTED, Ordered()).verdict == "not-ordered"
    assert compare_times(REPORTED, replace(ORDERED, start_time=None)).verdict == "same"
    late = replace(ORDERED, start_time=None, start_date=date(2026, 11, 20))
    assert compare_times(REPORTED, late).minutes == 24 * 60


@pytest.mark.parametrize(
    ("field", "change", "verdict"),
    [
        (Field.PROCEDURE, {"description": "SINUS ROUTINE"}, "protocol"),
        (Field.PROCEDURE, {"code_value": "X"}, "same"),
        (Field.PROCEDURE, {"code_value": "X", "description": "ct SINUSES"}, "spelling"),
        (Field.PROCEDURE, {"code_value": "X", "description": "Sinuses, thin"}, "partly"),
        (Field.PROCEDURE, {"code_value": "X", "description": "Head"}, "differs"),
        (Field.PROCEDURE, {"code_value": "", "description": ""}, "not-sent"),
        (Field.PROCEDURE, {"description": "", "protocols": ("CT sinuses",)}, "same"),
        (Field.MODALITY, {"modality": "MR"}, "differs"),
        (Field.DEVICE, {"station_ae_title": "CT9", "device": "CT9"}, "differs"),
        (Field.DEVICE, {"station_ae_title": "CT9"}, "same"),
        (Field.DEVICE, {"station_ae_title": "", "device": ""}, "not-sent"),
        (Field.ISSUER, {"issuer": ""}, "not-sent"),
        (Field.STUDY, {"studies": ("9.9",)}, "differs"),
    ],
)
def test_lines(field, change, verdict):
    lines = {line.field: line for line in compare(replace(REPORTED, **change), ORDERED)}

    assert lines[field].verdict == verdict


def test_an_exam_for_any_device_fits_every_one_of_its_modality():
    anywhere = replace(ORDERED, station_ae_titles=(), station="")
    by_field = {line.field: line for line in compare(REPORTED, anywhere)}

    assert by_field[Field.DEVICE].verdict == "same"
    assert {line.field for line in compare(REPORTED, ORDERED)} == set(Field)


@given(NAMES, NAMES)
def test_names_compare_alike_from_both_sides(one, other):
    """A comparison is symmetrical, but for who says nothing."""
    swapped = {Verdict.NOT_SENT: Verdict.NOT_ORDERED, Verdict.NOT_ORDERED: Verdict.NOT_SENT}
    verdict = compare_names(one, other)

    assert compare_names(other, one) == swapped.get(verdict, verdict)
    assert compare_names(one, one) in {Verdict.SAME, Verdict.NEITHER}


@given(st.sampled_from(sorted(WEIGHTS)), st.data())
def test_a_contradiction_never_raises_the_score(field, data):
    """What differs is never worth more than what is not said, and that never more than a fit."""
    lines = compare(REPORTED, ORDERED)
    status = data.draw(st.sampled_from(["SCHEDULED", "COMPLETED", "CANCELED"]))

    def score(verdict):
        changed = [replace(one, verdict=verdict) if one.field is field else one for one in lines]
        return score_of(changed, status)

    assert score(Verdict.DIFFERS) <= score(Verdict.NOT_SENT) <= score(Verdict.SAME)
