"""Remembered answers: by content and by way of asking, within bounds."""

from datetime import date

from portal.types import ProfileValues
from worklist.dicom.answer_cache import AnswerCache
from worklist.dicom.answers import Asker, answer_bytes
from worklist.dicom.entry import encode
from worklist.dicom.fingerprints import fingerprint
from worklist.dicom.items import IMPLICIT, Element
from worklist.dicom.match_keys import digest_of
from worklist.types import EntryValues, PatientValues, RequestValues, StepValues

VALUES = EntryValues(
    PatientValues("4711", name_alphabetic="Test^One"),
    RequestValues("ACC1", "RP1", "2.25.1"),
    StepValues("SPS1", "SCHEDULED", date(2026, 11, 21), None, "CT"),
)
WANTED = {0x00100010: Element("PN", b""), 0x00100020: Element("LO", b"")}
IMPLICIT_UID = "1.2.840.10008.1.2"


CT1 = Asker("CT1")


def asked(cache, wanted=WANTED, asker=CT1, syntax=IMPLICIT_UID):
    return cache.answers(fingerprint(wanted), wanted, asker, syntax)


def test_an_answer_is_made_once_for_a_content_and_a_way_of_asking():
    """performance.md §1: encode once, when an entry changes, never in the answer."""
    cache, encoded = AnswerCache(), encode(VALUES)
    made = asked(cache).make(digest_of(encoded), encoded)

    assert made.identifier == answer_bytes(encoded, WANTED, Asker("CT1"), IMPLICIT)[0]
    assert asked(cache).get(digest_of(encoded)) is made
    assert asked(cache).get(digest_of(encoded + b"changed")) is None


def test_every_way_of_asking_has_its_own_answers():
    """Other attributes, another device, another profile, another transfer syntax."""
    cache, encoded = AnswerCache(), encode(VALUES)
    digest = digest_of(encoded)
    asked(cache).make(digest, encoded)
    others = [
        asked(cache, wanted={0x00100010: Element("PN", b"")}),
        asked(cache, asker=Asker("CT2")),
        asked(cache, asker=Asker("CT1", ProfileValues(character_sets=("ISO_IR 100",)))),
        asked(cache, syntax="1.2.840.10008.1.2.2"),
    ]

    assert [other.get(digest) for other in others] == [None] * 4


def test_values_of_keys_do_not_make_another_way_but_private_creators_do():
    """A query by another patient ID wants the same attributes."""
    other = {**WANTED, 0x00100020: Element("LO", b"4711")}
    private = {0x00090010: Element("LO", b"MAKER 1"), 0x00091001: Element("UN", b"")}

    assert fingerprint(other) == fingerprint(WANTED)
    assert fingerprint(private) != fingerprint({**private, 0x00090010: Element("LO", b"MAKER 2")})


def test_memory_is_bounded_and_the_way_not_heard_of_for_longest_goes_first():
    """100,000 queries need no more memory than 1,000."""
    cache, encoded = AnswerCache(max_bytes=20_000), encode(VALUES)
    digest = digest_of(encoded)
    for number in range(200):
        asked(cache, asker=Asker("CT1")).get(digest)
        asked(cache, asker=Asker(f"CT{number + 2}")).make(digest, encoded)
        asked(cache, asker=Asker("CT1")).make(digest + number, encoded)
        assert cache.size <= 20_000

    assert asked(cache, asker=Asker("CT2")).get(digest) is None
