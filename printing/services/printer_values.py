"""Rules for what a printer may be set to: its own values, and what its model takes."""

from typing import Any, TypedDict
from urllib.parse import urlsplit

from portal.errors import InvalidInput
from printing.models import Printer
from printing.models.printer import ErrorPolicy, PrinterColor, PrinterOutput
from printing.printer_models import (
    IMAGE_BOX,
    NOT_CHOSEN,
    OPTIONAL_ATTRIBUTES,
    SHARED_WITH_IMAGE_BOX,
    OptionalAttribute,
)
from printing.selectors.printers import capabilities
from printing.services.values import require_code_string
from printing.types import Capabilities, Fallback

A_DAY = 24 * 3600
MOST_PAUSES = 50
MOST_TEXT = {"OwnerID": 16, "ConfigurationInformation": 1024, "ICCProfile": 200_000}
DENSITIES = ("BorderDensity", "EmptyImageDensity")
IPP_PORTS = {"ipp": 631, "ipps": 631, "http": 631, "https": 443}


class PrinterValues(TypedDict, total=False):
    """What may be set on a printer; what is not given stays as it is."""

    device_id: int | None
    ipp_uri: str
    model: str | None
    film_size_id: str
    medium_type: str
    film_destination: str
    output: str
    color: str
    attributes: dict[str, str]
    presentation_lut: dict[str, Any]
    fallbacks: list[str]
    is_substitution_accepted: bool
    is_accepting: bool
    error_policy: str
    retry_plan_s: list[int] | None
    action_timeout_s: int | None
    poll_s: int | None
    follow_s: int


def require_printer(printer: Printer) -> None:
    """Refuse what no printer can have, and what this one's model does not take."""
    if not printer.name.strip() or len(printer.name) > 64:
        raise InvalidInput("A printer needs a name of 1 to 64 characters.", "name")
    for field in ("film_size_id", "medium_type", "film_destination"):
        require_code_string(getattr(printer, field), field)
    _require_choices(printer)
    _require_times(printer)
    takes = capabilities(printer)
    _require_attributes(printer, takes)
    require_presentation_lut(printer.presentation_lut, takes)
    if printer.color == PrinterColor.ALWAYS and not takes.has_color:
        sentence = f"{printer.model.title} does not print colour: choose gray, or another model."
        raise InvalidInput(sentence, "color")


def require_presentation_lut(lut: dict[str, Any], takes: Capabilities) -> None:
    """Refuse a Presentation LUT that no printer could take (PS3.3 C.11.4)."""
    if not lut:
        return
    if takes.lut_place == "none":
        raise InvalidInput("This printer takes no Presentation LUT.", "presentation_lut")
    if set(lut) == {"shape"}:
        if lut["shape"] not in ("IDENTITY", "LIN OD"):
            raise InvalidInput("The shape is IDENTITY or LIN OD.", "presentation_lut")
        return
    entries, bits = lut.get("entries"), lut.get("bits")
    if not set(lut) <= {"entries", "bits", "title"} or not isinstance(entries, list):
        raise InvalidInput("A table has its entries, their bits and a title.", "presentation_lut")
    if type(bits) is not int or not 10 <= bits <= 16:
        raise InvalidInput("Entries of a table have 10 to 16 bits.", "presentation_lut")
    if len(entries) not in (256, 4096):
        sentence = f"A table has 256 entries (8 bit) or 4096 (12 bit), not {len(entries)}."
        raise InvalidInput(sentence, "presentation_lut")
    if any(type(entry) is not int or not 0 <= entry < 1 << bits for entry in entries):
        sentence = f"Each entry is a whole number from 0 to {(1 << bits) - 1}."
        raise InvalidInput(sentence, "presentation_lut")
    title = lut.get("title", "")
    if not isinstance(title, str) or len(title) > 64 or "\\" in title:
        raise InvalidInput("A title has at most 64 characters.", "presentation_lut")


