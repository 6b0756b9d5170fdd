"""What the worklist has to say in the conformance statement (PS3.2; PS3.4 K.6.1)."""

from collections.abc import Iterator

from pydicom.datadict import dictionary_description, dictionary_VR

from portal.conformance import CHARACTER_SETS, SERVICES, table
from portal.dicom import status
from portal.dicom.character_sets import ALONE, EXTENDED, MULTI_BYTE, PLAIN
from portal.models import DeviceProfile
from worklist.dicom import charsets, lengths, mwl
from worklist.dicom.entry import PATIENT_FIELDS, REQUEST_FIELDS, SPS_SEQUENCE, STEP_FIELDS
from worklist.dicom.items import tag_name
from worklist.dicom.match_keys import (
    PATIENT_NAME,
    PHYSICIAN_NAME,
    START_DATE,
    START_TIME,
    STATION,
    Kind,
    MatchKey,
)
from worklist.dicom.patterns import MAX_ASTERISKS
from worklist.models import ScheduledProcedureStep
from worklist.scp import find as scp

# PS3.4 Table K.6-1: matching key type R; every other is O.
REQUIRED = frozenset(
    {STATION, START_DATE, START_TIME, 0x00080060, PHYSICIAN_NAME, PATIENT_NAME, 0x00100020}
)
# PS3.4 Table K.6-1: return key type 1; always with a value.
TYPE_1 = frozenset(
    {STATION, START_DATE, START_TIME, 0x00080060, 0x00400009}
    | {PATIENT_NAME, 0x00100020, 0x0020000D, 0x00401001}
)
MATCHING = {
    Kind.UID: "single value, list of UIDs",
    Kind.DATE: "single value, range",
    Kind.TIME: "single value, range",
    Kind.SEQUENCE: "sequence, one item",
}
STATUSES = (
    (status.SUCCESS, "every match was sent"),
    (status.PENDING, "a match"),
    (status.PENDING_UNSUPPORTED_OPTIONAL_KEYS, "a match; a key that is not matched had a value"),
    (status.CANCEL, "ended by C-CANCEL, which counts from its arrival"),
    (
        status.OUT_OF_RESOURCES,
        "not every match was sent: the cap of the device's profile, or no database",
    ),
    (
        status.IDENTIFIER_DOES_NOT_MATCH,
        "the identifier is not understood; Offending Element and Error Comment say where",
    ),
    (scp.UNABLE_TO_PROCESS, "the query could not be answered"),
)


def chapters() -> dict[str, str]:
    """Return what the worklist has to say, by chapter."""
    return {SERVICES: _service(), CHARACTER_SETS: _character_sets()}


