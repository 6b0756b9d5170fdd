"""IPP requests and answers as bytes (RFC 8010 3.1); the parts of it that printing a document needs.

Written here because the client of the pyipp package cannot tell a request that never went out from
one that was not answered, and leaves out attributes that it does not know (`print-scaling`).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

VERSION = b"\x01\x01"  # 1.1: what printers of any age understand
MAX_TEXT = 1023  # octets of a text value (RFC 8011 5.1.2)
MAX_NAME = 255


class Operation(IntEnum):
    """Operations that we ask for (RFC 8011 5.4.15)."""

    PRINT_JOB = 0x0002
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_PRINTER_ATTRIBUTES = 0x000B


class Group(IntEnum):
    """Delimiters of attribute groups (RFC 8010 3.5.1)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Tag(IntEnum):
    """Kinds of values (RFC 8010 3.5.2)."""

    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_LANGUAGE = 0x35
    NAME_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A


FIRST_VALUE, FIRST_IN_BAND = 0x10, 0x20  # between: values that are not there (RFC 8010 3.5.2)
MAX_DEPTH = 8  # of collections in collections; the standard's have two
Value: TypeAlias = "str | int | bool | Range | Members"
Attribute = tuple[Tag, str, str | int | bool | tuple[str, ...]]


@dataclass(frozen=True)
class Range:
    """A rangeOfInteger."""

    lower: int
    upper: int


