"""Forms of the printing pages; the services check what a form cannot know."""

from printing.forms.film import (
    MEDIUM_LABELS,
    PRESETS,
    FillForm,
    Label,
    LayoutForm,
    PrintForm,
    WindowForm,
    medium_label,
    size_label,
    sizes_of,
)
from printing.forms.printers import ModelImportForm, PrinterForm

__all__ = [
    "MEDIUM_LABELS",
    "PRESETS",
    "FillForm",
    "Label",
    "LayoutForm",
    "ModelImportForm",
    "PrintForm",
    "PrinterForm",
    "WindowForm",
    "medium_label",
    "size_label",
    "sizes_of",
]
