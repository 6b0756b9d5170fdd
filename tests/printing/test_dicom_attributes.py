"""Every attribute of Basic Print on the wire: sent when it is set, and only then (§2.2)."""

import numpy as np
import pytest

from printing.dicom.statuses import Refused
from printing.types import Quirk
from tests.peers.printer import film_printer
from tests.peers.sim_printer import sim_printer
from tests.printing.scu_notes import Notes, page, print_to, request

# What dcmprscp can be configured to know, with values of its model film12.
OF_FILM_BOX = {
    "MagnificationType": "CUBIC",
    "SmoothingType": "SHARP",
    "BorderDensity": "150",
    "EmptyImageDensity": "WHITE",
    "MinDensity": "20",
    "MaxDensity": "310",
    "Trim": "YES",
    "ConfigurationInformation": "CS015",
    "RequestedResolutionID": "HIGH",
}
OF_IMAGE_BOX = {
    "Polarity": "NORMAL",
    "RequestedDecimateCropBehavior": "DECIMATE",
    "ImageBox.MagnificationType": "BILINEAR",
}
MANDATORY = {"ImageDisplayFormat", "FilmOrientation", "FilmSizeID", "ReferencedFilmSessionSequence"}


def said(ds) -> dict[str, str]:
    return {e.keyword: str(e.value) for e in ds if e.VR != "SQ"}


@pytest.mark.peer
def test_dcmprscp_gets_every_attribute_that_is_set(tmp_path):
    """Issue line 1: all attributes of printing.md §2.2, as DCMTK read them."""
    asked = request(
        bits=12,
        print_priority="LOW",
        medium_type="CLEAR FILM",
        film_destination="BIN_1",
        film_session_label="Film of today",
        attributes={**OF_FILM_BOX, **OF_IMAGE_BOX, "OwnerID": "RAD"},
    )
    with film_printer(tmp_path, "film12", has_log=True) as peer:
        print_to(peer.port, page(copies=2, requested_image_size=120.5), request=asked)
        peer.stop()
        messages = peer.messages()

    assert {status for _, status, _ in messages} == {0}
    session, film = (ds for verb, _, ds in messages if verb == "N-CREATE")
    (image,) = (ds for verb, _, ds in messages if verb == "N-SET")
    assert said(session) == {
        "NumberOfCopies": "2",
        "PrintPriority": "LOW",
        "MediumType": "CLEAR FILM",
        "FilmDestination": "BIN_1",
        "FilmSessionLabel": "Film of today",
        "OwnerID": "RAD",
    }
    assert {k: v for k, v in said(film).items() if k not in MANDATORY} == OF_FILM_BOX
    assert said(image) == {
        "ImageBoxPosition": "1",
        "Polarity": "NORMAL",
        "MagnificationType": "BILINEAR",
        "RequestedImageSize": "120.5",
        "RequestedDecimateCropBehavior": "DECIMATE",
    }


@pytest.mark.peer
def test_dcmprscp_gets_nothing_that_is_not_set(tmp_path):
    """Issue line 1: each sent only when set; printing.md §6: the fewest attributes."""
    with film_printer(tmp_path, "film8", has_log=True) as peer:
        print_to(peer.port, page(), request=request())
        peer.stop()
        messages = peer.messages()

    session, film = (ds for verb, _, ds in messages if verb == "N-CREATE")
    (image,) = (ds for verb, _, ds in messages if verb == "N-SET")
    assert len(session) == 0
    assert {e.keyword for e in film} == MANDATORY
    assert {e.keyword for e in image} == {"ImageBoxPosition", "BasicGrayscaleImageSequence"}


@pytest.mark.peer
@pytest.mark.parametrize(
    ("model", "size"), [("picky", "8INX10IN"), ("paper", "A4"), ("lut", "14INX17IN")]
)
def test_the_models_of_dcmprscp_take_what_we_send(tmp_path, model, size):
    """Implicit VR only with PDUs of 4 KB and no class in its answers; paper; LUT imager."""
    quirks = frozenset({Quirk.IMPLICIT_ONLY}) if model == "picky" else frozenset()
    notes = Notes()
    with film_printer(tmp_path, model) as peer:
        asked = request(capabilities={"quirks": quirks})
        print_to(peer.port, page(size=size, side=99), notes=notes, request=asked)
        (film,) = peer.films()

    assert notes.accepted == [1]
    ramp = (np.arange(99 * 99) % 256).reshape(99, 99)
    assert (film.images[1] == ramp).all()  # 9,801 bytes: padded to an even length


def test_a_colour_film():
    """PS3.4 H.3.2: Basic Color Print Management Meta; RGB as it was drawn."""
    asked = request(is_color=True, attributes={"ICCProfile": "AAECAw==", "BorderDensity": "BLACK"})
    with sim_printer() as printer:
        print_to(printer.port, page(layout=r"STANDARD\2,1", count=2), request=asked)
        (film,) = printer.pages

    ramp = (np.arange(16 * 16 * 3) % 256).reshape(16, 16, 3)
    assert (film.images[2].pixels == ramp).all()
    assert film.images[1].photometric == "RGB"
    assert film.film.ICCProfile == bytes((0, 1, 2, 3))
    assert "N-SET BasicColorImageBox 0000" in printer.requests


