"""What the views of printing share: rows for one person's eyes, and answers to htmx."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from portal.errors import NotFound

Row = TypeVar("Row", bound=Model)


def found(rows: QuerySet[Row], key: int, sentence: str) -> Row:
    """Return the row of that key among those a person may see."""
    row = rows.filter(pk=key).first()
    if row is None:
        raise NotFound(sentence)
    return row


def is_fragment(request: HttpRequest) -> bool:
    """Say whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def version_of(request: HttpRequest) -> int:
    """Return the version that the person saw; a form without one is out of date."""
    return whole(request.POST.get("version")) or 0


def plain(text: str) -> str:
    """Return typed text without the NUL that no database row can hold."""
    return text.replace("\0", "").strip()


def whole(text: str | None) -> int | None:
    """Read a whole number from an address or form; what is none says nothing."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
