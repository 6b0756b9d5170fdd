"""Raw messages and performed steps: every element, how it was answered, for whose eyes."""

import zlib
from io import BytesIO

import pydicom
import pytest
from django.utils import timezone
from pydicom.dataset import Dataset

from portal.models import RemoteAE
from tests.worklist.courses import (
    make_archive,
    make_commitment,
    make_message,
    make_performed,
    make_round,
)
from tests.worklist.factories import make_station, make_step
from tests.worklist.pages import other_facility, seen, signed_in
from worklist.dicom.messages import message_file, message_lines
from worklist.models import AvailabilityNotice, ReconcileCase, RelayedCommitment

pytestmark = pytest.mark.django_db
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.fixture
def step(facility):
    return make_step(facility, station=make_station(facility))


@pytest.fixture
def performed(step):
    ct1 = RemoteAE.objects.get(ae_title="CT1")
    return make_performed(step, ct1, ended=timezone.now(), series=(64, 56))


def encoded(ds, syntax):
    """Return a dataset as bytes, without a file around it."""
    written = BytesIO()
    pydicom.dcmwrite(written, ds, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
    return written.getvalue()


def some(**values):
    ds = Dataset()
    ds.PatientName, ds.FailureReason = "Tester^Tom", 0x0112
    ds.SimpleFrameList = [1, 2, 70000]
    ds.FrameIncrementPointer = 0x00181063
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_numbers_and_tags_are_read_in_every_transfer_syntax(syntax):
    """PS3.3 C.14.1.1: a failure reason is a number that people know in hexadecimal."""
    lines = {line.keyword: line.text for line in message_lines(encoded(some(), syntax), syntax)}

    assert lines == {
        "PatientName": "Tester^Tom",
        "FailureReason": "0112H",
        "SimpleFrameList": "1\\2\\70000",
        "FrameIncrementPointer": "(0018,1063)",
    }


def test_a_large_deflated_message_is_shown_whole():
    """PS3.5 A.5: the images of a long exam deflate to far less than they are."""
    ds = some(TextValue="x" * 100_000)
    deflator = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = deflator.compress(encoded(ds, EXPLICIT)) + deflator.flush()

    lines = {line.keyword: line.text for line in message_lines(raw, DEFLATED)}

    assert len(lines["TextValue"]) == 100_000
    assert lines["FailureReason"] == "0112H"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_the_file_has_the_dataset_as_it_came(syntax):
    """PS3.10 7.1."""
    raw = encoded(some(), syntax)

    written = message_file(raw, syntax, sop_class_uid="1.2.3", sop_instance_uid="1.2.3.4")

    assert written.endswith(raw)
    ds = pydicom.dcmread(BytesIO(written))
    assert ds.file_meta.TransferSyntaxUID == syntax
    assert (ds.PatientName, ds.FailureReason) == ("Tester^Tom", 0x0112)


def test_a_message_shows_its_elements_its_answer_and_its_exam(person, step, performed):
    raw = encoded(some(SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jürgen"), IMPLICIT)
    message = make_message(
        performed,
        "N-SET",
        timezone.now(),
        status=0x0110,
        comment="It is over.",
        transfer_syntax=IMPLICIT,
        dataset=raw,
    )

    page = seen(person.get(f"/messages/mpps/{message.pk}/"))

    assert "Answered with 0110H: It could not be processed." in page
    assert "It is over." in page
    assert "Müller^Jürgen" in page
    assert "0010,0010" in page
    assert "Implicit VR Little Endian" in page
    assert f'href="/exams/{step.pk}/"' in page
    assert f'href="/performed/{performed.pk}/"' in page
    assert "Müller" not in page.split("</title>")[0]


def test_a_message_is_taken_along_as_a_file(person, performed):
    message = performed.messages.first()

    answer = person.get(f"/messages/mpps/{message.pk}/file/")

    assert answer["Content-Disposition"] == f'attachment; filename="mpps-message-{message.pk}.dcm"'
    assert pydicom.dcmread(BytesIO(answer.content)).PatientName == "Tester^Tom"


@pytest.mark.parametrize("raw", [b"\x10\0\x10\0PN\x40\0Te", b"nonsense", b"\xff" * 64])
def test_what_cannot_be_read_says_so(person, performed, raw):
    message = make_message(performed, "N-SET", timezone.now(), dataset=raw)

    page = seen(person.get(f"/messages/mpps/{message.pk}/"))

    assert "It could not be read:" in page


def test_a_message_without_a_dataset_says_so(person, performed):
    message = make_message(performed, "N-SET", timezone.now(), dataset=b"")

    assert "It came without a dataset." in seen(person.get(f"/messages/mpps/{message.pk}/"))


def test_a_large_message_is_shown_in_pages(person, performed):
    """An N-SET that names 20,000 images has 60,000 elements."""
    references = []
    for number in range(700):
        item = Dataset()
        item.ReferencedSOPInstanceUID = f"1.2.3.{number}"
        references.append(item)
    raw = encoded(some(ReferencedImageSequence=references), EXPLICIT)
    message = make_message(performed, "N-SET", timezone.now(), dataset=raw)

    first = seen(person.get(f"/messages/mpps/{message.pk}/"))
    second = seen(person.get(f"/messages/mpps/{message.pk}/?from=500"))

    assert "700 items" in first
    assert "1.2.3.699" in first
    assert "501 to 705 of 705" in second
    assert seen(person.get(f"/messages/mpps/{message.pk}/?from=x"))


def addresses(facility, step, performed):
    """One message of each kind."""
    archive = make_archive(facility)
    (request,) = make_round(make_commitment(step, archive), 1)
    notice = AvailabilityNotice.objects.create(
        facility=facility,
        device=archive,
        at=timezone.now(),
        study_instance_uid=step.requested_procedure.study_instance_uid,
        transfer_syntax=EXPLICIT,
        dataset=encoded(some(), EXPLICIT),
        status=0,
        instance_count=119,
    )
    relayed = RelayedCommitment.objects.create(
        facility=facility,
        device=performed.device,
        transaction_uid="1.2.3.9",
        at=timezone.now(),
        transfer_syntax=EXPLICIT,
        action_information=encoded(some(), EXPLICIT),
    )
    return {
        f"/messages/mpps/{performed.messages.first().pk}/": "CT1: MPPS N-",
        f"/messages/commitment-requests/{request.pk}/": "Commitment asked of MAIN",
        f"/messages/commitment-reports/{request.reports.get().pk}/": "MAIN answered",
        f"/messages/availability/{notice.pk}/": "MAIN announced images",
        f"/messages/relayed/{relayed.pk}/": "CT1 asked for commitment",
        f"/performed/{performed.pk}/": "What CT1 performed",
    }


def test_every_kind_has_its_page_and_none_is_for_another_facility(
    person, make_user, facility, step, performed
):
    pages = addresses(facility, step, performed)
    other_facility()
    stranger = signed_in(make_user, "administrator", name="s", facility_code="north")

    for address, title in pages.items():
        assert title in seen(person.get(address))
        assert stranger.get(address).status_code == 404
        if "/messages/" in address:
            assert person.get(f"{address}file/")["Content-Type"] == "application/dicom"
            assert stranger.get(f"{address}file/").status_code == 404


def test_a_request_and_its_answer_lead_to_each_other(person, facility, step):
    (request,) = make_round(make_commitment(step, make_archive(facility)), 1)
    report = request.reports.get()

    asked = seen(person.get(f"/messages/commitment-requests/{request.pk}/"))
    answered = seen(person.get(f"/messages/commitment-reports/{report.pk}/"))

    assert f'href="/messages/commitment-reports/{report.pk}/"' in asked
    assert f'href="/messages/commitment-requests/{request.pk}/"' in answered
    assert f'href="/exams/{step.pk}/"' in asked
    assert f'href="/exams/{step.pk}/"' in answered


def test_a_performed_step_shows_series_references_and_what_was_wrong(person, step, performed):
    performed.flags = [{"flag": "no-end", "detail": ""}]
    performed.save()
    case = ReconcileCase.objects.create(
        facility_id=step.facility_id,
        kind="overdue",
        performed=performed,
        device=performed.device,
        opened_at=timezone.now(),
    )

    page = seen(person.get(f"/performed/{performed.pk}/"))

    assert "2 series, 120 images" in page
    assert "Chest 2" in page
    assert "Petrov, Jana" in page
    assert "The device ended the step without saying when." in page
    assert f'href="/exams/{step.pk}/"' in page
    assert f"/reconcile/{case.pk}/" in page
    assert page.count("/messages/mpps/") == 2


def test_a_performed_step_costs_the_same_whatever_it_made(
    person, performed, django_assert_max_num_queries
):
    for _ in range(40):
        make_message(performed, "N-SET", timezone.now())

    with django_assert_max_num_queries(12):
        person.get(f"/performed/{performed.pk}/")
