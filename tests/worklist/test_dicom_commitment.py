"""The datasets of storage commitment: written to the letter, read with patience (PS3.4 J.3)."""

import zlib

import pytest

from portal.dicom.errors import InvalidDataset, StatusFailure
from worklist.dicom import commitment
from worklist.dicom.items import BIG_ENDIAN, EXPLICIT, IMPLICIT, Element, read, write
from worklist.dicom.texts import put
from worklist.types.commitment import EventReport, InstanceReference, InstanceResult

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
SYNTAXES = {
    "1.2.840.10008.1.2": IMPLICIT,
    EXPLICIT_LE: EXPLICIT,
    "1.2.840.10008.1.2.2": BIG_ENDIAN,
}
REFERENCES = (InstanceReference(CT, "1.2.3.1"), InstanceReference(CT, "1.2.3.20"))


def _again(raw: bytes, uid: str) -> bytes:
    return write(read(raw), SYNTAXES[uid])


@pytest.mark.parametrize("uid", SYNTAXES)
def test_an_action_comes_back_as_it_was_in_every_syntax(uid: str) -> None:
    """PS3.4 Table J.3-1: Transaction UID, and class and instance of every reference."""
    raw = _again(commitment.action_information("1.2.9", REFERENCES), uid)

    assert commitment.action_of(raw, uid) == ("1.2.9", REFERENCES)


@pytest.mark.parametrize("uid", SYNTAXES)
@pytest.mark.parametrize("reason", [0x0110, 0x0112, 0x0119, 0x0122, 0x0131, 0x0213, 0xC001, 0])
def test_a_report_comes_back_as_it_was_with_any_reason(uid: str, reason: int) -> None:
    """commitment.md §2: accept all six reasons and any other number."""
    report = EventReport(
        "1.2.9",
        (InstanceResult(CT, "1.2.3.1", None, "ARCHIVE\\SECOND", "TAPE 7", "1.2.7"),),
        (InstanceResult(CT, "1.2.3.20", reason),),
    )

    assert commitment.report_of(_again(commitment.event_information(report), uid), uid) == report


def test_sequences_without_items_are_left_out_when_written() -> None:
    """PS3.4 Table J.3-2: Referenced SOP Sequence is given only if one or more succeeded."""
    failed = EventReport("1.2.9", (), (InstanceResult(CT, "1.2.3.1", 0x0112),))
    committed = EventReport("1.2.9", (InstanceResult(CT, "1.2.3.1", None),), ())

    assert commitment.REFERENCED_SOP_SEQUENCE not in read(commitment.event_information(failed))
    assert commitment.FAILED_SOP_SEQUENCE not in read(commitment.event_information(committed))
    assert commitment.event_type_of(failed) == 2
    assert commitment.event_type_of(committed) == 1


def test_an_empty_success_list_is_read() -> None:
    """commitment.md §3 6: Orthanc sends Referenced SOP Sequence empty; accept both."""
    failed = EventReport("1.2.9", (), (InstanceResult(CT, "1.2.3.1", 0x0112),))
    item = read(commitment.event_information(failed))
    item[commitment.REFERENCED_SOP_SEQUENCE] = Element("SQ", ())

    assert commitment.report_of(write(item), EXPLICIT_LE) == failed


def test_retrieve_ae_title_and_media_outside_hold_for_every_item() -> None:
    """PS3.4 J.3.3.1.1 (commitment.md §3 8): outside the sequence for all, or inside items."""
    item = read(
        commitment.event_information(
            EventReport(
                "1.2.9",
                (InstanceResult(CT, "1.2.3.1", None), InstanceResult(CT, "1.2.3.2", None, "OWN")),
                (),
            )
        )
    )
    put(item, commitment.RETRIEVE_AE_TITLE, "AE", "COMMON ")
    put(item, commitment.MEDIA_FILE_SET_ID, "SH", "TAPE7")
    put(item, commitment.MEDIA_FILE_SET_UID, "UI", "1.2.7\0")

    report = commitment.report_of(write(item), EXPLICIT_LE)

    assert [r.retrieve_ae_title for r in report.committed] == ["COMMON", "OWN"]
    assert {(r.media_file_set_id, r.media_file_set_uid) for r in report.committed} == {
        ("TAPE7", "1.2.7")
    }


