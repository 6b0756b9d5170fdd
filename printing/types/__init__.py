"""Values that cross the layers of printing; nothing of Django, of DICOM's wire or of pixels."""

from printing.types.jobs import (
    ClaimedJob,
    ClaimedPage,
    Difference,
    LineKind,
    LogLine,
    Outcome,
    PageAnswer,
    PrintJobStatus,
    TalkResult,
)
from printing.types.pages import (
    BoxPixels,
    BoxSpec,
    BoxText,
    BoxValues,
    Drawing,
    ImageAttributes,
    PageSpec,
    PageValues,
)
from printing.types.printers import (
    DEFAULT_FALLBACKS,
    Capabilities,
    Fallback,
    PrinterReport,
    Quirk,
    UsedFallback,
)

__all__ = [
    "DEFAULT_FALLBACKS",
    "BoxPixels",
    "BoxSpec",
    "BoxText",
    "BoxValues",
    "Capabilities",
    "ClaimedJob",
    "ClaimedPage",
    "Difference",
    "Drawing",
    "Fallback",
    "ImageAttributes",
    "LineKind",
    "LogLine",
    "Outcome",
    "PageAnswer",
    "PageSpec",
    "PageValues",
    "PrintJobStatus",
    "PrinterReport",
    "Quirk",
    "TalkResult",
    "UsedFallback",
]