@dataclass(frozen=True)
class Members:
    """A collection: what it holds, by name."""

    values: dict[str, list[Value]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the first value of that name as text; empty when it is none."""
        return next((each for each in self.values.get(name, ()) if isinstance(each, str)), "")

    def number(self, name: str) -> int | None:
        """Return the first value of that name that is a number."""
        return next((each for each in self.values.get(name, ()) if type(each) is int), None)

    def members(self, name: str) -> "Members":
        """Return the collection of that name; empty when there is none."""
        found = (each for each in self.values.get(name, ()) if isinstance(each, Members))
        return next(found, Members())


class MalformedAnswer(ValueError):
    """Bytes that are no IPP answer."""


@dataclass(frozen=True)
class Answer:
    """An IPP answer: status code, whose it is, and its groups in the order they came."""

    status: int
    request_id: int
    groups: tuple[tuple[int, dict[str, list[Value]]], ...]

    def values(self, name: str, group: Group) -> list[Value]:
        """Return an attribute's values, from the first such group that has it."""
        found = (values[name] for tag, values in self.groups if tag == group and name in values)
        return next(found, [])

    def text(self, name: str, group: Group) -> str:
        """Return the first value that is text; empty when there is none."""
        return next(iter(self.texts(name, group)), "")

    def texts(self, name: str, group: Group) -> tuple[str, ...]:
        """Return all values that are text."""
        return tuple(value for value in self.values(name, group) if isinstance(value, str))

    def numbers(self, name: str, group: Group) -> tuple[int, ...]:
        """Return all values that are numbers."""
        return tuple(value for value in self.values(name, group) if type(value) is int)

    def number(self, name: str, group: Group) -> int | None:
        """Return the first value that is a number."""
        return next(iter(self.numbers(name, group)), None)

    def most(self, name: str, group: Group) -> int | None:
        """Return the largest number that values and ranges of numbers allow."""
        ranges = (each.upper for each in self.values(name, group) if isinstance(each, Range))
        return max((*self.numbers(name, group), *ranges), default=None)

    def collections(self, name: str, group: Group) -> tuple[Members, ...]:
        """Return all values that are collections."""
        return tuple(value for value in self.values(name, group) if isinstance(value, Members))


def encoded(
    operation: Operation, request_id: int, groups: Iterable[tuple[Group, Iterable[Attribute]]]
) -> bytes:
    """Return a request as it stands before the document."""
    parts = [VERSION, struct.pack(">HI", operation, request_id)]
    for group, attributes in groups:
        parts.append(bytes([group]))
        for tag, name, value in attributes:
            first = name
            for each in value if isinstance(value, tuple) else (value,):
                content = _content(tag, each)
                parts.append(struct.pack(">BH", tag, len(first)) + first.encode("ascii"))
                parts.append(struct.pack(">H", len(content)) + content)
                first = ""  # further values of the same attribute have no name
    parts.append(bytes([Group.END]))
    return b"".join(parts)


def decoded(answer: bytes) -> Answer:
    """Read an answer; raise MalformedAnswer for what is none."""
    try:
        return _decoded(answer)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise MalformedAnswer("The answer is cut off or no IPP.") from error


def _decoded(answer: bytes) -> Answer:
    _version, status, request_id = struct.unpack_from(">HHI", answer)
    groups: list[tuple[int, dict[str, list[Value]]]] = []
    at, name = 8, ""
    while answer[at] != Group.END:
        tag = answer[at]
        if tag < FIRST_VALUE:
            groups.append((tag, {}))
            at, name = at + 1, ""
            continue
        if not groups:
            raise MalformedAnswer("The answer has a value before any group.")
        told, at = _counted(answer, at + 1)
        name = told.decode() or name
        if not name:
            raise MalformedAnswer("The answer has a value without a name.")
        at = _value_into(groups[-1][1].setdefault(name, []), tag, answer, at)
    return Answer(status, request_id, tuple(groups))


def _value_into(values: list[Value], tag: int, answer: bytes, at: int, depth: int = 0) -> int:
    """Read a value where its length stands; return where the next one begins."""
    content, at = _counted(answer, at)
    if tag == Tag.BEGIN_COLLECTION:
        members, at = _members(answer, at, depth + 1)
        values.append(members)
    elif tag >= FIRST_IN_BAND:
        values.append(_value(tag, content))
    return at


def _members(answer: bytes, at: int, depth: int) -> tuple[Members, int]:
    """Read a collection up to its end (RFC 8010 3.1.6)."""
    if depth > MAX_DEPTH:
        raise MalformedAnswer("The answer has collections in collections without end.")
    found, name = Members(), ""
    while True:
        tag = answer[at]
        if tag < FIRST_VALUE:
            raise MalformedAnswer("The answer has a collection without an end.")
        _no_name, at = _counted(answer, at + 1)
        if tag == Tag.END_COLLECTION:
            return found, _counted(answer, at)[1]
        if tag == Tag.MEMBER_NAME:
            told, at = _counted(answer, at)
            name = told.decode()
        else:
            at = _value_into(found.values.setdefault(name, []), tag, answer, at, depth)


def _counted(answer: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", answer, at)
    end = at + 2 + length
    if end >= len(answer):
        raise MalformedAnswer("The answer is cut off.")
    return answer[at + 2 : end], end


def _value(tag: int, content: bytes) -> Value:
    if tag in (Tag.INTEGER, Tag.ENUM):
        return int(struct.unpack(">i", content)[0])
    if tag == Tag.RANGE:
        return Range(*struct.unpack(">ii", content))
    if tag == Tag.BOOLEAN:
        return content != b"\0"
    if tag in (Tag.TEXT_LANGUAGE, Tag.NAME_LANGUAGE):
        _language, at = _counted(content + b"\0", 0)
        content = _counted(content + b"\0", at)[0]
    # Their words end up in logs, sentences and a database: no NUL, nothing that turns the line.
    shown = (each if each.isprintable() else " " for each in content.decode("utf-8", "replace"))
    return "".join(shown).strip()


def _content(tag: Tag, value: Value) -> bytes:
    if tag in (Tag.INTEGER, Tag.ENUM):
        return struct.pack(">i", value)
    if tag == Tag.BOOLEAN:
        return b"\1" if value else b"\0"
    limit = MAX_TEXT if tag in (Tag.TEXT, Tag.URI) else MAX_NAME
    return str(value).encode()[:limit].decode("utf-8", "ignore").encode()
