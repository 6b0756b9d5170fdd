"""DCMTK's print SCP (dcmprscp) as film printers: start, stop, freeze, and read what was printed."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.peers.ports import free_port
from tests.waiting import wait_until

# The first value of a list is the default, the others are the only ones accepted; a key that is
# left out makes the printer refuse the attribute (0105).
MODELS = {
    "film8": r"""
Supports12Bit = false
SupportsPresentationLUT = false
DisplayFormat = 1,1\1,2\2,2\2,3\3,4\4,5
FilmSizeID = 14INX17IN\8INX10IN
MediumType = BLUE FILM\CLEAR FILM
FilmDestination = PROCESSOR\MAGAZINE
MagnificationType = CUBIC\BILINEAR\REPLICATE\NONE
MaxDensity = 300
""",
    # Every optional attribute that dcmprscp knows.
    "film12": r"""
Supports12Bit = true
SupportsPresentationLUT = false
SupportsImageSize = true
SupportsDecimateCrop = true
SupportsTrim = true
DisplayFormat = 1,1\1,2\2,2\2,3\3,3\3,4\3,5\4,4\4,5\5,6
FilmSizeID = 14INX17IN\8INX10IN\10INX12IN\11INX14IN\14INX14IN\24CMX30CM
MediumType = BLUE FILM\CLEAR FILM\MAMMO BLUE FILM
FilmDestination = PROCESSOR\MAGAZINE\BIN_1\BIN_2
MagnificationType = CUBIC\BILINEAR\REPLICATE\NONE
SmoothingType = NONE\SHARP\SMOOTH
BorderDensity = BLACK\WHITE\150
EmptyImageDensity = BLACK\WHITE\20
MaxDensity = 310
MinDensity = 20
ResolutionID = STANDARD\HIGH
Configuration_1 = CS000
Configuration_2 = CS015
""",
    # Presentation LUT objects referenced from the film box.
    "lut": r"""
Supports12Bit = true
SupportsPresentationLUT = true
PresentationLUTinFilmSession = false
PresentationLUTMatchRequired = false
SupportsTrim = true
DisplayFormat = 1,1\1,2\2,2\2,3\3,4\4,5
FilmSizeID = 14INX17IN\8INX10IN
MediumType = BLUE FILM
FilmDestination = PROCESSOR
MagnificationType = CUBIC\NONE
BorderDensity = BLACK\WHITE
EmptyImageDensity = BLACK\WHITE
MaxDensity = 310
MinDensity = 20
""",
    # The rule before CP 173: the LUT is referenced from the film session, and its entries must
    # match the depth of the pixels.
    "lutsession": r"""
Supports12Bit = true
SupportsPresentationLUT = true
PresentationLUTinFilmSession = true
PresentationLUTMatchRequired = true
DisplayFormat = 1,1\2,2
FilmSizeID = 14INX17IN
MediumType = BLUE FILM
FilmDestination = PROCESSOR
MagnificationType = CUBIC
MaxDensity = 300
""",
    "paper": r"""
Supports12Bit = false
SupportsPresentationLUT = false
SupportsTrim = true
DisplayFormat = 1,1\1,2\2,2\2,3\3,4
FilmSizeID = A4\A3\8_5INX11IN
MediumType = PAPER
FilmDestination = BIN_1\BIN_2
MagnificationType = CUBIC\BILINEAR
BorderDensity = WHITE\BLACK
EmptyImageDensity = WHITE\BLACK
MaxDensity = 200
""",
    # Implicit VR only, one size, one layout, tiny PDUs, no SOP Class UID in N-CREATE responses.
    "picky": r"""