def _service() -> str:
    parts = (
        "### Modality Worklist Information Model – FIND, as SCP",
        EXTENDED_NEGOTIATION,
        "Only open steps are served: " + ", ".join(ScheduledProcedureStep.OPEN) + ". Nothing else "
        "narrows an answer unless the device's profile says so (own station, days, cap on rows).",
        "#### Matching keys (PS3.4 Table K.6-1)",
        table(("Attribute", "Tag", "Key", "Matched by"), _matched()),
        BEHAVIOUR.format(asterisks=MAX_ASTERISKS, bytes=mwl.MAX_BYTES // 1024),
        "#### Person names",
        PERSON_NAMES,
        "#### Return keys",
        RETURNED,
        table(("Attribute", "Tag", "Type"), _returned()),
        "Values are cut, at a character, to what their VR may carry (PS3.5 6.2): "
        + ", ".join(f"{vr} {length}" for vr, length in lengths.MAX_LENGTH.items())
        + "; to less where the device's profile says so.",
        "#### Statuses (PS3.4 Table K.4-1)",
        table(("Status", "Meaning"), [(f"{code:04X}", meaning) for code, meaning in STATUSES]),
    )
    return "\n\n".join(parts)


EXTENDED_NEGOTIATION = """\
SOP class extended negotiation is answered (PS3.4 K.5): fuzzy semantic matching of person names
and time zone adjustment are granted when proposed. Neither is required. Any number of queries
may follow one another in an association; C-CANCEL is obeyed between two answers."""

BEHAVIOUR = """\
Values are compared exactly and by letter case, person names apart. An empty stored value
matches no key that was given (K.2.2.1.1.1); no key, or `*` alone, matches it. Dates and times
with ranges are one interval (C.2.2.2.5). A key of any other attribute is returned, not matched,
and answered FF01. More than {asterisks} asterisks in a value, and an identifier over {bytes}
kB, are refused with A900. A strict profile refuses what is forgiven otherwise: `*` in dates and
UIDs, several values, another VR."""

PERSON_NAMES = """\
Letter case, accents and points, full and half width, hiragana and katakana, and letter variants
make no difference. A key of one component group is tried on the alphabetic, ideographic and
phonetic group; with `=` each group is compared with its own. With fuzzy semantic matching each
word of the key begins a word of the name, in whatever component."""

RETURNED = """\
Exactly what was requested comes back, with zero length where nothing is known. These can have a
value; an imported entry can have values of any other attribute, private ones included:"""


def _matched() -> Iterator[tuple[str, ...]]:
    yield _named(SPS_SEQUENCE), tag_name(SPS_SEQUENCE), "R", "sequence, one item or none"
    for path, keys in (("> ", mwl.MATCHED_IN_STEP), ("", mwl.MATCHED_OUTSIDE)):
        for tag, key in sorted(keys.items()):
            kind = "R" if tag in REQUIRED else "O"
            yield path + _named(tag), tag_name(tag), kind, _matching(key)


def _matching(key: MatchKey) -> str:
    if key.kind in MATCHING:
        return MATCHING[key.kind]
    has_wildcards = dictionary_VR(key.tag) in mwl.WILDCARD_VRS
    return "single value, wildcard" if has_wildcards else "single value"


def _returned() -> Iterator[tuple[str, ...]]:
    outside = {field.tag for field in (*PATIENT_FIELDS, *REQUEST_FIELDS)} | set(mwl.MATCHED_OUTSIDE)
    inside = {field.tag for field in STEP_FIELDS} | set(mwl.MATCHED_IN_STEP)
    yield _named(SPS_SEQUENCE), tag_name(SPS_SEQUENCE), "1"
    for path, tags in (("> ", inside), ("", outside)):
        for tag in sorted(tags):
            yield path + _named(tag), tag_name(tag), "1" if tag in TYPE_1 else "2 or 3"


def _named(tag: int) -> str:
    return str(dictionary_description(tag))


def _character_sets() -> str:
    terms = [term for term in (*PLAIN, *EXTENDED, *MULTI_BYTE, *ALONE) if _is_known(term)]
    profiles = DeviceProfile.objects.order_by("facility__ae_title", "name")
    rows = [
        (
            profile.name,
            " or ".join(f"`{term}`" for term in profile.character_sets) or "what suffices",
            "strict" if profile.is_strict else "lenient",
        )
        for profile in profiles.select_related("facility")
    ]
    return "\n\n".join(
        (
            "Read and written: " + ", ".join(terms) + ".",
            ANSWERS_ARE_IN,
            table(("Device profile", "Specific Character Set (0008,0005)", "Keys"), rows),
        )
    )


ANSWERS_ARE_IN = """\
An answer is in the first of the character sets of the device's profile that carries all its
texts; where none does, in the one that carries most, and what is missing is left out group by
group or written in other letters, never as `?`. Keys are read in the character set that they
declare, and when that does not fit in those of the profile. The profiles now:"""


def _is_known(term: str) -> bool:
    try:
        charsets.terms_of(term if term not in MULTI_BYTE else f"\\{term}")
    except charsets.CharsetError:
        return False
    return True
