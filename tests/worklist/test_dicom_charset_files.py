"""pydicom's character set files: read, and told to the devices of every shipped profile."""

import shutil
import subprocess
from pathlib import Path

import pytest
from pydicom.data import get_charset_files

from portal.types import ProfileValues
from tests.worklist.answering import asker, stored_bytes, wanted_of
from tests.worklist.entries import entry
from tests.worklist.modality import identifier
from tests.worklist.strict_reader import patient_name
from tests.worklist.test_dicom_ladder import SHIPPED
from worklist.dicom.answers import answer_bytes
from worklist.dicom.files import read_file, write_file
from worklist.dicom.items import EXPLICIT, IMPLICIT, Item, sequence
from worklist.dicom.ladder import Step, received
from worklist.dicom.texts import text

PATIENT_NAME = 0x00100010
# As Annexes H to J of PS3.5, the files' own description and pydicom's tests have them.
NAMES = {
    "chrArab": "قباني^لنزار",
    "chrFren": "Buc^Jérôme",
    "chrFrenMulti": "Buc^Jérôme",
    "chrGerm": "Äneas^Rüdiger",
    "chrGreek": "Διονυσιος",
    "chrH31": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw": "שרון^דבורה",
    "chrI2": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti": "やまだ^たろう",
    "chrJapMultiExplicitIR6": "やまだ^たろう",
    "chrKoreanMulti": "김희중",
    "chrRuss": "Люкceмбypг",
    "chrX1": "Wang^XiaoDong=王^小東",
    "chrX2": "Wang^XiaoDong=王^小东",
}
# What a Latin-1 console is told: the alphabetic group, or Latin letters.
LATIN_1 = {
    "chrArab": "Qbny^Lnzr",
    "chrGreek": "Dionysios",
    "chrH31": "Yamada^Tarou",
    "chrH32": "Yamada^Tarou",
    "chrHbrw": "Srvn^Dvvrh",
    "chrI2": "Hong^Gildong",
    "chrJapMulti": "Yamada^Tarou",
    "chrJapMultiExplicitIR6": "Yamada^Tarou",
    "chrKoreanMulti": "GimHuiJung",
    "chrRuss": "Lyukcembypg",
    "chrX1": "Wang^XiaoDong",
    "chrX2": "Wang^XiaoDong",
}
NATIVE = {
    "japanese-iso2022": {"chrH31", "chrJapMulti", "chrJapMultiExplicitIR6", "chrRuss"},
    "korean-iso2022": {"chrI2", "chrKoreanMulti", "chrRuss"},
    "legacy-latin1": set(),
}
for _natives in NATIVE.values():
    _natives |= {"chrFren", "chrFrenMulti", "chrGerm"}


def dataset(name: str) -> Item:
    (path,) = get_charset_files(f"{name}.dcm")
    return read_file(Path(path).read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read(name):
    """PS3.5 H.3.1, H.3.2, I.2, J.1, J.2 and the sets of single bytes."""
    assert text(dataset(name), PATIENT_NAME).rstrip("=") == NAMES[name]


@pytest.mark.parametrize("name", ["chrSQEncoding", "chrSQEncoding1"])
def test_items_have_their_own_character_set_or_that_around_them(name):
    """PS3.3 C.12.1.1.2; decoded before it is split at `=`."""
    (item,) = sequence(dataset(name), 0x00321064)

    assert text(item, PATIENT_NAME) == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize("profile", SHIPPED)
@pytest.mark.parametrize("name", NAMES)
def test_names_reach_every_device(name, profile):
    """In the declared set, by the letter of the standard; what cannot be said is said nearest."""
    raw, declared = told(NAMES[name], profile)

    said, found = patient_name(raw, IMPLICIT)
    assert found == declared
    if profile in ("default", "utf-8", "chinese-gb18030") or name in NATIVE.get(profile, ()):
        assert said == NAMES[name]
    elif profile == "legacy-latin1":
        assert said == LATIN_1[name]
    assert said == received(NAMES[name], ProfileValues(character_sets=SHIPPED[profile])).text
    assert said
    assert "?" not in said


def told(name: str, profile: str) -> tuple[bytes, str]:
    """The answer for an entry of that name."""
    by = asker(character_sets=SHIPPED[profile])
    return answer_bytes(
        stored_bytes(entry(PatientName=name)), wanted_of(identifier()), by, IMPLICIT
    )


def test_ladder_says_native_where_nothing_is_lost():
    """The page's word for it is what went out."""
    for profile, names in NATIVE.items():
        for name in names:
            step = received(NAMES[name], ProfileValues(character_sets=SHIPPED[profile])).step
            assert step == Step.NATIVE


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="DCMTK is not installed")
@pytest.mark.parametrize(
    # Not ISO 2022 IR 87: DCMTK over the C library's iconv has no such conversion.
    "profile",
    ["default", "legacy-latin1", "korean-iso2022", "chinese-gb18030", "plain", "russian"],
)
def test_dcmtk_reads_the_same_names(tmp_path, profile):
    """Another maker's decoder: dcmdump converts to UTF-8 what it can."""
    for name, full in NAMES.items():
        raw, _ = answer_bytes(
            stored_bytes(entry(PatientName=full)),
            wanted_of(identifier()),
            asker(character_sets=SHIPPED[profile]),
            EXPLICIT,
        )
        path = tmp_path / f"{name}.dcm"
        header = write_file({}, sop_instance_uid="2.25.4")
        path.write_bytes(header + raw)

        command = ["/usr/bin/dcmdump", "+U8", "+P", "PatientName", str(path)]
        dumped = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout

        said = received(full, ProfileValues(character_sets=SHIPPED[profile])).text
        assert dumped.decode().split("[")[1].split("]")[0].rstrip() == said