ImplicitOnly = true
DisableNewVRs = true
MaxPDU = 4096
Supports12Bit = false
SupportsPresentationLUT = false
OmitSOPClassUIDFromCreateResponse = true
DisplayFormat = 1,1
FilmSizeID = 8INX10IN
MediumType = BLUE FILM
FilmDestination = PROCESSOR
MagnificationType = NONE
MaxDensity = 300
""",
}
CONFIGURATION = """[[GENERAL]]
[PRINT]
Directory = spool
BinaryLog = {has_log}
[DATABASE]
Directory = db
[NETWORK]
aetitle = {ae_title}
[[COMMUNICATION]]
[{model}]
Type = LOCALPRINTER
Hostname = localhost
Port = {port}
Aetitle = {ae_title}
{body}
"""


@dataclass(frozen=True)
class PrintedFilm:
    """One film as the printer stored it."""

    image_display_format: str
    film_size_id: str
    film_orientation: str
    images: dict[int, np.ndarray[Any, Any]]  # by Image Box Position
    headers: dict[int, Dataset]


@dataclass
class FilmPrinter:
    """A dcmprscp process of one model; the port stays when it is stopped and started again."""

    model: str
    directory: Path
    port: int
    has_log: bool = False
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def ae_title(self) -> str:
        """Return its AE title (dcmprscp does not check how it is called)."""
        return self.model.upper()

    def start(self) -> None:
        """Start it and wait until it listens."""
        for name in ("db", "spool"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "dcmpstat.cfg").write_text(
            CONFIGURATION.format(
                has_log=str(self.has_log).lower(),
                ae_title=self.ae_title,
                model=self.model,
                port=self.port,
                body=MODELS[self.model],
            )
        )
        with (self.directory / "dcmprscp.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["dcmprscp", "-c", "dcmpstat.cfg", "-p", self.model.upper(), "-v"],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: is_listening(self.port))

    def stop(self) -> None:
        """End it by its process id."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None

    def freeze(self) -> None:
        """Let it fall silent at whatever it does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def films(self) -> list[PrintedFilm]:
        """Return the films printed so far, in the order of printing."""
        db = self.directory / "db"
        stored = sorted(db.glob("SP_*.dcm"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        hardcopies = {
            str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path
            for path in db.glob("HG_*.dcm")
        }
        return [_film(dcmread(path), hardcopies) for path in stored]

    def messages(self) -> list[tuple[str, int | None, Dataset]]:
        """Return the requests of closed associations: verb, status of the answer, dataset."""
        found: list[tuple[str, int | None, Dataset]] = []
        logs = sorted(self.directory.glob("spool/PrintSCP_*.dcm"), key=lambda p: p.stat().st_mtime)
        for path in logs:
            entries = [e for e in dcmread(path) if e.tag.group == 9 and e.VR == "SQ"][-1].value
            for command, ds in zip(entries[1::3], entries[2::3], strict=True):
                name = VERBS.get(command.CommandField & 0x7FFF, hex(command.CommandField))
                is_answer = bool(command.CommandField & 0x8000)
                if is_answer:
                    found[-1] = (found[-1][0], int(command.Status), found[-1][2])
                else:
                    found.append((name, None, ds))
        return found


VERBS = {
    0x110: "N-GET",
    0x120: "N-SET",
    0x130: "N-ACTION",
    0x140: "N-CREATE",
    0x150: "N-DELETE",
}


@contextmanager
def film_printer(
    directory: Path, model: str = "film12", *, has_log: bool = False, is_running: bool = True
) -> Iterator[FilmPrinter]:
    """Run a film printer on a free port until the block ends."""
    printer = FilmPrinter(model, directory, free_port(), has_log)
    if is_running:
        printer.start()
    try:
        yield printer
    finally:
        printer.stop()


def is_listening(port: int) -> bool:
    """Ask the kernel: a connection would already count as an association to dcmprscp."""
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if local.endswith(wanted) and state == "0A":
                return True
    return False


def _film(stored: Dataset, hardcopies: dict[str, Path]) -> PrintedFilm:
    film = stored.FilmBoxContentSequence[0]
    headers = {
        int(box.ImageBoxPosition): dcmread(
            hardcopies[str(box.ReferencedImageSequence[0].ReferencedSOPInstanceUID)]
        )
        for box in stored.ImageBoxContentSequence
    }
    return PrintedFilm(
        image_display_format=str(film.ImageDisplayFormat),
        film_size_id=str(film.get("FilmSizeID", "")),
        film_orientation=str(film.get("FilmOrientation", "")),
        images={position: ds.pixel_array for position, ds in headers.items()},
        headers=headers,
    )
