"""What the simulated archive holds: files in a folder, and which images it lost."""

import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from worklist.dicom.simulator.files import write_whole

UID = re.compile(r"(?=.{1,64}\Z)[0-9]+(\.[0-9]+)*\Z")


@dataclass(frozen=True)
class Held:
    """One image: what it is and where it belongs."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str

    @property
    def is_sound(self) -> bool:
        """Say whether all are UIDs: they become names of files."""
        uids = (self.sop_instance_uid, self.series_instance_uid, self.study_instance_uid)
        return all(UID.match(uid) for uid in uids)


@dataclass(frozen=True)
class StudyHeld:
    """A study in numbers."""

    study_instance_uid: str
    series: int
    images: int
    lost: int
    changed_at: float


class Shelf:
    """Studies as folders of series; nothing is remembered, so that a page may empty it."""

    def __init__(self, directory: Path) -> None:
        self._studies, self._places = directory / "studies", directory / "places"
        self._lock = threading.Lock()

    def put(self, held: Held, content: bytes, *, lose: int) -> bool:
        """Keep an image, unless its study has not lost `lose` images yet; say which."""
        folder = self._studies / held.study_instance_uid / held.series_instance_uid
        lost = folder / f"{held.sop_instance_uid}.lost"
        with self._lock:
            known = self._count(held.study_instance_uid, "lost")
            is_lost = known < lose and not lost.exists()
            if is_lost:
                write_whole(lost, b"")
        if is_lost:
            return False
        lost.unlink(missing_ok=True)
        write_whole(folder / f"{held.sop_instance_uid}.dcm", content)
        place = " ".join((held.sop_class_uid, held.study_instance_uid, held.series_instance_uid))
        write_whole(self._places / held.sop_instance_uid, place.encode())
        return True

    def class_of(self, sop_instance_uid: str) -> str:
        """Return the SOP class of an image that is here; empty when it is not."""
        if not UID.match(sop_instance_uid):
            return ""
        try:
            return (self._places / sop_instance_uid).read_text().split(" ", 1)[0]
        except OSError:
            return ""

    def studies(self) -> list[StudyHeld]:
        """Return what is here, the latest first."""
        found = [self.study(folder.name) for folder in self._folders(self._studies)]
        return sorted((one for one in found if one), key=lambda one: -one.changed_at)

    def study(self, study_instance_uid: str) -> StudyHeld | None:
        """Return a study in numbers."""
        folder = self._studies / study_instance_uid
        series = self._folders(folder)
        if not series:
            return None
        return StudyHeld(
            study_instance_uid,
            series=len(series),
            images=self._count(study_instance_uid, "dcm"),
            lost=self._count(study_instance_uid, "lost"),
            changed_at=max(one.stat().st_mtime for one in series),
        )

    def files(self, study: str = "*", series: str = "*", instance: str = "*") -> Iterator[Path]:
        """Yield the files of images, in the order of their names."""
        for name in (study, series, instance):
            if name != "*" and not UID.match(name):
                return
        yield from sorted(self._studies.glob(f"{study}/{series}/{instance}.dcm"))

    def held(self, study_instance_uid: str) -> list[Held]:
        """Return the images of a study."""
        return [
            Held(self.class_of(path.stem), path.stem, path.parent.name, study_instance_uid)
            for path in self.files(study_instance_uid)
        ]

    def empty(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._studies, ignore_errors=True)
        shutil.rmtree(self._places, ignore_errors=True)

    def _count(self, study_instance_uid: str, suffix: str) -> int:
        return sum(1 for _ in (self._studies / study_instance_uid).glob(f"*/*.{suffix}"))

    @staticmethod
    def _folders(path: Path) -> list[Path]:
        return sorted(one for one in path.iterdir() if one.is_dir()) if path.is_dir() else []
