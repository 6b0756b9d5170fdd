"""Files as answers: pictures and documents as they are, a problem in their place as JSON."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response


class FileRenderer(JSONRenderer):
    """Bytes as they are; a problem in their place as JSON."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the bytes to send."""
        if isinstance(data, bytes):
            return data
        text: bytes = super().render(data, "application/json", renderer_context)
        return text


class PngRenderer(FileRenderer):
    """A picture."""

    media_type = "image/png"
    format = "png"


class PdfRenderer(FileRenderer):
    """A document."""

    media_type = "application/pdf"
    format = "pdf"


def pdf_answer(content: bytes, name: str) -> Response:
    """Answer for this person only; the name is a number, not a patient."""
    return Response(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )
