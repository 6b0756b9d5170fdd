"""What simulated scanners send over MPPS: N-CREATE and N-SET, encoded in advance (PS3.4 F.7.2)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Any

from tests.bench import wire
from worklist.dicom.items import IMPLICIT, Element, Item, write

MPPS = "1.2.840.10008.3.1.2.3.3"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CONTEXT = 1
COMMANDS = {"N-CREATE": 0x0140, "N-SET": 0x0120}


def associate_request(called: str, calling: str = wire.CALLING) -> bytes:
    """Encode an A-ASSOCIATE-RQ proposing MPPS, implicit VR little endian."""
    syntaxes = wire.variable_item(0x30, MPPS.encode())
    syntaxes += wire.variable_item(0x40, wire.IMPLICIT_LITTLE.encode())
    items = wire.variable_item(0x10, wire.APPLICATION_CONTEXT.encode())
    items += wire.variable_item(0x20, bytes((CONTEXT, 0, 0, 0)) + syntaxes)
    items += wire.variable_item(
        0x50,
        wire.variable_item(0x51, struct.pack(">I", wire.MAX_PDU))
        + wire.variable_item(0x52, b"2.25.271828182845904523536028747135266249"),
    )
    titles = called.encode().ljust(16), calling.encode().ljust(16)
    body = struct.pack(">HH16s16s32x", 1, 0, *titles) + items
    return struct.pack(">BBI", 1, 0, len(body)) + body


def request(kind: str, sop_instance_uid: str, dataset: bytes) -> bytes:
    """Encode the PDUs of one request; a dataset of any size is cut into fragments."""
    is_create = kind == "N-CREATE"
    command = wire.command(
        (0x0002 if is_create else 0x0003, wire.uid_value(MPPS)),
        (0x0100, struct.pack("<H", COMMANDS[kind])),
        (0x0110, b"\x07\x00"),
        (0x0800, b"\x01\x00"),
        (0x1000 if is_create else 0x1001, wire.uid_value(sop_instance_uid)),
    )
    pdus = [wire.data_pdu(CONTEXT, 3, command)]
    room = 16384 - 12
    parts = [dataset[at : at + room] for at in range(0, len(dataset), room)] or [b""]
    pdus += [wire.data_pdu(CONTEXT, 0, part) for part in parts[:-1]]
    return b"".join([*pdus, wire.data_pdu(CONTEXT, 2, parts[-1])])


def _texts(values: Mapping[int, tuple[str, str]]) -> Item:
    return {tag: Element(vr, text.encode()) for tag, (vr, text) in values.items()}


def create(entry: Mapping[str, Any]) -> bytes:
    """Encode the N-CREATE attributes of a scheduled step (Table F.7.2-1)."""
    scheduled = _texts(
        {
            0x00080050: ("SH", entry["accession_number"]),
            0x0020000D: ("UI", entry["study_instance_uid"]),
            0x00321060: ("LO", "CT"),
            0x00400007: ("LO", "CT"),
            0x00400009: ("SH", entry["sps_id"]),
            0x00401001: ("SH", entry["requested_procedure_id"]),
        }
    )
    for tag in (0x00081110, 0x00400008):
        scheduled[tag] = Element("SQ", ())
    item = _texts(
        {
            0x00080005: ("CS", "ISO_IR 192"),
            0x00080060: ("CS", "CT"),
            0x00100010: ("PN", entry["patient_name"]),
            0x00100020: ("LO", entry["patient_id"]),
            0x00100030: ("DA", ""),
            0x00100040: ("CS", ""),
            0x00200010: ("SH", "1"),
            0x00400241: ("AE", wire.CALLING),
            0x00400242: ("SH", ""),
            0x00400243: ("SH", ""),
            0x00400244: ("DA", "20261121"),
            0x00400245: ("TM", "100000"),
            0x00400250: ("DA", ""),
            0x00400251: ("TM", ""),
            0x00400252: ("CS", "IN PROGRESS"),
            0x00400253: ("SH", "P1"),
            0x00400254: ("LO", ""),
            0x00400255: ("LO", ""),
        }
    )
    item[0x00400270] = Element("SQ", (scheduled,))
    for tag in (0x00081032, 0x00081120, 0x00400260, 0x00400281, 0x00400340):
        item[tag] = Element("SQ", ())
    return write(item, IMPLICIT)


def completed(study_instance_uid: str, series: int, images: int) -> bytes:
    """Encode the N-SET attributes that end a step with its images."""
    item = _texts(
        {
            0x00400250: ("DA", "20261121"),
            0x00400251: ("TM", "101500"),
            0x00400252: ("CS", "COMPLETED"),
        }
    )
    item[0x00400340] = Element(
        "SQ",
        tuple(_series(f"{study_instance_uid}.{number + 1}", images) for number in range(series)),
    )
    return write(item, IMPLICIT)


def _series(uid: str, images: int) -> Item:
    found = _texts(
        {
            0x00080054: ("AE", ""),
            0x0008103E: ("LO", "Axial"),
            0x00081050: ("PN", ""),
            0x00081070: ("PN", "Tester^Alex"),
            0x00181030: ("LO", "Routine"),
            0x0020000E: ("UI", uid),
        }
    )
    references = (
        _texts({0x00081150: ("UI", SECONDARY_CAPTURE), 0x00081155: ("UI", f"{uid}.{number + 1}")})
        for number in range(images)
    )
    found[0x00081140] = Element("SQ", tuple(references))
    found[0x00400220] = Element("SQ", ())
    return found


class Scanner:
    """One association, on a blocking socket; its messages are answered one by one."""

    def __init__(self, address: tuple[str, int], called: str, calling: str = wire.CALLING) -> None:
        """Associate; raise Failure when that is refused."""
        self._sock = socket.create_connection(address, timeout=60)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock.sendall(associate_request(called, calling))
        answer = self._pdu()
        if answer[0] != 2 or not wire.context_accepted(answer, CONTEXT):
            raise wire.Failure(f"not associated: PDU type {answer[0]}")

    def send(self, raw: bytes) -> int:
        """Send a request; return the status of its answer."""
        self._sock.sendall(raw)
        status = None
        while status is None:
            status = self._status(self._pdu())
        return status

    def close(self) -> None:
        """Release, and close."""
        self._sock.sendall(wire.RELEASE_RQ)
        self._pdu()
        self._sock.close()

    def _status(self, pdu: bytes) -> int | None:
        if pdu[0] != 4:
            raise wire.Failure(f"unexpected PDU type {pdu[0]}")
        found = pdu.find(wire.STATUS_ELEMENT)
        return None if found < 0 else pdu[found + 8] | pdu[found + 9] << 8

    def _pdu(self) -> bytes:
        head = self._exactly(6)
        return head + self._exactly(int.from_bytes(head[2:], "big"))

    def _exactly(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            part = self._sock.recv(count - len(parts))
            if not part:
                raise wire.Failure("connection closed by the SCP")
            parts += part
        return parts
