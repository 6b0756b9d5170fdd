"""MPPS in every kind of character set: names read as they were written, and told back whole."""

import pytest
from pydicom.uid import generate_uid

from portal.dicom.n_messages import NRequest
from portal.selectors import caller_of
from tests.worklist.factories import make_device
from tests.worklist.mpps_reporting import report_change
from tests.worklist.performing import ending, series
from worklist.dicom import charsets
from worklist.dicom.items import EXPLICIT, Element, write
from worklist.dicom.texts import put
from worklist.models import PerformedProcedureStep, PerformedStepMessage
from worklist.services.performed import performed_step_create

pytestmark = pytest.mark.django_db
MPPS, SYNTAX = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.1.2.1"
SCHEDULED, STUDY = 0x00400270, "1.2.3.99"


@pytest.fixture
def ct1(facility):
    return make_device(facility, "CT1")


def sent(device, declared, name, description=b"Skull"):
    """An N-CREATE whose name and description are these very bytes."""
    item = {}
    if declared is not None:
        put(item, 0x00080005, "CS", declared)
    put(item, 0x00080060, "CS", "CT")
    item[0x00100010] = Element("PN", name)
    put(item, 0x00100020, "LO", "P1")
    put(item, 0x00400241, "AE", "CT1")
    put(item, 0x00400244, "DA", "20261121")
    put(item, 0x00400245, "TM", "093000")
    put(item, 0x00400252, "CS", "IN PROGRESS")
    put(item, 0x00400253, "SH", "PPS1")
    item[0x00400254] = Element("LO", description)
    study = {}
    put(study, 0x0020000D, "UI", STUDY)
    item[SCHEDULED] = Element("SQ", (study,))
    uid = str(generate_uid())
    request = NRequest(MPPS, uid, SYNTAX, write(dict(sorted(item.items())), EXPLICIT))
    answer = performed_step_create(caller=caller_of(device), request=request)
    return answer, PerformedProcedureStep.objects.filter(sop_instance_uid=uid).first()


NAMES = {
    "ISO_IR 100": "Müller^Jörg",
    "ISO_IR 101": "Wałęsa^Lech",
    "ISO_IR 203": "Œuvré^Zoë",
    "ISO_IR 126": "Διονυσιος",
    "ISO_IR 127": "قباني^لنزار",
    "ISO_IR 138": "שרון^דבורה",
    "ISO_IR 144": "Люкceмбypг",
    "ISO_IR 148": "Çavuşoğlu^Işıl",
    "ISO_IR 166": "นามสกุล^ชื่อ",
    "ISO_IR 13": "ﾔﾏﾀﾞ^ﾀﾛｳ",
    "ISO 2022 IR 13\\ISO 2022 IR 87": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "\\ISO 2022 IR 87\\ISO 2022 IR 159": "Yamada^Tarou=山田^丂太郎=やまだ^たろう",
    "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
    "\\ISO 2022 IR 58": "Zhang^XiaoDong=张^小东",
    "ISO 2022 IR 6\\ISO 2022 IR 100\\ISO 2022 IR 144": "Müller^Люк",
    "ISO_IR 192": "Wang^XiaoDong=王^小東=𠮷^😀",
    "GB18030": "Wang^XiaoDong=王^小东",
    "GBK": "Wang^XiaoDong=王^小东",
}


@pytest.mark.parametrize("declared", NAMES)
def test_names_are_read_as_they_were_written(ct1, declared):
    """PS3.5 6.1.2 and Annexes H–K: what the device wrote is what the pages show."""
    name = NAMES[declared]
    raw = charsets.encode(name, charsets.terms_of(declared))
    assert raw is not None

    answer, performed = sent(ct1, declared, raw)

    assert (answer.status, performed.patient_name) == (0, name)
    assert "unreadable-text" not in [one["flag"] for one in performed.flags]


ODD = [
    ("ISO-IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),  # misspelt
    ("utf-8", "Müller^Jörg".encode(), "Müller^Jörg"),
    (None, "Müller^Jörg".encode(), "Müller^Jörg"),  # nothing declared
    (None, "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    ("KOI8-R", "Müller^Jörg".encode(), "Müller^Jörg"),  # not known
    ("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),  # declared wrongly
    ("ISO_IR 6", b"\xff\xfe\x1b$B;3EDx", None),  # in no set at all
    ("ISO_IR 192", b"\xed\xa0\x80^\xf4\x90\x80\x80", None),  # surrogate, beyond Unicode
]


@pytest.mark.parametrize(("declared", "raw", "name"), ODD)
def test_wrongly_declared_text_is_flagged_and_the_exam_kept(ct1, declared, raw, name):
    """contract, lenient: the exam counts, what was wrong is said, the bytes are kept."""
    answer, performed = sent(ct1, declared, raw, description=raw)

    assert answer.status == 0
    assert performed.study_instance_uid == STUDY
    if name is not None:
        assert (performed.patient_name, performed.description) == (name, name)
    message = PerformedStepMessage.objects.get()
    assert raw in bytes(message.dataset)


@pytest.mark.parametrize(("first", "second"), [("GB18030", "ISO_IR 192"), ("ISO_IR 192", "GBK")])
def test_an_end_in_another_set_is_merged_whole(ct1, first, second):
    """PS3.4 F.7.2.2.3: the texts of both are kept, whatever either was written in."""
    name = "Wang^XiaoDong=王^小东"
    __, performed = sent(ct1, first, charsets.encode(name, charsets.terms_of(first)))
    end = ending("COMPLETED", series(2, SeriesDescription="头部"), SpecificCharacterSet=second)

    assert report_change(ct1, end, performed.sop_instance_uid).status == 0

    performed.refresh_from_db()
    assert (performed.status, performed.patient_name) == ("COMPLETED", name)
    assert performed.series.get().description == "头部"
