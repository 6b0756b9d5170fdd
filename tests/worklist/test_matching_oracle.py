"""The database's matcher against a naive one, written from PS3.4 C.2.2.2 for this test alone."""

import re
import unicodedata
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from tests.worklist.entries import entry
from tests.worklist.factories import make_station
from tests.worklist.finding import booked, found

pytestmark = pytest.mark.django_db

SIGNS = ["A", "a", "B", "AB", "[", "]", "%", "_", ".", "+", "$", "(", "é", "山", " ", "-"]
TEXTS = ("PatientID", "AdmissionID", "ScheduledStationName", "RequestedProcedureDescription")
FAMILIES = ("Smith", "SMYTHE", "Sm[th", "O'Neil", "Ōta", "山田", "Müller-Lüdenscheidt", "%_")
GIVENS = ("", "Ann", "ANNA", "Jo%n", "太郎", "J.", "Mary^Ann")
DAYS = ("20261119", "20261120", "20261121", "20261122", "20261231")
TIMES = ("00", "0930", "093000", "093000.5", "120000", "235959", "2330")


def _text(random: Random) -> str:
    return "".join(random.choice(SIGNS) for _ in range(random.randint(1, 4))).strip() or "A"


def _entries() -> list[dict[str, object]]:
    """Sixty entries, the same each time; some values are several."""
    random = Random(20261121)
    made = []
    for number in range(60):
        values: dict[str, object] = {keyword: _text(random) for keyword in TEXTS}
        if number % 3 == 0:
            values["ScheduledStationName"] = [_text(random), _text(random), _text(random)]
        if number % 5 == 0:
            values["AdmissionID"] = ""
        groups = [
            f"{random.choice(FAMILIES)}^{random.choice(GIVENS)}" for _ in range(number % 3 + 1)
        ]
        values["PatientName"] = "=".join(groups)
        values["PatientID"] = f"{values['PatientID']}{number}"
        values["ScheduledProcedureStepStartDate"] = random.choice(DAYS)
        values["ScheduledProcedureStepStartTime"] = random.choice(TIMES)
        values["Modality"] = random.choice(["CT", "MR", "ct"])
        made.append(values)
    return made


ENTRIES = _entries()


@pytest.fixture
def listed(facility):
    """The device that asks, and each entry's step with its dataset."""
    device = make_station(facility, "CT1").device
    return device, [(booked(facility, **values), entry(**values)) for values in ENTRIES]


# --- the naive matcher ------------------------------------------------------------------------


def stored(ds: Dataset, keyword: str) -> list[str]:
    step = ds.ScheduledProcedureStepSequence[0]
    value = (step if keyword in step else ds).get(keyword, "")
    return [str(one) for one in (value if isinstance(value, MultiValue) else [value])]


def text_fits(pattern: str, value: str) -> bool:
    if not value:
        return not pattern.strip("*")
    translated = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(translated, value, re.DOTALL) is not None


def folded(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def name_fits(pattern: str, name: str) -> bool:
    if not pattern.strip("^* "):
        return True  # a name without anything in it is no value
    groups = [folded(group).rstrip("^") for group in name.split("=")]
    asked = folded(pattern).rstrip("^ ")
    bare = asked.removesuffix("^*")
    return any(
        text_fits(asked, group) or (bare != asked and text_fits(bare, group))
        for group in groups
        if group
    )


def seconds(time: str, *, is_upper: bool = False) -> str:
    """A time as twelve digits; an upper bound means the end of what it names."""
    whole, _, fraction = time.partition(".")
    rest = "595959" if is_upper else "000000"
    return whole + rest[len(whole) :] + fraction.ljust(6, "9" if is_upper else "0")


def date_fits(key: str, value: str) -> bool:
    lower, dash, upper = key.partition("-")
    if not dash:
        return value == lower
    return (not lower or value >= lower) and (not upper or value <= upper)


def time_fits(key: str, value: str) -> bool:
    lower, dash, upper = key.partition("-")
    if not dash:
        return seconds(value) == seconds(lower)
    at_least = not lower or seconds(value) >= seconds(lower)
    return at_least and (not upper or seconds(value) <= seconds(upper, is_upper=True))


def moment_fits(day: str, at: str, on: str, value: str) -> bool:
    first, dash, last = day.partition("-")
    last = last if dash else first
    begin, _, end = at.partition("-")
    moment = on + seconds(value)
    at_least = not first or moment >= first + (seconds(begin) if begin else "0" * 12)
    return at_least and (
        not last or moment <= last + (seconds(end, is_upper=True) if end else "9" * 12)
    )


def fits(ds: Dataset, keys: dict[str, str]) -> bool:
    day = keys.get("ScheduledProcedureStepStartDate", "")
    at = keys.get("ScheduledProcedureStepStartTime", "")
    (on,) = stored(ds, "ScheduledProcedureStepStartDate")
    (clock,) = stored(ds, "ScheduledProcedureStepStartTime")
    if day and "-" in at:
        is_then = moment_fits(day, at, on, clock)
    else:
        is_then = (not day or date_fits(day, on)) and (not at or time_fits(at, clock))
    return is_then and all(
        any((name_fits if keyword == "PatientName" else text_fits)(key, one) for one in values)
        for keyword, key in keys.items()
        if "StartDate" not in keyword and "StartTime" not in keyword
        for values in [stored(ds, keyword)]
    )


# --- keys -------------------------------------------------------------------------------------


@st.composite
def blurred(draw: st.DrawFn, keyword: str) -> str:
    """A stored value with some of it replaced by wildcards."""
    value = draw(st.sampled_from(ENTRIES))[keyword]
    text = str(value if isinstance(value, str) else draw(st.sampled_from(value)))
    text = text.split("=")[0] or "A"
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, len(text)))
        text = text[:start] + draw(st.sampled_from(["*", "?", ""])) + text[end:]
    return text.strip() or "*"


def ranges(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    def joined(pair: tuple[str, str]) -> str:
        return "-".join(sorted(pair, key=lambda one: one.ljust(6, "0")))

    return st.one_of(
        st.sampled_from(values),
        st.sampled_from(values).map("{}-".format),
        st.sampled_from(values).map("-{}".format),
        st.tuples(st.sampled_from(values), st.sampled_from(values)).map(joined),
    )


keys = st.fixed_dictionaries(
    {},
    optional={
        **{keyword: blurred(keyword) for keyword in (*TEXTS, "PatientName", "Modality")},
        "ScheduledProcedureStepStartDate": ranges(DAYS),
        "ScheduledProcedureStepStartTime": ranges(TIMES),
    },
)


def test_database_finds_what_the_naive_matcher_finds(listed):
    """K.2.2.1, C.2.2.2.1-5: single values, wildcards, ranges, several values, any of them empty."""
    device, entries = listed

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(asked=keys)
    def check(asked: dict[str, str]) -> None:
        expected = {step for step, ds in entries if fits(ds, asked)}
        assert set(found(device, "ISO_IR 192", **asked)) == expected

    check()
