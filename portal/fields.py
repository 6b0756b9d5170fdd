"""Form fields that take what people type, and what a form was sent."""

from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.formats import date_format

from portal.dates import NotADate, parse_date, parse_time


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what a form is bound to: an empty POST is sent too, a GET is not."""
    return request.POST if request.method == "POST" else None


class WrittenDateField(forms.CharField):
    """A date in one text field; accepts local forms and shows the month in letters."""

    def to_python(self, value: Any) -> Any:
        """Return the date, None when empty; refuse with a sentence."""
        if isinstance(value, date):
            return value
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_date(text)
        except NotADate as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        """Show a stored date with its month in letters; leave typed text alone."""
        return date_format(value, "j M Y") if isinstance(value, date) else value


class WrittenTimeField(forms.CharField):
    """A time of day in one text field."""

    def to_python(self, value: Any) -> Any:
        """Return the time, None when empty; refuse with a sentence."""
        if isinstance(value, time):
            return value
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_time(text)
        except NotADate as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        """Show a stored time as hours and minutes; leave typed text alone."""
        return f"{value:%H:%M}" if isinstance(value, time) else value


class LinesField(forms.CharField):
    """A list in a text area, one entry a line."""

    def to_python(self, value: Any) -> Any:
        """Return the lines that have something in them."""
        if isinstance(value, (list, tuple)):
            return list(value)
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        """Show one entry a line."""
        return "\n".join(value) if isinstance(value, (list, tuple)) else value


class RungsField(forms.Field):
    """An ordered list: the same name as often as there are entries, empty ones left out."""

    widget = forms.SelectMultiple  # for reading a list; the template draws one select a rung

    def to_python(self, value: Any) -> Any:
        """Return the chosen entries in their order."""
        given = [value] if isinstance(value, str) else value or []
        return [entry for entry in given if entry]