def ipp_address(uri: str) -> tuple[str, int]:
    """Return host and port of an IPP address; refuse one that is none (RFC 3510, RFC 7472)."""
    try:
        parts = urlsplit(uri.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, None
    if parts is None or parts.scheme not in IPP_PORTS or not host or parts.username is not None:
        raise InvalidInput(
            "An IPP address looks like ipp://host:631/printers/name, without a user in it.",
            "ipp_uri",
        )
    if len(uri.strip()) > 255 or not uri.isprintable() or any(c.isspace() for c in uri.strip()):
        raise InvalidInput("An IPP address has at most 255 characters, no spaces.", "ipp_uri")
    return host, port or IPP_PORTS[parts.scheme]


def _require_choices(printer: Printer) -> None:
    choices = {
        "output": PrinterOutput.values,
        "color": PrinterColor.values,
        "error_policy": ErrorPolicy.values,
    }
    for field, allowed in choices.items():
        value = getattr(printer, field)
        if value not in allowed:
            raise InvalidInput(f"“{value}” is none of: {', '.join(allowed)}.", field)
    unknown = [rule for rule in printer.fallbacks if rule not in list(Fallback)]
    if unknown:
        sentence = f"“{unknown[0]}” is no fallback. There are: {', '.join(Fallback)}."
        raise InvalidInput(sentence, "fallbacks")


def _require_times(printer: Printer) -> None:
    plan = printer.retry_plan_s
    if len(plan) > MOST_PAUSES or any(type(pause) is not int for pause in plan):
        raise InvalidInput(f"A plan has at most {MOST_PAUSES} pauses.", "retry_plan_s")
    if any(not 0 <= pause <= A_DAY for pause in plan):
        raise InvalidInput("Pauses are positive numbers of seconds, to a day.", "retry_plan_s")
    limit = printer.action_timeout_s
    if limit is not None and not 1 <= limit <= A_DAY:
        raise InvalidInput("A time limit is a positive number of seconds.", "action_timeout_s")
    if printer.poll_s is not None and not 0 <= printer.poll_s <= A_DAY:
        raise InvalidInput("Asking how it is happens each 0 (never) to 86400 s.", "poll_s")
    if not 0 <= printer.follow_s <= A_DAY:
        raise InvalidInput("Waiting for “printed” takes 0 to 86400 seconds.", "follow_s")


def _require_attributes(printer: Printer, takes: Capabilities) -> None:
    """Refuse what the model does not take: it would be sent with every film."""
    for name, value in printer.attributes.items():
        keyword = name.removeprefix(IMAGE_BOX)
        known = OPTIONAL_ATTRIBUTES.get(keyword)
        is_shared = keyword == name or keyword in SHARED_WITH_IMAGE_BOX
        if known is None or keyword in NOT_CHOSEN or not is_shared:
            raise InvalidInput(f"“{name}” is not set for a printer.", "attributes")
        if keyword not in takes.attributes:
            sentence = f"{printer.model.title} does not take {known.name}: leave it empty."
            raise InvalidInput(sentence, f"attributes.{name}")
        allowed = takes.attributes[keyword]
        if allowed and value not in allowed:
            sentence = f"{known.name} “{value}” is not taken. Taken are: {', '.join(allowed)}."
            raise InvalidInput(sentence, f"attributes.{name}")
        sentence = _why_not(known, value)
        if sentence:
            raise InvalidInput(sentence, f"attributes.{name}")


def _why_not(known: OptionalAttribute, value: Any) -> str:
    """Say why an attribute cannot have this value; empty when it can."""
    most = MOST_TEXT.get(known.keyword, 16)  # CS has 16 characters, ST 1024
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        return f"{known.name} is a line of 1 to {most} characters."
    if known.is_number:
        is_number = value.isdecimal() and int(value) < 1 << 16
        return "" if is_number else f"{known.name} is a number from 0 to 65535."
    if known.keyword in DENSITIES and value not in known.terms:
        is_density = value.isdecimal() and int(value) <= 500
        return "" if is_density else f"{known.name} is BLACK, WHITE or hundredths of density: 150."
    if known.keyword in MOST_TEXT:
        return "" if known.keyword != "OwnerID" or "\\" not in value else f"{known.name}: no \\."
    try:
        require_code_string(value, known.keyword)
    except InvalidInput as error:
        return str(error)
    return ""
