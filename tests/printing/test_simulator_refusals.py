"""What the simulated film printer refuses, so that mistakes are seen before a real one is met."""

import pytest
from pynetdicom import sop_class as sop

from printing.dicom.simulator import simulated_printer
from tests.printing.printing_by_hand import by_hand, image_uid, picture


@pytest.fixture
def hand(tmp_path):
    """An association with the simulated printer."""
    with (
        simulated_printer(("127.0.0.1", 0), tmp_path) as server,
        by_hand(server.server_address[1], "SIMFILM") as hand,
    ):
        yield hand


def without(ds, keyword):
    del ds[keyword]
    return ds


def test_it_answers_an_echo_and_tells_its_status(hand):
    """PS3.4 Annex A, H.4.6."""
    status, ds = hand.get(sop.Printer, sop.PrinterInstance)

    assert hand.assoc.send_c_echo().Status == 0
    assert (status, ds.PrinterStatus, ds.PrinterName) == (0, "NORMAL", "SIMFILM")
    assert hand.get(sop.Printer, "1.2.9")[0] == 0x0112
    part = hand.get(sop.Printer, sop.PrinterInstance, 0x21100010)[1]
    assert [element.keyword for element in part] == ["PrinterStatus"]


def test_one_session_in_an_association_before_any_film(hand):
    """PS3.4 H.4.1.2.1.3: 0117 before the session, 0111 for a second one."""
    hand.session_uid = "1.2.3"
    assert hand.film()[0] == 0x0117
    assert hand.delete(sop.BasicFilmSession, "1.2.3") == 0x0112
    assert hand.session() == 0
    uid = hand.session_uid
    assert hand.session() == 0x0111
    assert hand.delete(sop.BasicFilmSession, uid) == 0
    assert hand.session() == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ImageDisplayFormat": ""}, 0x0120),
        ({"ReferencedFilmSessionSequence": []}, 0x0120),
        ({"ImageDisplayFormat": "DIAMOND"}, 0x0106),
    ],
)
def test_film_boxes(hand, changes, status):
    """PS3.4 Table H.4-6."""
    hand.session()

    assert hand.film(**changes)[0] == status


@pytest.mark.parametrize(("layout", "boxes"), [("SLIDE", 20), (r"CUSTOM\1", 3)])
def test_formats_that_are_the_printers_own_have_its_boxes(hand, layout, boxes):
    """PS3.3 C.13.3: SLIDE, SUPERSLIDE and CUSTOM are cut as the printer is made."""
    hand.session()

    assert len(hand.film(layout)[1].ReferencedImageBoxSequence) == boxes


@pytest.mark.parametrize(
    ("position", "item", "status"),
    [
        (2, None, 0x0106),
        (1, [picture(Rows=9)], 0x0106),
        (1, [picture(BitsStored=7)], 0x0106),
        (1, [picture(PixelRepresentation=1)], 0x0106),
        (1, [picture(is_color=True)], 0x0106),
        (1, [without(picture(), "PixelData")], 0x0120),
    ],
)
def test_image_boxes(hand, position, item, status):
    """PS3.3 C.13.5: positions, depths and lengths; PS3.4 Table H.4-10: pixel data."""
    hand.session()
    _, made = hand.film()

    assert hand.put(image_uid(made), position, item=item) == status
    assert hand.put("1.2.9") == 0x0112


def test_an_empty_sequence_erases_and_an_empty_film_is_not_printed(hand, tmp_path):
    """PS3.4 H.4.3.2.2.1.3; B603 stands for “nothing was printed”."""
    hand.session()
    _, made = hand.film()

    assert hand.put(image_uid(made)) == 0
    assert hand.put(image_uid(made), item=[]) == 0
    assert hand.act()[0] == 0xB603
    assert not list(tmp_path.glob("*.png"))


def test_actions_and_classes(hand):
    """PS3.4 H.4.2.2.4: type 1 on a film box."""
    hand.session()
    hand.film()

    assert hand.act(kind=2)[0] == 0x0123
    assert hand.act(hand.session_uid, sop_class=sop.BasicFilmSession)[0] == 0x0123
    assert hand.act("1.2.9")[0] == 0x0112
    assert hand.create(sop.Printer, "1.2.9", None)[0] == 0x0118
    status, _ = hand.assoc.send_n_set(
        picture(), sop.BasicFilmBox, hand.film_uid, meta_uid=hand.meta
    )
    assert status.Status == 0x0118
    assert hand.delete(sop.BasicFilmBox, hand.film_uid) == 0
    assert hand.delete(sop.BasicFilmBox, hand.film_uid) == 0x0112


def test_the_gray_printer_takes_nothing_more(hand):
    """printing.md §4: most small printers have no colour, no print jobs, no annotation."""
    accepted = {str(context.abstract_syntax) for context in hand.assoc.accepted_contexts}

    assert accepted == {str(hand.meta), str(sop.Verification)}
