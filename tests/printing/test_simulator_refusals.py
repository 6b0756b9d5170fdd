"""What the simulated film printer refuses, so that mistakes are seen before a real one is met."""

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, sop_class
from pynetdicom.sop_class import BasicGrayscalePrintManagementMeta as META

from printing.dicom import film
from printing.dicom.film import PageToPrint
from printing.dicom.simulator import simulated_printer
from printing.types import BoxPixels

PAGE = PageToPrint(1, r"STANDARD\1,1", "8INX10IN", "PORTRAIT", lambda: iter(()))
SESSION, FILM = "1.2.3", "1.2.4"


@pytest.fixture
def assoc(tmp_path):
    """An association with the simulated printer."""
    with simulated_printer(("127.0.0.1", 0), tmp_path) as server:
        ae = AE("TEST")
        ae.add_requested_context(META)
        ae.add_requested_context(sop_class.Verification)
        open_ = ae.associate("127.0.0.1", server.server_address[1], ae_title="SIMFILM")
        yield open_
        open_.release()


def create(assoc, sop, ds, uid):
    return assoc.send_n_create(ds, sop, uid, meta_uid=META)


def session(assoc):
    return create(assoc, sop_class.BasicFilmSession, None, SESSION)[0].Status


def box(assoc, **changes):
    ds = film.film_box(PAGE, SESSION)
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return create(assoc, sop_class.BasicFilmBox, ds, FILM)


def put(assoc, uid, ds):
    return assoc.send_n_set(ds, sop_class.BasicGrayscaleImageBox, uid, meta_uid=META)[0].Status


def image_uid(reply):
    return reply.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID


def picture(position=1, **changes):
    ds = film.image_box(BoxPixels(position, 2, 2, 8, b"\xff" * 4))
    for keyword, value in changes.items():
        setattr(ds.BasicGrayscaleImageSequence[0], keyword, value)
    return ds


def act(assoc, uid=FILM, kind=1, sop=sop_class.BasicFilmBox):
    return assoc.send_n_action(None, kind, sop, uid, meta_uid=META)[0].Status


def delete(assoc, sop, uid):
    return assoc.send_n_delete(sop, uid, meta_uid=META).Status


def test_it_answers_an_echo_and_tells_its_status(assoc):
    """PS3.4 Annex A, H.4.6."""
    printer = sop_class.Printer
    status, ds = assoc.send_n_get([], printer, sop_class.PrinterInstance, meta_uid=META)

    assert assoc.send_c_echo().Status == 0
    assert (status.Status, ds.PrinterStatus) == (0, "NORMAL")
    assert assoc.send_n_get([], printer, "1.2.9", meta_uid=META)[0].Status == 0x0112


def test_one_session_in_an_association_before_any_film(assoc):
    """PS3.4 H.4.1.2.1.3: 0117 before the session, 0111 for a second one."""
    assert box(assoc)[0].Status == 0x0117
    assert delete(assoc, sop_class.BasicFilmSession, SESSION) == 0x0112
    assert session(assoc) == 0
    assert session(assoc) == 0x0111
    assert delete(assoc, sop_class.BasicFilmSession, SESSION) == 0
    assert session(assoc) == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ImageDisplayFormat": ""}, 0x0120),
        ({"ReferencedFilmSessionSequence": []}, 0x0120),
        ({"ImageDisplayFormat": "SLIDE"}, 0x0106),
    ],
)
def test_film_boxes(assoc, changes, status):
    """PS3.4 Table H.4-6."""
    session(assoc)

    assert box(assoc, **changes)[0].Status == status


@pytest.mark.parametrize(
    ("ds", "status"),
    [
        (picture(2), 0x0106),
        (picture(Rows=9), 0x0106),
        (picture(BitsStored=7), 0x0106),
        (picture(PixelRepresentation=1), 0x0106),
        (Dataset(), 0x0120),
    ],
)
def test_image_boxes(assoc, ds, status):
    """PS3.3 C.13.5: positions, depths and lengths."""
    session(assoc)
    _, reply = box(assoc)
    if not ds:
        ds.Polarity = "NORMAL"

    assert put(assoc, image_uid(reply), ds) == status
    assert put(assoc, "1.2.9", picture()) == 0x0112


def test_pixels_must_be_there(assoc):
    """PS3.4 Table H.4-10: missing pixel data is 0120."""
    session(assoc)
    _, reply = box(assoc)
    empty = picture()
    del empty.BasicGrayscaleImageSequence[0].PixelData

    assert put(assoc, image_uid(reply), empty) == 0x0120


def test_an_empty_sequence_erases_and_an_empty_film_is_not_printed(assoc, tmp_path):
    """PS3.4 H.4.3.2.2.1.3; B603 stands for “nothing was printed”."""
    session(assoc)
    _, reply = box(assoc)
    erased = picture()
    erased.BasicGrayscaleImageSequence = []

    assert put(assoc, image_uid(reply), picture()) == 0
    assert put(assoc, image_uid(reply), erased) == 0
    assert act(assoc) == 0xB603
    assert not list(tmp_path.glob("*.png"))


def test_actions_and_classes(assoc):
    """PS3.4 H.4.2.2.4: type 1 on a film box."""
    session(assoc)
    box(assoc)

    assert act(assoc, kind=2) == 0x0123
    assert act(assoc, sop=sop_class.BasicFilmSession, uid=SESSION) == 0x0123
    assert act(assoc, uid="1.2.9") == 0x0112
    assert create(assoc, sop_class.Printer, None, "1.2.9")[0].Status == 0x0118
    status, _ = assoc.send_n_set(picture(), sop_class.BasicFilmBox, FILM, meta_uid=META)
    assert status.Status == 0x0118
    assert delete(assoc, sop_class.BasicFilmBox, FILM) == 0
    assert delete(assoc, sop_class.BasicFilmBox, FILM) == 0x0112
