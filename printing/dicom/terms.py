"""What a print is asked under at the moment: the request, less what fallbacks have taken away."""

from dataclasses import dataclass, field

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicColorPrintManagementMeta,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    PrintJob,
)

from printing.dicom import attributes
from printing.dicom.request import PrintRequest
from printing.types import Capabilities, Fallback, Quirk, UsedFallback

FILM_BOX, FILM_SESSION = "film-box", "film-session"  # places of a presentation LUT
LUT = "ReferencedPresentationLUTSequence"
CHARACTER_SET = "SpecificCharacterSet"


@dataclass
class Terms:
    """Changes only ever take away, so asking again under new terms comes to an end."""

    request: PrintRequest
    bits: int = 8
    is_color: bool = False
    lut_place: str = ""
    has_character_set: bool = True
    has_own_uids: bool = True
    dropped: set[str] = field(default_factory=set)
    used: list[UsedFallback] = field(default_factory=list)
    gray_meta: str = str(BasicGrayscalePrintManagementMeta)
    _tried_places: set[str] = field(default_factory=set)
    _new: list[UsedFallback] = field(default_factory=list)

    def __post_init__(self) -> None:
        request = self.request
        self.bits, self.is_color = request.bits, request.is_color
        self.lut_place = "" if self.is_color else self._wanted_place()
        self.has_own_uids = Quirk.OWN_UIDS not in request.capabilities.quirks
        for used in request.used_fallbacks:
            self._apply(used)
            self.used.append(used)

    @property
    def meta(self) -> str:
        """Return the meta SOP class that everything rides on (printing.md §2.6 (1))."""
        if self.is_color:
            return str(BasicColorPrintManagementMeta)
        return self.gray_meta

    def may(self, rule: Fallback) -> bool:
        """Say whether a fallback is on."""
        return rule in self.request.fallbacks

    def contexts(self) -> list[PresentationContext]:
        """Return the presentation contexts to propose: what this print may need, no more."""
        capabilities = self.request.capabilities
        wanted = [self.meta]
        if self.is_color:  # also to tell a printer of gray films from none at all
            wanted.append(self.gray_meta)
        may_be_gray = self.is_color and self.may(Fallback.GRAY) and LUT not in self.dropped
        if self.lut_place or (may_be_gray and self._wanted_place()):
            wanted.append(str(PresentationLUT))
        if capabilities.has_annotation:
            wanted.append(str(BasicAnnotationBox))
        if capabilities.has_print_job:
            wanted.append(str(PrintJob))
        return [build_context(uid, transfer_syntaxes(capabilities)) for uid in wanted]

    def values(self) -> dict[str, str]:
        """Return the optional attributes that go out."""
        known = self.request.capabilities.attributes
        return attributes.sent(self.request.attributes, known, self.dropped, is_color=self.is_color)

    def not_sent(self) -> list[str]:
        """Return the optional attributes that are set but not known to the printer's model."""
        known = self.request.capabilities.attributes
        return [
            name
            for name, value in self.request.attributes.items()
            if value != "" and not {name, name.removeprefix(attributes.IMAGE_BOX)} & known.keys()
        ]

    def can_drop(self, keyword: str) -> bool:
        """Say whether an attribute that was refused may be left out, or put elsewhere."""
        if keyword == CHARACTER_SET:
            return self.may(Fallback.NO_CHARACTER_SET)
        if keyword == LUT and self._other_place():
            return True
        return keyword in attributes.DROPPABLE and self.may(Fallback.DROP_ATTRIBUTE)

    def drop(self, keyword: str, words: str, code: int) -> None:
        """Leave a refused attribute out; it counts as used once something passed without it."""
        refused = f"The printer refused {words} ({code:04X})"
        place = self._other_place() if keyword == LUT else ""
        if keyword == CHARACTER_SET:
            says = f"{refused}: texts go out in ASCII."
            used = UsedFallback(Fallback.NO_CHARACTER_SET, says, keyword)
        elif place:
            where = "the film session" if place == FILM_SESSION else "each film box"
            says = f"{refused} there: it is named in {where} instead."
            used = UsedFallback(Fallback.LUT_PLACE, says, place)
        else:
            used = UsedFallback(Fallback.DROP_ATTRIBUTE, f"{refused}: it is left out.", keyword)
        self.change(used)

    def change(self, used: UsedFallback) -> None:
        """Go on under a fallback."""
        self._apply(used)
        self._new.append(used)

    def take_new(self) -> list[UsedFallback]:
        """Return the fallbacks that have helped since the last call."""
        new, self._new = self._new, []
        self.used += new
        return new

    def _wanted_place(self) -> str:
        """Return where films in gray name their presentation LUT, if they have one."""
        place = self.request.capabilities.lut_place
        return place if self.request.presentation_lut and place in (FILM_BOX, FILM_SESSION) else ""

    def _other_place(self) -> str:
        other = {FILM_BOX: FILM_SESSION, FILM_SESSION: FILM_BOX}.get(self.lut_place, "")
        return other if self.may(Fallback.LUT_PLACE) and other not in self._tried_places else ""

    def _apply(self, used: UsedFallback) -> None:
        match used.rule:
            case Fallback.EIGHT_BITS:
                self.bits = 8
            case Fallback.GRAY:
                if self.is_color and LUT not in self.dropped:
                    self.lut_place = self._wanted_place()
                self.is_color = False
            case Fallback.NO_CHARACTER_SET:
                self.has_character_set = False
            case Fallback.LUT_PLACE:
                self._tried_places.add(self.lut_place)
                self.lut_place = used.keyword if self.lut_place else ""
            case Fallback.DROP_ATTRIBUTE:
                self.dropped.add(used.keyword)
                if used.keyword == LUT:
                    self.lut_place = ""


def transfer_syntaxes(capabilities: Capabilities) -> list[str]:
    """Return what is proposed in each context: explicit VR first, since tables need it."""
    if Quirk.IMPLICIT_ONLY in capabilities.quirks:
        return [ImplicitVRLittleEndian]
    return [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
