"""Basic Print as SCU in the conformance statement (PS3.2 N.5.2, PS3.4 Annex H)."""

from collections.abc import Iterator

from django.conf import settings
from pydicom.datadict import tag_for_keyword
from pydicom.uid import UID
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterConfigurationRetrieval,
    PrintJob,
)

from portal.conformance import OVERVIEW, SERVICES, table
from portal.dicom.errors import StatusFailure
from printing.dicom import attributes, scu, statuses
from printing.dicom.terms import transfer_syntaxes
from printing.types import Capabilities
from printing.worker.films import LIMITS

USED = (
    (BasicGrayscalePrintManagementMeta, "always, but for films in colour"),
    (BasicColorPrintManagementMeta, "films in colour; the gray class is proposed beside it"),
    (BasicFilmSession, "N-CREATE, N-DELETE"),
    (BasicFilmBox, "N-CREATE, N-ACTION (print), N-DELETE"),
    (BasicGrayscaleImageBox, "N-SET"),
    (BasicColorImageBox, "N-SET"),
    (Printer, "N-GET; N-EVENT-REPORT is answered at any moment"),
    (BasicAnnotationBox, "N-SET, where the printer's model has annotation boxes"),
    (PresentationLUT, "N-CREATE, N-DELETE, where the printer has one and its model says where"),
    (PrintJob, "N-GET, N-EVENT-REPORT, where the printer's model has print jobs"),
    (PrinterConfigurationRetrieval, "N-GET, when a person has the printer probed"),
)
ALWAYS = {
    "Film Box": ("ImageDisplayFormat", "ReferencedFilmSessionSequence"),
    "Image Box": ("ImageBoxPosition", "BasicGrayscaleImageSequence", "BasicColorImageSequence"),
    "Annotation Box": ("AnnotationPosition",),
}
WHEN_SET = {
    "Film Session": (
        "NumberOfCopies",
        "PrintPriority",
        "MediumType",
        "FilmDestination",
        "FilmSessionLabel",
        *attributes.SESSION,
        "SpecificCharacterSet",
    ),
    "Film Box": (
        "FilmOrientation",
        "FilmSizeID",
        *attributes.FILM_BOX,
        "SpecificCharacterSet",
    ),
    "Image Box": (
        *attributes.IMAGE_BOX_ONLY,
        *attributes.SHARED_WITH_FILM_BOX,
        "RequestedImageSize",
        "SpecificCharacterSet",
    ),
    "Annotation Box": ("TextString", "SpecificCharacterSet"),
    "Presentation LUT": ("PresentationLUTShape", "PresentationLUTSequence"),
}
LUT_PLACES = ("Film Session", "Film Box")
# What a failure means, by the kind of error that it becomes.
MEANINGS: dict[type[StatusFailure], str] = {
    statuses.Refused: "for good: the job fails, and says why",
    statuses.Busy: "not now: tried again by the plan",
    statuses.SessionFault: "out of step: a new association, once",
    statuses.NotAdmitted: "not admitted: the printer's queue stops until a person has mended it",
}


def chapters() -> dict[str, str]:
    """Return what there is to say of printing, by chapter."""
    rows = [(UID(uid).name, str(uid), f"SCU: {words}") for uid, words in USED]
    overview = "For films:\n\n" + table(("SOP class for films", "UID", "Role"), rows)
    return {OVERVIEW: overview, SERVICES: _services()}


def _services() -> str:
    syntaxes = ", ".join(UID(uid).name for uid in transfer_syntaxes(Capabilities()))
    return "\n\n".join(
        (
            "### Basic Print, as SCU",
            ASSOCIATION.format(
                syntaxes=syntaxes,
                message=f"{LIMITS.message:g}",
                action=settings.PRINT_ACTION_TIMEOUT_S,
            ),
            "#### Attributes (PS3.4 H.4)",
            "No other attribute is sent. What is sent when it is set stays away otherwise, and "
            "also when the printer's model does not know it.",
            table(("Object", "Attribute", "Tag", "Sent"), _attributes()),
            PICTURES,
            "#### Statuses (PS3.4 H.4, PS3.7 Annex C)",
            table(("Status", "Meaning", "What we do"), _statuses()),
            STATUSES,
            "#### Completion (PS3.4 H.4.5)",
            COMPLETION.format(follow=scu.FOLLOW_SECONDS, poll=scu.POLL_SECONDS),
        )
    )


