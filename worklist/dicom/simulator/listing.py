"""Study Root C-FIND at the simulated archive (PS3.4 C.6.2): hierarchical, by unique keys."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from worklist.dicom.simulator.shelf import Shelf

LEVELS = ("STUDY", "SERIES", "IMAGE")
OWN = {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "QueryRetrieveLevel"}
ABOVE = {"STUDY": (), "SERIES": ("StudyInstanceUID",), "IMAGE": ("StudyInstanceUID",)}


class BadIdentifier(Exception):
    """The identifier does not match the SOP class (A900H)."""


def matches(shelf: Shelf, identifier: Dataset, ae_title: str) -> Iterator[Dataset]:
    """Yield an answer for each study, series or image that fits."""
    level = str(identifier.get("QueryRetrieveLevel", ""))
    if level not in LEVELS:
        raise BadIdentifier("Query/Retrieve Level is not STUDY, SERIES or IMAGE.")
    if any(not identifier.get(keyword) for keyword in ABOVE[level]):
        raise BadIdentifier("A unique key of a level above is missing.")
    for study in _uids(identifier, "StudyInstanceUID"):
        for series in _uids(identifier, "SeriesInstanceUID", level != "STUDY"):
            for instance in _uids(identifier, "SOPInstanceUID", level == "IMAGE"):
                files = list(shelf.files(study, series, instance))
                yield from _answers(files, identifier, level, ae_title)


def _uids(identifier: Dataset, keyword: str, is_used: bool = True) -> list[str]:
    """Return the UIDs asked for: a list is one of each (PS3.4 C.2.2.2.2)."""
    value = identifier.get(keyword) if is_used else None
    if not value:
        return ["*"]
    return [str(value)] if isinstance(value, str) else [str(one) for one in value]


def _answers(
    files: list[Path], identifier: Dataset, level: str, ae_title: str
) -> Iterator[Dataset]:
    kinds = {
        "STUDY": lambda path: path.parent.parent.name,
        "SERIES": lambda path: (path.parent.parent.name, path.parent.name),
        "IMAGE": lambda path: path,
    }
    for _, group in groupby(files, kinds[level]):
        members = list(group)
        found = dcmread(members[0], stop_before_pixels=True)
        if all(_fits(element, found) for element in identifier):
            yield _answer(identifier, found, members, level, ae_title)


def _fits(element: object, found: Dataset) -> bool:
    """Compare a key of any kind but UIDs, which the shelf has compared."""
    keyword, value = element.keyword, str(element.value or "")  # type: ignore[attr-defined]
    if not value or keyword in OWN or keyword == "SpecificCharacterSet" or keyword not in found:
        return True
    return fnmatchcase(str(found[keyword].value), value)


def _answer(
    identifier: Dataset, found: Dataset, members: list[Path], level: str, ae_title: str
) -> Dataset:
    ds = Dataset()
    if "SpecificCharacterSet" in found:
        ds.SpecificCharacterSet = found.SpecificCharacterSet
    for element in identifier:
        if element.keyword and element.keyword != "SpecificCharacterSet":
            value = found[element.keyword].value if element.keyword in found else ""
            setattr(ds, element.keyword, value if element.VR != "SQ" else [])
    ds.QueryRetrieveLevel, ds.RetrieveAETitle = level, ae_title
    ds.InstanceAvailability = "ONLINE"
    for keyword, number in _counts(members, level).items():
        if keyword in identifier:
            setattr(ds, keyword, number)
    return ds


def _counts(members: list[Path], level: str) -> dict[str, int]:
    if level == "STUDY":
        series = len({path.parent for path in members})
        return {
            "NumberOfStudyRelatedSeries": series,
            "NumberOfStudyRelatedInstances": len(members),
        }
    return {"NumberOfSeriesRelatedInstances": len(members)} if level == "SERIES" else {}
