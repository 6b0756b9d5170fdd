"""The import and export commands, as tests run them."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command
from pydicom.dataset import Dataset

from tests.worklist.entries import file_bytes


def run(*arguments: str) -> tuple[list[str], int]:
    """Run import_worklist; the lines it wrote and its exit status."""
    out = StringIO()
    try:
        call_command("import_worklist", *map(str, arguments), stdout=out, skip_checks=True)
    except SystemExit as end:
        return out.getvalue().splitlines(), int(end.code or 0)
    return out.getvalue().splitlines(), 0


def export(folder: Path, *arguments: str) -> list[Path]:
    """Run export_worklist; the files it wrote."""
    call_command("export_worklist", str(folder), *arguments, stdout=StringIO(), skip_checks=True)
    return sorted(folder.rglob("*.wl"))


def put(folder: Path, name: str, ds: Dataset, **kwargs) -> Path:
    """Write an entry's file."""
    path = folder / name
    path.write_bytes(file_bytes(ds, **kwargs))
    return path


def same(one: Dataset, other: Dataset) -> bool:
    """Equal element by element; only the character set may differ."""
    for ds in (one, other):
        ds.pop("SpecificCharacterSet", None)
    return one.to_json_dict() == other.to_json_dict()
