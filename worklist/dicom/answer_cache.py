"""Answers as bytes, remembered by the entry's content: a device asks for the same list all day."""

import threading
import zlib
from collections import OrderedDict
from typing import NamedTuple

from pydicom.uid import UID

from worklist.dicom.answers import Asker, answer_bytes
from worklist.dicom.fingerprints import Fingerprint
from worklist.dicom.items import Item
from worklist.dicom.syntaxes import syntax_of

MAX_BYTES = 16 * 1024 * 1024
_OVERHEAD = 200  # of a remembered answer beside its bytes, roughly

Way = tuple[Fingerprint, Asker, str]


class Answer(NamedTuple):
    """An identifier as it goes on the wire, and the character set that it declares."""

    identifier: bytes
    character_set: str


class Answers:
    """The remembered answers to one way of asking: the same attributes, device and syntax."""

    def __init__(self, cache: "AnswerCache", way: "Way", wanted: Item) -> None:
        _, asker, syntax = way
        self.way = way
        self._cache, self._wanted, self._asker = cache, wanted, asker
        self._syntax = syntax_of(syntax)
        self._is_deflated = UID(syntax).is_deflated
        self._known: dict[int, Answer] = {}
        self.size = 0
        self.get = self._known.get

    def make(self, digest: int, encoded: bytes) -> Answer:
        """Make the answer from the entry whose content has this digest, and remember it."""
        identifier, character_set = answer_bytes(encoded, self._wanted, self._asker, self._syntax)
        if self._is_deflated:
            identifier = _deflated(identifier)
        answer = self._known[digest] = Answer(identifier, character_set)
        self._cache.grown(self, len(identifier) + _OVERHEAD)
        return answer


class AnswerCache:
    """Every way of asking, the one not heard of for longest forgotten first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._ways: OrderedDict[Way, Answers] = OrderedDict()
        self._max_bytes, self.size = max_bytes, 0
        self._lock = threading.Lock()

    def answers(self, shape: Fingerprint, wanted: Item, asker: Asker, syntax: str) -> Answers:
        """Return what is remembered of a way of asking; `shape` is the fingerprint of `wanted`."""
        way: Way = (shape, asker, syntax)
        with self._lock:
            found = self._ways.get(way)
            if found is None:
                found = self._ways[way] = Answers(self, way, wanted)
            else:
                self._ways.move_to_end(way)
            return found

    def grown(self, answers: Answers, count: int) -> None:
        """Count bytes that were added; forget ways of asking while there are too many."""
        with self._lock:
            answers.size += count
            if self._ways.get(answers.way) is not answers:
                return  # forgotten already, and gone with the query that still uses it
            self.size += count
            while self.size > self._max_bytes and self._ways:
                _, oldest = self._ways.popitem(last=False)
                self.size -= oldest.size


def _deflated(raw: bytes) -> bytes:
    """Deflate a dataset, padded to even length (PS3.5 A.5)."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(raw) + packer.flush()
    return packed + b"\0" * (len(packed) % 2)
