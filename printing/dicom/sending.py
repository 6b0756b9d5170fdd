"""Sending within an association: one message at a time, pictures from where they lie.

pynetdicom would encode a picture three times over in memory, and would let a report of the printer
that we answer meanwhile slip between its fragments (PS3.8 Annex E forbids that).
"""

import mmap
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import N_SET_RQ
from pynetdicom.dimse_primitives import N_SET
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import P_DATA

LARGEST_FRAGMENT = 128 * 1024  # a peer without a limit of its own gets no larger ones
MAPPED_BYTES = 4 << 20  # sent ones of a mapped file that stay in memory
WAITING = 16  # fragments that wait for the socket
PAUSE_SECONDS = 0.0005
PIXEL_DATA = (0x7FE0, 0x0010)
ITEM = (0xFFFE, 0xE000)


@dataclass(frozen=True)
class Picture:
    """The sequence of an image box with its one item; the pixels are not copied."""

    sequence: tuple[int, int]
    item: Dataset  # without pixels
    pixels: "bytes | memoryview"


class Sender:
    """Stands in for the sending half of pynetdicom's DIMSE provider in one association."""

    def __init__(self, assoc: Association) -> None:
        self._assoc, self._lock = assoc, Lock()
        self._send = assoc.dimse.send_msg
        self._parts: tuple[bytes | memoryview, ...] = ()
        self._is_closed = False
        assoc.bind(evt.EVT_CONN_CLOSE, self._on_close)
        assoc.dimse.send_msg = self._send_message

    def set_picture(
        self, ds: Dataset, picture: Picture, sop_class: str, uid: str, meta: str
    ) -> Any:
        """N-SET the attributes of an image box together with its picture."""
        self._parts = _parts(ds, picture, is_implicit=self._is_implicit(meta))
        try:
            return self._assoc.send_n_set(ds, sop_class, uid, meta_uid=meta)
        finally:
            self._parts = ()

    def close(self) -> None:
        """Send nothing more: what follows an A-RELEASE-RQ would end pynetdicom's thread."""
        with self._lock:
            self._is_closed = True

    def _is_implicit(self, meta: str) -> bool:
        (context,) = [c for c in self._assoc.accepted_contexts if c.abstract_syntax == meta]
        return bool(context.transfer_syntax[0].is_implicit_VR)

    def _on_close(self, event: evt.Event) -> None:
        self._is_closed = True

    def _send_message(self, primitive: Any, context_id: int) -> None:
        with self._lock:
            if self._is_closed:
                self._drop(primitive)
                return
            if isinstance(primitive, N_SET) and self._parts:
                self._send_parts(primitive, context_id)
            else:
                self._send(primitive, context_id)

    def _drop(self, primitive: Any) -> None:
        """Let a request fail at once; an answer of ours is wanted by nobody any more."""
        if primitive.MessageIDBeingRespondedTo is None:
            self._assoc._reactor_checkpoint.set()  # send_*() has stopped it, and ends here
            raise RuntimeError("the connection is closed")

    def _send_parts(self, primitive: N_SET, context_id: int) -> None:
        message = N_SET_RQ()
        message.primitive_to_message(primitive)
        message.data_set = None  # said to be there by the command set, and sent below
        largest = self._assoc.dimse.maximum_pdu_size or LARGEST_FRAGMENT
        for command in message.encode_msg(context_id, largest):
            self._assoc.dul.send_pdu(command)
        deadline = time.monotonic() + (self._assoc.dimse_timeout or float("inf"))
        for fragment, is_last in fragments(self._parts, min(largest, LARGEST_FRAGMENT) - 6):
            if not self._has_room(deadline):
                return  # waiting for the answer finds out that there will be none
            data = P_DATA()
            control = b"\x02" if is_last else b"\x00"  # PS3.8 E.2: data set, last fragment
            data.presentation_data_value_list.append((context_id, control + fragment))
            self._assoc.dul.send_pdu(data)

    def _has_room(self, deadline: float) -> bool:
        """Wait for the socket to take some; say no when it is gone, or has no time left."""
        waiting = self._assoc.dul.to_provider_queue
        while waiting.qsize() >= WAITING:
            if self._is_closed or not self._assoc.is_established:
                return False
            if time.monotonic() > deadline:
                self._assoc.dimse_timeout = PAUSE_SECONDS  # the answer's time is up, too
                return False
            time.sleep(PAUSE_SECONDS)
        return not self._is_closed


def _parts(ds: Dataset, picture: Picture, *, is_implicit: bool) -> tuple[bytes | memoryview, ...]:
    """Return the dataset of an image box in pieces: everything before the pixels, they, the rest.

    The sequence has the highest tag of the image box and Pixel Data that of its item.
    """
    pixels = memoryview(picture.pixels).cast("B")
    padding = b"\0" * (len(pixels) % 2)
    item = _encoded(picture.item, is_implicit=is_implicit)
    vr = b"OW" if picture.item.BitsAllocated == 16 else b"OB"
    item += _header(PIXEL_DATA, vr, len(pixels) + len(padding), is_implicit=is_implicit)
    length = len(item) + len(pixels) + len(padding)
    head = (
        _encoded(ds, is_implicit=is_implicit)
        + _header(picture.sequence, b"SQ", 8 + length, is_implicit=is_implicit)
        + struct.pack("<HHI", *ITEM, length)
        + item
    )
    return head, pixels, padding


def _encoded(ds: Dataset, *, is_implicit: bool) -> bytes:
    encoded = encode(ds, is_implicit, True)
    if encoded is None:
        raise ValueError("a dataset that cannot be encoded")
    return bytes(encoded)


def _header(tag: tuple[int, int], vr: bytes, length: int, *, is_implicit: bool) -> bytes:
    if is_implicit:
        return struct.pack("<HHI", *tag, length)
    return struct.pack("<HH2sHI", *tag, vr, 0, length)


def fragments(parts: tuple[bytes | memoryview, ...], size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the parts, one after the other, in fragments of that size, and which is the last."""
    left = sum(len(part) for part in parts)
    held: list[bytes | memoryview] = []
    has = 0
    for part in parts:
        view, start, gone = memoryview(part), 0, 0
        while start < len(view):
            if start - gone >= MAPPED_BYTES:
                gone = start
                _let_go(view)
            piece = view[start : start + size - has]
            held.append(piece)
            has, start, left = has + len(piece), start + len(piece), left - len(piece)
            if has == size or not left:
                yield b"".join(held), not left
                held, has = [], 0


def _let_go(view: memoryview) -> None:
    """Put a mapped file out of memory; what is still wanted of it is read again."""
    if isinstance(view.obj, mmap.mmap) and view.readonly:  # not what exists in memory alone
        view.obj.madvise(mmap.MADV_DONTNEED)


def limit_sending(event: evt.Event, seconds: float) -> None:
    """Let a send to a frozen printer fail: pynetdicom would wait in it for ever."""
    tcp = event.assoc.dul.socket.socket
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(seconds), 0))