def test_retired_performed_step_reference_is_ignored() -> None:
    """commitment.md §3 10: (0008,1111) is retired here; old peers still send it."""
    item = read(commitment.action_information("1.2.9", REFERENCES))
    step = read(commitment.action_information("", REFERENCES[:1]))
    item[0x00081111] = Element("SQ", (step,))

    assert commitment.action_of(write(item), EXPLICIT_LE) == ("1.2.9", REFERENCES)


def test_a_failure_without_a_reason_is_a_processing_failure() -> None:
    """PS3.3 C.14: Failure Reason is type 1; without it the instance has failed all the same."""
    item = read(
        commitment.event_information(
            EventReport("1.2.9", (), (InstanceResult(CT, "1.2.3.1", 0x0112),))
        )
    )
    (failed,) = commitment.sequence(item, commitment.FAILED_SOP_SEQUENCE)
    del failed[commitment.FAILURE_REASON]

    assert commitment.report_of(write(item), EXPLICIT_LE).failed[0].reason == 0x0110


def test_deflated_datasets_are_read_up_to_a_limit() -> None:
    """A small message must not become a huge one."""
    raw = commitment.action_information("1.2.9", REFERENCES)
    deflator = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    small = deflator.compress(raw) + deflator.flush()
    deflator = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = deflator.compress(bytes(commitment.MAX_BYTES + 10)) + deflator.flush()

    assert commitment.action_of(small, "1.2.840.10008.1.2.1.99") == ("1.2.9", REFERENCES)
    for broken in (bomb, b"\xff\xff\xff"):
        with pytest.raises(InvalidDataset):
            commitment.report_of(broken, "1.2.840.10008.1.2.1.99")


@pytest.mark.parametrize(
    ("transaction_uid", "references", "missing"),
    [
        ("", REFERENCES, (commitment.TRANSACTION_UID,)),
        ("1.2.9", (), (commitment.REFERENCED_SOP_SEQUENCE,)),
        ("1.2.9", (InstanceReference("", "1.2.3"),), (commitment.REFERENCED_SOP_CLASS,)),
        ("1.2.9", (InstanceReference(CT, ""),), (commitment.REFERENCED_SOP_INSTANCE,)),
    ],
)
def test_an_action_without_what_is_demanded_is_refused(
    transaction_uid: str, references: tuple[InstanceReference, ...], missing: tuple[int, ...]
) -> None:
    """commitment.md §2: as SCP answer 0115H, never abort; Table J.3-1 has all these as 1/1."""
    raw = commitment.action_information(transaction_uid, references)

    with pytest.raises(StatusFailure) as refused:
        commitment.action_of(raw, EXPLICIT_LE)

    assert refused.value.status == 0x0115
    assert refused.value.tags == missing


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x08\x00",
        commitment.action_information("", REFERENCES),
        commitment.action_information("1." + "2" * 63, REFERENCES),
        commitment.event_information(EventReport("1.2", (InstanceResult(CT, "", None),), ())),
        commitment.action_information("1.2.9", REFERENCES)[:-3],
    ],
)
def test_a_report_that_is_none_is_invalid(raw: bytes) -> None:
    """Whatever an archive sends, it is a report or an InvalidDataset."""
    with pytest.raises(InvalidDataset):
        commitment.report_of(raw, EXPLICIT_LE)


def test_another_transfer_syntax_is_invalid() -> None:
    """Only native transfer syntaxes carry a DIMSE-N dataset here."""
    with pytest.raises(InvalidDataset):
        commitment.report_of(b"", "1.2.840.10008.1.2.4.50")


def test_the_transaction_is_found_in_a_report_that_is_damaged_otherwise() -> None:
    """So that even an unreadable report is shown where it belongs."""
    raw = commitment.event_information(EventReport("1.2.9", (InstanceResult(CT, "", None),), ()))

    assert commitment.transaction_uid_of(raw, EXPLICIT_LE) == "1.2.9"
    assert commitment.transaction_uid_of(raw[:-1], EXPLICIT_LE) == ""


def test_texts_in_a_character_set_that_is_none_do_not_lose_the_report() -> None:
    """Only the name of a medium may be more than ASCII; it is not worth a refusal."""
    item = read(
        commitment.event_information(EventReport("1.2", (InstanceResult(CT, "1.3", None),), ()))
    )
    put(item, 0x00080005, "CS", "NONSENSE")
    put(item, commitment.MEDIA_FILE_SET_ID, "SH", "Bänd")

    assert commitment.report_of(write(item), EXPLICIT_LE).committed[0].media_file_set_id == "Bänd"
