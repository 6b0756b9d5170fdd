"""The steps of a probe: each asks or tries one thing and keeps what it learned."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pynetdicom import sop_class as sop

from printing.dicom.probe_attributes import attributes_taken
from printing.dicom.probe_configuration import learned_from
from printing.dicom.probe_talk import PLAIN, Answer, Trials
from printing.dicom.statuses import in_words
from printing.printer_models import IMAGE_DISPLAY_FORMATS, OPTIONAL_ATTRIBUTES
from printing.types import Capabilities, Quirk

GRAY, COLOR = str(sop.BasicGrayscalePrintManagementMeta), str(sop.BasicColorPrintManagementMeta)
LUT, ANNOTATION = str(sop.PresentationLUT), str(sop.BasicAnnotationBox)
JOB, CONFIGURATION = str(sop.PrintJob), str(sop.PrinterConfigurationRetrieval)
FURTHER = (LUT, ANNOTATION, JOB, CONFIGURATION)
NAMES = {
    GRAY: "gray films",
    COLOR: "colour films",
    LUT: "Presentation LUT",
    ANNOTATION: "annotation boxes",
    JOB: "print jobs",
    CONFIGURATION: "its configuration",
}
STATUS = [0x21100010, 0x21100020]  # Printer Status, Printer Status Info
MAKE = [0x00080070, 0x00081090]  # Manufacturer, Manufacturer's Model Name
SIZES = (
    *("14INX17IN", "14INX14IN", "11INX17IN", "11INX14IN", "10INX14IN", "10INX12IN", "8INX10IN"),
    *("8_5INX11IN", "24CMX30CM", "24CMX24CM", "A4", "A3"),
)
MEDIA = ("BLUE FILM", "CLEAR FILM", "MAMMO BLUE FILM", "MAMMO CLEAR FILM", "PAPER")
DESTINATIONS = ("PROCESSOR", "MAGAZINE", "BIN_1", "BIN_2")
NONSENSE = "PROBE"  # no printer has it: one that takes it looks at nothing
ODD_FORMAT = "STANDARD\\7,3"
COPIES = (99, 50, 20, 10, 5, 2)


@dataclass(frozen=True)
class Look:
    """What one association tells without making anything."""

    classes: frozenset[str]  # SOP classes that were accepted
    is_implicit_only: bool

    @property
    def meta(self) -> str:
        """Return the meta SOP class that the trials use."""
        return GRAY if GRAY in self.classes else COLOR


class Steps:
    """One probe: what is to be tried, what came of it."""

    def __init__(self, wanted: Capabilities, seen: Look) -> None:
        self._wanted, self._seen = wanted, seen
        self._quirks = set(wanted.quirks)
        self.learned: dict[str, Any] = {}
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        """Note a sentence for the person."""
        self.lines.append(line)

    def run(self, trials: Trials) -> None:
        """Ask, then try; what a step learned stays even if a later one fails."""
        self._note_classes()
        self._ask(trials)
        if not self._is_plain_session_taken(trials):
            return
        self._try_session(trials)
        self._try_boxes(trials)
        trials.propose(*(self._seen.classes & {ANNOTATION}))
        depth = self._try_depths(trials)
        self._try_attributes(trials, depth)
        self._try_lut(trials, depth)

    def note_alone(self, *, is_alone: bool) -> None:
        """Note whether its status can be asked for between jobs."""
        self._quirk(Quirk.NO_LONE_STATUS, is_on=not is_alone)

    def _note_classes(self) -> None:
        classes = self._seen.classes
        self.learned |= {
            "has_color": COLOR in classes,
            "has_print_job": JOB in classes,
            "has_annotation": ANNOTATION in classes,
            "has_configuration": CONFIGURATION in classes,
        }
        if LUT not in classes:
            self.learned["lut_place"] = "none"
        self._quirk(Quirk.IMPLICIT_ONLY, is_on=self._seen.is_implicit_only)
        self.say(f"It offers {_said(NAMES[uid] for uid in NAMES if uid in classes)}.")
        missing = [NAMES[uid] for uid in NAMES if uid not in classes]
        if missing:
            self.say(f"It does not offer {_said(missing)}.")

    def _ask(self, trials: Trials) -> None:
        """Ask for status and configuration."""
        status = trials.get(str(sop.Printer), str(sop.PrinterInstance), STATUS)
        self._quirk(Quirk.NO_STATUS, is_on=not status.is_made)
        make = trials.get(str(sop.Printer), str(sop.PrinterInstance), MAKE)
        told = [_word(make, "Manufacturer"), _word(make, "ManufacturerModelName")]
        told += [_word(status, "PrinterStatus"), _word(status, "PrinterStatusInfo")]
        if any(told):
            self.say(f"It says of itself: {', '.join(dict.fromkeys(filter(None, told)))}.")
        if CONFIGURATION not in self._seen.classes:
            return
        trials.propose(CONFIGURATION)
        answer = trials.get(CONFIGURATION, str(sop.PrinterConfigurationRetrievalInstance), [])
        learned = learned_from(answer.ds) if answer.is_made else {}
        if "film_pixels" in learned:
            known = {size: list(sides) for size, sides in self._wanted.film_pixels.items()}
            learned["film_pixels"] = known | learned["film_pixels"]
        self.learned |= learned
        self.say(
            "It told its configuration (Printer Configuration Retrieval)."
            if learned
            else "Asked for its configuration it told nothing."
        )

    def _is_plain_session_taken(self, trials: Trials) -> bool:
        answer = trials.session()
        if not answer.is_made:
            trials.has_own_uids = False
            again = trials.session()
            if again.is_made:
                self.say("It refuses our instance UIDs and gives its own.")
            answer = again if again.is_made else answer
        self._quirk(Quirk.OWN_UIDS, is_on=not trials.has_own_uids and answer.is_made)
        if not answer.is_made:
            self.say(f"It refused the plainest film session: {in_words(answer.code)}.")
        return answer.is_made

    def _try_session(self, trials: Trials) -> None:
        def tried(keyword: str) -> Callable[[str], bool]:
            return lambda value: trials.session(**{keyword: value}).has_taken(keyword, value)

        media = self._candidates("medium_types", MEDIA)
        self._keep("medium_types", "medium", media, tried("MediumType"))
        places = self._candidates("film_destinations", DESTINATIONS)
        self._keep("film_destinations", "destination", places, tried("FilmDestination"))
        copies = (
            count
            for count in COPIES
            if trials.session(NumberOfCopies=count).has_taken("NumberOfCopies", count)
        )
        self.learned["max_copies"] = most = next(copies, 1)
        self.say(f"It makes {most} copies at once." if most > 1 else "It makes one copy at a time.")

    def _try_boxes(self, trials: Trials) -> None:
        def has_size(value: str) -> bool:
            box = trials.box(ImageDisplayFormat=PLAIN, FilmSizeID=value)
            return box.has_taken("FilmSizeID", value)

        def has_format(value: str) -> bool:
            return _has_boxes(trials.box(ImageDisplayFormat=value), value)

        self._keep("film_size_ids", "film size", self._candidates("film_size_ids", SIZES), has_size)
        formats = self._candidates("image_display_formats", IMAGE_DISPLAY_FORMATS)
        self._keep("image_display_formats", "layout", formats, has_format)
        self._try_landscape(trials)

    def _try_landscape(self, trials: Trials) -> None:
        """See whether its list of layouts turns with the film (printing.md §4.1)."""
        grids = [_grid(text) for text in self.learned.get("image_display_formats", ())]
        lopsided = [
            (grid[0], grid[1]) for grid in grids if grid and (grid[1], grid[0]) not in grids
        ]
        for columns, rows in lopsided[:1]:
            as_listed, turned = f"STANDARD\\{columns},{rows}", f"STANDARD\\{rows},{columns}"
            has_listed, has_turned = (
                _has_boxes(trials.box(ImageDisplayFormat=text, FilmOrientation="LANDSCAPE"), text)
                for text in (as_listed, turned)
            )
            is_turned = has_turned and not has_listed
            self._quirk(Quirk.TRANSPOSED_LANDSCAPE, is_on=is_turned)
            if is_turned:
                self.say("In landscape it takes the same layouts, columns and rows exchanged.")

    def _try_depths(self, trials: Trials) -> int:
        """Try how many bits a gray picture may have; return those that the trials use."""
        if self._seen.meta != GRAY:
            return 8
        depth = next((bits for bits in (12, 8) if trials.picture(bits).is_made), 0)
        if not depth:
            self.say("It refused a picture of 8 and of 12 bits.")
            return 8
        self.learned["bits"] = depth
        self.say(f"Gray pictures have {depth} bits.")
        return depth

    def _try_attributes(self, trials: Trials, depth: int) -> None:
        known = {key: list(values) for key, values in self._wanted.attributes.items()}
        for keyword, values in self.learned.get("attributes", {}).items():
            known[keyword] = list(dict.fromkeys((*values, *known.get(keyword, ()))))
        self.learned["attributes"] = taken = attributes_taken(trials, known, depth)
        names = [OPTIONAL_ATTRIBUTES[keyword].name for keyword in taken]
        self.say(f"Of the optional attributes it takes {_said(names)}.")

    def _try_lut(self, trials: Trials, depth: int) -> None:
        if LUT not in self._seen.classes:
            return
        trials.propose(LUT)
        places = {"film-box": False, "film-session": True}
        found = next(
            (p for p, inside in places.items() if trials.lut(depth, in_session=inside).is_made), ""
        )
        self.learned["lut_place"] = found or "none"
        where = f"belongs to the {found.replace('-', ' ')}" if found else "is refused"
        self.say(f"A Presentation LUT {where}.")

    def _candidates(self, name: str, standard: Iterable[str]) -> list[str]:
        told = self.learned.get(name, ())
        return list(dict.fromkeys((*told, *getattr(self._wanted, name), *standard)))

    def _keep(
        self, name: str, word: str, values: list[str], is_taken: Callable[[str], bool]
    ) -> None:
        """Keep the values that are taken, unless the printer takes even what does not exist."""
        if is_taken(ODD_FORMAT if word == "layout" else NONSENSE):
            if word == "layout":
                self.learned[name] = []  # any
                self.say("It takes any layout.")
            else:
                who = "it told" if name in self.learned else "its model says"
                self.say(f"It takes any {word} without looking: offered is what {who}.")
            return
        taken = [value for value in values if is_taken(value)]
        if taken:
            self.learned[name] = taken
        self.say(f"Taken as {word}: {_said(taken)}.")

    def _quirk(self, quirk: Quirk, *, is_on: bool) -> None:
        (self._quirks.add if is_on else self._quirks.discard)(quirk)
        self.learned["quirks"] = sorted(quirk.value for quirk in self._quirks)


def _grid(text: str) -> tuple[int, int] | None:
    kind, _, rest = text.partition("\\")
    numbers = rest.split(",")
    if kind != "STANDARD" or len(numbers) != 2 or not all(n.isdecimal() for n in numbers):
        return None
    return int(numbers[0]), int(numbers[1])


def _has_boxes(answer: Answer, display_format: str) -> bool:
    """Say whether the film box has as many image boxes as its layout says."""
    if not answer.has_taken("ImageDisplayFormat", display_format):
        return False
    grid = _grid(display_format)
    count = len(answer.ds.get("ReferencedImageBoxSequence") or [])
    return count == grid[0] * grid[1] if grid else count > 0


def _word(answer: Answer, keyword: str) -> str:
    return str(answer.ds.get(keyword, "") or "")[:64]


def _said(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