@pytest.mark.parametrize(
    ("layout", "count"),
    [
        (r"STANDARD\2,3", 6),
        (r"ROW\1,2", 3),
        (r"COL\2,1", 3),
        ("SLIDE", 20),
        ("SUPERSLIDE", 12),
        (r"CUSTOM\4", 1),
    ],
)
def test_every_display_format(layout, count):
    """PS3.3 C.13.3: positions 1 … n, each picture in the box of that reference."""
    with sim_printer() as printer:
        print_to(printer.port, page(layout=layout, count=count), request=request())
        (film,) = printer.pages

    assert film.film.ImageDisplayFormat == layout
    assert sorted(film.images) == list(range(1, count + 1))


def test_pages_with_other_copies_get_a_film_session_of_their_own():
    """§2.5: copies are the film session's, one session at a time (PS3.4 H.4.1.2.1.3)."""
    notes = Notes()
    with sim_printer() as printer:
        pages = (page(1, copies=3), page(2, copies=3), page(3), page(4, copies=3))
        print_to(printer.port, *pages, notes=notes, request=request())

    assert [int(film.copies) for film in printer.pages] == [3, 3, 1, 3]
    assert printer.requests.count("N-CREATE BasicFilmSession 0000") == 3
    assert printer.requests.count("N-DELETE BasicFilmSession 0000") == 3
    assert printer.associations == 1


@pytest.mark.peer
def test_dcmprscp_takes_one_session_after_the_other(tmp_path):
    """The same with DCMTK: a second session is 0111 only while there is one."""
    notes = Notes()
    with film_printer(tmp_path, "film8", has_log=True) as peer:
        print_to(peer.port, page(1, copies=2), page(2), notes=notes, request=request())
        peer.stop()
        copies = [
            ds.get("NumberOfCopies")
            for verb, _, ds in peer.messages()
            if verb == "N-CREATE" and "ImageDisplayFormat" not in ds
        ]

    assert copies == [2, None]
    assert notes.accepted == [1, 2]


@pytest.mark.parametrize("uids", ["taken", "refused", "replaced"])
def test_own_uids_or_the_printers(uids):
    """printing.md §2.6 (4): printers may refuse ours, or use their own."""
    notes = Notes()
    with sim_printer(uids=uids) as printer:
        print_to(printer.port, page(1), page(2), notes=notes, request=request())

    assert notes.accepted == [1, 2]
    assert printer.printed == 2
    refused = [said for said in printer.requests if said.endswith("0117")]
    assert len(refused) == (1 if uids == "refused" else 0)


def test_no_uids_of_ours_for_a_printer_that_is_known_to_refuse_them():
    """types/printers.py: Quirk.OWN_UIDS."""
    notes = Notes()
    with sim_printer(uids="refused") as printer:
        asked = request(capabilities={"quirks": frozenset({Quirk.OWN_UIDS})})
        print_to(printer.port, page(), notes=notes, request=asked)

    assert not any(said.endswith("0117") for said in printer.requests)
    assert printer.printed == 1


def test_a_printer_that_tells_no_status_is_not_asked():
    """types/printers.py: Quirk.NO_STATUS."""
    with sim_printer() as printer:
        asked = request(capabilities={"quirks": frozenset({Quirk.NO_STATUS})})
        print_to(printer.port, page(), request=asked)

    assert not any(said.startswith("N-GET") for said in printer.requests)


def test_what_the_model_does_not_know_is_said_to_be_left_out():
    """models/printer.py: a keyword that is not there is never sent."""
    notes = Notes()
    with sim_printer() as printer:
        asked = request(capabilities={"attributes": {}}, attributes={"Trim": "YES"})
        print_to(printer.port, page(), notes=notes, request=asked)

    assert "Trim is set, but not sent" in notes.texts
    assert not any("Trim" in ds for _, ds in printer.datasets)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("keyword", "value", "name"),
    [
        ("MagnificationType", "SOFT", "Magnification Type SOFT"),
        ("SmoothingType", "FUZZY", "Smoothing Type FUZZY"),
        ("BorderDensity", "GREEN", "Border Density GREEN"),
        ("EmptyImageDensity", "GREEN", "Empty Image Density GREEN"),
        ("RequestedResolutionID", "LOW", "Requested Resolution ID LOW"),
        ("ConfigurationInformation", "X", "Configuration Information X"),
        ("RequestedDecimateCropBehavior", "CUT", "Requested Decimate/Crop Behavior CUT"),
        ("ImageBox.MagnificationType", "SOFT", "Magnification Type SOFT"),
    ],
)
def test_dcmprscp_refuses_a_value_and_the_sentence_names_it(tmp_path, keyword, value, name):
    """Issue line 2: “The printer refused Magnification Type CUBIC (0106).”"""
    notes = Notes()
    with film_printer(tmp_path, "film12") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(), notes=notes, request=request(attributes={keyword: value}))

    assert str(caught.value) == f"The printer refused {name} (0106)."
    assert notes.sent == []


@pytest.mark.peer
def test_dcmprscp_refuses_an_attribute_and_the_sentence_names_it(tmp_path):
    """0105: an optional attribute that the model lacks."""
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(), request=request(attributes={"Trim": "YES"}))

    assert str(caught.value) == "The printer refused Trim YES (0105)."


@pytest.mark.peer
def test_two_refused_attributes_are_both_named(tmp_path):
    """Leaving out any one of them alone does not help."""
    both = {"Trim": "YES", "BorderDensity": "BLACK", "MagnificationType": "CUBIC"}
    with film_printer(tmp_path, "film8") as peer, pytest.raises(Refused) as caught:
        print_to(peer.port, page(), request=request(attributes=both))

    assert str(caught.value) == "The printer refused Border Density BLACK and Trim YES (0105)."
