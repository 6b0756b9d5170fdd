"""IPP as bytes, checked against another implementation of it (the pyipp package) and bad input."""

import struct

import pytest
from pyipp import parser, serializer
from pyipp.enums import IppOperation, IppTag

from printing.paper.ipp_messages import (
    Group,
    MalformedAnswer,
    Operation,
    Tag,
    decoded,
    encoded,
)


def member(name: str, tag: int, content: bytes) -> bytes:
    """Return a member of a collection (RFC 8010 3.1.6)."""
    start = struct.pack(">BHH", Tag.MEMBER_NAME, 0, len(name)) + name.encode()
    return start + struct.pack(">BHH", tag, 0, len(content)) + content


def collection(members: bytes) -> bytes:
    """Return what stands between the name of a collection and what comes after it."""
    return members + struct.pack(">BHH", Tag.END_COLLECTION, 0, 0)


def tray(source: bytes = b"tray-1", width: int = 21000, height: int = 29700) -> bytes:
    """Return the members of a media-col: where it lies, and its size."""
    sides = member("x-dimension", Tag.INTEGER, struct.pack(">i", width))
    sides += member("y-dimension", Tag.INTEGER, struct.pack(">i", height))
    return member("media-source", Tag.KEYWORD, source) + collection(
        member("media-size", Tag.BEGIN_COLLECTION, b"") + sides
    )


def sample_answer() -> bytes:
    """Return an answer as another implementation writes it, with what it cannot write added."""
    begin = struct.pack(">bbhib", 1, 1, 0x0001, 7, Group.OPERATION)
    text = serializer.construct_attribute
    return b"".join(
        (
            begin,
            text("attributes-charset", "utf-8"),
            text("status-message", "fäin", IppTag.TEXT),
            bytes([Group.UNSUPPORTED]),
            text("sides", "two-sided", IppTag.KEYWORD),
            bytes([Group.PRINTER]),
            struct.pack(">BH", Tag.BEGIN_COLLECTION, 9) + b"media-col\0\0",
            collection(tray()),
            struct.pack(">BH", 0x13, 13) + b"printer-alert\0\0",  # no-value
            struct.pack(">BH", Tag.RANGE, 16) + b"copies-supported\0\x08\0\0\0\1\0\0\0\x63",
            struct.pack(">BH", Tag.TEXT, 21) + b"printer-state-message",
            struct.pack(">H", 9) + b"a\0b\n\xe2\x80\xaec ",
            text("printer-state", 4, IppTag.ENUM),
            text("marker-levels", [10, -1, 90], IppTag.INTEGER),
            text("printer-is-accepting-jobs", False, IppTag.BOOLEAN),
            struct.pack(">BH", Tag.NAME_LANGUAGE, 12) + b"printer-info",
            struct.pack(">HH2sH5s", 11, 2, b"de", 5, "Büro".encode()),
            bytes([Group.END]),
        )
    )


def test_another_implementation_reads_our_requests():
    """RFC 8010 3.1: version, operation, request ID, groups, values with and without names."""
    request = encoded(
        Operation.PRINT_JOB,
        9,
        [
            (
                Group.OPERATION,
                [
                    (Tag.CHARSET, "attributes-charset", "utf-8"),
                    (Tag.NAME, "requesting-user-name", "Dr. Weiß"),
                    (Tag.BOOLEAN, "ipp-attribute-fidelity", False),
                    (Tag.KEYWORD, "requested-attributes", ("job-id", "job-state")),
                ],
            ),
            (Group.JOB, [(Tag.INTEGER, "copies", 3), (Tag.KEYWORD, "print-scaling", "none")]),
        ],
    )

    read = parser.parse(request)

    assert read["status-code"] == IppOperation.PRINT_JOB
    assert read["request-id"] == 9
    assert read["operation-attributes"]["requesting-user-name"] == "Dr. Weiß"
    assert read["operation-attributes"]["ipp-attribute-fidelity"] is False
    assert read["operation-attributes"]["requested-attributes"] == ["job-id", "job-state"]
    assert read["jobs"] == [{"copies": 3, "print-scaling": "none"}]


def test_answers_of_another_implementation_are_read():
    """RFC 8010 3.5: every kind of value; what stands in a collection belongs to nobody else."""
    answer = decoded(sample_answer())

    assert answer.status == 1
    assert answer.text("status-message", Group.OPERATION) == "fäin"
    assert answer.texts("sides", Group.UNSUPPORTED) == ("two-sided",)
    assert answer.number("printer-state", Group.PRINTER) == 4
    assert answer.numbers("marker-levels", Group.PRINTER) == (10, -1, 90)
    assert answer.values("printer-is-accepting-jobs", Group.PRINTER) == [False]
    assert answer.text("printer-info", Group.PRINTER) == "Büro"
    assert answer.request_id == 7
    assert answer.most("copies-supported", Group.PRINTER) == 99
    assert answer.most("marker-levels", Group.PRINTER) == 90
    assert answer.values("printer-alert", Group.PRINTER) == []
    (tray,) = answer.collections("media-col", Group.PRINTER)
    assert tray.text("media-source") == "tray-1"
    assert tray.members("media-size").number("x-dimension") == 21000
    assert tray.members("nothing").number("x-dimension") is None
    assert answer.values("nothing", Group.PRINTER) == []


def test_words_of_a_printer_do_no_harm_where_they_are_kept():
    """PostgreSQL takes no NUL; a sign that turns the line would turn the sentence around it."""
    assert decoded(sample_answer()).text("printer-state-message", Group.PRINTER) == "a b  c"


def test_an_answer_that_is_cut_off_anywhere_is_malformed():
    """Never another error, never half an answer."""
    whole = sample_answer()

    for length in range(len(whole)):
        with pytest.raises(MalformedAnswer):
            decoded(whole[:length])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>no printer here</html>",
        struct.pack(">HHI", 0x0101, 0, 1) + b"\x44\0\1a\0\1b\x03",  # a value before any group
        struct.pack(">HHIB", 0x0101, 0, 1, 4) + b"\x21\0\1a\0\2ab\x03",  # a number of two octets
        struct.pack(">HHIB", 0x0101, 0, 1, 4) + b"\x44\0\1\xff\0\1b\x03",  # a name that is no text
        struct.pack(">HHIB", 0x0101, 0, 1, 4) + b"\x36\0\1a\0\2\0\x09\x03",  # language too long
        struct.pack(">HHIB", 0x0101, 0, 1, 4) + b"\x33\0\1a\0\4\0\0\0\1\x03",  # half a range
        struct.pack(">HHIB", 0x0101, 0, 1, 4) + b"\x44\0\0\0\1b\x03",  # a value without a name
        struct.pack(">HHIB", 0x0101, 0, 1, 4) + b"\x34\0\1a\0\0\2\x03",  # a group in a collection
        # collections in collections without end
        struct.pack(">HHIB", 0x0101, 0, 1, 4) + b"\x34\0\1a\0\0" + b"\x34\0\0\0\0" * 5000,
    ],
)
def test_what_is_no_ipp_is_malformed(answer):
    """Whatever answers at a printer's address."""
    with pytest.raises(MalformedAnswer):
        decoded(answer)


def test_names_are_cut_between_characters():
    """RFC 8011 5.1.3: a name has at most 255 octets."""
    name = encoded(
        Operation.PRINT_JOB, 1, [(Group.OPERATION, [(Tag.NAME, "job-name", "山" * 200)])]
    )

    assert parser.parse(name)["operation-attributes"]["job-name"] == "山" * 85