ASSOCIATION = """\
At most one association for each device address, over all workers. Offered: {syntaxes}, in one
context for each SOP class (implicit VR alone where the printer's model says so). Everything but
Presentation LUT, Annotation Box and Print Job rides on the meta SOP class. Printer N-GET; film
session; then film by film: film box, image boxes in the order of Referenced Image Box Sequence,
annotation boxes, N-ACTION of the film box, N-DELETE; N-DELETE of the session. Films with another
number of copies get a film session of their own after that; the Number of Copies that a printer
returns is what is counted, and those that it does not make are sent one by one. Instance UIDs
are ours (2.25), or the printer's where it refuses ours (0117) or answers with its own. An answer
is awaited for {message} s (for a picture longer, by its size), that to an N-ACTION for {action} s
or as the printer says."""

PICTURES = """\
Pictures are MONOCHROME2, unsigned, 8/8/7 or 16/12/11 (bits allocated, stored, high bit), or RGB
8/8/7 with planar configuration 0; Pixel Aspect Ratio is sent when it is not 1\\1. Image Display
Format is STANDARD, ROW, COL, SLIDE, SUPERSLIDE or CUSTOM. A presentation LUT is IDENTITY, LIN OD or
a table, and is named in the film box or in the film session as the printer's model says; gray films
alone have one. Texts that are not ASCII go out in UTF-8 with Specific Character Set."""

STATUSES = """\
Values that come back otherwise than they were asked for are kept with the page, after 0000, too,
and so is what the printer ignores (Attribute Identifier List, or not in its answer). Another film
size or medium, or one that is ignored, ends the print before the N-ACTION unless somebody has
agreed to it. A picture in true size is a failure, too, when Requested Image Size comes back
otherwise, or 0107 or 0116 leave in doubt whether it was taken. Where a fallback of the printer
allows it, a refused optional attribute is left out, 12 bits become 8, colour becomes gray, the
presentation LUT is named in the other place and texts go out in ASCII; each is noted in the job.
Copies, medium, size, orientation, display format and Requested Image Size are never left out.
Without its fallback colour is refused by a printer of gray films. What was refused is taken from
Attribute Identifier List or Error Comment, else found by trying without it. When no answer to an
N-ACTION comes, the outcome is unknown: a person decides, nothing is sent again by itself."""

COMPLETION = """\
With Print Job a film is followed to DONE or FAILURE: by N-EVENT-REPORT, and by N-GET every {poll} s
on the same association, until {follow} s have gone by without news or the device is needed; then by
N-GET on a later one, where 0112 means that the printer has forgotten the job. Referenced Print Job
Sequence is read under (2100,0500) and (2120,0070). Without Print Job a film counts as sent to the
printer. Printer Status FAILURE ends a print before it begins, WARNING is noted."""


def _attributes() -> Iterator[tuple[str, str, str, str]]:
    for name in ("Film Session", "Film Box", "Image Box", "Annotation Box", "Presentation LUT"):
        for keyword in ALWAYS.get(name, ()):
            yield _row(name, keyword, _when(keyword))
        for keyword in WHEN_SET.get(name, ()):
            yield _row(name, keyword, "colour, when set" if keyword == "ICCProfile" else "when set")
        if name in LUT_PLACES:
            yield _row(name, "ReferencedPresentationLUTSequence", "when set, in one of the two")


def _when(keyword: str) -> str:
    return {
        "BasicGrayscaleImageSequence": "gray",
        "BasicColorImageSequence": "colour",
    }.get(keyword, "always")


def _row(name: str, keyword: str, sent: str) -> tuple[str, str, str, str]:
    tag = tag_for_keyword(keyword) or 0
    return name, attributes.name_of(keyword), f"({tag >> 16:04X},{tag & 0xFFFF:04X})", sent


def _statuses() -> Iterator[tuple[str, str, str]]:
    yield "0000", "success; of an N-ACTION: accepted, not printed yet", "go on"
    for code, words in sorted(statuses.WORDS.items()):
        kind = statuses.FAILURES.get(code)
        does = MEANINGS[kind] if kind else "go on; kept with the page"
        if code in statuses.SIZE_CHANGED:
            does = "go on; a failure for a picture in true size"
        yield f"{code:04X}", words, does
    yield "any other", "a failure of the printer's own", MEANINGS[statuses.Busy]
